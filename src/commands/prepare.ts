/** Brings inputs, manifest and platform together: one intent for each app, or one refusal with all that is wrong. */

import { isPinned } from '../manifest/docker.js';
import { randomRoute, sharedRoutes, wantedRoutes } from '../manifest/routes.js';
import type { Inputs, ManifestApp, RunContext } from '../model/asked.js';
import type { Domain, Snapshot } from '../model/cloud.js';
import { InputError, Refused } from '../model/errors.js';
import type { Intent } from '../model/intent.js';
import { type Leftovers, lookForLeftovers } from '../platform/leftovers.js';
import { previousName, versionOf } from '../platform/names.js';
import { isOfPreview } from '../platform/preview-names.js';
import { takeSnapshot } from '../platform/snapshot.js';
import { hostOf } from '../probe/address.js';
import { refusedChecks } from '../probe/smoke.js';
import { type AppWorld, nothingFound, type World } from '../steps/world.js';
import { makeIntent, type Preview } from '../strategies/intent.js';
import { type Judgement, judgeLeftovers } from '../strategies/leftovers.js';
import { withdrawn } from '../strategies/versions.js';
import { servedBy } from '../strategies/view.js';
import { assertRoomFor } from './capacity.js';
import { carryingForProof, carryingOf } from './carrying.js';
import type { Seen } from './change.js';
import { olderThanLive } from './commits.js';
import { sharedWithUs, takenElsewhere, uncheckable, withFreeTrials, withoutPolicies } from './free-routes.js';
import { givenDroplet } from './given-droplet.js';
import { unjudgeable } from './judgeable.js';
import { inTheWayOf } from './still-ours.js';

export interface Preparation {
  inputs: Inputs;
  context: RunContext;
  apps: readonly ManifestApp[];
  owner: string;
  /** Letters for hosts of trial routes. */
  token: () => string;
  /** Makes the host of a random route: the same one at every look of this run. */
  word: string;
  preview?: Preview;
}

/** One app before anything is decided: what the manifest names, and what there is. */
export interface Found extends Seen {
  app: ManifestApp;
}

/** Reads what there is for each app. Throws `InputError` with every route that no domain fits, or that two apps have. */
export async function lookUp(preparation: Preparation, world: World): Promise<readonly Found[]> {
  const { platform, target } = world;
  const domains = await platform.domains(target.orgGuid);
  const wishes = preparation.apps.map((app) => {
    const { choice, routes, problems } = wantedRoutes(app, domains);
    const drawn = choice === 'random' ? randomRoute(app.name, preparation.word, domains) : undefined;
    return { app, choice, problems, named: drawn ? [drawn] : routes };
  });
  const problems = wishes.flatMap((wish) => wish.problems);
  if (problems.length > 0) throw new InputError(problems);
  const found = await Promise.all(
    wishes.map(async ({ app, choice, named }) => {
      const snapshot = await takeSnapshot(platform, target, { name: app.name, wanted: named });
      // As `cf push`: a default or random route is only for an app that has none.
      const madeUp = choice !== 'named' && servedBy(snapshot, snapshot.live).length > 0;
      return { app, named: madeUp ? [] : named, snapshot };
    }),
  );
  const shared = sharedRoutes(found);
  if (shared.length > 0) throw new InputError(shared);
  return found;
}

/** Throws `Refused` with everything that forbids the deploy; it has changed nothing then. */
export async function prepare(
  preparation: Preparation,
  found: readonly Found[],
  world: World,
): Promise<AppWorld[]> {
  const nowMs = world.platform.platformNowMs();
  const set = found.map(({ app }) => app.name);
  const left = besides(found, set, world);
  const prepared = await Promise.all(
    found.map((one, at) =>
      prepareOne(
        one,
        left.then((all) => all[at] as Leftovers),
        set,
        nowMs,
        preparation,
        world,
      ),
    ),
  );
  const unchecked = uncheckable(
    prepared.map(({ app }) => app),
    preparation.inputs,
  );
  for (const text of unchecked.notes) world.listener.tell({ type: 'note', text });
  refuse([...prepared.flatMap(({ problems }) => problems), ...unchecked.problems]);
  return prepared.map(({ app }) => app);
}

/** Throws `Refused` where the quotas have no room for these apps, which were prepared of what was found, in this order. */
export async function assertRoomToDeploy(
  apps: readonly AppWorld[],
  found: readonly Found[],
  world: World,
): Promise<void> {
  await assertRoomFor(apps, world, (_, at) => (found[at] as Found).app.processes);
}

