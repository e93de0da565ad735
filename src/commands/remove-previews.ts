/** Takes previews away: the apps of each one under their locks, then what was made for it beside them. */

import { allOf } from '../engine/converge.js';
import type { Inputs, RunContext } from '../model/asked.js';
import type { App, ServiceInstance, Snapshot } from '../model/cloud.js';
import { PlatformRefusal, Refused } from '../model/errors.js';
import { MINUTE_MS, SECOND_MS } from '../model/words.js';
import type { Platform } from '../platform/calls.js';
import { ANNOTATION, LABEL, ownerLabel, versionOf } from '../platform/names.js';
import { ownedNames } from '../platform/ours.js';
import { isOfPreview } from '../platform/preview-names.js';
import { takeSnapshot } from '../platform/snapshot.js';
import { type AppWorld, nothingFound, type World } from '../steps/world.js';
import { askedOf, beforeOf } from '../strategies/intent-parts.js';
import { appsOf, emptied, released, routesOf } from '../strategies/removal.js';
import { type Change, change, type Seen } from './change.js';
import type { Opened, Ports } from './open.js';
import { type Outcome, outcomeOf, type Removed } from './outcome.js';
import { pursue, type Strategy } from './pursue.js';

/** Apps of a preview that are looked at, and things that are deleted, at a time. */
const LANES = 4;
/** A deploy that is under way takes that long at most; a dead one is settled long before. */
const DEPLOY_MS = 30 * MINUTE_MS;
const AGAIN_MS = 5 * SECOND_MS;

/**
 * A deploy of it that is under way is waited for, one that was interrupted is settled first.
 * @param selector of all that the preview has: apps, routes, service instances
 */
export async function removePreview(
  selector: string,
  opened: Opened,
  inputs: Inputs,
  context: RunContext,
  ports: Ports,
): Promise<Outcome> {
  for (const overMs = ports.clock.now() + DEPLOY_MS; ; ) {
    // A deploy that was waited for may have made more of them.
    const apps = await opened.platform.appsByLabel(opened.target.spaceGuid, selector);
    const outcome = await removeNow({ selector, apps }, opened, inputs, context, ports);
    if (!isUnderWay(outcome) || ports.clock.now() > overMs) return outcome;
    ports.listener.tell({
      type: 'note',
      text: `${(outcome.error as Error).message} It is waited for: the preview goes after it.`,
    });
    await ports.clock.sleep(AGAIN_MS, ports.signal);
  }
}

/** Somebody deploys it, or removes it. */
export function isUnderWay({ error }: Outcome): boolean {
  return error instanceof Refused && error.code === 'locked';
}

/**
 * As `removePreview`, without waiting for anybody.
 * @param apps those that carry its labels
 */
export async function removeNow(
  { selector, apps }: { selector: string; apps: readonly App[] },
  opened: Opened,
  inputs: Inputs,
  context: RunContext,
  ports: Ports,
): Promise<Outcome> {
  const names = previewNames(apps);
  const removal: Treatment = {
    called: 'preview-delete',
    strategy: emptied,
    perform: async (going, world): Promise<Outcome> => {
      const removed = whatGoes(going);
      await pursue({ world, apps: going, strategy: emptied, way: 'back' });
      let failed: unknown;
      const beside = await removeBeside(selector, world).catch((error: unknown) => {
        failed = error;
      });
      // What a broker keeps needs no lock: the next run tries it again.
      await pursue({ world, apps: going, strategy: released, way: 'back' });
      if (!beside) throw failed;
      return {
        result: 'deleted',
        apps: going.map((app) => outcomeOf(app, inputs.router)),
        removed: [...removed, ...beside.removed],
        gone: [...new Set([...names, ...beside.of])],
      };
    },
  };
  return underLocks(apps, removal, opened, inputs, context, ports);
}

/** What is done to the apps of a preview while nobody else may change them. */
export interface Treatment {
  /** For people, beside the strategies of a deploy. */
  called: string;
  strategy: Strategy;
  perform(going: AppWorld[], world: World): Promise<Outcome>;
}

