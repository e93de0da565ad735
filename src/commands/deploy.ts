/** `deploy`: a new version goes live, or everything is as it was. */
import { join } from 'node:path';
import { runScript } from '../cli/script.js';
import { candidateManifest, varsFileText } from '../manifest/candidate.js';
import { loadManifest } from '../manifest/load.js';
import type { Manifest } from '../manifest/manifest.js';
import { likelySecrets } from '../manifest/secrets.js';
import type { Inputs, RunContext } from '../model/asked.js';
import { MINUTE_MS } from '../model/words.js';
import { ownerLabel } from '../platform/names.js';
import { publicUrl } from '../probe/address.js';
import { startWatch, type Watch } from '../probe/watch.js';
import { planOf, titleOf } from '../steps/index.js';
import type { AppWorld, World } from '../steps/world.js';
import { blueGreen } from '../strategies/blue-green.js';
import { servedBy } from '../strategies/view.js';
import { groups } from '../strategies/work.js';
import { type Opened, open, type Ports } from './open.js';
import { type Outcome, outcomeOf, outcomeSeen, type PlannedStep } from './outcome.js';
import { type Found, lookUp, type Preparation, prepare } from './prepare.js';
import { titleOfAll } from './pursue.js';
import { rollOut } from './roll-out.js';
import { settle } from './settle.js';

/** A script of the user's that says nothing of its own is ended after this. */
const SCRIPT_TIMEOUT_MS = 10 * MINUTE_MS;

/**
 * Throws what forbids the deploy before anything was changed (`InputError`, `Refused`, `PlatformFault`); everything later is in
 * the outcome.
 */
export async function deploy(inputs: Inputs, context: RunContext, ports: Ports): Promise<Outcome> {
  const manifest = await loadManifest(inputs, context.workspace);
  for (const secret of manifest.secrets) ports.runner.setSecret(secret);
  const opened = await open(inputs, context, ports);
  try {
    return await deployOn(opened, manifest, inputs, context, ports);
  } finally {
    await opened.close();
  }
}

async function deployOn(
  opened: Opened,
  manifest: Manifest,
  inputs: Inputs,
  context: RunContext,
  ports: Ports,
): Promise<Outcome> {
  const owner = ownerLabel(context.runId, context.attempt, ports.random.token(8));
  const token = () => ports.random.token(6);
  const preparation: Preparation = { inputs, context, apps: manifest.apps, owner, token };
  let watch: Watch | undefined;
  const world = worldOf(opened, manifest, inputs, context, ports, {
    badSign: (sinceMs) => watch?.badSign(sinceMs),
    unwatch: (url) => watch?.leave(url),
  });
  const cfVersion = opened.cf.version;
  let found = await lookUp(preparation, world);
  // What live was given by hand is carried over, and an app's log lines may quote it.
  for (const secret of found.flatMap(({ snapshot }) => likelySecrets(snapshot.live?.env ?? {})))
    ports.runner.setSecret(secret);
  if (inputs.plan) {
    const apps = await prepare(preparation, found, world);
    return {
      result: 'planned',
      apps: apps.map((app) => outcomeOf(app, inputs.router)),
      plan: planned(apps),
      cfVersion,
    };
  }
  watch = inputs.watch ? await watchRoutes(found, inputs, world) : undefined;
  try {
    const left = found.filter(({ snapshot }) => snapshot.candidate);
    for (const { app } of left) {
      const settled = await settle(app.name, owner, world);
      if (settled && 'error' in settled) {
        const { error, snapshot } = settled;
        return { result: 'failed', error, apps: [outcomeSeen(snapshot, inputs.router)], cfVersion };
      }
      if (settled) ports.listener.tell({ type: 'warning', text: settled.told });
    }
    if (left.length > 0) found = await lookUp(preparation, world);
    const apps = await prepare(preparation, found, world);
    const outcome = await rollOut({ apps, world, ...limits(inputs) });
    return { ...outcome, ...(watch ? { watch: await watch.stop() } : {}), cfVersion };
  } finally {
    await watch?.stop();
  }
}

function limits({ timeoutMs, router }: Inputs) {
  return { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(router ? { router } : {}) };
}

