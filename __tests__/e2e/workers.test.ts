/**
 * What no router leads to: apps without routes, processes other than web, and services that find each other through a registry. Each
 * worker tells its work in a file: what two versions do at once, and when nobody works, stands there.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Called } from '../../demo/service.js';
import type { Work } from '../../demo/worker.js';
import type { ActionResult } from '../../runner/index.js';
import { expectNothingLeft, expectNothingMissed, type Rolled, underTraffic } from './support/rolls.js';
import { type SpaceApp, spaceOf } from './support/space.js';
import { until } from './support/until.js';
import { startWorld, type VersionOptions, type World } from './support/world.js';

/** Each deploy is a whole one: real CLI, real bundle, real instances. */
jest.setTimeout(400_000);

const HANDOVER = { workers: 'handover' };
const ROLLING = { strategy: 'rolling' };
const NO_CHECK = { 'smoke-test': '' };
/** Of these none is behind traffic of its own: what becomes of them stands in their files. */
const QUEUES = ['beside', 'instead', 'broken', 'in-turn'];
const WEBS = ['three', 'rolled'];

let world: World;
const file = (name: string) => join(world.dir, `${name}.jsonl`);

async function linesOf<T>(name: string): Promise<T[]> {
  const text = await readFile(file(name), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as T]));
}

/** An app of which the only process is a worker. */
function queue(name: string, version: string, more: Partial<VersionOptions> = {}): VersionOptions {
  const settings = ['no-route: true', 'health-check-type: process', 'command: node demo/worker.js web'];
  return { name, version, routes: [], worksOn: file(name), more: settings, ...more };
}

/** An app with two kinds of workers beside its web process. */
function three(name: string, version: string): VersionOptions {
  const worker = (type: string, instances: number) => [
    `  - type: ${type}`,
    `    command: node demo/worker.js ${type}`,
    '    memory: 64M',
    `    instances: ${instances}`,
  ];
  const more = ['processes:', ...worker('worker', 2), ...worker('clock', 1)];
  return { name, version, routes: [world.url(name)], worksOn: file(name), more };
}

function service(version: string, own: NonNullable<VersionOptions['service']>): VersionOptions {
  const isInside = own.as === 'instance';
  const { router } = world.foundry;
  const env = ['env:', `  ROUTER: ${router}`, `  REGISTRY_HOST: ${world.url('registry')}`];
  return {
    name: own.name,
    version,
    service: own,
    callsIn: file('calls'),
    routes: isInside ? [] : [world.url(own.name)],
    more: ['command: node demo/service.js', ...env, ...(isInside ? ['no-route: true'] : [])],
  };
}

const PRICES = { name: 'prices', calls: 'orders', as: 'instance' } as const;
const ORDERS = { name: 'orders', calls: 'prices', as: 'first-uri' } as const;

interface Span {
  version: string;
  fromMs: number;
  toMs: number;
  hasEnded: boolean;
}

/** By process, from its first line to its last one. */
async function spans(name: string, as: string): Promise<Span[]> {
  const byPid = new Map<number, Span>();
  for (const line of await linesOf<Work>(name)) {
    if (line.as !== as) continue;
    const { version, atMs, did } = line;
    const span = byPid.get(line.pid) ?? { version, fromMs: atMs, toMs: atMs, hasEnded: false };
    byPid.set(line.pid, { ...span, toMs: atMs, hasEnded: did === 'end' });
  }
  return [...byPid.values()];
}

/** Whether processes of two versions worked at the same time. */
function overlaps(all: readonly Span[]): boolean {
  return all.some((one) =>
    all.some(
      (other) => one.version !== other.version && one.fromMs <= other.toMs && other.fromMs <= one.toMs,
    ),
  );
}

function versionsOf(all: readonly Span[]): string[] {
  return [...new Set(all.map(({ version }) => version))];
}

async function deployed(work: Promise<ActionResult>, wanted = 'deployed'): Promise<ActionResult> {
  const result = await work;
  if (result.outputs.result !== wanted) throw new Error(`not ${wanted}:\n${result.shown}`);
  expect(result.orphans).toEqual([]);
  return result;
}

