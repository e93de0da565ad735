/** Brings what an interrupted run left into one clean state before anything new begins. */

import { recalled } from '../engine/journal.js';
import { takeOver } from '../engine/lock.js';
import { Refused, VersionFault } from '../model/errors.js';
import { takeSnapshot } from '../platform/snapshot.js';
import { type AppWorld, nothingFound, type World } from '../steps/world.js';
import { backOut } from '../strategies/back-out.js';
import { blueGreen } from '../strategies/blue-green.js';
import { wayOf } from '../strategies/settle.js';
import { pursue } from './pursue.js';

/**
 * Takes the lock of a dead owner and ends its deploy, forward or back.
 * @returns what was done, for the summary; undefined: nothing was left there
 * @throws Refused when the owner lives (nothing was changed), or the journal cannot be read
 */
export async function settle(name: string, owner: string, world: World): Promise<string | undefined> {
  const { platform, target, clock, signal, listener } = world;
  const read = () => takeSnapshot(platform, target, { name, wanted: [] });
  const tell = (text: string) => listener.tell({ type: 'note', text });
  const ours = async () => (await read()).candidate;
  if (!(await takeOver({ platform, clock, signal, tell }, owner, ours))) return undefined;
  const snapshot = await read();
  const intent = snapshot.candidate && recalled(name, snapshot.candidate);
  if (!intent) {
    throw new Refused(
      `${name}-candidate was left by an interrupted run, and its journal cannot be read.`,
      `See with "cf app ${name}-candidate" whether it serves; delete it when it does not, then run again.`,
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
      tell(`The interrupted deploy cannot be finished: ${error.message}`);
    }
  }
  await pursue({ world, apps: [app], strategy: backOut, way: 'back' });
  return `An interrupted deploy of ${intent.version} was taken back first.`;
}
