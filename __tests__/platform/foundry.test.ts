import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Foundry, startFoundry } from '../../foundry/start.js';
import type { Target } from '../../src/model/cloud.js';
import { PlatformFault, PlatformRefusal } from '../../src/model/errors.js';
import type { Platform } from '../../src/platform/calls.js';
import { createPlatform } from '../../src/platform/client.js';
import { appKey, LABEL } from '../../src/platform/names.js';
import { takeSnapshot } from '../../src/platform/snapshot.js';
import { realClock } from '../../src/system/clock.js';
import { type ClosableHttp, createHttp } from '../../src/system/http.js';

let foundry: Foundry;
let http: ClosableHttp;
let token: string;
let platform: Platform;
let target: Target;
let domainGuid: string;

beforeAll(async () => {
  foundry = await startFoundry({ jobMs: 60, stagingMs: 60, bootMs: 60, propagationMs: 20 });
  http = createHttp({ skipSslValidation: false });
  token = await signIn();
  platform = platformWith({});
  target = await platform.target(foundry.org, foundry.space);
  const domains = await platform.domains(target.orgGuid);
  domainGuid = domains.find(({ name }) => name === foundry.appsDomain)?.guid ?? '';
});

afterAll(async () => {
  http?.close();
  await foundry?.close();
});

/** Each test begins with an empty space and no faults. */
afterEach(async () => {
  await http.request({ method: 'DELETE', url: `${foundry.api}/__foundry/faults`, timeoutMs: 5_000 });
  const apps = await platform.apps(target.spaceGuid);
  const routes = await platform.findRoutes(undefined, [routeName('shop')]);
  await Promise.all([
    ...routes.map(({ guid }) => platform.deleteRoute(guid)),
    ...apps.map(({ guid }) => platform.deleteApp(guid)),
  ]);
});

function platformWith(more: Partial<Parameters<typeof createPlatform>[0]>): Platform {
  return createPlatform({
    http,
    clock: realClock,
    api: foundry.api,
    token: async () => token,
    invalidateToken: () => {},
    logCacheUrl: foundry.api,
    networkPolicyUrl: `${foundry.api}/networking/v1/external`,
    readDeadlineMs: 5_000,
    ...more,
  });
}

async function signIn(): Promise<string> {
  const { clientId, clientSecret } = foundry;
  const response = await http.request({
    method: 'POST',
    url: `${foundry.api}/oauth/token`,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
    },
    body: 'grant_type=client_credentials',
    timeoutMs: 5_000,
  });
  return JSON.parse(response.body.toString('utf8')).access_token;
}

async function fault(rule: object): Promise<void> {
  const response = await http.request({
    method: 'POST',
    url: `${foundry.api}/__foundry/faults`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ times: 1, ...rule }),
    timeoutMs: 5_000,
  });
  expect(response.status).toBeLessThan(300);
}

const routeName = (host: string) => ({ host, domainGuid, path: '', port: null });
const labelsOf = (app: string, role: string) => ({
  [LABEL.app]: appKey(app),
  [LABEL.role]: role,
  [LABEL.version]: '20261120-100000-abcdef0',
});

describe('quotas', () => {
  test('of the organization, with what is started now; the space has none', async () => {
    const app = await platform.createApp(target.spaceGuid, { name: 'shop' });
    const [web] = await platform.processes(app?.guid ?? '');
    await platform.scale(web?.guid ?? '', { instances: 3, memoryMb: 32 });
    const stopped = { memoryMb: 0, instances: 0, routes: 0 };
    const limits = { memoryMb: 1024 * 1024, routes: 10_000 };
    expect(await platform.quotas(target)).toMatchObject({
      quotas: [{ of: 'organization', name: foundry.org, limits, used: stopped }],
      unknown: false,
    });
  });

  test.each([
    [403, true],
    [404, true],
  ])('that answer %d are unknown', async (status, unknown) => {
    await fault({ method: 'GET', path: '/v3/organization_quotas/*', status });
    expect(await platform.quotas(target)).toEqual({ quotas: [], unknown });
  });

  test('that fail otherwise are a fault, not nothing', async () => {
    await fault({ method: 'GET', path: '/v3/organization_quotas/*', status: 500, times: 1_000 });
    await expect(platform.quotas(target)).rejects.toThrow(PlatformFault);
  });
});

