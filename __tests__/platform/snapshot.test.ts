import { describe, expect, test } from '@jest/globals';
import type { HttpFailure } from '../../src/model/errors.js';
import { PlatformFault } from '../../src/model/errors.js';
import { ANNOTATION, appKey, LABEL } from '../../src/platform/names.js';
import { takeSnapshot } from '../../src/platform/snapshot.js';
import { appJson, page, refusal, routeJson, type Scripted, STARTED_AT_MS, scripted } from './scripted.js';

const TARGET = { orgGuid: 'org', org: 'shop', spaceGuid: 'space', space: 'production' };
const V1 = '20261101-100000-aaaaaaa';
const V2 = '20261102-100000-bbbbbbb';
const V3 = '20261103-100000-ccccccc';

const ours = (role: string, version: string, more: Record<string, string> = {}, app = 'shop') => ({
  labels: { [LABEL.app]: appKey(app), [LABEL.role]: role, [LABEL.version]: version, ...more },
});

interface Space {
  apps: ReturnType<typeof appJson>[];
  routes?: ReturnType<typeof routeJson>[];
}

/** A web process with an instance, and a worker without. */
function processesJson(app: string) {
  const relationships = { app: { data: { guid: app } } };
  const sizes = { memory_in_mb: 64, disk_in_mb: 64, relationships };
  return [
    { guid: `p-of-${app}`, type: 'web', instances: 1, ...sizes, health_check: { type: 'port' } },
    { guid: `w-of-${app}`, type: 'worker', instances: 0, ...sizes, health_check: { type: 'process' } },
  ];
}

/** A space that answers the filters a snapshot uses. */
function spaceOf(
  { apps, routes = [] }: Space,
  before: (url: URL) => Scripted | HttpFailure | undefined = () => undefined,
) {
  const labelled = <T extends { metadata: { labels: object } }>(items: T[], selector: string) => {
    const [key, value] = selector.split('=') as [string, string];
    return items.filter((item) => (item.metadata.labels as Record<string, string>)[key] === value);
  };
  return scripted((_, url) => {
    const said = before(url);
    if (said) return said;
    const asked = (name: string) => url.searchParams.get(name)?.split(',');
    const selector = url.searchParams.get('label_selector');
    const [, , group, guid, part] = url.pathname.split('/');
    if (url.pathname === '/')
      return { json: { links: { cloud_controller_v3: { meta: { version: '3.200.0' } } } } };
    if (group === 'organizations') return page([{ guid: 'domain', name: 'example.com', internal: false }]);
    if (group === 'processes' && part === 'stats')
      return { json: { resources: [{ index: 0, state: 'RUNNING', routable: true, uptime: 5 }] } };
    if (group === 'processes') return page((asked('app_guids') ?? []).flatMap(processesJson));
    if (group === 'routes') {
      if (selector) return page(labelled(routes, selector));
      const apps = asked('app_guids');
      if (apps)
        return page(routes.filter((route) => route.destinations.some(({ app }) => apps.includes(app.guid))));
      return page(routes.filter((route) => asked('hosts')?.includes(route.host)));
    }
    if (part === 'processes' && guid) return page(processesJson(guid));
    if (part === 'environment_variables') return { json: { var: { COLOUR: 'blue' } } };
    if (part === 'droplets') return refusal(404, 10010, 'CF-ResourceNotFound', 'Droplet not found');
    if (selector) return page(labelled(apps, selector));
    const names = asked('names');
    if (names) return page(apps.filter((app) => names.includes(app.name)));
    return page(apps.filter((app) => asked('guids')?.includes(app.guid)));
  });
}

/** The empty app that a rollback to `target` holds. */
function lockOn(target: { guid: string }) {
  const made = appJson('shop-candidate', ours('candidate', V1, { [LABEL.phase]: 'proven' }));
  return { ...made, metadata: { ...made.metadata, annotations: { [ANNOTATION.target]: target.guid } } };
}

function liveUntil(app: ReturnType<typeof appJson>, ms: number) {
  const annotations = { [ANNOTATION.liveUntil]: String(ms) };
  return { ...app, metadata: { ...app.metadata, annotations } };
}

const WANTED = [{ host: 'www', domainGuid: 'domain', path: '', port: null }];