async function watchRoutes(
  found: readonly Found[],
  inputs: Inputs,
  world: World,
): Promise<Watch | undefined> {
  const routes = found.flatMap(({ named, snapshot }) => {
    const internal = new Set(snapshot.domains.flatMap((one) => (one.internal ? [one.guid] : [])));
    const served = [snapshot.live, snapshot.candidate].flatMap((app) => servedBy(snapshot, app));
    return [...named, ...served].filter(({ domainGuid }) => !internal.has(domainGuid));
  });
  if (routes.length === 0) return undefined;
  const first = inputs.smokeTest.find(({ target }) => 'path' in target)?.target;
  const watch = startWatch(
    world.probe,
    {
      routes,
      path: inputs.watchPath ?? (first && 'path' in first ? first.path : '/'),
      failureLimit: inputs.failureLimit,
      platformAnswers: () => world.platform.apiVersion().then(() => true),
    },
    (text) => world.listener.tell({ type: 'note', text }),
  );
  await watch.firstRound();
  return watch;
}

function worldOf(
  { platform, target, session }: Opened,
  manifest: Manifest,
  inputs: Inputs,
  context: RunContext,
  ports: Ports,
  ofWatch: Pick<World, 'badSign' | 'unwatch'>,
): World {
  const { clock, random, files, signal, listener, children, env } = ports;
  const probe = { http: ports.http, clock, random, signal, skipSslValidation: inputs.skipSslValidation };
  const startTimeout = inputs.startTimeoutMs === undefined ? {} : { startTimeoutMs: inputs.startTimeoutMs };
  return {
    platform,
    target,
    clock,
    listener,
    signal,
    probe: inputs.router ? { ...probe, router: inputs.router } : probe,
    stagingTimeoutMs: inputs.stagingTimeoutMs,
    ...startTimeout,
    ...ofWatch,
    pushBits: async ({ app, candidate, trialUrl }) => {
      const folder = await files.privateFolder(context.temp, 'cf-push-');
      try {
        const manifestPath = join(folder, 'manifest.yml');
        const varsFilePath = join(folder, 'vars.yml');
        const wish = { app, candidateName: candidate, trialRoute: trialUrl };
        await files.writePrivate(manifestPath, candidateManifest(manifest, wish));
        await files.writePrivate(varsFilePath, varsFileText(manifest));
        await session.pushBits({ app: candidate, manifestPath, varsFilePath, signal });
      } finally {
        await files.remove(folder);
      }
    },
    runScript: ({ command, trialUrl, appName, appGuid }) =>
      runScript({
        command,
        candidate: { trialUrl: publicUrl(trialUrl, inputs.router), appName, appGuid },
        env,
        cwd: context.workspace,
        timeoutMs: inputs.startTimeoutMs ?? SCRIPT_TIMEOUT_MS,
        children,
        files,
        temp: context.temp,
        listener,
        signal,
      }),
  };
}

/** A deploy that was interrupted is settled before anything else: the plan is for the state after that. */
function planned(apps: readonly AppWorld[]): PlannedStep[] {
  const settling = apps.flatMap(({ snapshot: { name, candidate } }): PlannedStep[] => {
    if (!candidate) return [];
    const phase = candidate.phase ?? 'made';
    const title = `settle the interrupted deploy of ${candidate.version ?? 'an unknown version'} (${phase}), or wait for it`;
    return [
      {
        app: name,
        title,
        calls: [`GET /v3/apps?names=${candidate.name} until its owner is known to be dead`],
      },
    ];
  });
  const work = apps.map(({ intent, snapshot: { candidate: _, ...snapshot } }) => ({
    app: intent.app,
    work: blueGreen(intent, snapshot),
  }));
  // As the log groups them: with many routes, a step for each would bury the others.
  const steps = groups(work).flatMap((group) =>
    apps.flatMap(({ intent }): PlannedStep[] => {
      const own = [...group.steps, ...group.after].flatMap(({ app, step }) =>
        app === intent.app ? [step] : [],
      );
      if (own.length === 0) return [];
      const title = titleOfAll(own.map((step) => titleOf(step, intent)));
      return [{ app: intent.app, title, calls: own.flatMap((step) => planOf(step, intent)) }];
    }),
  );
  return [...settling, ...steps];
}
