/** The world of the steps, made of the ports, the inputs and a signed-in session. */
import { join } from 'node:path';
import { runScript } from '../cli/script.js';
import { hasZdtPush, isV6 } from '../cli/v6.js';
import { createGitHub, type GitHub } from '../github/client.js';
import { hashOfBits } from '../manifest/bits.js';
import {
  appliedManifest,
  type CandidateWish,
  candidateManifest,
  liveManifest,
  varsFileText,
} from '../manifest/candidate.js';
import { hashOfImage } from '../manifest/docker.js';
import type { Manifest } from '../manifest/manifest.js';
import { saidOf } from '../manifest/said.js';
import type { Inputs, RunContext } from '../model/asked.js';
import { MINUTE_MS } from '../model/words.js';
import { ANNOTATION, runOfOwner } from '../platform/names.js';
import { publicUrl } from '../probe/address.js';
import type { Push, World } from '../steps/world.js';
import { runFacts } from '../strategies/intent-parts.js';
import { patienceOf } from './commits.js';
import type { Opened, Ports } from './open.js';

/** A script of the user's is ended after this; the input `timeout` may end it before. */
const SCRIPT_TIMEOUT_MS = 10 * MINUTE_MS;

export function worldOf(
  { platform, afterSignal, target, session, folder: temp }: Opened,
  /** undefined: nothing is pushed in this world. */
  manifest: Manifest | undefined,
  inputs: Inputs,
  context: RunContext,
  ports: Ports,
  ofWatch: Pick<World, 'badSign' | 'unwatch' | 'onSign' | 'watchedRoutes'>,
): World {
  const { clock, random, files, signal, listener, children, env } = ports;
  const probe = {
    http: ports.http,
    connect: ports.connect,
    clock,
    random,
    signal,
    skipSslValidation: inputs.skipSslValidation,
  };
  const startTimeout = inputs.startTimeoutMs === undefined ? {} : { startTimeoutMs: inputs.startTimeoutMs };
  const { compare } = gitHubOf(inputs, context, ports);
  const withManifest = async (
    wish: CandidateWish,
    use: (paths: { manifestPath: string; varsFilePath: string }) => Promise<void>,
  ) => {
    if (!manifest) throw new Error(`no manifest to push ${wish.app} with`);
    const folder = await files.privateFolder(temp, 'cf-push-');
    try {
      const manifestPath = join(folder, 'manifest.yml');
      const varsFilePath = join(folder, 'vars.yml');
      await files.writePrivate(manifestPath, candidateManifest(manifest, wish));
      await files.writePrivate(varsFilePath, varsFileText(manifest));
      await use({ manifestPath, varsFilePath });
    } finally {
      await files.remove(folder);
    }
  };
  const wishOf = ({ app, candidate, trialUrl, alone, bindings }: Push): CandidateWish => ({
    ...{ app, candidateName: candidate, trialRoute: trialUrl },
    ...(alone ? { instances: oneOf(app, manifest) } : {}),
    ...(bindings ? { bindings } : {}),
  });
  const appliedTo = (push: Push) => {
    if (!manifest) throw new Error(`no manifest to apply to ${push.candidate}`);
    return appliedManifest(manifest, wishOf(push));
  };
  const bitsOf = (name: string) => {
    const path = manifest?.apps.find((app) => app.name === name)?.path;
    if (path === undefined) throw new Error(`no bits of ${name} to push`);
    return path;
  };
  // Its `cf push` reads of a manifest what version 2 of the API knew, and leaves out the rest without a word.
  const pushByV6 = async (push: Push) => {
    await platform.finishJob(await platform.applyManifest(target.spaceGuid, appliedTo(push)));
    await session.createPackage({ app: push.candidate, bitsPath: bitsOf(push.app), signal });
  };
  return {
    platform,
    afterSignal,
    target,
    clock,
    listener,
    signal,
    probe: inputs.router ? { ...probe, router: inputs.router } : probe,
    stagingTimeoutMs: inputs.stagingTimeoutMs,
    ...startTimeout,
    ...(inputs.timeoutMs === undefined ? {} : { taskTimeoutMs: inputs.timeoutMs }),
    ...ofWatch,
    facts: takerFacts(inputs, context),
    hasEnded: endOfRuns(inputs, context, ports),
    compare,
    ...(inputs.command === 'deploy' ? { patience: patienceOf(inputs, context, compare) } : {}),
    pushBits: (push) => {
      const { app, candidate } = push;
      const image = manifest?.apps.find(({ name }) => name === app)?.docker;
      const { password } = inputs.docker;
      const docker = image && {
        docker: { ...image, ...(image.username !== undefined && password !== undefined ? { password } : {}) },
      };
      if (isV6(session.version)) return pushByV6(push);
      return withManifest(wishOf(push), (paths) =>
        session.pushBits({ app: candidate, ...paths, ...docker, signal }),
      );
    },
    ...(hasZdtPush(session.version)
      ? {
          zdtPush: ({ app, signal: ending }) =>
            session.zdtPush({
              app,
              bitsPath: bitsOf(app),
              stagingTimeoutMs: inputs.stagingTimeoutMs,
              signal: ending,
            }),
        }
      : {}),
    candidateManifest: appliedTo,
    uploads: new Map(),
    liveManifest: (app) => {
      if (!manifest) throw new Error(`no manifest to apply to ${app}`);
      return liveManifest(manifest, app);
    },
    hide: (secrets) => {
      for (const secret of secrets) ports.runner.setSecret(secret);
    },
    fingerprint: async (name) => {
      const { path, docker } = manifest?.apps.find((app) => app.name === name) ?? {};
      const bits = docker ? hashOfImage(docker) : path === undefined ? undefined : await hashOfBits(path);
      return manifest && bits ? { bits, manifest: saidOf(manifest, name).hash } : undefined;
    },
    runScript: ({ command, trialUrl, appName, appGuid, signal: ending }) =>
      runScript({
        command,
        candidate: { trialUrl: trialUrl && publicUrl(trialUrl, inputs.router), appName, appGuid },
        env,
        cwd: context.workspace,
        timeoutMs: SCRIPT_TIMEOUT_MS,
        children,
        files,
        temp,
        listener,
        signal: ending,
      }),
  };
}