async function prepareOne(
  { app, named, snapshot }: Found,
  left: Promise<Leftovers>,
  set: readonly string[],
  nowMs: number,
  { inputs, context, owner, token, preview }: Preparation,
  world: World,
): Promise<{ app: AppWorld; problems: readonly Refused[] }> {
  const domain = trialDomain(snapshot.domains, inputs);
  const { live } = snapshot;
  const inPlace = inputs.strategy !== 'blue-green';
  const [adoptedVersion, beside, brought, shared, older] = await Promise.all([
    adoptedAtMs(snapshot, world).then(versionOf),
    left.then((found) => judgeLeftovers(snapshot, found, named)),
    live && inPlace ? world.platform.sidecars(live.guid, 'buildpack') : [],
    sharedWithUs(named, snapshot, world),
    olderThanLive(snapshot, inputs, context, world.compare),
  ]);
  const make = () =>
    makeIntent({
      inputs,
      context,
      app,
      named,
      snapshot: withoutKnown(snapshot, beside),
      owner,
      token,
      set,
      trialDomain: domain instanceof Refused ? NOWHERE : domain,
      version: versionOf(nowMs, context.commit),
      adoptedVersion,
      brought,
      canZdtPush: world.zdtPush !== undefined,
      shared,
      ...(preview ? { preview } : {}),
    });
  const made = domain instanceof Refused ? make() : await withFreeTrials(make, world);
  const { notes, problems } = made;
  const carrying = made.intent.inPlace
    ? await carryingForProof(app, snapshot, world)
    : await carryingOf(app, snapshot, inputs, world);
  const { dropletGuid } = inputs;
  const given =
    dropletGuid === undefined
      ? undefined
      : await givenDroplet(dropletGuid, app, made.intent, snapshot, world);
  const intent = { ...made.intent, ...carrying?.parts, ...given?.parts };
  const told = [
    ...notes,
    ...movable(app),
    ...(older.note ? [older.note] : []),
    ...beside.notes,
    ...(carrying?.notes ?? []),
  ];
  for (const text of carrying?.warnings ?? []) world.listener.tell({ type: 'warning', text });
  for (const text of told) world.listener.tell({ type: 'note', text });
  const hosts = intent.production.map(({ url }) => hostOf(url));
  const wrong = [
    ...problems,
    ...(await withoutImages(app, world)),
    ...(await withoutTasks(intent, world)),
    ...(await takenElsewhere(intent, snapshot, world)),
    ...(carrying?.problems ?? []),
    ...refusedChecks(inputs.smokeTest, hosts).map(({ text }) => text),
  ];
  const why = inputs.force ? undefined : withdrawn(snapshot, context.commit);
  const names = [
    ...snapshot.inTheWay.map(({ name }) => name),
    ...(intent.inPlace ? [] : await onAdoptedName(snapshot, adoptedVersion, inputs, world)),
  ];
  return {
    app: { intent, snapshot, found: { ...nothingFound(), notes: told } },
    problems: [
      ...names.map(inTheWayOf),
      ...(preview && snapshot.live && !isOfPreview(snapshot.live.labels, preview.labels)
        ? [notThisPreview(snapshot.live.name)]
        : []),
      ...leftBy(beside),
      ...(domain instanceof Refused && (inputs.trialDomain || needsDomain(intent)) ? [domain] : []),
      ...(older.problem ? [older.problem] : []),
      ...(given?.problems ?? []),
      ...(await unjudgeable({ intent, snapshot }, world)),
      ...(await withoutPolicies(intent, snapshot, world)),
      ...(why ? [new Refused(`${app.name}: ${why}.`, WITHDRAWN_NEXT, 'withdrawn')] : []),
      ...wrong.map((text) => new Refused(text, 'Change what is named above and run again.')),
    ],
  };
}

/** What a tag names now need not be what it names at the version's next start. */
function movable({ name, docker }: ManifestApp): string[] {
  if (!docker || isPinned(docker)) return [];
  return [
    `${name} is the image ${docker.image}: whoever moves that tag changes what starts later, also at a rollback. A digest (@sha256:...) names one image for ever.`,
  ];
}

