import { likelySecrets } from '../manifest/secrets.js';
import { PlatformFault, Refused, Stuck } from '../model/errors.js';
import type { Platform } from '../platform/calls.js';
import { ANNOTATION, recordedOn } from '../platform/names.js';
import {
  differences,
  isNone,
  LIVE_BEFORE,
  type LiveRecord,
  readRecord,
  recordOf,
  type Touched,
} from './live-record.js';
import { wishOf } from './live-wish.js';
import { outlastManifest } from './manifest-job.js';
import { eitherOf, NOTHING_NAMED, namedOn } from './named.js';
import type { Step } from './step.js';
import { type AppWorld, appOn, lockOf, type StepKind, type World } from './world.js';

/** Nothing of live is changed before the switch: a record of an earlier try, from before another hand's change, is replaced. */
export const recordLive: StepKind<Step & { do: 'record-live' }> = {
  title: () => 'write live down as it is',
  plan: () => [
    'GET variables, processes, bindings, sidecars, features of <live>',
    `PATCH /v3/apps/<candidate>/environment_variables ${LIVE_BEFORE}`,
  ],
  run: async (_step, app, world) => {
    const lock = lockOf(app);
    const found = await liveNow(app, world);
    const record = { ...found, ...touchedBy(found, app, world) };
    await world.platform.setEnvironment(lock.guid, { [LIVE_BEFORE]: JSON.stringify(record) });
  },
};

/** Only what differs is written, and only its process settings need that no deployment is under way. */
export const restoreLive: StepKind<Step & { do: 'restore-live' }> = {
  title: () => 'put live back as it was written down',
  plan: () => [
    'PATCH /v3/apps/<live>/environment_variables, /v3/apps/<live>, /v3/processes/<process> wherever they differ from the record',
  ],
  run: async (_step, app, world) => {
    const { platform } = world;
    const { guid } = appOn('live', app);
    await outlastManifest(app, world);
    const before = recorded(app, world);
    const found = differences(before, await liveNow(app, world));
    const keeps = keptCounts(before, app);
    if (isNone(found)) return;
    const { env, lifecycle, labels, annotations, processes } = found;
    const isAny = (change: object) => Object.keys(change).length > 0;
    if (isAny(env)) await platform.setEnvironment(guid, env);
    if (lifecycle || isAny(labels) || isAny(annotations)) {
      await platform.updateApp(guid, { ...(lifecycle ? { lifecycle } : {}), labels, annotations });
    }
    for (const binding of found.addedBindings) await platform.removeBinding(binding);
    for (const sidecar of found.addedSidecars) await platform.removeSidecar(sidecar);
    for (const sidecar of found.changedSidecars) await platform.updateSidecar(sidecar);
    for (const sidecar of found.goneSidecars) await platform.createSidecar(guid, sidecar);
    for (const [name, on] of Object.entries(found.features)) await platform.setFeature(guid, name, on);
    const now = await platform.processes(guid);
    for (const [type, { scale, ...settings }] of Object.entries(processes)) {
      const process = now.find((one) => one.type === type);
      if (!process) continue;
      if (isAny(settings)) await platform.updateProcess(process.guid, settings);
      const { instances, ...sizes } = scale ?? {};
      const to = {
        ...sizes,
        ...(instances === undefined || keeps(type, process.instances) ? {} : { instances }),
      };
      if (isAny(to)) await platform.scale(process.guid, to);
    }
  },
};

/** What the manifest names and the last one named, what the inputs set, and of a version that comes back what it brings. */
function touchedBy(found: LiveRecord, app: AppWorld, world: World): Pick<LiveRecord, 'touched'> {
  const { intent } = app;
  const lock = lockOf(app);
  // Without a manifest only what the version brings is changed.
  if (intent.asLive) return { touched: ofVersion(found, intent) };
  const now = namedOn(lock);
  if (!now) return {};
  const { processes, bindings: _, ...named } = eitherOf(now, intent.taken);
  const { env } = wishOf(app, world);
  const sizes = recordedOn(lock, ANNOTATION.manifestScale) as Readonly<Record<string, object>> | undefined;
  const listed = recordedOn(lock, ANNOTATION.manifestEnv);
  const types = Object.keys({ ...processes, ...sizes, ...intent.scale });
  const keysOf = (type: string) => [
    ...(processes[type] ?? []),
    ...Object.keys(sizes?.[type] ?? {}),
    ...Object.keys(intent.scale[type] ?? {}),
  ];
  return {
    touched: {
      ...named,
      env: [...new Set([...(Array.isArray(listed) ? listed.map(String) : []), ...Object.keys(env)])],
      processes: Object.fromEntries(types.map((type) => [type, keysOf(type)])),
    },
  };
}

function ofVersion(found: LiveRecord, { env, commands = {} }: AppWorld['intent']): Touched {
  const changed = Object.entries(env).filter(([name, value]) => (found.env[name] ?? null) !== value);
  const processes = Object.keys(commands).map((type) => [type, ['command']]);
  return {
    ...NOTHING_NAMED,
    env: changed.map(([name]) => name),
    processes: Object.fromEntries(processes),
  };
}

/** More than were written down, and not by this deploy: an autoscaler, or a person. */
function keptCounts({ processes }: LiveRecord, { intent }: AppWorld) {
  return (type: string, now: number) => {
    const before = processes[type];
    return before !== undefined && now > before.instances && intent.scale[type]?.instances === undefined;
  };
}

/** Throws `Stuck` where there is none: nobody knows then what live was. */
function recorded(app: AppWorld, world: World): LiveRecord {
  const lock = lockOf(app);
  const record = readRecord(lock.env);
  if (!record) {
    throw new Stuck(
      `How ${app.intent.app} was before is not written down: ${lock.name} has no readable variable ${LIVE_BEFORE}.`,
      `Look at the variables, services and processes of ${app.intent.app} and set what differs; then deploy the version that you want.`,
    );
  }
  world.hide(likelySecrets(record.env));
  return record;
}

/** Live by a fresh read. Throws `PlatformFault` while two versions of a process are there, `Refused` where it may not be read. */
async function liveNow(app: AppWorld, { platform, hide }: World): Promise<LiveRecord> {
  const { guid, name } = appOn('live', app);
  const [found, env, processes, droplet, bindings, sidecars, features] = await Promise.all([
    platform.appsByGuid([guid]),
    platform.environment(guid),
    platform.processes(guid),
    platform.currentDroplet(guid),
    platform.serviceBindings(guid),
    platform.userSidecars(guid),
    platform.features(guid),
  ]);
  hide(likelySecrets(env));
  const [live] = found;
  if (!live) throw new PlatformFault(`${name} is not there.`, false);
  if (new Set(processes.map(({ type }) => type)).size < processes.length)
    throw new PlatformFault(`${name} has two versions of a process: a deployment is under way.`, false);
  const commands = await commandsOf(platform, name, processes);
  const dropletCommands = droplet?.commands ?? {};
  return recordOf({ app: live, env, processes, commands, dropletCommands, bindings, sidecars, features });
}

async function commandsOf(
  platform: Platform,
  name: string,
  processes: readonly { type: string; guid: string }[],
) {
  const commands = await Promise.all(
    processes.map(async ({ type, guid }) => [type, await platform.command(guid)] as const),
  );
  const known = commands.flatMap(([type, command]) =>
    command === undefined ? [] : [[type, command] as const],
  );
  if (known.length < commands.length) {
    throw new Refused(
      `The commands of ${name} may not be read by the account that signs in, so they could not be put back.`,
      'Give it the role SpaceDeveloper in this space, and run again.',
    );
  }
  return Object.fromEntries(known);
}
