/** A deployment that another hand has under way on live: it is waited for before anything is changed. */
import type { Deployment, Process, Snapshot } from '../model/cloud.js';
import { DeadlineOver, PlatformRefusal, Refused } from '../model/errors.js';
import { startLimitMs } from '../steps/await-instances.js';
import { othersAtWork } from '../steps/deployments.js';
import { type Wait, waitFor } from '../steps/wait.js';
import type { World } from '../steps/world.js';

interface Other {
  snapshot: Snapshot;
  deployment: Deployment;
}

/**
 * Whichever way a change takes: what another hand brings to live would be lost with live, or be taken for what was asked for.
 * @returns whether something was waited for: what was read before is old then
 * @throws Refused when it does not go on, and when it is paused: nobody but a person ends that
 */
export async function awaitOthers(seen: readonly Snapshot[], world: World): Promise<boolean> {
  const others = othersIn(seen);
  for (const other of others) assertGoesOn(other);
  for (const other of others) await awaitOne(other, world);
  return others.length > 0;
}

/** For a plan. Throws `Refused` for one that is paused. */
export function tellOthers(seen: readonly Snapshot[], { listener }: Pick<World, 'listener'>): void {
  for (const other of othersIn(seen)) {
    assertGoesOn(other);
    const { snapshot, deployment } = other;
    const text = `Another deployment (${deployment.guid}) of ${snapshot.name} is under way: it would be waited for first.`;
    listener.tell({ type: 'warning', text });
  }
}

function othersIn(seen: readonly Snapshot[]): readonly Other[] {
  return seen.flatMap((snapshot) => othersAtWork(snapshot).map((deployment) => ({ snapshot, deployment })));
}

function assertGoesOn({ snapshot: { name }, deployment: { guid, reason } }: Other): void {
  if (reason !== 'PAUSED') return;
  throw new Refused(
    `A deployment (${guid}) of ${name} is paused, and nobody but a person knows how it shall end.`,
    `End it with "cf continue-deployment ${name}" or "cf cancel-deployment ${name}", and run again.`,
    'in-flight',
  );
}

async function awaitOne(
  { snapshot: { name, live }, deployment: { guid } }: Other,
  world: World,
): Promise<void> {
  const { platform, clock } = world;
  const mayRun = live?.state === 'STARTED';
  const appGuid = live?.guid ?? '';
  const limitMs = world.startTimeoutMs ?? startLimitMs(webOf(live?.processes ?? []));
  const text = `Another deployment (${guid}) brings a version to ${name}. It is waited for as long as it goes on.`;
  world.listener.tell({ type: 'warning', text });
  let last = '';
  const wait: Wait<true> = {
    what: `deployment ${guid} of ${name}`,
    deadlineMs: 0,
    look: async () => {
      const [now, processes] = await Promise.all([
        platform.deployment(guid).catch(goneIsOver),
        platform.processes(appGuid),
      ]);
      const webs = webOf(processes);
      const isOver = now?.value !== 'ACTIVE' || now.reason === 'PAUSED';
      const running =
        mayRun && isOver && now?.reason === 'CANCELED' ? await runningOf(webs, platform) : undefined;
      // Only the platform's updater changes these counts, and it does so only when new instances are healthy.
      const counts = webs.map(({ guid: one, instances }) => `${one} ${instances}`);
      const progress = [now?.reason, now?.lastHealthyAtMs, now?.canary?.step, running, ...counts].join();
      if (progress !== last) wait.deadlineMs = clock.now() + limitMs;
      last = progress;
      const sizes = webs.map(({ instances }) => instances);
      const ready = running === undefined ? '' : `, ${running} ready`;
      const state = `deployment ${guid}: ${now?.reason ?? 'gone'}, web instances ${sizes.join(' and ')}${ready}`;
      // A cancel ends the new instances at once; the old ones that they stood for have to start again.
      const isAtRest = running === undefined || (webs.length === 1 && running >= (sizes[0] ?? 0));
      return { state, ...(isOver && isAtRest ? { done: true } : {}) };
    },
  };
  await waitFor(world, wait).catch((error) => {
    if (!(error instanceof DeadlineOver)) throw error;
    throw new Refused(
      `Another deployment of ${name} (${guid}) does not go on. ${error.message}`,
      `Look at what it brings, and end it with "cf cancel-deployment ${name}"; then run again.`,
      'in-flight',
    );
  });
}

function webOf<One extends Pick<Process, 'type'>>(processes: readonly One[]): readonly One[] {
  return processes.filter(({ type }) => type === 'web');
}

async function runningOf(webs: readonly Process[], platform: World['platform']): Promise<number> {
  const all = await Promise.all(
    webs.map(async ({ guid, instances }) =>
      instances > 0 ? ((await platform.instances(guid).catch(goneIsOver)) ?? []) : [],
    ),
  );
  return all.flat().filter(({ state, routable }) => state === 'RUNNING' && routable !== false).length;
}

function goneIsOver(error: unknown): undefined {
  if (error instanceof PlatformRefusal && error.status === 404) return undefined;
  throw error;
}