function workersOf({ processes }: SpaceApp): Record<string, number> {
  const others = processes.filter(({ type }) => type !== 'web');
  return Object.fromEntries(
    others.map(({ type, instances }) => [type, instances.filter(({ state }) => state === 'RUNNING').length]),
  );
}

/** Whatever fails first is told by the test that waits for it. */
function begun<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

let beside: Promise<ActionResult>;
let instead: Promise<ActionResult>;
let broken: Promise<ActionResult>;
let inTurn: Promise<ActionResult>;
let handed: Promise<Rolled>;
let rolled: Promise<Rolled>;
let services: Promise<{ plan: ActionResult; before: number }>;

beforeAll(async () => {
  world = await startWorld({ flags: ['--tick', '300'] });
  const registry = {
    name: 'registry',
    version: 'v1',
    routes: [world.url('registry')],
    service: PRICES,
    more: ['command: node demo/registry.js'],
  };
  await Promise.all([
    ...QUEUES.map((name) => deployed(world.deploy(queue(name, 'v1'), NO_CHECK))),
    ...WEBS.map((name) => deployed(world.deploy(three(name, 'v1')))),
    deployed(world.deploy(registry, NO_CHECK)),
  ]);
  // Those under traffic first: as many deploys at once as there are here keep a small machine from answering.
  handed = begun(
    underTraffic(world, WEBS, 'three', () => deployed(world.deploy(three('three', 'v2'), HANDOVER))),
  );
  rolled = begun(
    underTraffic(world, WEBS, 'rolled', () => deployed(world.deploy(three('rolled', 'v2'), ROLLING))),
  );
  const first = Promise.allSettled([handed, rolled]);
  const then = (
    name: string,
    inputs: Readonly<Record<string, string>>,
    more: Partial<VersionOptions> = {},
    ends = 'deployed',
  ) =>
    begun(
      first.then(() => deployed(world.deploy(queue(name, 'v2', more), { ...NO_CHECK, ...inputs }), ends)),
    );
  beside = then('beside', { bake: '2s' });
  instead = then('instead', HANDOVER);
  broken = then('broken', HANDOVER, { workFails: true }, 'reverted');
  inTurn = then('in-turn', ROLLING);
  services = begun(first.then(upgraded));
}, 300_000);
afterAll(() => world.close());

/** Both services, one after the other, while each calls the other all the time. */
async function upgraded(): Promise<{ plan: ActionResult; before: number }> {
  const first = await world.workspace(service('v1', ORDERS));
  await Promise.all([
    deployed(world.deploy(service('v1', PRICES), NO_CHECK)),
    // It tells others the first name that it has, which must be the one that it keeps.
    world.cf('push', 'orders', '-f', join(first, 'manifest.yml'), '-p', first),
  ]);
  const calls = () => linesOf<Called>('calls');
  const met = async (by: string, version: string) =>
    (await calls()).some((one) => one.by === by && one.met === version);
  await until(
    'both services to call each other',
    async () => (await met('prices v1', 'v1')) && met('orders v1', 'v1'),
  );
  const before = (await calls()).length;
  const next = await world.workspace(service('v2', ORDERS));
  const plan = await world.run(next, { ...NO_CHECK, plan: 'true' });
  await deployed(world.deploy(service('v2', PRICES), NO_CHECK));
  await until('the new prices to be met', () => met('orders v1', 'v2'));
  await deployed(world.run(next, { ...NO_CHECK, ...ROLLING }));
  await until('the new orders to be met', () => met('prices v2', 'v2'));
  return { plan, before };
}

