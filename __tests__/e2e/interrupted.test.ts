import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { ActionResult, RunOptions } from '../../runner/index.js';
import { Replay } from '../../traffic/history.js';
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
  inputs?: Record<string, string>;
  /** What the run that settles shows beside that. */
  shows?: readonly RegExp[];
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
    // Its task goes on without it.
    name: 'migrating',
    arm: () => undefined,
    inputs: { task: 'echo "half of it"; sleep 20; echo "all of it"' },
    line: /task-\S+: RUNNING/,
    serving: (name) => [name],
    settled: /was taken back first/,
    kept: [/-failed-/, /-previous-/],
    shows: [/\| all of it/, /The task task-\S+ of migrating succeeded/],
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
/** The runner cancels their deploys, and the post step has its turn. */
const CANCELLED = [
  { name: 'cancelled', line: /^##\[group\].*prove candidate/ },
  { name: 'early', line: /^##\[group\].*stage/ },
];
/** Less than what a cancelled run takes for what is quick: whoever ended before has done it. */
const UNDO_MS = 4_500;
const NAMES = [...INTERRUPTIONS, ...CANCELLED].map(({ name }) => name).concat(BUSY);

let world: World;
const deploy = (name: string, version: string, inputs = {}, run: Partial<RunOptions> = {}) =>
  world.deploy({ name, version, routes: [world.url(name)] }, inputs, run);

beforeAll(async () => {
  world = await startWorld();
  const first = await Promise.all(NAMES.map((name) => deploy(name, 'v1')));
  expect(first.map(({ outputs }) => outputs.result)).toEqual(NAMES.map(() => 'deployed'));
});
afterAll(() => world.close());

async function interrupt({ name, arm, line, inputs }: Interruption): Promise<ActionResult> {
  const space = await spaceOf(world);
  const app = { guid: space.app(name).guid, routeGuid: space.route(world.url(name)).guid };
  let pidOfRun = 0;
  let armed: Promise<unknown> | undefined;
  const result = await deploy(name, 'v2', inputs, {
    post: false,
    onStart: (pid) => {
      pidOfRun = pid;
      armed = arm({ ...app, pid });
    },
    onLine: (text) => {
      if (line?.test(text)) process.kill(pidOfRun, 'SIGKILL');
    },
  });
  await armed;
  return result;
}

interface CancelledRun extends ActionResult {
  /** From the runner's signal to the end of main. */
  tookMs: number;
  endedAtMs: number;
}

/** Ended as the runner does it: when both versions are on the route, and before there is a droplet. */
async function cancel({ name, line }: (typeof CANCELLED)[number]): Promise<CancelledRun> {
  const cancelled = new AbortController();
  let [signalledAtMs, endedAtMs] = [Number.NaN, Number.NaN];
  const run: Partial<RunOptions> = {
    signal: cancelled.signal,
    // The last one is post's.
    onStart: () => {
      endedAtMs = Date.now();
    },
    onLine: (text) => {
      if (cancelled.signal.aborted || !line.test(text)) return;
      signalledAtMs = Date.now();
      cancelled.abort();
    },
  };
  const result = await deploy(name, 'v2', {}, run);
  return { ...result, endedAtMs, tookMs: endedAtMs - signalledAtMs };
}

/** Names of the apps, and of those on the app's route, as the process of its run ended. */
async function momentOf(name: string, { endedAtMs }: CancelledRun) {
  const { apps, routes } = Replay.until(await world.foundry.history(), endedAtMs);
  const [route] = [...routes.values()].filter(({ url }) => url === world.url(name));
  return {
    names: [...apps.values()].map((app) => app.name),
    serving: [...(route?.destinations.values() ?? [])].map(({ appGuid }) => apps.get(appGuid)?.name),
  };
}

/** What is quick is done by then, unless a machine that is too busy left no time for it; the rest is the post step's. */
async function expectTakenBack({ name }: (typeof CANCELLED)[number], run: CancelledRun) {
  // By its own code, in the runner's time.
  expect([run.exitCode, run.signal, run.outputs.error]).toEqual([1, null, 'cancelled']);
  expect(run.shown).toMatch(/Going back to the state from before/);
  expect(run.post?.exitCode).toBe(0);
  const { names, serving } = await momentOf(name, run);
  expect(names.includes(`${name}-candidate`)).toBe(run.outputs.result !== 'reverted');
  if (run.tookMs < UNDO_MS) expect(serving).toEqual([name]);
  if (run.tookMs < UNDO_MS && name === 'early') expect(run.outputs.result).toBe('reverted');
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
  const fromMs = Date.now();
  const watch = await world.watch({ apps: NAMES, routes: NAMES.map((name) => world.url(name)) });

  const [killed, [first, second], ended] = await Promise.all([
    Promise.all(INTERRUPTIONS.map(interrupt)),
    twice(),
    Promise.all(CANCELLED.map(cancel)),
  ]);
  expect(killed.map(({ signal }) => signal)).toEqual(INTERRUPTIONS.map(() => 'SIGKILL'));
  expect(killed.flatMap(({ orphans }) => orphans)).toEqual([]);
  const between = await spaceOf(world);
  for (const { name, serving } of INTERRUPTIONS) {
    expect(between.serving[world.url(name)]).toEqual(serving(name));
    expect(between.names).toContain(`${name}-candidate`);
  }
  expect(between.names).not.toContain('renamed');

  // Nobody has to wait for the next run.
  for (const [at, one] of CANCELLED.entries()) {
    await expectTakenBack(one, ended[at] as CancelledRun);
    const { name } = one;
    expect(between.serving[world.url(name)]).toEqual([name]);
    const others = between.names.filter((other) => other.startsWith(`${name}-`));
    expect(others.filter((other) => !other.startsWith(`${name}-failed-`))).toEqual([]);
    for (const other of others) expect(between.app(other).state).toBe('STOPPED');
    expect(await world.meet(world.url(name))).toBe('v1');
  }
  const history = (await world.foundry.history()).filter(({ atMs }) => atMs >= fromMs);
  const started = history.flatMap((one) => (one.kind === 'app' && one.change === 'started' ? one.name : []));
  expect(started.filter((name) => name.startsWith('early'))).toEqual([]);

  expect(first.outputs).toMatchObject({ result: 'deployed', 'failed-requests': '0' });
  expect(second.exitCode).toBe(1);
  expect(second.outputs).toMatchObject({ result: 'refused', error: 'locked' });
  expect(between.app(BUSY).guid).toBe(first.outputs['app-guid']);
  expect(await world.meet(world.url(BUSY))).toBe('v2');
  // One of each for every app: the refused one made nothing. A post step that took the lock over made one more app.
  const made = (await world.foundry.requests()).slice(known).filter(({ method }) => method === 'POST');
  const count = (path: string) => made.filter((one) => one.path === path).length;
  const unfinished = ended.filter(({ outputs }) => outputs.result !== 'reverted').length;
  expect(unfinished).toBeGreaterThan(0);
  expect(count('/v3/apps')).toBe(NAMES.length + unfinished);
  for (const path of ['/v3/routes', '/v3/packages'])
    expect([path, count(path)]).toEqual([path, NAMES.length]);
  // One was cancelled as it was about to be staged.
  expect([NAMES.length, NAMES.length - 1]).toContain(count('/v3/builds'));

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
  for (const [at, { name, settled, kept, shows = [] }] of INTERRUPTIONS.entries()) {
    for (const words of [settled, ...shows]) expect(next[at]?.shown).toMatch(words);
    expect(await world.meet(world.url(name))).toBe('v3');
    expect(space.serving[world.url(name)]).toEqual([name]);
    const others = space.names.filter((one) => one.startsWith(`${name}-`));
    expect(others).toEqual(kept.map((pattern) => expect.stringMatching(pattern)));
    for (const other of others) expect(space.app(other).state).toBe('STOPPED');
  }
  const asked = (await world.foundry.requests()).filter(({ method }) => method === 'POST');
  expect(asked.filter(({ path }) => path.endsWith('/tasks'))).toHaveLength(1);
  expect(await world.leaks()).toEqual([]);
});
