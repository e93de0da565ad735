import { PlatformFault } from '../model/errors.js';
import type { WantedScale } from '../model/intent.js';
import type { Step } from './step.js';
import { appOn, type StepKind } from './world.js';

/** What the candidate has beyond the manifest. Values never show: names do. */
export const setEnv: StepKind<Step & { do: 'set-env' }> = {
  title: ({ names }) => `set ${names.join(', ')}`,
  plan: ({ names }) => [`PATCH /v3/apps/<candidate>/environment_variables ${names.join(', ')}`],
  run: async ({ names }, app, { platform }) => {
    const values = Object.fromEntries(names.map((name) => [name, app.intent.env[name] ?? null]));
    await platform.setEnvironment(appOn('candidate', app).guid, values);
  },
};

export const scale: StepKind<Step & { do: 'scale' }> = {
  title: ({ side, processType, to }) =>
    `scale ${processType}${side === 'live' ? ' of live' : ''} to ${scaleText(to)}`,
  plan: ({ side = 'candidate', processType, to }) => [
    `POST /v3/apps/<${side}>/processes/${processType}/actions/scale ${scaleText(to)}`,
  ],
  run: async ({ side = 'candidate', processType, to }, app, { platform }) => {
    const process = appOn(side, app).processes.find(({ type }) => type === processType);
    if (!process) throw new PlatformFault(`The ${side} has no process ${processType}.`, false);
    await platform.scale(process.guid, to);
  },
};

function scaleText({ instances, memoryMb, diskMb, logRateBps }: WantedScale): string {
  return [
    instances === undefined ? '' : `${instances} instances`,
    memoryMb === undefined ? '' : `${memoryMb}M memory`,
    diskMb === undefined ? '' : `${diskMb}M disk`,
    logRateBps === undefined ? '' : `${logRateBps === -1 ? 'unlimited' : `${logRateBps}B/s`} log rate`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}
