/** Brings inputs and platform together for a rollback: one intent for each app, or one refusal with all that is wrong. */
import type { Inputs, RunContext } from '../model/asked.js';
import type { AppState } from '../model/cloud.js';
import { Refused } from '../model/errors.js';
import type { Leftovers } from '../platform/leftovers.js';
import { versionOf } from '../platform/names.js';
import { takeSnapshot } from '../platform/snapshot.js';
import { hostOf } from '../probe/address.js';
import { refusedChecks } from '../probe/smoke.js';
import { type AppWorld, nothingFound, type World } from '../steps/world.js';
import { judgeLeftovers } from '../strategies/leftovers.js';
import { makeRollbackIntent } from '../strategies/rollback-intent.js';
import { choicesOf, chooseTarget, isOwn, type OwnVersion, type Standing } from '../strategies/versions.js';
import { carryingBack } from './carrying.js';
import type { Seen } from './change.js';
import { uncheckable, withFreeTrials } from './free-routes.js';
import { inPlaceIntent, lookUpOwn } from './own-versions.js';
import {
  adoptedAtMs,
  besides,
  leftBy,
  NOWHERE,
  needsDomain,
  onAdoptedName,
  refuse,
  trialDomain,
} from './prepare.js';
import { inTheWayOf } from './still-ours.js';

export interface RollbackPreparation {
  inputs: Inputs;
  context: RunContext;
  /** Names of all apps of the rollback. */
  set: readonly string[];
  owner: string;
  /** Letters for hosts of trial routes. */
  token: () => string;
}

/** One app, with what live itself had before. */
export interface Kept extends Seen, Required<Pick<Standing, 'revisions' | 'droplets'>> {}

/** Reads what there is for each app, with the variables of what could go live again. No manifest names a route for it. */
export function lookUpKept({ set }: RollbackPreparation, world: World): Promise<readonly Kept[]> {
  const { platform, target } = world;
  return Promise.all(
    set.map(async (name) => {
      const snapshot = await takeSnapshot(platform, target, { name, wanted: [] });
      const [own, previous] = await Promise.all([
        lookUpOwn(snapshot, world),
        Promise.all(
          snapshot.previous.map(async (app) => ({ ...app, env: await platform.environment(app.guid) })),
        ),
      ]);
      return { named: [], snapshot: { ...snapshot, previous }, ...own };
    }),
  );
}

/**
 * Throws `Refused` with everything that forbids the rollback; it has changed nothing then.
 * @param rolledBack names of the apps of which this run has just finished an interrupted rollback
 */
export async function prepareRollback(
  preparation: RollbackPreparation,
  seen: readonly Kept[],
  world: World,
  rolledBack: readonly string[],
): Promise<AppWorld[]> {
  const left = await besides(seen, preparation.set, world);
  const prepared = await Promise.all(
    left.map((beside, at) => {
      const one = seen[at] as Kept;
      return prepareOne(one, beside, rolledBack.includes(one.snapshot.name), preparation, world);
    }),
  );
  const apps = prepared.flatMap(({ app }) => app ?? []);
  const unchecked = uncheckable(apps, preparation.inputs);
  for (const text of unchecked.notes) world.listener.tell({ type: 'note', text });
  refuse([...prepared.flatMap(({ problems }) => problems), ...unchecked.problems]);
  return apps;
}

/** @param isDone an interrupted rollback was just finished: without a wish for another version it is the one that was asked for */
async function prepareOne(
  seen: Kept,
  left: Leftovers,
  isDone: boolean,
  preparation: RollbackPreparation,
  world: World,
): Promise<{ app?: AppWorld; problems: readonly Refused[] }> {
  const { inputs } = preparation;
  const { snapshot } = seen;
  const { live, name } = snapshot;
  const standing: Standing = { ...seen, ...snapshot };
  const target = live && isDone && inputs.to === undefined ? live : chooseTarget(standing, inputs.to);
  if (typeof target === 'string') {
    return { problems: [new Refused(`${name} cannot be rolled back: ${target}.`, OTHER_NEXT, 'no-target')] };
  }
  if (isOwn(target) && target.isGone) return { problems: [goneOf(name, target)] };
  const domain = trialDomain(snapshot.domains, inputs);
  // The version that is meant may be on live's routes already: it is proven there like any other.
  const kept = snapshot.previous.filter((app) => app !== target);
  const beside = judgeLeftovers({ ...snapshot, previous: kept }, left);
  const adoptedVersion = versionOf(await adoptedAtMs(snapshot, world));
  const parts = {
    ...preparation,
    snapshot,
    adoptedVersion,
    trialDomain: domain instanceof Refused ? NOWHERE : domain,
  };
  const [carrying, make] = await Promise.all([
    isOwn(target) ? undefined : carryingBack(target, snapshot, world),
    isOwn(target) && live
      ? inPlaceIntent(parts, live, target, world)
      : () => makeRollbackIntent({ ...parts, target: target as AppState }),
  ]);
  const made = domain instanceof Refused ? make() : await withFreeTrials(make, world);
  const { notes, problems } = made;
  const intent = { ...made.intent, ...carrying?.parts };
  const told = [
    ...(inputs.plan ? choicesOf(standing, target) : []),
    ...notes,
    ...beside.notes,
    ...(carrying?.notes ?? []),
  ];
  for (const text of carrying?.warnings ?? []) world.listener.tell({ type: 'warning', text });
  for (const text of told) world.listener.tell({ type: 'note', text });
  const hosts = intent.production.map(({ url }) => hostOf(url));
  const wrong = [
    ...problems,
    ...(carrying?.problems ?? []),
    ...(isOwn(target) ? [] : await withoutDroplet(target, world)),
    ...refusedChecks(inputs.smokeTest, hosts).map(({ text }) => text),
  ];
  const names = [
    ...snapshot.inTheWay.map((app) => app.name),
    ...(isOwn(target) ? [] : await onAdoptedName(snapshot, adoptedVersion, intent, world)),
  ];
  return {
    app: { intent, snapshot, found: { ...nothingFound(), notes: told } },
    problems: [
      ...names.map(inTheWayOf),
      ...leftBy(beside),
      ...(domain instanceof Refused && (inputs.trialDomain || needsDomain(intent)) ? [domain] : []),
      ...wrong.map((text) => new Refused(text, 'Change what is named above and run again.')),
    ],
  };
}

const OTHER_NEXT =
  'Name another one with the input to (command: status, and plan: true, show them), or deploy the version that you want.';

function goneOf(name: string, { version, dropletGuid, revision }: OwnVersion): Refused {
  const what = revision ? `${version} (revision v${revision.version})` : version;
  const why = `the platform has its droplet ${dropletGuid} no more, and nothing is built again`;
  return new Refused(`${name} cannot be rolled back to ${what}: ${why}.`, OTHER_NEXT, 'droplet-gone');
}

async function withoutDroplet({ guid, name }: AppState, { platform }: World): Promise<string[]> {
  const droplet = await platform.currentDroplet(guid);
  if (droplet?.state === 'STAGED') return [];
  return [`${name} has no droplet any more: it cannot be started, and nothing is built again.`];
}
