/** `status`: what is live, what is kept, what is under way, and what the next deploy would do about it. Changes nothing. */

import { allOf } from '../engine/converge.js';
import { recalled } from '../engine/journal.js';
import { ASK_AFTER_MS, holderOf, isHeld, lastSignMs, ownerOf, ownerState } from '../engine/lock.js';
import { hasManifest, loadManifest } from '../manifest/load.js';
import type { Inputs, RunContext } from '../model/asked.js';
import type { Snapshot, Target } from '../model/cloud.js';
import type { Platform } from '../platform/calls.js';
import { lookForLeftovers } from '../platform/leftovers.js';
import { OURS, ownedNames } from '../platform/ours.js';
import { takeSnapshot } from '../platform/snapshot.js';
import { type Life, outlookOf } from '../strategies/outlook.js';
import { open, type Ports } from './open.js';
import { type AppOutcome, type Outcome, outcomeSeen } from './outcome.js';
import { forReading } from './reading.js';
import { endOfRuns } from './world.js';

/** Apps that are read at a time. */
const LANES = 4;

/** Of the app that is named, of those of the manifest, or, with neither, of every app of the space that is ours. */
export async function status(inputs: Inputs, context: RunContext, ports: Ports): Promise<Outcome> {
  const named = await namesAsked(inputs, context);
  const { platform: whole, target, cf, close } = await open(inputs, context, ports);
  const { platform } = forReading(whole);
  try {
    const names = named ?? ownedNames(await platform.appsByLabel(target.spaceGuid, OURS));
    const looking = { platform, target, hasEnded: endOfRuns(inputs, context, ports) };
    const apps = await seenAll(names, looking, inputs);
    return { result: 'shown', apps, cfVersion: cf.version };
  } finally {
    await close();
  }
}

async function namesAsked(inputs: Inputs, { workspace }: RunContext): Promise<readonly string[] | undefined> {
  if (inputs.app) return [inputs.app];
  if (!(await hasManifest(inputs, workspace))) return undefined;
  return (await loadManifest(inputs, workspace)).apps.map(({ name }) => name);
}

interface Looking {
  platform: Platform;
  target: Target;
  hasEnded(owner: string): Promise<boolean>;
}

async function seenAll(
  names: readonly string[],
  looking: Looking,
  { router }: Inputs,
): Promise<AppOutcome[]> {
  const { platform, target } = looking;
  const known = new Map<string, Snapshot>();
  const read = (all: readonly string[]) =>
    allOf(all, LANES, async (name) => {
      known.set(name, await takeSnapshot(platform, target, { name, wanted: [] }));
    });
  await read(names);
  const setOf = ({ name, lock }: Snapshot) => (lock && recalled(name, lock)?.set) ?? [name];
  const further = [...known.values()].flatMap(setOf).filter((name) => !known.has(name));
  await read([...new Set(further)]);
  const all = names.flatMap((name) => known.get(name) ?? []);
  const left = await lookForLeftovers(platform, all, names);
  return Promise.all(
    all.map(async (snapshot, at) => {
      const outlook = outlookOf({
        snapshot,
        left: left[at] ?? { apps: [], routes: [] },
        life: await lifeOf(snapshot, looking),
        set: setOf(snapshot).flatMap((name) => known.get(name) ?? []),
      });
      return { ...outcomeSeen(snapshot, router), outlook };
    }),
  );
}

/** By one look alone: a sign of life that is young says that the run was alive a moment ago, unless it is known to have ended. */
async function lifeOf(snapshot: Snapshot, { platform, hasEnded }: Looking): Promise<Life> {
  const holder = holderOf(snapshot);
  if (!holder || isHeld(snapshot)) return 'unknown';
  const nowMs = platform.platformNowMs();
  if (ownerState(holder, nowMs, holder, nowMs) === 'dead' || (await hasEnded(ownerOf(holder)))) return 'dead';
  return nowMs - lastSignMs(holder) < ASK_AFTER_MS ? 'alive' : 'unknown';
}
