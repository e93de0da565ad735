/** What was in the space before: apps and routes that somebody made without the action. */
import { bearer } from './bearer.js';
import type { Platform } from './platform.js';
import type { VirtualClock } from './virtual-clock.js';
import { zipOf } from './zip.js';

/** What it takes to work on a platform, whoever lets time pass there. */
export type Hands = Pick<Platform, 'call' | 'foundry'> & { clock: Pick<VirtualClock, 'drive' | 'sleep'> };

export interface ByHand {
  name: string;
  /** Folder of the bits. */
  bits: string;
  instances: number;
  /** `host.domain` */
  routes: readonly string[];
}

// biome-ignore lint/suspicious/noExplicitAny: answers of every kind
type Body = any;

/** Pushes and starts an app as `cf push` would. */
export async function pushByHand(platform: Hands, app: ByHand): Promise<void> {
  await platform.clock.drive(push(platform, app));
}

/** Deploys what the app has once more, one instance after the other; it is at its end a while later. */
export async function beginByHand(platform: Platform, name: string): Promise<void> {
  await platform.clock.drive(
    (async () => {
      const { ask } = await signIn(platform);
      const { guid } = (await ask('GET', `/v3/apps?names=${name}`)).resources[0];
      await ask('POST', '/v3/deployments', { relationships: { app: { data: { guid } } } });
    })(),
  );
}

/** Gives an app what no manifest names: a binding that its broker takes its time for, an autoscaler, policies with another app, no ssh, a label. */
export async function giveByHand(platform: Platform, name: string, other: string): Promise<void> {
  await platform.clock.drive(
    (async () => {
      const { ask } = await signIn(platform);
      const first = async (path: string) => (await ask('GET', path)).resources[0].guid as string;
      const to = (guid: string) => ({ data: { guid } });
      const [app, beside, space] = [
        await first(`/v3/apps?names=${name}`),
        await first(`/v3/apps?names=${other}`),
        await first('/v3/spaces'),
      ];
      const isDone = async (path: string) => {
        while ((await ask('GET', path)).resources[0]?.last_operation.state !== 'succeeded')
          await platform.clock.sleep(100);
      };
      for (const offering of ['queue', 'app-autoscaler']) {
        const plan = await first(`/v3/service_plans?service_offering_names=${offering}`);
        const relationships = { space: to(space), service_plan: to(plan) };
        await ask('POST', '/v3/service_instances', { type: 'managed', name: offering, relationships });
        await isDone(`/v3/service_instances?names=${offering}`);
        const instance = await first(`/v3/service_instances?names=${offering}`);
        const bound = { app: to(app), service_instance: to(instance) };
        await ask('POST', '/v3/service_credential_bindings', { type: 'app', relationships: bound });
        await isDone(`/v3/service_credential_bindings?service_instance_guids=${instance}`);
      }
      const ports = { start: 80, end: 80 };
      const policy = (source: string, id: string) => ({
        source: { id: source },
        destination: { id, protocol: 'tcp', ports },
      });
      await ask('POST', '/networking/v1/external/policies', {
        policies: [policy(app, beside), policy(beside, app)],
      });
      await ask('PATCH', `/v3/apps/${app}/features/ssh`, { enabled: false });
      await ask('PATCH', `/v3/apps/${app}`, { metadata: { labels: { team: 'shop' } } });
    })(),
  );
}

/** Asks the API as the user; time has to pass meanwhile. Throws what it refuses. */
export type Ask = (method: string, path: string, body?: unknown) => Promise<Body>;

type Send = (
  method: string,
  path: string,
  body: string | Buffer,
  headers: Record<string, string>,
) => Promise<Body>;

export async function signIn(platform: Hands): Promise<{ ask: Ask; send: Send; authorization: string }> {
  const send: Send = async (method, path, body, headers) => {
    const answer = await platform.call({ method, path, body, headers });
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return answer.body === '' ? undefined : (JSON.parse(answer.body) as Body);
  };
  const authorization = await bearer(platform);
  const ask: Ask = (method, path, body) =>
    send(method, path, JSON.stringify(body ?? {}), { authorization, 'content-type': 'application/json' });
  return { ask, send, authorization };
}

/** @returns GUID of a droplet of the app, built from the bits of a folder */
export async function build(platform: Hands, app: string, bits: string): Promise<string> {
  const { ask: api, send, authorization } = await signIn(platform);
  const until = async (path: string, state: string) => {
    for (;;) {
      const now = await api('GET', path);
      if (now.state === state) return now;
      await platform.clock.sleep(100);
    }
  };
  const relationships = { app: { data: { guid: app } } };
  const { guid: pack } = await api('POST', '/v3/packages', { type: 'bits', relationships });
  const { body, type } = multipart(zipOf(bits));
  await send('POST', `/v3/packages/${pack}/upload`, body, { authorization, 'content-type': type });
  await until(`/v3/packages/${pack}`, 'READY');
  const { guid: made } = await api('POST', '/v3/builds', { package: { guid: pack } });
  return (await until(`/v3/builds/${made}`, 'STAGED')).droplet.guid;
}

async function push(platform: Hands, { name, bits, instances, routes }: ByHand): Promise<void> {
  const { ask: api } = await signIn(platform);
  const first = async (path: string) => (await api('GET', path)).resources[0].guid as string;
  const to = (guid: string) => ({ data: { guid } });
  const space = await first('/v3/spaces');

  const { guid: app } = await api('POST', '/v3/apps', { name, relationships: { space: to(space) } });
  const droplet = await build(platform, app, bits);
  await api('PATCH', `/v3/apps/${app}/relationships/current_droplet`, { data: { guid: droplet } });
  await api('POST', `/v3/apps/${app}/processes/web/actions/scale`, { instances, memory_in_mb: 64 });
  for (const url of routes) {
    const [host = '', ...rest] = url.split('.');
    const domain = await first(`/v3/domains?names=${rest.join('.')}`);
    const made = await api('POST', '/v3/routes', {
      host,
      relationships: { space: to(space), domain: to(domain) },
    });
    await api('POST', `/v3/routes/${made.guid}/destinations`, { destinations: [{ app: { guid: app } }] });
  }
  await api('POST', `/v3/apps/${app}/actions/start`);
}

/** @returns a request that uploads bits as the CLI does */
export function multipart(bits: Buffer): { body: Buffer; type: string } {
  const boundary = 'a-boundary-that-is-not-in-the-bits';
  const part = (head: string) => `--${boundary}\r\ncontent-disposition: form-data; ${head}\r\n`;
  const body = Buffer.concat([
    Buffer.from(`${part('name="resources"')}\r\n[]\r\n`),
    Buffer.from(`${part('name="bits"; filename="app.zip"')}content-type: application/zip\r\n\r\n`),
    bits,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  return { body, type: `multipart/form-data; boundary=${boundary}` };
}
