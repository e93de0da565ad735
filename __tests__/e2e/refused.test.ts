/** What is refused before anything is changed, and what is none of a deploy's business. */
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { ActionResult } from '../../runner/index.js';
import { deployWatched } from './support/deploys.js';
import { spaceOf } from './support/space.js';
import { expectTold, type Standing, standingOf, withoutEscapes } from './support/standing.js';
import { startWorld, type VersionOptions, type Watch, type World, writes } from './support/world.js';

/** Each deploy is a whole one: real CLI, real bundle, real instances. */
jest.setTimeout(180_000);

/** By their names alone they could be taken for ours. */
const LOOK_ALIKES = ['shopXcandidate', 'shop-candidates', 'shop-previous-20200101-000000-0000000'];

let world: World;
let live: Standing;
let neighbours: Standing[];
let watch: Watch;

async function up(name: string): Promise<void> {
  const { outputs } = await world.deploy({ version: 'v1', name, routes: [world.url(name)] });
  expect(outputs.result).toBe('deployed');
}

beforeAll(async () => {
  world = await startWorld();
  await Promise.all(['shop', 'shop-admin'].map(up));
  for (const name of LOOK_ALIKES) await world.cf('create-app', name);
  live = await standingOf(world);
  neighbours = await Promise.all(['shop-admin', ...LOOK_ALIKES].map((name) => standingOf(world, name)));
  // The test's own hand gives this name.
  watch = await world.watch({ apps: ['shop', 'shop-candidate-of-mine'] });
}, 180_000);
afterEach(() => world.foundry.control('DELETE', 'faults'));
afterAll(() => world.close());

async function fault(rule: Record<string, unknown>): Promise<void> {
  await world.foundry.control('POST', 'faults', rule);
}

/** A list of the API that says `total`, as a fault's body. */
function page(resources: readonly unknown[], { total = resources.length, next = '' } = {}) {
  const pagination = { total_results: total, total_pages: 1, next: next ? { href: next } : null };
  return { pagination, resources };
}

/** Live has what no manifest names. */
async function haveBelongings(): Promise<void> {
  await world.cf('create-user-provided-service', 'orders');
  await world.cf('bind-service', 'shop', 'orders');
  await world.cf('add-network-policy', 'shop', 'shop-admin');
  await world.cf('disable-ssh', 'shop');
}

interface Refusal {
  error: string;
  /** In the annotation and in the summary. */
  says: readonly (string | RegExp)[];
}

/** Deploys, and expects a refusal that says why, not one write since, and live as it was. */
async function expectRefused(
  version: Partial<VersionOptions>,
  inputs: Record<string, string>,
  { error, says }: Refusal,
): Promise<ActionResult> {
  const before = (await world.foundry.requests()).length;
  const result = await world.deploy({ version: 'v2', ...version }, inputs);
  if (result.outputs.error !== error) throw new Error(`not refused (${error}):\n${result.shown}`);
  expect([result.exitCode, result.outputs.result]).toEqual([1, 'refused']);
  for (const text of says) expectTold(result, text);
  expect(writes((await world.foundry.requests()).slice(before))).toEqual([]);
  expect(await standingOf(world)).toEqual(live);
  return result;
}

