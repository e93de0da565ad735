/** The acts that rows about deployments share. */
import { type Json, type Place, RUNNING, type Staged, TICK_MS, to } from './place.js';

/** A running app `a` with so many web instances of 1,024 MiB. */
export async function running(p: Place, instances = 1): Promise<Staged> {
  const made = await p.staged('a');
  if (instances !== 1) await p.ok(`POST /v3/processes/${made.app}/actions/scale`, { instances });
  await p.ok(`POST /v3/apps/${made.app}/actions/start`);
  p.cells.all(made.app, RUNNING);
  return made;
}

/** Body of `POST /v3/deployments`. */
export const wanted = (app: string, more: object = {}) => ({ relationships: { app: to(app) }, ...more });

export const deploy = (p: Place, app: string, more?: object): Promise<Json> =>
  p.ok('POST /v3/deployments', wanted(app, more));

export const refused = (p: Place, app: string, more?: object) =>
  p.refusal('POST /v3/deployments', wanted(app, more));

export const canary = (...weights: number[]) => ({
  strategy: 'canary',
  options: { canary: { steps: weights.map((instance_weight) => ({ instance_weight })) } },
});

/** GUID of a deployment's new web process. */
export const fresh = (deployment: Json): string => deployment.new_processes[0].guid;

/** `ACTIVE/DEPLOYING` */
export async function status(p: Place, { guid }: Json): Promise<string> {
  const { value, reason } = (await p.ok(`GET /v3/deployments/${guid}`)).status;
  return `${value}/${reason}`;
}

export const errorOf = async (p: Place, { guid }: Json) =>
  (await p.ok(`GET /v3/deployments/${guid}`)).status.details.error;

/** Web processes, oldest first, by what they are wanted to have. */
export const counts = async (p: Place, app: string): Promise<number[]> =>
  (await p.all(`/v3/apps/${app}/processes?types=web`)).map((one) => one.instances);

/** The updater looks this many times. */
export const tick = (p: Place, times = 1) => p.pass(times * TICK_MS);

/** Counts at each look, all new instances running before the next, until the deployment has this status. */
export async function roll(p: Place, made: Json, until = 'FINALIZED/DEPLOYED'): Promise<number[][]> {
  const app = made.relationships.app.data.guid;
  const seen = [await counts(p, app)];
  for (let looks = 0; looks < 30; looks += 1) {
    p.become(fresh(made));
    await tick(p);
    seen.push(await counts(p, app));
    if ((await status(p, made)) === until) return seen;
  }
  throw new Error(`never ${until}: ${JSON.stringify(seen)}`);
}

export const cancel = (p: Place, { guid }: Json) => p.ask(`POST /v3/deployments/${guid}/actions/cancel`);

export const proceed = (p: Place, { guid }: Json) =>
  p.refusal(`POST /v3/deployments/${guid}/actions/continue`);

/** The app's droplet that counts. */
export const current = async (p: Place, app: string): Promise<string> =>
  (await p.ok(`GET /v3/apps/${app}/droplets/current`)).guid;

export const setEnv = (p: Place, app: string, vars: object) =>
  p.ok(`PATCH /v3/apps/${app}/environment_variables`, { var: vars });

/** Environment of each started process of a type, in the order of their start. */
export const environments = (p: Place, type = 'web') =>
  [...p.cells.desired.values()].filter((one) => one.type === type).map((one) => one.env);
