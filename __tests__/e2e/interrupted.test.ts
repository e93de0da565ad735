import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { ActionResult, RunOptions } from '../../runner/index.js';
import { spaceOf } from './support/space.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(300_000);

interface Interruption {
  name: string;
  /** Arms the death of a run; `kill` ends it without a word. */
  arm(app: { pid: number; guid: string; routeGuid: string }): Promise<unknown> | undefined;
  /** A line at which the test ends it itself. */
  line?: RegExp;
  /** Who is on the route then. */
  serving: (name: string) => string[];
  settled: RegExp;
  /** What is kept of the versions before the last one. */
  kept: RegExp[];
}

const fault = (method: string, path: string, pid: number, when: 'before' | 'after') =>
  world.foundry.control('POST', 'faults', { method, path, times: 1, kill: { pid, when } });

const FINISHED = { settled: /was finished first/, kept: [/-previous-/] };
const INTERRUPTIONS: readonly Interruption[] = [
  {
    name: 'unproven',
    arm: () => undefined,
    line: /instances ready/,
    serving: (name) => [name],
    settled: /was taken back first/,
    kept: [/-failed-/, /-previous-/],
  },
  {
    name: 'mapped',
    arm: ({ pid, routeGuid }) => fault('POST', `^/v3/routes/${routeGuid}/destinations`, pid, 'after'),
    serving: (name) => [name, `${name}-candidate`],
    ...FINISHED,
  },
  {
    name: 'unmapped',
    arm: ({ pid, routeGuid }) => fault('DELETE', `^/v3/routes/${routeGuid}/destinations`, pid, 'after'),
    serving: (name) => [`${name}-candidate`],
    ...FINISHED,
  },
  {
    // The first write to live itself is its rename; the candidate's comes next.
    name: 'renamed',
    arm: ({ pid, guid }) => fault('PATCH', `^/v3/apps/${guid}$`, pid, 'after'),
    serving: (name) => [`${name}-candidate`],
    ...FINISHED,
  },
];
/** Its deploy lives, and a second one of the same app comes. */
const BUSY = 'busy';
/** The runner cancels its deploy, and the post step has its turn. */
const CANCELLED = 'cancelled';
const NAMES = [...INTERRUPTIONS.map(({ name }) => name), BUSY, CANCELLED];

let world: World;
const deploy = (name: string, version: string, inputs = {}, run: Partial<RunOptions> = {}) =>
  world.deploy({ name, version, routes: [world.url(name)] }, inputs, run);

beforeAll(async () => {
  world = await startWorld();
  const first = await Promise.all(NAMES.map((name) => deploy(name, 'v1')));
  expect(first.map(({ outputs }) => outputs.result)).toEqual(NAMES.map(() => 'deployed'));
});
afterAll(() => world.close());

async function interrupt({ name, arm, line }: Interruption): Promise<ActionResult> {
  const space = await spaceOf(world);
  const app = { guid: space.app(name).guid, routeGuid: space.route(world.url(name)).guid };
  let pidOfRun = 0;
  let armed: Promise<unknown> | undefined;
  const result = await deploy(
    name,
    'v2',
    {},
    {
      post: false,
      onStart: (pid) => {
        pidOfRun = pid;
        armed = arm({ ...app, pid });
      },
      onLine: (text) => {
        if (line?.test(text)) process.kill(pidOfRun, 'SIGKILL');
      },
    },
  );
  await armed;
  return result;
}

/** Ended as the runner does it, when both versions are on the route. */
function cancel(): Promise<ActionResult> {
  const cancelled = new AbortController();
  return deploy(
    CANCELLED,
    'v2',
    {},
    {
      signal: cancelled.signal,
      onLine: (line) => {
        if (/^##\[group\].*prove candidate/.test(line)) cancelled.abort();
      },
    },
  );
}

/** @returns the deploy, and the one that began while it was at its first step */
async function twice(): Promise<[first: ActionResult, second: ActionResult]> {
  let second: Promise<ActionResult> | undefined;
  const first = await deploy(
    BUSY,
    'v2',
    { drain: '15s' },
    {
      onLine: (line) => {
        if (/^##\[group\].*push the bits/.test(line)) second ??= deploy(BUSY, 'never');
      },
    },
  );
  expect(second).toBeDefined();
  return [first, (await second) as ActionResult];
}

test('killed deploys are settled by the next run, a cancelled one by its post step, and beside one that lives there is no other', async () => {
  const known = (await world.foundry.requests()).length;
  const watch = await world.watch({ apps: NAMES, routes: NAMES.map((name) => world.url(name)) });

  const [killed, [first, second], cancelled] = await Promise.all([
    Promise.all(INTERRUPTIONS.map(interrupt)),
    twice(),
    cancel(),
  ]);
  expect(killed.map(({ signal }) => signal)).toEqual(INTERRUPTIONS.map(() => 'SIGKILL'));
  expect(killed.flatMap(({ orphans }) => orphans)).toEqual([]);
  const between = await spaceOf(world);
  for (const { name, serving } of INTERRUPTIONS) {
    expect(between.serving[world.url(name)]).toEqual(serving(name));
    expect(between.names).toContain(`${name}-candidate`);
  }
  expect(between.names).not.toContain('renamed');

  // By its own code, in the runner's time; and nobody has to wait for the next run.
  expect([cancelled.exitCode, cancelled.signal]).toEqual([1, null]);
  expect(cancelled.post?.exitCode).toBe(0);
  expect(between.serving[world.url(CANCELLED)]).toEqual([CANCELLED]);
  expect(between.names.filter((name) => name.startsWith(`${CANCELLED}-candidate`))).toEqual([]);
  expect(await world.meet(world.url(CANCELLED))).toBe('v2');

  expect(first.outputs).toMatchObject({ result: 'deployed', 'failed-requests': '0' });
  expect(second.exitCode).toBe(1);
  expect(second.outputs).toMatchObject({ result: 'refused', error: 'locked' });
  expect(between.app(BUSY).guid).toBe(first.outputs['app-guid']);
  expect(await world.meet(world.url(BUSY))).toBe('v2');
  // One of each for every app: the refused one made nothing. The post step made one more app, which took the lock over.
  const made = (await world.foundry.requests()).slice(known).filter(({ method }) => method === 'POST');
  const count = (path: string) => made.filter((one) => one.path === path).length;
  expect(count('/v3/apps')).toBe(NAMES.length + 1);
  for (const path of ['/v3/routes', '/v3/packages', '/v3/builds'])
    expect([path, count(path)]).toEqual([path, NAMES.length]);

  const next = await Promise.all(INTERRUPTIONS.map(({ name }) => deploy(name, 'v3')));
  const seen = await watch.end();
  expect(next.map(({ outputs }) => [outputs.result, outputs.error])).toEqual(
    INTERRUPTIONS.map(() => ['deployed', '']),
  );
  expect(seen.figures.firstFailures).toEqual([]);
  expect(seen.figures.failed).toBe(0);
  expect(seen.problems).toEqual([]);
  const space = await spaceOf(world);
  expect(space.leftovers).toEqual([]);
  for (const [at, { name, settled, kept }] of INTERRUPTIONS.entries()) {
    expect(next[at]?.shown).toMatch(settled);
    expect(await world.meet(world.url(name))).toBe('v3');
    expect(space.serving[world.url(name)]).toEqual([name]);
    const others = space.names.filter((one) => one.startsWith(`${name}-`));
    expect(others).toEqual(kept.map((pattern) => expect.stringMatching(pattern)));
    for (const other of others) expect(space.app(other).state).toBe('STOPPED');
  }
  expect(await world.leaks()).toEqual([]);
});