/** Takes their locks only where something is to be done. @param apps those that carry the labels of one preview */
export async function underLocks(
  apps: readonly App[],
  { called, strategy, perform }: Treatment,
  opened: Opened,
  inputs: Inputs,
  context: RunContext,
  ports: Ports,
): Promise<Outcome> {
  const names = previewNames(apps);
  const owner = ownerLabel(context.runId, context.attempt, ports.random.token(8));
  const changing: Change<Seen> = {
    result: 'deleted',
    owner,
    names,
    held: async () => undefined,
    leavesLive: true,
    strategy,
    look: ({ platform, target }) =>
      Promise.all(
        names.map(async (name) => ({
          named: [],
          snapshot: await takeSnapshot(platform, target, { name, wanted: [] }),
        })),
      ),
    prepare: async (seen) =>
      seen.map(({ snapshot }) => goingOf(snapshot, { called, apps, names, owner, inputs })),
    perform,
  };
  return change(opened, changing, { ...inputs, watch: false }, context, ports);
}

/** The users' names of the apps that carry the labels of previews. */
export function previewNames(apps: readonly App[]): readonly string[] {
  return ownedNames(apps.map((app) => ({ ...app, labels: { ...app.labels, [LABEL.role]: 'candidate' } })));
}

interface Going extends Pick<Treatment, 'called'> {
  apps: readonly App[];
  names: readonly string[];
  owner: string;
  inputs: Inputs;
}

function goingOf(snapshot: Snapshot, { called, apps: all, names: set, owner, inputs }: Going): AppWorld {
  const { lock, previous, failed, name } = snapshot;
  const isOwn = (app: App | undefined) => app && all.some(({ labels }) => isOfPreview(app.labels, labels));
  const live = isOwn(snapshot.live) ? snapshot.live : undefined;
  const of = [live, lock, ...previous, ...failed].find(isOwn);
  // None that is live: a lock of that version would be taken for what a deploy leaves at its end.
  const version = versionOf(snapshot.takenAtMs);
  return {
    snapshot,
    found: nothingFound(),
    intent: {
      ...askedOf(inputs),
      ...{ app: name, set, owner, version, until: 'live', hold: false },
      ...{ production: [], dropped: [], trials: [], scale: {}, keepInstancesOf: [] },
      ...{ env: {}, carriedEnv: [], keepFailed: false, keepPrevious: 0 },
      ...(live ? { before: beforeOf(live, snapshot, version) } : {}),
      // What takes the lock tells whose it is, too: a run that dies here leaves nothing that a sweep cannot place.
      preview: partOf(of?.labels, [LABEL.number, LABEL.repository, LABEL.expires]),
      facts: {
        ...partOf(of?.annotations, [ANNOTATION.repository, ANNOTATION.previewId, ANNOTATION.pull]),
        [ANNOTATION.app]: name,
        [ANNOTATION.strategy]: called,
      },
    },
  };
}

function partOf(
  all: Readonly<Record<string, string>> = {},
  names: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
}

function whatGoes(going: readonly AppWorld[]): Removed[] {
  return going.flatMap(({ intent, snapshot }) => [
    ...appsOf(intent, snapshot).map(({ name }) => ({ kind: 'app' as const, name })),
    ...routesOf(intent, snapshot).map(({ url }) => ({ kind: 'route' as const, name: url })),
  ]);
}

/** Service instances that were made for it, and routes that lost their app before. */
async function removeBeside(
  selector: string,
  { platform, target }: World,
): Promise<{ removed: readonly Removed[]; of: readonly string[] }> {
  const [services, routes] = await Promise.all([
    platform.servicesByLabel(target.spaceGuid, selector),
    platform.routesByLabel(target.spaceGuid, selector),
  ]);
  const unused = routes.filter(({ destinations }) => destinations.length === 0);
  // A broker takes its time, and somebody may give an address to another app meanwhile: those go at once.
  await allOf(unused, LANES, ({ guid }) => platform.deleteRoute(guid));
  await allOf(services, LANES, (one) => removeService(one, platform));
  return {
    removed: [
      ...services.map(({ name }) => ({ kind: 'service' as const, name })),
      ...unused.map(({ url }) => ({ kind: 'route' as const, name: url })),
    ],
    // The key of a name is the name, unless that is unusual.
    of: unused.flatMap(({ labels }) => labels[LABEL.app] ?? []),
  };
}

/** Throws `Refused` with the broker's words where it keeps it. */
async function removeService({ guid, name }: ServiceInstance, platform: Platform): Promise<void> {
  try {
    await platform.deleteService(guid);
  } catch (error) {
    if (!(error instanceof PlatformRefusal)) throw error;
    const { operation } = await platform.service(guid).catch(() => ({ operation: undefined }));
    throw new Refused(
      `The service instance ${name} could not be deleted: ${operation?.description || error.message}`,
      `See with cf service ${name} what its broker needs, then run again.`,
      'preview-services',
    );
  }
}