describe('who is who', () => {
  const live = appJson('shop', ours('live', V2));
  const foreign = appJson('shop-candidate');
  const candidate = appJson('shop-candidate', ours('candidate', V3, { [LABEL.phase]: 'proven' }));
  const previous = appJson(`shop-previous-${V1}`, ours('previous', V1));
  const older = appJson('shop-previous-20261001-100000-0000000', ours('previous', '20261001-100000-0000000'));
  const failed = appJson(`shop-failed-${V1}`, ours('failed', V1));

  test.each([
    ['nothing', [], {}],
    ['an app to adopt', [appJson('shop')], { live: 'shop' }],
    [
      'a deployed app',
      [older, previous, live, failed],
      { live: 'shop', previous: [previous.name, older.name], failed: [failed.name] },
    ],
    ['a deploy under way', [live, candidate], { live: 'shop', candidate: 'shop-candidate' }],
    [
      'look-alikes',
      [
        live,
        appJson('shop-admin'),
        appJson('shopXcandidate'),
        appJson('shop-candidate-2', ours('candidate', V3)),
        appJson(`shop-previous-${V2}`),
        appJson('shop-previous-mine', ours('previous', V1)),
        appJson('Shop-candidate', ours('candidate', V3)),
      ],
      { live: 'shop', inTheWay: [`shop-previous-${V2}`] },
    ],
    ['a foreign candidate', [live, foreign], { live: 'shop', inTheWay: ['shop-candidate'] }],
    [
      "a candidate of another app's labels",
      [live, appJson('shop-candidate', ours('candidate', V3, {}, 'shop-two'))],
      { live: 'shop', inTheWay: ['shop-candidate'] },
    ],
    [
      'a candidate without the role',
      [live, appJson('shop-candidate', { labels: { [LABEL.app]: 'shop' } })],
      { live: 'shop', inTheWay: ['shop-candidate'] },
    ],
    [
      'the moment between the renames',
      [appJson(`shop-previous-${V2}`, ours('previous', V2)), candidate],
      { candidate: 'shop-candidate', previous: [`shop-previous-${V2}`] },
    ],
    [
      'after the last rename',
      [appJson('shop', ours('live', V3)), previous],
      { live: 'shop', previous: [previous.name] },
    ],
    ['a live that was renamed by hand', [appJson('shop-old', ours('live', V2))], { live: 'shop-old' }],
    [
      'a live that was renamed by hand, with another app in its place',
      [appJson('shop-old', ours('live', V2)), appJson('shop')],
      { live: 'shop-old', inTheWay: ['shop'] },
    ],
    [
      'a foreign app on the name that a failed candidate would get',
      [live, candidate, appJson(`shop-failed-${V3}`)],
      { live: 'shop', candidate: 'shop-candidate', inTheWay: [`shop-failed-${V3}`] },
    ],
    [
      'a rollback under way: the version is no previous one meanwhile, and the lock is empty',
      [live, lockOn(previous), previous, older],
      { live: 'shop', lock: 'shop-candidate', candidate: previous.name, previous: [older.name] },
    ],
    [
      'a rollback between its renames',
      [lockOn(previous), previous, appJson(`shop-previous-${V2}`, ours('previous', V2))],
      { lock: 'shop-candidate', candidate: previous.name, previous: [`shop-previous-${V2}`] },
    ],
    [
      'a rollback after its last rename: the lock is left',
      [appJson('shop', ours('live', V1)), lockOn(appJson('shop'))],
      { live: 'shop', lock: 'shop-candidate' },
    ],
    [
      'a rollback whose version is gone',
      [live, lockOn(previous), older],
      { live: 'shop', lock: 'shop-candidate', previous: [older.name] },
    ],
    [
      'a lock that names an app which is not ours',
      [live, lockOn(appJson('billing')), appJson('billing')],
      { live: 'shop', lock: 'shop-candidate' },
    ],
    [
      'an older version that was live last',
      [live, previous, liveUntil(older, 1_000), appJson(`shop-previous-${V2}`, ours('previous', V2))],
      { live: 'shop', previous: [older.name, `shop-previous-${V2}`, previous.name] },
    ],
  ])('%s', async (_, apps, expected) => {
    const { platform } = spaceOf({ apps });
    const snapshot = await takeSnapshot(platform, TARGET, { name: 'shop', wanted: [] });
    const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);
    expect({
      live: snapshot.live?.name,
      lock: snapshot.lock?.name,
      candidate: snapshot.candidate?.name,
      previous: names(snapshot.previous),
      failed: names(snapshot.failed),
      inTheWay: names(snapshot.inTheWay),
    }).toEqual({
      live: undefined,
      lock: 'candidate' in expected ? expected.candidate : undefined,
      candidate: undefined,
      previous: [],
      failed: [],
      inTheWay: [],
      ...expected,
    });
  });

  test('marks come from our labels alone', async () => {
    const { platform } = spaceOf({
      apps: [appJson('shop', { labels: { [LABEL.role]: 'live', [LABEL.version]: V1 } }), candidate],
    });
    const snapshot = await takeSnapshot(platform, TARGET, { name: 'shop', wanted: [] });
    expect(snapshot.live).not.toHaveProperty('role');
    expect(snapshot.live).not.toHaveProperty('version');
    expect(snapshot.candidate).toMatchObject({ role: 'candidate', phase: 'proven', version: V3 });
  });

  test('phases are on the lock: the version on its way has the one of its empty lock', async () => {
    const { platform } = spaceOf({ apps: [live, lockOn(previous), { ...previous, state: 'STOPPED' }] });
    const { candidate: version, lock } = await takeSnapshot(platform, TARGET, { name: 'shop', wanted: [] });
    expect(version).toMatchObject({
      role: 'previous',
      phase: 'proven',
      version: V1,
      env: { COLOUR: 'blue' },
    });
    expect(lock).toMatchObject({ phase: 'proven', env: {} });
  });
});

