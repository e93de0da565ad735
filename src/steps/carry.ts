import type { AppState, Binding } from '../model/cloud.js';
import { DeadlineOver, PlatformFault, PlatformRefusal, Refused } from '../model/errors.js';
import type { Platform } from '../platform/calls.js';
import { ANNOTATION } from '../platform/names.js';
import { belongingsOf } from './belongings.js';
import {
  type Belongings,
  type Carry,
  comingTo,
  forProof,
  isBound,
  isTold,
  linesOf,
  missing,
  ofStart,
} from './carried.js';
import type { Step } from './step.js';
import { waitFor } from './wait.js';
import { type AppWorld, appOn, lockOf, note, type StepKind, type World } from './world.js';

/** A broker may take its time; platforms give up on one after days. */
const BINDING_MS = 10 * 60_000;

/**
 * The candidate gets what live has outside the manifest, as live has it in this moment: what it has already is seen, and left.
 * Throws `Refused` with what would be lost when the platform or a broker says no, or when it comes too late for an instance that
 * runs. In place nothing is lost, as live keeps what it has: the candidate is proven without then, and a note says so.
 */
export const carry: StepKind<Step & { do: 'carry' }> = {
  title: ({ what }) =>
    what.length > 0 ? `carry over from live: ${what.join(', ')}` : 'see that live has nothing more',
  plan: ({ what }) => [
    'GET bindings, sidecars, features, processes, network policies of <live>, <candidate>',
    ...what.map((one) => `give <candidate> ${one}`),
  ],
  run: async (_step, app, world) => {
    const { intent, snapshot } = app;
    if (!intent.carry || !snapshot.live) return;
    const { platform } = world;
    const candidate = appOn('candidate', app);
    const [lives, has] = await Promise.all([
      belongingsOf(snapshot.live, platform),
      belongingsOf(candidate, platform),
    ]);
    const coming = intent.inPlace ? [] : comingTo(lives, intent.carry.named);
    if (coming.length > 0) throw changedMeanwhile(intent.app, coming.map(bindingText));
    const lacks = missing(lives, has, intent.carry.named);
    const lack = intent.inPlace ? forProof(lacks) : lacks;
    const mayBeLate = intent.target !== undefined || intent.inPlace !== undefined;
    const late = candidate.state === 'STARTED' && !mayBeLate ? ofStart(lack) : [];
    if (late.length > 0) throw changedMeanwhile(intent.app, late);
    await apply(lack, has, candidate, app, world);
  },
};

async function apply(
  lack: Carry,
  has: Belongings,
  candidate: AppState,
  app: AppWorld,
  world: World,
): Promise<void> {
  const { platform } = world;
  const { guid } = candidate;
  const { owner } = app.intent;
  if (lack.addedPolicies.length > 0)
    await orLost(app, world, 'network policies', () => platform.addPolicies(lack.addedPolicies));
  if (lack.removedPolicies.length > 0) await platform.removePolicies(lack.removedPolicies);
  for (const [name, on] of Object.entries(lack.features)) {
    await orLost(app, world, `app feature ${name}`, () => platform.setFeature(guid, name, on));
  }
  for (const { guid: _, ...sidecar } of lack.sidecars) {
    const own = has.sidecars.find(({ name }) => name === sidecar.name);
    await orLost(app, world, `sidecar ${sidecar.name}`, () =>
      own ? platform.updateSidecar({ ...sidecar, guid: own.guid }) : platform.createSidecar(guid, sidecar),
    );
  }
  for (const [type, change] of Object.entries(lack.processes)) {
    const process = candidate.processes.find((one) => one.type === type);
    if (process)
      await orLost(app, world, `settings of ${type}`, () => platform.updateProcess(process.guid, change));
  }
  await Promise.all(
    lack.bindings.map((one) => {
      const what = bindingText(one.instance);
      return orLost(app, world, what, () => bind(one, what, has, app, world));
    }),
  );
  const { labels, annotations } = lack;
  if (Object.keys({ ...labels, ...annotations }).length > 0) {
    await orLost(app, world, 'labels and annotations', async () => {
      await platform.updateApp(guid, { labels, annotations });
    });
  }
  const lock = lockOf(app);
  // Before it is staged it has not all of its processes.
  if (candidate.currentDropletGuid === undefined || lock.annotations[ANNOTATION.carried] === owner) return;
  await platform.updateApp(lock.guid, { annotations: { [ANNOTATION.carried]: owner } });
}

