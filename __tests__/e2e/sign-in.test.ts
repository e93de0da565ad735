/**
 * Every way to sign in, over TLS of a private authority and through a proxy, with tokens that live shorter than a push and
 * shorter than a drain.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Issuer, startIssuer } from '../../hub/issuer.js';
import type { RunOptions } from '../../runner/index.js';
import { type Authority, authority } from './support/authority.js';
import { deployWatched } from './support/deploys.js';
import { type RunningProxy, startProxy } from './support/proxy.js';
import { type RecordingCf, recordingCf } from './support/recording-cf.js';
import { expectTold } from './support/standing.js';
import { startWorld, type World, writes } from './support/world.js';

jest.setTimeout(240_000);

/** A push waits for two jobs of 3.5 s, the manifest's and the one that takes in the bits: it takes longer. */
const TOKEN_S = 5;
const API = 'api.sys.localhost';

let folder: string;
let trusted: Authority;
let world: World;
let proxy: RunningProxy;
let issuer: Issuer;
let cf: RecordingCf;
let client: { id: string; secret: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sign-in-'));
  trusted = await authority(join(folder, 'trusted'));
  const edge = await trusted.sign(API, '*.apps.localhost');
  const token = ['--token-ttl', `${TOKEN_S}s`, '--refresh-tokens', 'opaque', '--job', '3500'];
  world = await startWorld({ flags: ['--edge', edge, ...token] });
  proxy = await startProxy(world.foundry.edge ?? '');
  issuer = await startIssuer();
  cf = await recordingCf(join(folder, 'recording-cf'));
  client = (await world.foundry.control('GET', 'client')) as typeof client;
  await world.foundry.control('POST', 'trust', {
    providers: [{ issuer: issuer.url, relyingPartyId: `https://${API}/oauth/token` }],
    clients: { [client.id]: [{ iss: issuer.url, sub: issuer.sub }] },
  });
}, 120_000);
afterAll(async () => {
  await Promise.all([world.close(), proxy.stop(), issuer.close()]);
  await rm(folder, { recursive: true });
});

/** No address is left that could be reached without the proxy. */
const inputs = (more: Readonly<Record<string, string>>) => ({
  ...{ api: `https://${API}`, router: '', 'ca-certificate': trusted.certificate },
  ...{ username: '', password: '', drain: `${TOKEN_S + 1}s`, ...more },
});
const env = (more: Readonly<Record<string, string>> = {}) => ({
  ...{ CF_CLI: cf.path, https_proxy: proxy.url, ...more },
});
const secrets = () => [
  client.secret,
  proxy.password,
  ...issuer.tokens(),
  issuer.env.ACTIONS_ID_TOKEN_REQUEST_TOKEN ?? '',
];

type Timed = { atMs: number; method: string; path: string; status: number };
const requests = async () => (await world.foundry.requests()) as unknown as Timed[];

/** New tokens were asked for while cf pushed, and while we waited; none stays good, and none was on disk or in a command line. */
async function expectRenewed(before: number, callsBefore: number, drains = true): Promise<void> {
  const all = (await requests()).slice(before);
  const push = all.filter(({ path }) => /apply_manifest$|^\/v3\/packages\/[^/]+$/.test(path));
  const [first = 0, last = 0] = [push.at(0)?.atMs, push.at(-1)?.atMs];
  expect(last - first).toBeGreaterThan(TOKEN_S * 1_000);
  const grants = all.filter(({ method, path }) => method === 'POST' && path.startsWith('/oauth/token'));
  expect(grants.filter(({ atMs }) => atMs > first && atMs < last).length).toBeGreaterThan(0);
  // A first deploy has nothing to drain.
  if (drains) expect(grants.filter(({ atMs }) => atMs > last + TOKEN_S * 1_000).length).toBeGreaterThan(0);
  expect(new Set(grants.map(({ status }) => status))).toEqual(new Set([200]));
  expect(await world.foundry.control('GET', 'refresh-tokens')).toEqual({ good: 0 });

  const calls = (await cf.calls()).slice(callsBefore);
  const [pushed] = calls.filter(({ args }) => args[0] === 'push');
  expect(pushed?.tokens).toHaveLength(1);
  for (const { args } of await cf.calls())
    expect(args.filter((arg) => secrets().some((secret) => arg.includes(secret)))).toEqual([]);
  expect(await world.leaks(...secrets())).toEqual([]);
}