describe('an app without a route', () => {
  test('is upgraded side by side: there is always one that works, and the old one ends in its own time', async () => {
    const { outputs, summary, shown } = await beside;
    const all = await spans('beside', 'web');
    expect(versionsOf(all)).toEqual(['v1', 'v2']);
    expect(overlaps(all)).toBe(true);
    expect(all.map(({ hasEnded }) => hasEnded)).toEqual([true, false]);
    const space = await spaceOf(world);
    expect(space.app('beside').guid).toBe(outputs['app-guid']);
    expect(space.apps.find(({ guid }) => guid === outputs['previous-app-guid'])?.state).toBe('STOPPED');
    // Nobody could ask it, and nothing else is said.
    expect([outputs.url, outputs['failed-requests']]).toEqual(['', '']);
    expect(summary).toContain('beside');
    expect(shown).toContain('see that every instance of live has ended');
    await expectNothingLeft(world, 'beside');
  });

  test('handover: the old one has ended before the new one begins', async () => {
    const { outputs, shown } = await instead;
    const all = await spans('instead', 'web');
    expect(versionsOf(all)).toEqual(['v1', 'v2']);
    expect(overlaps(all)).toBe(false);
    expect(all[0]?.hasEnded).toBe(true);
    expect((await spaceOf(world)).app('instead').guid).toBe(outputs['app-guid']);
    expect(shown).toContain('Handover: instead, which has no route');
    await expectNothingLeft(world, 'instead');
  });

  test('rolling: the platform replaces it, and there is always one that works', async () => {
    const { outputs } = await inTurn;
    const all = await spans('in-turn', 'web');
    expect(versionsOf(all)).toEqual(['v1', 'v2']);
    expect(overlaps(all)).toBe(true);
    expect(all[0]?.hasEnded).toBe(true);
    expect((await spaceOf(world)).app('in-turn').guid).toBe(outputs['app-guid']);
    await expectNothingLeft(world, 'in-turn');
  });

  test('handover to one that does not start: the old one works again, and alone', async () => {
    const { outputs, exitCode, summary } = await broken;
    expect([exitCode, outputs.error]).toEqual([1, 'start']);
    const all = await spans('broken', 'web');
    expect(versionsOf(all)).toEqual(['v1']);
    expect(all.map(({ hasEnded }) => hasEnded)).toEqual([true, false]);
    const space = await spaceOf(world);
    expect(space.app('broken').state).toBe('STARTED');
    expect(space.names.filter((name) => name.startsWith('broken-failed-'))).toHaveLength(1);
    expect(summary).toContain('cannot work: the queue is not there');
    await expectNothingLeft(world, 'broken');
  });
});

describe('an app with three processes', () => {
  test('handover: its workers begin when those of live have ended, and no request is missed', async () => {
    const { result, seen } = await handed;
    expectNothingMissed(seen);
    expect(result.outputs['failed-requests']).toBe('0');
    for (const as of ['worker', 'clock']) {
      const all = await spans('three', as);
      expect(versionsOf(all)).toEqual(['v1', 'v2']);
      expect(overlaps(all)).toBe(false);
    }
    const space = await spaceOf(world);
    expect(workersOf(space.app('three'))).toEqual({ worker: 2, clock: 1 });
    const previous = space.apps.find(({ guid }) => guid === result.outputs['previous-app-guid']);
    const kept = previous?.processes.filter(({ type }) => type !== 'web') ?? [];
    expect(Object.fromEntries(kept.map(({ type, wanted }) => [type, wanted]))).toEqual({
      worker: 2,
      clock: 1,
    });
    await expectNothingLeft(world, 'three');
  });

  test('rolling: the platform restarts its workers at once, which is told, waited for and seen', async () => {
    const { result, seen } = await rolled;
    expectNothingMissed(seen);
    expect(result.shown).toMatch(/stops and starts worker, clock of rolled all at once/);
    expect(result.summary).toMatch(/all at once/);
    for (const [as, count] of [['worker', 2] as const, ['clock', 1] as const]) {
      const now = (await spans('rolled', as)).filter(({ version }) => version === 'v2');
      expect(now.length).toBe(count);
    }
    expect(workersOf((await spaceOf(world)).app('rolled'))).toEqual({ worker: 2, clock: 1 });
    await expectNothingLeft(world, 'rolled');
  });
});

test('services that find each other through a registry are upgraded, and no call between them is lost', async () => {
  const { plan, before } = await services;
  // A service tells the registry of itself as soon as it listens: the routers learn of its first route a moment later.
  const calls = (await linesOf<Called>('calls')).slice(before);
  expect(calls.length).toBeGreaterThan(0);
  expect(calls.filter(({ met }) => met === undefined)).toEqual([]);
  expect(plan.outputs.result).toBe('planned');
  expect(plan.shown).toMatch(/orders may tell a registry where it is \(variable REGISTRY_HOST\)/);
});

test('nothing of it shows a secret', async () => {
  await Promise.all([beside, instead, broken, inTurn, handed, rolled, services]);
  expect(await world.leaks()).toEqual([]);
});
