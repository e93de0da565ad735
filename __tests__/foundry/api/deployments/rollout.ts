/** An app on a scripted foundry whose updater looks when the test says so. */
import { expect } from '@jest/globals';
import type { FoundryOptions } from '../../../../foundry/start.js';
import { type Reply, type Scripted, scripted, type World, world } from '../../scripted.js';

/** Long beside what a test takes, so that no look comes by itself. */
export const TICK_MS = 60_000;

export interface Web {
  guid: string;
  instances: number;
}

/** A running app `a`, and the acts that the tests of deployments share. */
export interface Rollout {
  f: Scripted;
  w: World;
  app: string;
  pack: string;
  /** The droplet that the app started with. */
  droplet: string;
  ok(method: string, path: string, body?: unknown): Promise<Reply['body']>;
  /** Status, code and text of what must be refused. */
  refused(method: string, path: string, body?: unknown): Promise<[number, number, string]>;
  /** Body of `POST /v3/deployments` for the app. */
  wanted(more?: object): object;
  deploy(more?: object): Promise<Reply['body']>;
  deployment(guid: string): Promise<Reply['body']>;
  /** `ACTIVE/DEPLOYING` */
  status(guid: string): Promise<string>;
  /** The updater looks this many times. */
  tick(times?: number): Promise<void>;
  /** Web processes, oldest first. */
  webs(): Promise<Web[]>;
  /** Their counts. */
  counts(): Promise<number[]>;
  /** All instances of a process are RUNNING and routable. */
  run(guid: string): void;
  /** Looks and lets all new instances run in turn, until the deployment has this status; returns the counts after each look. */
  roll(guid: string, until?: string): Promise<number[][]>;
  close(): Promise<void>;
}

/** Starts the app with so many RUNNING web instances. */
export async function rollout(instances = 1, options: Partial<FoundryOptions> = {}): Promise<Rollout> {
  const f = await scripted({ tickMs: TICK_MS, tokenTtlMs: 2 ** 31 - 1, ...options });
  const w = await world(f);
  const { app, pack, droplet } = await w.staged('a');
  const ok: Rollout['ok'] = async (method, path, body) => {
    const reply = await f.call(method, path, body);
    expect([method, path, reply.status < 300 ? '' : reply.text]).toEqual([method, path, '']);
    return reply.body;
  };
  const r: Rollout = {
    f,
    w,
    app,
    pack,
    droplet,
    ok,
    async refused(method, path, body) {
      const reply = await f.call(method, path, body);
      const error = reply.body?.errors?.[0];
      return [reply.status, error?.code, error?.detail];
    },
    wanted: (more = {}) => ({ relationships: { app: { data: { guid: app } } }, ...more }),
    deploy: (more) => ok('POST', '/v3/deployments', r.wanted(more)),
    deployment: (guid) => ok('GET', `/v3/deployments/${guid}`),
    async status(guid) {
      const { value, reason } = (await r.deployment(guid)).status;
      return `${value}/${reason}`;
    },
    async tick(times = 1) {
      for (let i = 0; i < times; i += 1) await ok('POST', '/__foundry/advance', { ms: TICK_MS });
    },
    async webs() {
      const { resources } = await ok('GET', `/v3/apps/${app}/processes?types=web`);
      return resources.map((p: Web) => ({ guid: p.guid, instances: p.instances }));
    },
    counts: async () => (await r.webs()).map((p) => p.instances),
    run: (guid) => f.cells.become(guid, { state: 'RUNNING', routable: true }),
    async roll(guid, until = 'FINALIZED/DEPLOYED') {
      const process = (await r.deployment(guid)).new_processes[0].guid;
      const seen = [await r.counts()];
      for (let i = 0; i < 50; i += 1) {
        r.run(process);
        await r.tick();
        seen.push(await r.counts());
        if ((await r.status(guid)) === until) return seen;
      }
      throw new Error(`never ${until}: ${JSON.stringify(seen)}`);
    },
    close: () => f.close(),
  };
  if (instances !== 1) await ok('POST', `/v3/processes/${app}/actions/scale`, { instances });
  await ok('POST', `/v3/apps/${app}/actions/start`);
  r.run(app);
  return r;
}
