/** What a change of live carries over to another app, beside variables and routes, and what is told of it. */

import { likelySecrets } from '../manifest/secrets.js';
import type { Inputs, ManifestApp } from '../model/asked.js';
import type { AppState, Binding, Snapshot } from '../model/cloud.js';
import type { Intent, Named } from '../model/intent.js';
import { belongingsOf } from '../steps/belongings.js';
import {
  type Belongings,
  type Carry,
  comingTo,
  forProof,
  isTold,
  missing,
  newApp,
} from '../steps/carried.js';
import { linesWithNames } from '../steps/carry.js';
import { eitherOf, NOTHING_NAMED, namedOn } from '../steps/named.js';
import { isAutoscaler } from '../steps/scaling.js';
import type { World } from '../steps/world.js';
import { namedBy, ownedBy } from '../strategies/carry.js';
import { filledOf } from './filled-bindings.js';

export interface Carrying {
  /** For the intent. */
  parts: Pick<Intent, 'carry' | 'autoscaled'>;
  notes: readonly string[];
  warnings: readonly string[];
  problems: readonly string[];
}

const NO_CARRYING: Carrying = { parts: {}, notes: [], warnings: [], problems: [] };
const POLICIES_UNKNOWN =
  'Network policies: unknown, they may not be read with this sign-in. Any that names live by its GUID has to be made anew.';

/**
 * For a change that puts another app in live's place.
 * @param app undefined: no manifest says anything of it, and all that live has is carried
 */
export async function carryingOf(
  app: ManifestApp | undefined,
  { live, name }: Pick<Snapshot, 'live' | 'name'>,
  { carry }: Pick<Inputs, 'carry'>,
  world: World,
): Promise<Carrying> {
  const { platform } = world;
  if (!live) return NO_CARRYING;
  const read = await belongingsOf(live, platform);
  const { now, named } = namesOf(app, live);
  const fresh = newApp(read);
  const lack = missing(read, fresh, named);
  const known = [live, { guid: fresh.guid, name }];
  const [lines, unnamed] = await Promise.all([
    linesWithNames(lack, platform, known),
    linesWithNames(missing(read, fresh, now), platform, known),
  ]);
  const dropped = unnamed.filter((line) => !lines.includes(line));
  const unknown = [
    ...(read.policies === undefined ? [POLICIES_UNKNOWN] : []),
    ...(live.role === undefined ? [heldByOthers(name)] : []),
  ];
  const problems = ownedBy(live, [...Object.keys(live.labels), ...Object.keys(live.annotations)], 'deploy');
  const { scales, brokered } = await offeredTo(read, platform);
  const parts = scales ? { autoscaled: true } : {};
  const { filled, what, warnings } = await filledOf(name, read.bindings, named, brokered, world);
  if (carry === 'manifest') {
    return {
      parts,
      notes: [...[...lines, ...what].map((lost) => `${name} loses its ${lost}.`), ...unknown],
      warnings: [],
      problems,
    };
  }
  const parameters = await parametersOf(lack, brokered, world);
  return {
    parts: { ...parts, carry: { named, what: lines, parameters, ...(filled ? { filled } : {}) } },
    notes: [
      ...told('Carried from live, not in the manifest', [...lines, ...what]),
      ...told('Not carried, the manifest names them no more', dropped),
      ...unknown,
    ],
    warnings: [...silentBrokers(name, lack, parameters, brokered), ...warnings],
    problems: [...problems, ...stillComing(name, comingTo(read, named))],
  };
}

/** For a deploy in place: live keeps what it has, and its candidate is proven with the same. */
export async function carryingForProof(
  app: ManifestApp | undefined,
  { live, name }: Pick<Snapshot, 'live' | 'name'>,
  world: World,
): Promise<Carrying> {
  if (!live) return NO_CARRYING;
  const { platform } = world;
  const read = await belongingsOf(live, platform);
  // What is taken off live is not needed: the version is proven without.
  const { named } = namesOf(app, live);
  const lack = forProof(missing(read, newApp(read), named));
  const what = await linesWithNames(lack, platform, [live, { guid: '', name }]);
  const { scales, brokered } = await offeredTo(read, platform);
  const [parameters, { filled, warnings }] = await Promise.all([
    parametersOf(lack, brokered, world),
    filledOf(name, read.bindings, named, brokered, world),
  ]);
  const carry = { named, what, parameters, ...(filled ? { filled } : {}) };
  return { ...NO_CARRYING, warnings, parts: { ...(scales ? { autoscaled: true } : {}), carry } };
}

/** `now`: by the manifest; `named`: with what an earlier one named, which is not carried either. */
function namesOf(app: ManifestApp | undefined, live: AppState): { now: Named; named: Named } {
  if (!app) return { now: NOTHING_NAMED, named: NOTHING_NAMED };
  const now = namedBy(app);
  return { now, named: eitherOf(now, namedOn(live)) };
}

