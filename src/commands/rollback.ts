/** `rollback`: a version that was live before goes live again, as safely and as proven as a new one. Nothing is built. */
import { loadManifest } from '../manifest/load.js';
import type { Inputs, RunContext } from '../model/asked.js';
import type { AppState, Snapshot } from '../model/cloud.js';
import { Refused } from '../model/errors.js';
import { ownerLabel, versionOf } from '../platform/names.js';
import { takeSnapshot } from '../platform/snapshot.js';
import { hostOf } from '../probe/address.js';
import { refusedChecks } from '../probe/smoke.js';
import { type AppWorld, nothingFound, type World } from '../steps/world.js';
import { choicesOf, chooseTarget, makeRollbackIntent } from '../strategies/rollback-intent.js';
import { change, type Seen } from './change.js';
import { open, type Ports } from './open.js';
import type { Outcome } from './outcome.js';
import { adoptedAtMs, NOWHERE, onAdoptedName, refuse, trialDomain } from './prepare.js';
import { inTheWayOf } from './pursue.js';

/** Throws what forbids it before anything could be read of the apps; everything later is in the outcome. */
export async function rollback(inputs: Inputs, context: RunContext, ports: Ports): Promise<Outcome> {
  const names = inputs.app
    ? [inputs.app]
    : (await loadManifest(inputs, context.workspace)).apps.map(({ name }) => name);
  const opened = await open(inputs, context, ports);
  try {
    const rolling: Rolling = {
      inputs,
      context,
      set: names,
      owner: ownerLabel(context.runId, context.attempt, ports.random.token(8)),
      token: () => ports.random.token(6),
    };
    const look = ({ platform, target }: World) =>
      Promise.all(
        names.map(async (name) => ({
          named: [],
          snapshot: await takeSnapshot(platform, target, { name, wanted: [] }),
        })),
      );
    const prepare = async (seen: readonly Seen[], world: World, rolledBack: readonly string[]) => {
      const prepared = await Promise.all(
        seen.map((one) => prepareOne(one, rolledBack.includes(one.snapshot.name), rolling, world)),
      );
      refuse(prepared.flatMap(({ problems }) => problems));
      return prepared.flatMap(({ app }) => app ?? []);
    };
    const rollingBack = { result: 'rolled-back' as const, owner: rolling.owner, names, look, prepare };
    return await change(opened, rollingBack, inputs, context, ports);
  } finally {
    await opened.close();
  }
}

interface Rolling {
  inputs: Inputs;
  context: RunContext;
  set: readonly string[];
  owner: string;
  token: () => string;
}

/** @param isDone an interrupted rollback was just finished: without a wish for another version it is the one that was asked for */
async function prepareOne(
  { snapshot }: Seen,
  isDone: boolean,
  rolling: Rolling,
  world: World,
): Promise<{ app?: AppWorld; problems: readonly Refused[] }> {
  const { inputs } = rolling;
  const { live, name } = snapshot;
  const chosen = live && isDone && inputs.to === undefined ? live : chooseTarget(snapshot, inputs.to);
  if (typeof chosen === 'string') {
    const next =
      'Name one that is kept with the input to (command: status shows them), or deploy the version that you want.';
    return { problems: [new Refused(`${name} cannot be rolled back: ${chosen}.`, next, 'no-target')] };
  }
  const domain = trialDomain(snapshot.domains, inputs);
  const adoptedVersion = versionOf(await adoptedAtMs(snapshot, world));
  const [env, droplet, missed] = await Promise.all([
    world.platform.environment(chosen.guid),
    world.platform.currentDroplet(chosen.guid),
    missedBy(chosen, snapshot, world),
  ]);
  const target = { ...chosen, env };
  const { intent, notes, problems } = makeRollbackIntent({
    ...rolling,
    snapshot,
    target,
    adoptedVersion,
    trialDomain: domain instanceof Refused ? NOWHERE : domain,
  });
  const told = [...(inputs.plan ? choicesOf(snapshot, target) : []), ...notes, ...missed];
  for (const text of told) world.listener.tell({ type: 'note', text });
  const hosts = intent.production.map(({ url }) => hostOf(url));
  const wrong = [
    ...problems,
    ...(droplet?.state === 'STAGED'
      ? []
      : [`${target.name} has no droplet any more: it cannot be started, and nothing is built again.`]),
    ...refusedChecks(inputs.smokeTest, hosts).map(({ text }) => text),
  ];
  const names = [
    ...snapshot.inTheWay.map((app) => app.name),
    ...(await onAdoptedName(snapshot, adoptedVersion, inputs, world)),
  ];
  return {
    app: { intent, snapshot, found: { ...nothingFound(), notes: told } },
    problems: [
      ...names.map(inTheWayOf),
      ...(domain instanceof Refused ? [domain] : []),
      ...wrong.map((text) => new Refused(text, 'Change what is named above and run again.')),
    ],
  };
}

/** What live has that cannot be taken over: the version runs with its own, as it did when it was live. */
async function missedBy(
  target: AppState,
  { live }: Snapshot,
  { platform }: World,
): Promise<readonly string[]> {
  if (!live || live.guid === target.guid) return [];
  const [bindings, own, policies = [], ownPolicies = []] = await Promise.all([
    platform.bindings(live.guid),
    platform.bindings(target.guid),
    platform.policies(live.guid),
    platform.policies(target.guid),
  ]);
  const missing = [
    ...bindings.filter((name) => !own.includes(name)).map((name) => `binding to service instance ${name}`),
    ...policies.filter((one) => !ownPolicies.includes(one)).map((policy) => `network policy ${policy}`),
  ];
  return missing.map(
    (what) => `Not taken over, live has it and the version that goes live has not: ${what}.`,
  );
}
