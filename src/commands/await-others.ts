/** A deployment that another hand has under way on live: it is waited for before anything is changed. */
import type { Deployment, Process, Snapshot } from '../model/cloud.js';
import { DeadlineOver, PlatformRefusal, Refused } from '../model/errors.js';
import { startLimitMs } from '../steps/await-instances.js';
import { othersAtWork } from '../steps/deployments.js';
import { type Wait, waitFor } from '../steps/wait.js';
import type { World } from '../steps/world.js';

/**
 * @returns whether something was waited for: what was read before is old then
 * @throws Refused when it does not go on; one that is paused is not waited for
 */
export async function awaitOthers(seen: readonly Snapshot[], world: World): Promise<boolean> {
  const moving = seen.flatMap((snapshot) =>
    othersAtWork(snapshot)
      .filter(({ reason }) => reason !== 'PAUSED')
      .map((deployment) => ({ snapshot, deployment })),
  );
  for (const { snapshot, deployment } of moving) await awaitOne(snapshot, deployment, world);
  return moving.length > 0;
}

async function awaitOne({ name, live }: Snapshot, { guid }: Deployment, world: World): Promise<void> {
  const { platform, clock } = world;
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
      if (now?.value !== 'ACTIVE' || now.reason === 'PAUSED') {
        return { state: `deployment ${guid}: ${now?.reason ?? 'gone'}`, done: true };
      }
      // Only the platform's updater changes these counts, and it does so only when new instances are healthy.
      const counts = webOf(processes).map(({ guid: one, instances }) => `${one} ${instances}`);
      const progress = [now.reason, now.lastHealthyAtMs, now.canary?.step, ...counts].join();
      if (progress !== last) wait.deadlineMs = clock.now() + limitMs;
      last = progress;
      const sizes = webOf(processes).map(({ instances }) => instances);
      return { state: `deployment ${guid}: ${now.reason}, web instances ${sizes.join(' and ')}` };
    },
  };
  await waitFor(world, wait).catch((error) => {
    if (!(error instanceof DeadlineOver)) throw error;
    throw new Refused(
      `Another deployment of ${name} (${guid}) does not go on. ${error.message}`,
      `Look at what it brings, and end it with "cf cancel-deployment ${name}"; then run again.`,
    );
  });
}

function webOf<One extends Pick<Process, 'type'>>(processes: readonly One[]): readonly One[] {
  return processes.filter(({ type }) => type === 'web');
}

function goneIsOver(error: unknown): undefined {
  if (error instanceof PlatformRefusal && error.status === 404) return undefined;
  throw error;
}