test('is whole: instances of what runs, routes of ours, of the apps and of the manifest, and who else is on them', async () => {
  const { platform, http } = spaceOf({
    apps: [
      appJson('shop', ours('live', V2)),
      appJson('shop-candidate', { ...ours('candidate', V3), state: 'STOPPED' }),
      appJson('blog'),
    ],
    routes: [
      routeJson('r1', 'shop', ['guid-of-shop', 'guid-of-blog']),
      routeJson('r2', 'www', ['guid-of-unseen']),
      routeJson('r3', 'shop-candidate-x7k2p9', [], {
        metadata: { ...ours('candidate', V3), annotations: {} },
      }),
      routeJson('r4', 'admin', ['guid-of-blog']),
    ],
  });
  const snapshot = await takeSnapshot(platform, TARGET, { name: 'shop', wanted: WANTED });
  expect(snapshot).toMatchObject({
    takenAtMs: STARTED_AT_MS,
    apiVersion: '3.200.0',
    target: TARGET,
    name: 'shop',
  });
  expect(snapshot.routes.map(({ guid }) => guid).sort()).toEqual(['r1', 'r2', 'r3']);
  expect(snapshot.others).toEqual({ 'guid-of-blog': 'blog', 'guid-of-unseen': 'guid-of-unseen' });
  expect(snapshot.live?.env).toEqual({ COLOUR: 'blue' });
  expect(snapshot.live?.processes.map(({ type, instancesSeen }) => [type, instancesSeen.length])).toEqual([
    ['web', 1],
    ['worker', 0],
  ]);
  expect(snapshot.candidate?.processes.every(({ instancesSeen }) => instancesSeen.length === 0)).toBe(true);
  expect(http.lines.filter((line) => line.endsWith('/stats'))).toEqual([
    'GET /v3/processes/p-of-guid-of-shop/stats',
  ]);
});

test('the port that an image exposes is none that another version is given', async () => {
  const { platform } = spaceOf(
    {
      apps: [appJson('shop', ours('live', V2))],
      routes: [
        routeJson('r1', 'shop', [], {
          destinations: [3000, 9090].map((port) => ({
            guid: `d-${port}`,
            app: { guid: 'guid-of-shop', process: { type: 'web' } },
            port,
            protocol: 'http1',
          })),
        }),
      ],
    },
    (url) => {
      if (!url.pathname.endsWith('/droplets/current')) return undefined;
      const ports = [
        { Port: 5353, Protocol: 'udp' },
        { Port: 3000, Protocol: 'tcp' },
        { Port: 9090, Protocol: 'tcp' },
      ];
      const droplet = { guid: 'd', state: 'STAGED', created_at: '2026-01-01T00:00:00Z', checksum: null };
      return { json: { ...droplet, image: 'a/b', execution_metadata: JSON.stringify({ ports }) } };
    },
  );
  const { routes } = await takeSnapshot(platform, TARGET, { name: 'shop', wanted: WANTED });
  expect(routes[0]?.destinations.map(({ port }) => port)).toEqual([null, 9090]);
});