function bindingText(instance: string): string {
  return `binding to service instance ${instance}`;
}

/** Throws `PlatformRefusal` when the broker says no, `DeadlineOver` when it says nothing. */
async function bind(of: Binding, what: string, has: Belongings, app: AppWorld, world: World): Promise<void> {
  const { platform, clock } = world;
  const { guid: appGuid } = appOn('candidate', app);
  const { instanceGuid = '', name } = of;
  if (!has.bindings.some((one) => one.instanceGuid === instanceGuid)) {
    const told = app.intent.carry?.parameters ?? {};
    // What is bound since nobody has asked for yet.
    const ask = async () => (isTold(of) ? platform.bindingParameters(of.guid) : undefined);
    const parameters = of.guid in told ? told[of.guid] : await ask();
    await platform.bind({
      appGuid,
      instanceGuid,
      ...(name === undefined ? {} : { name }),
      ...(parameters && Object.keys(parameters).length > 0 ? { parameters } : {}),
    });
  }
  const bound = await waitFor<Binding>(world, {
    what: `the ${what}`,
    deadlineMs: clock.now() + BINDING_MS,
    look: async () => {
      const own = (await platform.serviceBindings(appGuid)).find((one) => one.instanceGuid === instanceGuid);
      if (!own) throw new PlatformFault(`The ${what} is not there.`, false);
      const isOver = isBound(own) || own.state === 'failed';
      return { state: `${what}: ${own.state ?? 'succeeded'}`, ...(isOver ? { done: own } : {}) };
    },
  });
  const { state, description = 'no reason given' } = bound;
  if (state === 'failed') throw new PlatformRefusal(`it failed: ${description}`, 422, undefined, undefined);
}

async function orLost(app: AppWorld, world: World, what: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof PlatformRefusal || error instanceof DeadlineOver)) throw error;
    if (!app.intent.inPlace) throw lost(app, what, error.message);
    note(world, `${app.intent.app} keeps its ${what}, and is proven without: ${error.message}`);
  }
}

function lost({ intent }: AppWorld, what: string, why: string): Refused {
  return new Refused(
    `${intent.app} would lose what live has outside the manifest: ${what}. ${why}`,
    'See that the platform takes it and run again, name it in the manifest, or accept the loss with carry: manifest. strategy: rolling keeps what the app has.',
    'carry',
  );
}

function changedMeanwhile(app: string, what: readonly string[]): Refused {
  return new Refused(
    `Live of ${app} was changed while the new version was made, which does not have it: ${what.join('; ')}.`,
    'Run again: the next one has it from its start.',
    'live-changed',
  );
}

const TRIES = 3;
const TRY_AGAIN_MS = 1_000;

/**
 * What is deleted or kept as failed is reached by nobody, and reaches nobody. It only tidies up, so it is not tried for ever: the
 * platform forgets policies of apps that are gone by itself, later.
 */
export async function dropPolicies(guid: string, world: World): Promise<void> {
  const { platform, clock, signal } = world;
  for (let tries = 1; ; tries += 1) {
    try {
      const found = (await platform.policies(guid)) ?? [];
      if (found.length > 0) await platform.removePolicies(found);
      return;
    } catch (error) {
      const isFault = error instanceof PlatformFault;
      if (!isFault && !(error instanceof PlatformRefusal)) throw error;
      if (!isFault || tries === TRIES)
        return note(world, `The network policies of app ${guid} stay: ${error.message}`);
      await clock.sleep(TRY_AGAIN_MS, signal);
    }
  }
}

/** For people: what live has and the app has not, with the names of other apps. */
export async function linesWithNames(
  lack: Carry,
  platform: Pick<Platform, 'appsByGuid'>,
  known: readonly Pick<AppState, 'guid' | 'name'>[],
): Promise<readonly string[]> {
  const policies = [...lack.addedPolicies, ...lack.removedPolicies];
  const guids = policies.flatMap(({ source, destination }) => [source, destination]);
  const others = guids.filter((guid) => !known.some((app) => app.guid === guid));
  const names = new Map(
    [...known, ...(await platform.appsByGuid(others))].map((app) => [app.guid, app.name] as const),
  );
  return linesOf(lack, (guid) => names.get(guid) ?? guid);
}