describe('an app', () => {
  test('is made once, found, changed and removed', async () => {
    const labels = labelsOf('Ünïcode, 5%', 'candidate');
    const app = await platform.createApp(target.spaceGuid, { name: 'Ünïcode, 5%', labels });
    expect(app).toMatchObject({ name: 'Ünïcode, 5%', state: 'STOPPED', labels });
    const guid = app?.guid ?? '';
    expect(await platform.createApp(target.spaceGuid, { name: 'Ünïcode, 5%' })).toBeUndefined();

    const found = [
      await platform.appsByName(target.spaceGuid, ['Ünïcode, 5%', 'other']),
      await platform.appsByLabel(target.spaceGuid, `${LABEL.app}=${appKey('Ünïcode, 5%')}`),
      await platform.appsByGuid([guid]),
      await platform.apps(target.spaceGuid),
    ];
    for (const apps of found) expect(apps.map((one) => one.guid)).toEqual([guid]);

    const changed = await platform.updateApp(guid, {
      name: 'plain',
      labels: { [LABEL.role]: 'live', [LABEL.version]: null },
      annotations: { [`${LABEL.app}`]: 'Ünïcode, 5%' },
    });
    expect(changed.name).toBe('plain');
    expect(changed.labels).toEqual({ [LABEL.app]: appKey('Ünïcode, 5%'), [LABEL.role]: 'live' });

    await platform.deleteApp(guid);
    await platform.deleteApp(guid);
    expect(await platform.apps(target.spaceGuid)).toEqual([]);
  });

  test('has variables, processes and belongings', async () => {
    const app = await platform.createApp(target.spaceGuid, { name: 'shop' });
    const guid = app?.guid ?? '';
    await platform.setEnvironment(guid, { ONE: '1', TWO: '2' });
    await platform.setEnvironment(guid, { ONE: null });
    expect(await platform.environment(guid)).toEqual({ TWO: '2' });

    const [web] = await platform.processes(guid);
    expect(web).toMatchObject({ type: 'web', instances: 1 });
    await platform.scale(web?.guid ?? '', { instances: 3, memoryMb: 32 });
    expect((await platform.processes(guid))[0]).toMatchObject({ instances: 3, memoryMb: 32 });

    expect(await platform.currentDroplet(guid)).toBeUndefined();
    expect(await platform.packages(guid)).toEqual([]);
    expect(await platform.builds(guid)).toEqual([]);
    expect(await platform.features(guid)).toMatchObject({ ssh: expect.any(Boolean) });
    expect(await platform.bindings(guid)).toEqual([]);
    expect(await platform.sidecars(guid)).toEqual([]);
    expect(await platform.policies(guid)).toEqual([]);
    expect(await platform.crashes(guid, 0)).toEqual([]);
    expect(await platform.recentLogs(guid, 10)).toEqual(expect.any(Array));
  });
});

test('a route gains and loses destinations, and goes', async () => {
  const app = await platform.createApp(target.spaceGuid, { name: 'shop' });
  const appGuid = app?.guid ?? '';
  const labels = labelsOf('shop', 'live');
  const route = await platform.createRoute(target.spaceGuid, { ...routeName('shop'), labels });
  expect(route.destinations).toEqual([]);
  const web = { appGuid, processType: 'web', port: null, protocol: null };
  await platform.insertDestinations(route.guid, [web]);
  await platform.insertDestinations(route.guid, [web]);

  const found = [
    await platform.routesOfApps([appGuid]),
    await platform.routesByGuid([route.guid]),
    await platform.routesByLabel(target.spaceGuid, `${LABEL.app}=shop`),
    await platform.findRoutes(undefined, [routeName('SHOP'), routeName('none')]),
  ];
  for (const routes of found) expect(routes.map(({ guid }) => guid)).toEqual([route.guid]);
  expect(await platform.findRoute(target.spaceGuid, routeName('sho'))).toBeUndefined();

  const [destination] = found[0]?.[0]?.destinations ?? [];
  expect(found[0]?.[0]?.destinations).toHaveLength(1);
  await platform.removeDestination(route.guid, destination?.guid ?? '');
  await platform.removeDestination(route.guid, destination?.guid ?? '');
  expect((await platform.routesByGuid([route.guid]))[0]?.destinations).toEqual([]);

  await platform.deleteRoute(route.guid);
  await platform.deleteRoute(route.guid);
  await platform.removeDestination(route.guid, destination?.guid ?? '');
  expect(await platform.findRoute(undefined, routeName('shop'))).toBeUndefined();
});