describe('the platform moves while it is read', () => {
  const GONE = refusal(404, 10010, 'CF-ResourceNotFound', 'App not found');
  const apps = [appJson('shop'), appJson('shop-candidate', ours('candidate', V3))];
  const OF_CANDIDATE = '/v3/apps/guid-of-shop-candidate/processes';

  test('an app that goes away between two calls: all is read again', async () => {
    const space = { apps: [...apps] };
    const { platform } = spaceOf(space, (url) => {
      if (url.pathname === '/v3/processes') return page([]);
      if (url.pathname !== OF_CANDIDATE) return undefined;
      space.apps.pop();
      return GONE;
    });
    const snapshot = await takeSnapshot(platform, TARGET, { name: 'shop', wanted: [] });
    expect(snapshot.live?.name).toBe('shop');
    expect(snapshot.candidate).toBeUndefined();
  });

  test('without an end: a fault', async () => {
    const { platform, http } = spaceOf({ apps }, (url) => {
      if (url.pathname === '/v3/processes') return page([]);
      return url.pathname === OF_CANDIDATE ? GONE : undefined;
    });
    await expect(takeSnapshot(platform, TARGET, { name: 'shop', wanted: [] })).rejects.toThrow(PlatformFault);
    expect(http.lines.filter((line) => line.includes(OF_CANDIDATE))).toHaveLength(3);
  });
});

describe('with an earlier one', () => {
  const live = appJson('shop', ours('live', V2));
  const candidate = appJson('shop-candidate', ours('candidate', V3));
  const ROUTES = [routeJson('r1', 'www', ['guid-of-shop'])];
  const question = { name: 'shop', wanted: WANTED };

  test('it is the same, in fewer calls', async () => {
    const { platform, http } = spaceOf({ apps: [live, candidate], routes: ROUTES });
    const last = await takeSnapshot(platform, TARGET, question);
    const asked = http.lines.length;
    expect(await takeSnapshot(platform, TARGET, { ...question, last })).toEqual(last);
    expect(http.lines.length - asked).toBeLessThan(asked);
    expect(new Set(http.lines.slice(asked)).size).toBe(http.lines.length - asked);
  });

  test('nothing of it is taken over: what came is read, what went is not missed', async () => {
    const space = { apps: [live, candidate], routes: [...ROUTES] };
    const gone = refusal(404, 10010, 'CF-ResourceNotFound', 'App not found');
    let isGone = false;
    const { platform } = spaceOf(space, (url) =>
      isGone && url.pathname.includes('guid-of-shop-candidate') ? gone : undefined,
    );
    const last = await takeSnapshot(platform, TARGET, question);
    isGone = true;
    const again = { ...ours('candidate', V3), guid: 'another' };
    space.apps.splice(0, 2, { ...live, state: 'STOPPED' }, appJson('shop-candidate', again));
    space.routes.splice(0, 1, routeJson('r1', 'www', ['another']));
    const now = await takeSnapshot(platform, TARGET, { ...question, last });
    expect(now.live?.processes.flatMap(({ instancesSeen }) => instancesSeen)).toEqual([]);
    expect(now.candidate).toMatchObject({ guid: 'another', env: { COLOUR: 'blue' } });
    expect(now.candidate?.processes.map(({ guid }) => guid)).toEqual(['p-of-another', 'w-of-another']);
    expect(now.routes[0]?.destinations.map(({ appGuid }) => appGuid)).toEqual(['another']);
  });

  test('the droplet is read once where the app tells which one it has, and again when it tells another', async () => {
    const told = (guid: string) => ({ ...live, relationships: { current_droplet: { data: { guid } } } });
    const space = { apps: [told('d1')] };
    let port = 3000;
    const { platform, http } = spaceOf(space, (url) => {
      if (!url.pathname.endsWith('/droplets/current')) return undefined;
      const guid = space.apps[0]?.relationships.current_droplet.data.guid;
      const metadata = JSON.stringify({ ports: [{ Port: port, Protocol: 'tcp' }] });
      const droplet = { guid, state: 'STAGED', created_at: '2026-01-01T00:00:00Z', checksum: null };
      return { json: { ...droplet, image: 'a/b', execution_metadata: metadata } };
    });
    const first = await takeSnapshot(platform, TARGET, question);
    const second = await takeSnapshot(platform, TARGET, { ...question, last: first });
    expect(second.live).toMatchObject({ currentDropletGuid: 'd1', imagePort: 3000 });
    space.apps.splice(0, 1, told('d2'));
    port = 4000;
    const third = await takeSnapshot(platform, TARGET, { ...question, last: second });
    expect(third.live).toMatchObject({ currentDropletGuid: 'd2', imagePort: 4000 });
    expect(http.lines.filter((line) => line.endsWith('/droplets/current'))).toHaveLength(2);
  });
});

test('an app look-up that fails makes no snapshot', async () => {
  const { platform } = spaceOf({ apps: [] }, (url) =>
    url.pathname === '/v3/apps' && url.searchParams.has('names') ? { status: 502, text: '' } : undefined,
  );
  await expect(takeSnapshot(platform, TARGET, { name: 'shop', wanted: [] })).rejects.toThrow(PlatformFault);
});