/** One web instance, and none of what else the manifest names; what it does not name has none by itself. */
function oneOf(name: string, manifest: Manifest | undefined): Record<string, number> {
  const named = manifest?.apps.find((app) => app.name === name)?.processes ?? {};
  return { ...Object.fromEntries(Object.keys(named).map((type) => [type, 0])), web: 1 };
}

/** Only a deploy brings its run's commit: what another command brings is not told by the commit that its workflow was started on. */
function takerFacts({ command }: Inputs, context: RunContext): World['facts'] {
  const { [ANNOTATION.commit]: commit, ...who } = runFacts(context);
  const brings = command === 'deploy' || command === 'preview';
  return brings && commit !== undefined ? { ...who, [ANNOTATION.commit]: commit } : who;
}

/** A lower attempt of the same run has ended, or there would be no higher one; of other runs GitHub knows. */
export function endOfRuns(inputs: Inputs, context: RunContext, ports: Ports): World['hasEnded'] {
  const github = gitHubOf(inputs, context, ports);
  return async (owner) => {
    const run = runOfOwner(owner);
    if (!run) return false;
    if (run.id === context.runId && run.attempt < Number(context.attempt)) return true;
    return (await github.run(run.id, run.attempt))?.state === 'completed';
  };
}

export function gitHubOf({ githubToken: token }: Inputs, context: RunContext, ports: Ports): GitHub {
  const { publicHttp: http, clock, signal, listener } = ports;
  const tell = (text: string) => listener.tell({ type: 'note', text });
  const { apiUrl, repository } = context;
  return createGitHub({ http, clock, signal, tell, token, apiUrl, repository });
}