describe('refused, and not one write was sent:', () => {
  test('a foreign shop-candidate, until it has another name', async () => {
    await world.cf('create-app', 'shop-candidate');
    const foreign = await standingOf(world, 'shop-candidate');
    await expectRefused(
      {},
      {},
      {
        error: 'in-the-way',
        says: [/shop-candidate is there, and it is not ours/, /cf rename shop-candidate/],
      },
    );
    expect(await standingOf(world, 'shop-candidate')).toEqual(foreign);
    await world.cf('rename', 'shop-candidate', 'shop-candidate-of-mine');
  });

  test('a route that another app serves', () =>
    expectRefused(
      { routes: [world.url(), world.url('shop-admin')] },
      {},
      {
        error: 'refused',
        says: [/Route shop-admin\.\S+ is served by shop-admin, and by no version of shop/],
      },
    ));

  test('a check that would ask live', () =>
    expectRefused(
      {},
      { 'smoke-test': `http://${world.url()}/health` },
      {
        error: 'refused',
        says: [/asks shop\.\S+, a production route: before the switch it would test live/],
      },
    ));

  test('a wrong password, which is not told either', async () => {
    const password = 'Wr0ng-pass-word!';
    await expectRefused({}, { password }, { error: 'credentials', says: [/password/] });
    expect(await world.leaks(password)).toEqual([]);
  });

  test.each([
    ['org', 'nowhere'],
    ['space', 'nowhere'],
  ])('an unknown %s', async (input, value) => {
    await expectRefused(
      {},
      { [input]: value },
      { error: 'target', says: [new RegExp(`${input}.*nowhere`, 'i')] },
    );
  });

  test('misspelled and wrong inputs, all at once', () =>
    expectRefused(
      {},
      { 'smoke-tets': '/health', stratgy: 'rolling', drain: 'soon', 'keep-previous': '-1' },
      { error: 'input', says: [/smoke-tets.*smoke-test/, /stratgy.*strategy/, /drain/, /keep-previous/] },
    ));

  test('a manifest with faults, each at its place', async () => {
    const more = ['env: {COLOUR: ((colour))}', 'no-route: true'];
    const { annotations } = await expectRefused(
      { more },
      {},
      { error: 'input', says: [/colour/, /no-route/] },
    );
    const places = annotations
      .filter(({ level }) => level === 'error')
      .map(({ file, line, column }) => ({ file, line, column }));
    expect(places).toEqual([
      { file: 'manifest.yml', line: 6, column: 19 },
      { file: 'manifest.yml', line: 7, column: 15 },
    ]);
  });

  test('a manifest that is no YAML', async () => {
    const { annotations } = await expectRefused(
      { more: ['env: {COLOUR: '] },
      {},
      { error: 'input', says: [] },
    );
    expect(annotations[0]).toMatchObject({ level: 'error', file: 'manifest.yml', line: 6 });
  });

  test('a look-up that answers 502, and then with an empty page and a next one without end', async () => {
    const path = '^/v3/apps\\?.*names=shop\\b';
    const next = `${world.foundry.api}/v3/apps?names=shop&page=2`;
    await fault({ method: 'GET', path, times: 3, status: 502 });
    await fault({ method: 'GET', path, body: page([], { total: 1, next }) });
    await expectRefused({}, {}, { error: 'platform', says: [/has no end/] });
  });

  test('an app that another deployer takes for its own by a label', async () => {
    const plain = live;
    await world.cf('set-label', 'app', 'shop', 'mta_id=shop');
    live = await standingOf(world);
    expect(live).not.toEqual(plain);
    await expectRefused({}, {}, { error: 'refused', says: [/shop carries mta_id/, /strategy: rolling/] });
    await world.cf('unset-label', 'app', 'shop', 'mta_id');
    live = await standingOf(world);
  });

  test('and nobody noticed any of it', async () => {
    const { figures, problems } = await watch.end();
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({ failed: 0, byVersion: { v1: {} } });
  });
});

const LOSSES = [
  /binding to service instance orders/,
  /network policy shop -> shop-admin:8080\/tcp/,
  /app feature ssh off/,
];

test('a whole deploy leaves look-alikes alone, reads a look-up to its last page, and accepts a loss when told so', async () => {
  await haveBelongings();
  const [, ...resting] = neighbours;
  const path = '^/v3/apps\\?.*names=shop\\b';
  const next = `${world.foundry.api}/v3/apps?names=shop,shop-candidate`;
  await fault({ method: 'GET', path, times: 1, status: 502 });
  await fault({ method: 'GET', path, times: 1, body: page([], { total: 1, next }) });
  const { result, seen } = await deployWatched(
    world,
    { version: 'v2' },
    {
      inputs: { carry: 'manifest', 'keep-previous': '0' },
      watch: {
        traffic: [world.url(), world.url('shop-admin')],
        foreign: resting.map(({ app }) => app.guid),
      },
    },
  );
  expect(result.outputs['previous-version']).toBe(live.app.labels['cf-zero-downtime.github.io/version']);
  for (const loss of LOSSES) {
    expect(result.shown).toMatch(loss);
    expect(withoutEscapes(result.summary)).toMatch(loss);
  }
  expect(Object.keys(seen.figures.routes)).toHaveLength(2);
  for (const neighbour of neighbours) expect(await standingOf(world, neighbour.app.name)).toEqual(neighbour);
  expect((await spaceOf(world)).names).toEqual(
    ['shop', 'shop-admin', 'shop-candidate-of-mine', ...LOOK_ALIKES].sort(),
  );
  expect(await world.meet()).toBe('v2');
  expect(await world.leaks()).toEqual([]);
});
