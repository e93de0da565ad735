/** Brings inputs and platform together for a restart or a restage: one intent for each app, or one refusal with all that is wrong. */
import type { Inputs, RunContext } from '../model/asked.js';
import { Refused } from '../model/errors.js';
import type { Leftovers } from '../platform/leftovers.js';
import { versionOf } from '../platform/names.js';
import { takeSnapshot } from '../platform/snapshot.js';
import { hostOf } from '../probe/address.js';
import { refusedChecks } from '../probe/smoke.js';
import { hasItsBits, packageOf } from '../steps/vouched.js';
import { type AppWorld, nothingFound, type World } from '../steps/world.js';
import { judgeLeftovers } from '../strategies/leftovers.js';
import { makeRestartIntent } from '../strategies/restart-intent.js';
import { commitOf } from '../strategies/versions.js';
import { carryingForProof, carryingOf } from './carrying.js';
import type { Seen } from './change.js';
import { uncheckable, withFreeTrials } from './free-routes.js';
import { unjudgeable } from './judgeable.js';
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

export interface RestartPreparation {
  inputs: Inputs;
  context: RunContext;
  /** Names of all apps of it. */
  set: readonly string[];
  owner: string;
  /** Letters for hosts of trial routes. */
  token: () => string;
}

/** Reads what there is for each app. No manifest names a route for it. */
export function lookUpLive(
  { set }: RestartPreparation,
  { platform, target }: World,
): Promise<readonly Seen[]> {
  return Promise.all(
    set.map(async (name) => ({
      named: [],
      snapshot: await takeSnapshot(platform, target, { name, wanted: [] }),
    })),
  );
}

/** Throws `Refused` with everything that forbids it; it has changed nothing then. */
export async function prepareRestart(
  preparation: RestartPreparation,
  seen: readonly Seen[],
  world: World,
): Promise<AppWorld[]> {
  const nowMs = world.platform.platformNowMs();
  const left = await besides(seen, preparation.set, world);
  const prepared = await Promise.all(
    left.map((beside, at) => prepareOne(seen[at] as Seen, beside, nowMs, preparation, world)),
  );
  const apps = prepared.flatMap(({ app }) => app ?? []);
  const unchecked = uncheckable(apps, preparation.inputs);
  for (const text of unchecked.notes) world.listener.tell({ type: 'note', text });
  refuse([...prepared.flatMap(({ problems }) => problems), ...unchecked.problems]);
  return apps;
}

async function prepareOne(
  { snapshot }: Seen,
  left: Leftovers,
  nowMs: number,
  preparation: RestartPreparation,
  world: World,
): Promise<{ app?: AppWorld; problems: readonly Refused[] }> {
  const { inputs } = preparation;
  const { platform } = world;
  const { live, name } = snapshot;
  if (!live) return { problems: [notThere(name, snapshot.target)] };
  const [droplet, brought, packages] = await Promise.all([
    platform.currentDroplet(live.guid),
    platform.sidecars(live.guid, 'buildpack'),
    platform.packages(live.guid),
  ]);
  if (droplet?.state !== 'STAGED') return { problems: [withoutDroplet(name)] };
  const packageGuid = packageOf(live, droplet.packageGuid, packages, snapshot);
  const domain = trialDomain(snapshot.domains, inputs);
  const beside = judgeLeftovers(snapshot, left);
  const adoptedVersion = versionOf(await adoptedAtMs(snapshot, world));
  const make = () =>
    makeRestartIntent({
      ...preparation,
      snapshot,
      live,
      version: versionOf(nowMs, commitOf(live)),
      adoptedVersion,
      dropletGuid: droplet.guid,
      ...(packageGuid === undefined ? {} : { packageGuid }),
      brought,
      ...(droplet.commands ? { types: Object.keys(droplet.commands) } : {}),
      isStrange: !hasItsBits(live, droplet.packageGuid, snapshot),
      trialDomain: domain instanceof Refused ? NOWHERE : domain,
    });
  const made = domain instanceof Refused ? make() : await withFreeTrials(make, world);
  const { notes, problems } = made;
  const carrying = made.intent.inPlace
    ? await carryingForProof(undefined, snapshot, world)
    : await carryingOf(undefined, snapshot, { carry: 'all' }, world);
  const intent = { ...made.intent, ...carrying.parts };
  const told = [...notes, ...beside.notes, ...carrying.notes];
  for (const text of carrying.warnings) world.listener.tell({ type: 'warning', text });
  for (const text of told) world.listener.tell({ type: 'note', text });
  const hosts = intent.production.map(({ url }) => hostOf(url));
  const wrong = [
    ...problems,
    ...carrying.problems,
    ...refusedChecks(inputs.smokeTest, hosts).map(({ text }) => text),
  ];
  const names = [
    ...snapshot.inTheWay.map((app) => app.name),
    ...(intent.inPlace ? [] : await onAdoptedName(snapshot, adoptedVersion, inputs, world)),
  ];
  return {
    app: { intent, snapshot, found: { ...nothingFound(), notes: told } },
    problems: [
      ...names.map(inTheWayOf),
      ...leftBy(beside),
      ...(domain instanceof Refused && (inputs.trialDomain || needsDomain(intent)) ? [domain] : []),
      ...(await unjudgeable({ intent, snapshot }, world)),
      ...wrong.map((text) => new Refused(text, 'Change what is named above and run again.')),
    ],
  };
}

function notThere(name: string, { org, space }: Seen['snapshot']['target']): Refused {
  return new Refused(
    `There is no app ${name} in ${org}/${space}: nothing is there to be started once more.`,
    'See that app, org and space are the ones that you mean.',
  );
}

function withoutDroplet(name: string): Refused {
  return new Refused(
    `${name} has no droplet: nothing of it can be started.`,
    'Deploy the version that you want with command: deploy.',
    'droplet-gone',
  );
}