test('as a user of an identity provider', async () => {
  const { username, password } = world.foundry;
  const result = await world.deploy({ version: 'v1' }, inputs({ username, password, origin: 'uaa' }), {
    env: env(),
  });
  expect([result.exitCode, result.outputs.result, result.outputs.error]).toEqual([0, 'deployed', '']);
  expect(await world.meet()).toBe('v1');
  await expectRenewed(0, 0, false);
  // API, sign-in and probes of the CLI and of us: all of it, and nothing without the proxy's password.
  const trial = expect.stringMatching(/^shop-candidate-[a-z0-9]{6}\.apps\.localhost:443$/);
  expect(proxy.targets().sort()).toEqual([`${API}:443`, trial, 'shop.apps.localhost:443']);
  expect(proxy.refused()).toBe(0);
});

describe('under traffic', () => {
  async function deployed(version: string, more: Record<string, string>, run: Partial<RunOptions> = {}) {
    const [before, calls] = [(await world.foundry.requests()).length, (await cf.calls()).length];
    await deployWatched(world, { version }, { inputs: inputs(more), run: { env: env(issuer.env), ...run } });
    expect(await world.meet()).toBe(version);
    await expectRenewed(before, calls);
  }

  test('as a client with a secret', () =>
    deployed('v2', { 'client-id': client.id, 'client-secret': client.secret }));

  test('as a client with the identity of the workflow', async () => {
    await deployed('v3', { 'client-id': client.id, oidc: 'true' });
    expect(issuer.tokens().length).toBeGreaterThan(2);
  });

  test('as a user by the identity of the workflow, while the proxy drops its tunnels', async () => {
    let dropped = 0;
    await deployed(
      'v4',
      { oidc: 'true' },
      {
        onLine: (line) => {
          // While we wait; what the CLI sends is not ours to repeat.
          if (!/^##\[group\].*(wait for all instances|drain)/.test(line)) return;
          dropped += 1;
          proxy.drop(API);
        },
      },
    );
    expect(dropped).toBeGreaterThan(1);
  });
});

describe('is refused, and nothing is changed', () => {
  async function refused(more: Record<string, string>, more2: Record<string, string>, error: string) {
    const before = (await world.foundry.requests()).length;
    const result = await world.deploy({ version: 'v5' }, inputs(more), { env: env(more2) });
    expect([result.exitCode, result.outputs.result, result.outputs.error]).toEqual([1, 'refused', error]);
    const since = (await world.foundry.requests()).slice(before);
    expect(writes(since).filter(({ status }) => status < 400)).toEqual([]);
    expect(await world.leaks(...secrets())).toEqual([]);
    return result;
  }

  test('an identity that the platform does not trust, by what it compares', async () => {
    const sub = 'repo:octo/shop:ref:refs/heads/feature';
    issuer.forge({ claims: { sub } });
    const result = await refused({ oidc: 'true', 'client-id': client.id }, { ...issuer.env }, 'credentials');
    const [host, audience] = [new URL(issuer.url).host, `${API}/oauth/token`];
    for (const told of ['Wrong client_assertion', host, sub, audience]) expectTold(result, told);
    issuer.forge({});
  });

  test('a job that may not ask for its identity, with the lines to add', async () => {
    const result = await refused({ oidc: 'true' }, {}, 'id-token');
    expectTold(result, /permissions:\n\s+contents: read\n\s+id-token: write/);
  });

  test('a client whose role is too small', async () => {
    const auditor = (await world.foundry.control('GET', 'auditor')) as typeof client;
    const credentials = { 'client-id': auditor.id, 'client-secret': auditor.secret };
    const result = await refused(credentials, {}, 'platform-10003');
    expectTold(result, 'SpaceDeveloper');
    expect(await world.leaks(auditor.secret)).toEqual([]);
  });

  test('another authority', async () => {
    const other = await authority(join(folder, 'other'));
    const certificate = { 'ca-certificate': other.certificate };
    const result = await refused({ oidc: 'true', ...certificate }, { ...issuer.env }, 'tls');
    expectTold(result, `${API} is not trusted`);
  });

  test('a proxy that does not let us through', async () => {
    const wrong = { https_proxy: proxy.url.replace(proxy.password, 'wrong') };
    const result = await refused({ oidc: 'true' }, { ...issuer.env, ...wrong }, 'address');
    expectTold(result, 'the proxy answered 407');
  });
});
