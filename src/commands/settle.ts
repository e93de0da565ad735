/** Brings what an interrupted run left into one clean state before anything new begins. */
import { recalled } from '../engine/journal.js';
import { takeOver } from '../engine/lock.js';
import type { Snapshot } from '../model/cloud.js';
import { Refused, VersionFault } from '../model/errors.js';
import { candidateName } from '../platform/names.js';
import { takeSnapshot } from '../platform/snapshot.js';
import { type AppWorld, nothingFound, type World } from '../steps/world.js';
import { backOut } from '../strategies/back-out.js';
import { blueGreen } from '../strategies/blue-green.js';
import { wayOf } from '../strategies/settle.js';
import { pursue } from './pursue.js';

export type Settled =
  /** What was done, in a sentence. */
  | { told: string }
  /** The lock was taken over, and its deploy could not be brought to an end; `snapshot` is what was last seen. */
  | { error: unknown; snapshot: Snapshot };

/**
 * Takes the lock of a dead owner and ends its deploy, forward or back.
 * @param ended an owner that is known to have ended: only what it left is settled
 * @returns undefined: nothing was left there
 * @throws before anything was changed: `Refused` when the owner lives, `PlatformFault`, `Cancelled`
 */
export async function settle(
  name: string,
  owner: string,
  world: World,
  ended?: string,
): Promise<Settled | undefined> {
  const { platform, target, clock, signal, listener } = world;
  const read = () => takeSnapshot(platform, target, { name, wanted: [] });
  const tell = (text: string) => listener.tell({ type: 'note', text });
  const first = await read();
  const ours = async () => (await read()).candidate;
  if (!(await takeOver({ platform, clock, signal, tell }, owner, ours, ended))) return undefined;
  try {
    return { told: await bringToItsEnd(await read(), world) };
  } catch (error) {
    return { error, snapshot: await read().catch(() => first) };
  }
}

/** @returns what was done, in a sentence */
async function bringToItsEnd(snapshot: Snapshot, world: World): Promise<string> {
  const { clock, listener } = world;
  const { name, candidate } = snapshot;
  const intent = candidate && recalled(name, candidate);
  if (!intent) {
    const lock = candidateName(name);
    throw new Refused(
      `${lock} was left by an interrupted run, and its journal cannot be read.`,
      `See with "cf app ${lock}" whether it serves; delete it when it does not, then run again.`,
      'journal',
    );
  }
  const app: AppWorld = { intent, snapshot, found: { ...nothingFound(), switchedAtMs: clock.now() } };
  const way = wayOf(snapshot);
  if (way === 'forward') {
    try {
      await pursue({ world, apps: [app], strategy: blueGreen, way });
      return `An interrupted deploy of ${intent.version} was finished first.`;
    } catch (error) {
      if (!(error instanceof VersionFault)) throw error;
      const text = `The interrupted deploy cannot be finished: ${error.message}`;
      listener.tell({ type: 'note', text });
    }
  }
  await pursue({ world, apps: [app], strategy: backOut, way: 'back' });
  return `An interrupted deploy of ${intent.version} was taken back first.`;
}