/** For a rollback: a version that is kept has its own, and gets what was set by hand since. */
export async function carryingBack(
  target: AppState,
  { live }: Pick<Snapshot, 'live'>,
  world: World,
): Promise<Carrying> {
  if (!live || live.guid === target.guid) return NO_CARRYING;
  const { platform } = world;
  const [lives, own] = await Promise.all([belongingsOf(live, platform), belongingsOf(target, platform)]);
  const records = [namedOn(live), namedOn(target)] as const;
  const named = records[0] && records[1] ? eitherOf(records[0], records[1]) : undefined;
  const lack = missing(lives, own, named);
  const all = missing(lives, own, NOTHING_NAMED);
  const missed = all.bindings.filter(({ guid }) => !lack.bindings.some((one) => one.guid === guid));
  const lines = await linesWithNames(lack, platform, [live, target]);
  const { scales, brokered } = await offeredTo(lives, platform);
  const parameters = await parametersOf(lack, brokered, world);
  return {
    parts: {
      ...(scales ? { autoscaled: true } : {}),
      carry: { what: lines, parameters, ...(named ? { named } : {}) },
    },
    notes: [
      ...told('Taken over from live, set by hand', lines),
      ...missed.map(
        ({ instance }) =>
          `Not taken over, live has it and the version that goes live has not: binding to service instance ${instance}.`,
      ),
      ...(lives.policies === undefined ? [POLICIES_UNKNOWN] : []),
    ],
    warnings: silentBrokers(target.name, lack, parameters, brokered),
    problems: [
      ...ownedBy(live, [...Object.keys(live.labels), ...Object.keys(live.annotations)], 'rollback'),
      ...stillComing(live.name, comingTo(lives, named)),
    ],
  };
}

/** What live was given since a version was held, which that version does not have. */
export async function lackOf(
  candidate: AppState,
  live: AppState,
  { platform }: World,
): Promise<readonly string[]> {
  const [lives, own] = await Promise.all([belongingsOf(live, platform), belongingsOf(candidate, platform)]);
  const named = eitherOf(namedOn(candidate) ?? NOTHING_NAMED, namedOn(live));
  return linesWithNames(missing(lives, own, named), platform, [live, candidate]);
}

function told(title: string, what: readonly string[]): string[] {
  return what.length > 0 ? [`${title}: ${what.join('; ')}.`] : [];
}

function heldByOthers(app: string): string {
  return `${app} becomes another app of the platform. Who knows it by its GUID (jobs of a scheduler, dashboards, alerts) knows the old one: strategy: rolling or canary keeps the GUID.`;
}

/** @returns `brokered`: guids of instances with a broker, which are not user-provided */
async function offeredTo({ bindings }: Belongings, platform: World['platform']) {
  const guids = bindings.flatMap(({ instanceGuid }) => instanceGuid ?? []);
  if (guids.length === 0) return { scales: false, brokered: new Set<string>() };
  const offerings = await platform.offerings(guids);
  return { scales: [...offerings.values()].some(isAutoscaler), brokered: new Set(offerings.keys()) };
}

type Told = NonNullable<NonNullable<Intent['carry']>['parameters']>;

/** Asked once, before anything is changed. Throws where a broker cannot be asked now: nobody knows then what is to be carried. */
async function parametersOf(
  { bindings }: Carry,
  brokered: ReadonlySet<string>,
  { platform, hide }: World,
): Promise<Told> {
  const told = await Promise.all(
    bindings.map(async (one) => {
      const asks = hasBroker(one, brokered) && isTold(one);
      const parameters = asks ? await platform.bindingParameters(one.guid) : undefined;
      hide(likelySecrets(parameters ?? {}));
      return [one.guid, parameters] as const;
    }),
  );
  return Object.fromEntries(told);
}

function hasBroker({ instanceGuid }: Binding, brokered: ReadonlySet<string>): boolean {
  return instanceGuid !== undefined && brokered.has(instanceGuid);
}

/** One warning for all. */
function silentBrokers(
  app: string,
  { bindings }: Carry,
  told: Told,
  brokered: ReadonlySet<string>,
): readonly string[] {
  const asked = bindings.filter((one) => hasBroker(one, brokered));
  const silent = asked.filter(({ guid }) => told[guid] === undefined).map(({ instance }) => instance);
  if (silent.length === 0) return [];
  const lines = silent.map((name) => `  - name: ${name}\n    parameters: {}`).join('\n');
  return [
    `The broker does not tell the parameters of ${silent.map((name) => `the binding to ${name}`).join(', ')} of ${app}: the new version is bound without any. If there were some, name them in the manifest:\nservices:\n${lines}`,
  ];
}

function stillComing(app: string, instances: readonly string[]): string[] {
  return instances.map(
    (instance) =>
      `A broker is still binding ${app} to service instance ${instance}, so nobody can tell yet what is to be carried over. Run again when cf service ${instance} shows that it is done, or name the service in the manifest.`,
  );
}