/** A platform may run none, and says so only where an app of one is made or started. */
async function withoutImages({ name, docker }: ManifestApp, { platform }: World): Promise<readonly string[]> {
  if (!docker || (await platform.isOn('diego_docker')) !== false) return [];
  return [
    `${name} is a docker image, and this platform runs none: its switch diego_docker is off. Ask for it.`,
  ];
}

/** As above: it would be said when the version is staged. */
async function withoutTasks({ app, task }: Intent, { platform }: World): Promise<readonly string[]> {
  if (task === undefined || (await platform.isOn('task_creation')) !== false) return [];
  return [
    `The task of ${app} cannot run: this platform's switch task_creation is off. Ask for it, or leave the input task out.`,
  ];
}

/** Whoever asked for the name a moment ago found it free. */
function notThisPreview(name: string): Refused {
  return new Refused(
    `${name} became another preview's while this one was prepared.`,
    'Run again: this one gets a name of its own.',
    'not-a-preview',
  );
}

/** Stands for the trial domain of an intent that is refused for having none. */
export const NOWHERE = { guid: '', name: '' };

/** Trial routes on TCP, and those inside, are on the domains of production routes. */
export function needsDomain({ trials }: Pick<Intent, 'trials'>): boolean {
  return trials.some(({ route }) => route.domainGuid === NOWHERE.guid);
}
const WITHDRAWN_NEXT = 'Deploy a newer commit, or this one all the same with force: true.';

/** What stands beside each of these apps, in order. */
export function besides(
  seen: readonly Seen[],
  set: readonly string[],
  { platform }: World,
): Promise<readonly Leftovers[]> {
  const snapshots = seen.map(({ snapshot }) => snapshot);
  return lookForLeftovers(platform, snapshots, set);
}

export function leftBy({ refusal }: Judgement): readonly Refused[] {
  return refusal ? [new Refused(refusal.what, refusal.next, 'leftover', refusal.commands)] : [];
}

/** What a refusal tells of already is not told again as an app that happens to be on the same route. */
function withoutKnown(snapshot: Snapshot, { refusal }: Judgement): Snapshot {
  const others = Object.entries(snapshot.others).filter(([guid]) => !refusal?.about.includes(guid));
  return { ...snapshot, others: Object.fromEntries(others) };
}

/** An adopted app's version is its droplet's time; without a droplet, its own. */
export async function adoptedAtMs({ live, takenAtMs }: Snapshot, { platform }: World): Promise<number> {
  if (!live || live.version) return takenAtMs;
  return (await platform.currentDroplet(live.guid))?.createdAtMs ?? live.createdAtMs;
}

/** Names of apps that stand where an adopted live would be kept: a snapshot cannot know its version yet. */
export async function onAdoptedName(
  { name, live, target }: Snapshot,
  version: string,
  { keepPrevious }: Pick<Inputs, 'keepPrevious'>,
  { platform }: World,
): Promise<readonly string[]> {
  if (!live || live.version || keepPrevious === 0) return [];
  const apps = await platform.appsByName(target.spaceGuid, [previousName(name, version)]);
  return apps.map((app) => app.name);
}

/** Or why there is none. */
export function trialDomain(domains: readonly Domain[], { trialDomain: name }: Inputs): Domain | Refused {
  const fit = domains.filter(({ internal, protocols }) => !internal && protocols.includes('http'));
  const isNamed = (one: Domain) => one.name.toLowerCase() === name;
  const domain = name ? fit.find(isNamed) : (fit.find(({ shared }) => shared) ?? fit[0]);
  if (domain) return domain;
  const other = domains.find(isNamed);
  const why = other
    ? other.internal
      ? 'it is internal'
      : 'it is for TCP'
    : 'the organization has none such';
  return new Refused(
    name
      ? `There is no HTTP domain ${name} for trial routes: ${why}.`
      : 'There is no HTTP domain that trial routes could be on.',
    `Set the input trial-domain to one of: ${fit.map((one) => one.name).join(', ') || 'none is there; ask for one'}.`,
    'trial-domain',
  );
}

/** One refusal of all; of one kind only, it keeps its code. */
export function refuse(problems: readonly Refused[]): void {
  const [first] = problems;
  if (!first) return;
  const distinct = (texts: readonly string[]) => [...new Set(texts)];
  throw new Refused(
    distinct(problems.map(({ message }) => message)).join('\n'),
    distinct(problems.map(({ next }) => next)).join(' '),
    problems.every(({ code }) => code === first.code) ? first.code : 'refused',
    problems.flatMap(({ commands }) => commands),
  );
}
