import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { deployFirst, liveOf } from './support/deploys.js';
import { label, spaceOf } from './support/space.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(180_000);

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

test('a first deploy that fails leaves nothing live, and not the route that it made', async () => {
  const { exitCode, outputs, shown, summary } = await world.deploy(
    { version: 'v0', health: '500' },
    { 'smoke-test': '- path: /health\n  within: 3s', report: 'out/report.html' },
  );
  expect([exitCode, outputs.result, outputs.error]).toEqual([1, 'reverted', 'smoke']);
  expect(liveOf(outputs)).toEqual({
    instances: { running: 0, wanted: 0 },
    routes: [{ url: world.url(), by: [] }],
  });
  const space = await spaceOf(world);
  expect(space.routes).toEqual([]);
  expect(space.apps).toMatchObject([{ name: `shop-failed-${outputs.version}`, state: 'STOPPED' }]);
  expect(space.apps[0]?.processes.flatMap(({ instances }) => instances)).toEqual([]);
  // Its route was made, labelled by the call that made it, and is gone.
  const history = await world.foundry.history();
  const made = history.filter((entry) => entry.kind === 'route' && entry.url === world.url());
  expect(made).toMatchObject([{ change: 'created' }, { change: 'deleted' }]);
  expect(shown).toContain(`${world.url()}: nobody`);
  expect(summary).toContain('nobody');
  expect(summary).toContain('no connection to the database');
  const { report = '' } = outputs;
  expect(report).toMatch(/\/out\/report\.html$/);
  const record = JSON.parse(await readFile(report.replace(/html$/, 'json'), 'utf8'));
  expect(record).toMatchObject({
    result: 'reverted',
    error: { code: 'smoke' },
    leftOut: { calls: 0, log: 0 },
  });
  const paths = record.calls.map(({ method, path }: { method: string; path: string }) => `${method} ${path}`);
  expect(paths).toEqual(
    expect.arrayContaining(['POST /v3/apps', 'POST /v3/builds', 'cf push shop-candidate']),
  );
  expect(await readFile(report, 'utf8')).toContain('no connection to the database');
  expect(await world.leaks()).toEqual([]);
});

test('a first deploy goes live on a route that it makes', async () => {
  const { result, space } = await deployFirst(world, { version: 'v1', instances: 2 });
  const { outputs, summary } = result;
  const app = space.app('shop');
  expect(outputs).toMatchObject({
    app: 'shop',
    'app-guid': app.guid,
    'previous-version': '',
    'previous-app-guid': '',
    url: expect.stringContaining(`http://${world.url()}`),
  });
  expect(liveOf(outputs)).toMatchObject({
    app: 'shop',
    version: outputs.version,
    instances: { running: 2, wanted: 2 },
    routes: [{ url: world.url(), by: ['shop'] }],
  });
  expect(outputs.version).toMatch(/^\d{8}-\d{6}-[0-9a-f]{7}$/);
  expect(await world.meet()).toBe('v1');
  // The failed one of before is still there, off all routes.
  expect(space.names).toEqual(['shop', expect.stringMatching(/^shop-failed-/)]);
  expect([label(app, 'role'), label(app, 'version'), label(app, 'phase')]).toEqual([
    'live',
    outputs.version,
    undefined,
  ]);
  expect(space.serving).toEqual({ [world.url()]: ['shop'] });
  const route = space.route(world.url());
  expect([label(route, 'role'), label(route, 'version')]).toEqual(['live', outputs.version]);
  expect(summary).toContain('every instance answered');
});
