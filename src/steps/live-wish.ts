/** What a deploy in place changes on live by its manifest and inputs; a held one writes it down for whoever promotes it. */
import { Stuck } from '../model/errors.js';
import type { Intent } from '../model/intent.js';
import { LIVE_BEFORE } from './live-record.js';
import type { Step } from './step.js';
import { type AppWorld, lockOf, type StepKind, type World } from './world.js';

/**
 * Variable of the candidate that holds it as JSON. It has values of variables: an app's own variables are read only by those who
 * may, which its annotations are not.
 */
export const LIVE_WISH = 'CF_ZERO_DOWNTIME_LIVE_WISH';

/** Variables of the candidate that are ours. */
export const RECORDS: readonly string[] = [LIVE_BEFORE, LIVE_WISH];

export interface LiveWish {
  /** YAML, variables filled in; no word of routes, counts and bits. */
  manifest: string;
  /** Beside the manifest; null: taken away. */
  env: Intent['env'];
}

/** No instance that is proven has it in its environment: they were started before. */
export const recordWish: StepKind<Step & { do: 'record-wish' }> = {
  title: (_step, { app }) => `write down what ${app} shall get`,
  plan: () => [`PATCH /v3/apps/<candidate>/environment_variables ${LIVE_WISH}`],
  run: async (_step, app, world) => {
    const wish = { manifest: world.liveManifest(app.intent.app), env: ownEnv(app.intent) };
    await world.platform.setEnvironment(lockOf(app).guid, { [LIVE_WISH]: JSON.stringify(wish) });
  },
};

/** By this run's manifest, or as it was written down when the deploy was held. Throws `Stuck` where that cannot be read. */
export function wishOf(app: AppWorld, world: World): LiveWish {
  const { intent } = app;
  if (!intent.hold || intent.until === 'held')
    return { manifest: world.liveManifest(intent.app), env: ownEnv(intent) };
  const wish = readWish(lockOf(app).env);
  if (wish) return wish;
  throw new Stuck(
    `What ${intent.app} shall get is not written down: ${lockOf(app).name} has no readable variable ${LIVE_WISH}.`,
    'End the held deploy with command: abort, and deploy anew.',
  );
}

/** undefined: there is none, or another hand wrote it. */
export function readWish(env: Readonly<Record<string, string>>): LiveWish | undefined {
  try {
    const wish = JSON.parse(env[LIVE_WISH] ?? 'null') as LiveWish | null;
    return typeof wish?.manifest === 'string' && typeof wish.env === 'object' && wish.env ? wish : undefined;
  } catch {
    return undefined;
  }
}

/** What is carried is live's own already. */
export function ownEnv({ env, carriedEnv }: Pick<Intent, 'env' | 'carriedEnv'>): Intent['env'] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !carriedEnv.includes(name)));
}
