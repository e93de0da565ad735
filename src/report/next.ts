/** What a user does now, in a sentence or a few. Pure. The text may hold untrusted bytes: whoever shows it makes it safe. */
import type { AppOutcome, Outcome } from '../commands/outcome.js';
import { isWaiting } from '../model/words.js';
import { explain } from './explain.js';

/** @returns '' when there is nothing to do */
export function nextOf({ result, error, second, apps }: Outcome): string {
  if (error !== undefined) return explain(second ?? error).next;
  switch (result) {
    case 'deployed':
    case 'promoted':
    case 'rolled-back':
    case 'restarted':
      return apps.flatMap(wayBack).join(' ');
    case 'held':
      return apps.map(toDecide).join(' ');
    case 'planned':
      return 'Run it without the input "plan" to do this.';
    case 'ready':
      return 'Run "cf" in the later steps of this job: it is on the PATH, and signed in to the target.';
    default:
      return apps.flatMap(underWay).join(' ');
  }
}

/** The inputs that do it, a block for each choice: lines of YAML, as they stand in a workflow. */
export function nextInputs({ result, error, apps }: Outcome): readonly (readonly string[])[] {
  if (error !== undefined) return [];
  const inputs = (app: string, command: string, more: Readonly<Record<string, string>> = {}) =>
    Object.entries({ command, app, ...more }).map(([name, value]) => `${name}: ${yamlOf(value)}`);
  return apps.flatMap((one) => {
    if (isWaiting(one.candidate?.phase))
      return (one.outlook?.held?.lacks ? ['abort'] : ['promote', 'abort']).map((end) => inputs(one.app, end));
    const hasWay =
      ['deployed', 'promoted', 'rolled-back', 'restarted'].includes(result) && wayBack(one).length > 0;
    const { previousVersion: to, previousApp, rolled } = one;
    return hasWay && to !== undefined && (previousApp !== undefined || rolled)
      ? [inputs(one.app, 'rollback', { to })]
      : [];
  });
}

/** Quoted where YAML would read something else. */
function yamlOf(text: string): string {
  return /^[A-Za-z][\w-]*$|^\d{8}-\d{6}-[0-9a-f]{7}$/.test(text) &&
    !/^(true|false|yes|no|on|off|null|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

function wayBack({ app, previousApp, previousVersion, rolled }: AppOutcome): string[] {
  if (previousVersion === undefined) return [];
  // In place it lives on in a droplet of live's.
  return previousApp === undefined && !rolled
    ? [`The version of ${app} before is not kept: there is no way back to it.`]
    : [`To go back: run this action with command: rollback, app: ${app} and to: ${previousVersion}.`];
}

type Waiting = Pick<AppOutcome, 'app' | 'version' | 'trialUrl' | 'candidate'>;

function toDecide({ app, version, trialUrl, candidate }: Waiting): string {
  const how = candidate?.phase === 'paused' ? ' as a canary: its first instances serve' : '';
  const look = trialUrl ? ` Look at it: ${trialUrl}.` : '';
  return `Version ${version} of ${app} is held${how}.${look} Run this action with command: promote and app: ${app} to let it go live, or with command: abort to take it away.`;
}

function underWay({ app, candidate, trialUrl, outlook }: AppOutcome): string[] {
  if (!candidate) return [];
  const { version, phase } = candidate;
  const lacks = outlook?.held?.lacks?.join(', ');
  if (lacks)
    return [
      `Version ${version} of ${app} is held, and that of ${lacks} is gone: no app goes live without the others. Run this action with command: abort and app: ${app}, and deploy anew.`,
    ];
  if (isWaiting(phase)) return [toDecide({ app, version, candidate, ...(trialUrl ? { trialUrl } : {}) })];
  return [
    `A change of ${app} to ${version} (${phase}) goes on, or was interrupted: when its run is dead, the next run settles it.`,
  ];
}
