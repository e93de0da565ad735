/** Looks whether live is what a deploy would bring already, and what the manifest would change of it. Changes nothing. */
import type { Manifest } from '../manifest/manifest.js';
import { saidOf } from '../manifest/said.js';
import type { Inputs } from '../model/asked.js';
import type { AppState } from '../model/cloud.js';
import { inShort, isFailed } from '../probe/answer.js';
import { sideBySide } from '../probe/context.js';
import { askOn } from '../probe/tcp.js';
import { isOutside } from '../steps/routes.js';
import { type AppWorld, note, type World } from '../steps/world.js';
import type { LiveConfiguration, Sides } from '../strategies/configuration.js';
import { driftOf, hiddenOf, whyAsked, whyOther, whyUnsound } from '../strategies/unchanged.js';
import { type Outcome, outcomeSeen } from './outcome.js';
import { unknownText } from './reading.js';

/** Routes that are asked at a time. */
const LANES = 10;

/** What is known of one app against live. */
export interface Comparison {
  app: AppWorld;
  /** Why it is to be deployed; none: it is unchanged. */
  reasons: readonly string[];
  /** Lines for people: what the manifest would change of live. */
  drift: readonly string[];
  /** What of live could not be read. */
  hides: readonly string[];
}

/** @param hidden guids of apps whose variables this sign-in may not read */
export type Compare = (
  apps: readonly AppWorld[],
  world: World,
  hidden?: ReadonlySet<string>,
) => Promise<readonly Comparison[]>;

/**
 * Compares each app of the manifest with live. It asks live only where nothing else speaks for a deploy.
 * @param hidden guids of apps whose variables this sign-in may not read
 */
export function compareWithLive(
  manifest: Manifest,
  inputs: Pick<Inputs, 'env' | 'force' | 'dropletGuid'>,
  apps: readonly AppWorld[],
  world: World,
  hidden: ReadonlySet<string> = new Set(),
): Promise<readonly Comparison[]> {
  return Promise.all(
    apps.map(async (app) => {
      const { live } = app.snapshot;
      if (!live) return { app, reasons: ['nothing is live'], drift: [], hides: [] };
      const read = await configurationOf(live, world, hidden.has(live.guid));
      const said = saidOf(manifest, app.intent.app);
      const sides: Sides = { said, snapshot: app.snapshot, live, read, intent: app.intent };
      const known = [...whyAsked(inputs), ...whyUnsound(sides)];
      const other = known.length > 0 ? known : whyOther(sides, await world.fingerprint(app.intent.app));
      const reasons = other.length > 0 ? other : await whySilent(app, world);
      return { app, reasons, drift: driftOf(sides), hides: hiddenOf(read) };
    }),
  );
}

export function isUnchanged({ reasons }: Comparison): boolean {
  return reasons.length === 0;
}

/** Those that are what was asked for already. */
export function alone(compared: readonly Comparison[] = []): AppWorld[] {
  return compared.filter(isUnchanged).map(({ app }) => ({
    ...app,
    found: { ...app.found, notes: [...app.found.notes, leftAloneText(app.intent.app)] },
  }));
}

function leftAloneText(app: string): string {
  return `${app} is unchanged, and is left alone.`;
}

/** The others: they are one deploy, and its journal names no more than them. */
export function onlyChanged(
  apps: readonly AppWorld[],
  compared: readonly Comparison[] = [],
): readonly AppWorld[] {
  const left = compared.filter(isUnchanged).map(({ app }) => app.intent.app);
  if (left.length === 0) return apps;
  const changed = apps.filter(({ intent }) => !left.includes(intent.app));
  const set = changed.map(({ intent }) => intent.app);
  return changed.map((app) => ({ ...app, intent: { ...app.intent, set } }));
}

/** What is told of apps that are what was asked for already. */
export function leftAlone(apps: readonly AppWorld[], { router }: Pick<Inputs, 'router'>): Outcome {
  return {
    result: 'unchanged',
    apps: apps.map(({ snapshot, found }) => ({ ...outcomeSeen(snapshot, router), found })),
  };
}

/** For the log: why each app is deployed. */
export function tellReasons(compared: readonly Comparison[], world: World): void {
  for (const one of compared) {
    const { intent } = one.app;
    if (!isUnchanged(one)) note(world, `${intent.app} is deployed: ${one.reasons.join('; ')}.`);
    else if (!compared.every(isUnchanged)) note(world, leftAloneText(intent.app));
  }
}

/** For the log and the summary of a plan. */
export function tellDrift(compared: readonly Comparison[], world: World): void {
  for (const { app, reasons, drift, hides } of compared) {
    const { app: name } = app.intent;
    const lines = [
      ...(reasons.length === 0
        ? [`${name} is unchanged: a deploy would do nothing.`]
        : [`${name} would be deployed: ${reasons.join('; ')}.`]),
      ...drift,
      ...(hides.length === 0 ? [] : [unknownText(name, hides)]),
    ];
    app.found.notes.push(...lines);
    for (const line of lines) note(world, line);
  }
}

async function configurationOf(
  live: AppState,
  { platform }: World,
  hidesVariables: boolean,
): Promise<LiveConfiguration> {
  const [bindings, features, sidecars, droplet, commands] = await Promise.all([
    platform.bindings(live.guid),
    platform.features(live.guid),
    platform.sidecars(live.guid),
    platform.currentDroplet(live.guid),
    Promise.all(live.processes.map(async ({ type, guid }) => [type, await platform.command(guid)] as const)),
  ]);
  const told = commands.flatMap(([type, command]) =>
    command === undefined ? [] : [[type, command] as const],
  );
  return {
    bindings,
    features,
    sidecars,
    ...(told.length === commands.length ? { commands: Object.fromEntries(told) } : {}),
    dropletCommands: droplet?.commands ?? {},
    ...(droplet?.packageGuid === undefined ? {} : { packageGuid: droplet.packageGuid }),
    hidesVariables,
  };
}

/** Production routes on which live does not answer as the availability watch wants it. Those of internal domains cannot be asked. */
async function whySilent({ intent }: AppWorld, { probe }: World): Promise<readonly string[]> {
  const silent: string[] = [];
  const asked = intent.production.filter(isOutside);
  await sideBySide(probe, asked, LANES, async ({ url }, ctx) => {
    const outcome = await askOn(ctx, url, intent.probePath);
    if (isFailed(outcome)) silent.push(`live does not answer well on ${url}: ${inShort(outcome, ctx)}`);
  });
  return silent;
}