test('a snapshot: nothing, then live to adopt, then a candidate beside it', async () => {
  const take = () => takeSnapshot(platform, target, { name: 'shop', wanted: [routeName('shop')] });
  expect(await take()).toMatchObject({ routes: [], previous: [], failed: [], inTheWay: [], others: {} });

  const live = await platform.createApp(target.spaceGuid, { name: 'shop' });
  const other = await platform.createApp(target.spaceGuid, { name: 'shop-admin' });
  const candidate = await platform.createApp(target.spaceGuid, {
    name: 'shop-candidate',
    labels: { ...labelsOf('shop', 'candidate'), [LABEL.phase]: 'made' },
  });
  const route = await platform.createRoute(target.spaceGuid, routeName('shop'));
  const guids = [live, other].map((app) => app?.guid ?? '');
  await platform.insertDestinations(
    route.guid,
    guids.map((appGuid) => ({ appGuid, processType: 'web', port: null, protocol: null })),
  );

  const snapshot = await take();
  expect(snapshot.live?.guid).toBe(live?.guid);
  expect(snapshot.candidate).toMatchObject({ guid: candidate?.guid, role: 'candidate', phase: 'made' });
  expect(snapshot.routes.map(({ guid }) => guid)).toEqual([route.guid]);
  expect(snapshot.others).toEqual({ [other?.guid ?? '']: 'shop-admin' });
});

describe('what goes wrong on the way', () => {
  test('a 502 and a cut connection of a read are borne', async () => {
    await fault({ method: 'GET', path: '^/v3/apps', status: 502 });
    await fault({ method: 'GET', path: '^/v3/apps', reset: true });
    expect(await platform.apps(target.spaceGuid)).toEqual([]);
  });

  test('a write whose answer is lost is ambiguous, and was done', async () => {
    await fault({ method: 'POST', path: '^/v3/apps$', lost: true });
    const error = await platform.createApp(target.spaceGuid, { name: 'lost' }).catch((reason) => reason);
    expect(error).toBeInstanceOf(PlatformFault);
    expect(error).toMatchObject({ ambiguous: true });
    expect(await platform.appsByName(target.spaceGuid, ['lost'])).toHaveLength(1);
  });

  test('a write met by 429 is done in the end, once', async () => {
    await fault({ method: 'POST', path: '^/v3/apps', status: 429 });
    const app = await platform.createApp(target.spaceGuid, { name: 'patient' });
    expect(app?.name).toBe('patient');
    expect(await platform.apps(target.spaceGuid)).toHaveLength(1);
  });

  test('a token that is not accepted is renewed', async () => {
    let current = 'bearer stale';
    const other = platformWith({
      token: async () => current,
      invalidateToken: () => {
        current = token;
      },
    });
    expect(await other.apps(target.spaceGuid)).toEqual([]);
  });

  test('the refusal of the platform is told as it says it', async () => {
    const error = await platform
      .createRoute(target.spaceGuid, routeName('not a host'))
      .catch((reason) => reason);
    expect(error).toBeInstanceOf(PlatformRefusal);
    expect(error).toMatchObject({ status: 422, code: 10008 });
  });
});

test("the platform's clock is near ours here", async () => {
  await platform.apps(target.spaceGuid);
  expect(Math.abs(platform.platformNowMs() - Date.now())).toBeLessThan(5_000);
});
