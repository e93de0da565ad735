/** Two runs of the same app on real processes: started together, and one that sleeps while the other goes on. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { ActionResult, RunOptions } from '../../runner/index.js';
import { areServed } from './support/served.js';
import { spaceOf } from './support/space.js';
import { type TapHooks, type TappedCall, tapOn } from './support/tap.js';
import { until } from './support/until.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(300_000);

/** A rollback and a deploy of it are started together. */
const CONTESTED = 'contested';

interface Sleeper {
  name: string;
  command: 'deploy' | 'rollback';
  /** It falls asleep with the answer to the first of these on its way. */
  at(call: TappedCall): boolean;
}

const isMark = (call: TappedCall) => call.method === 'PATCH' && call.body.includes('"switching"');
const isUpload = ({ method, path }: TappedCall) => method === 'POST' && path.endsWith('/upload');
const SLEEPERS: readonly Sleeper[] = [
  { name: 'pushing', command: 'deploy', at: isUpload },
  { name: 'switching', command: 'deploy', at: isMark },
  { name: 'returning', command: 'rollback', at: isMark },
];
const NAMES = [CONTESTED, ...SLEEPERS.map(({ name }) => name)];

let world: World;
const sha = (version: string) => ({
  env: { GITHUB_SHA: Buffer.from(version).toString('hex').padEnd(40, '0') },
});
const deploy = (name: string, version: string, inputs = {}, run: Partial<RunOptions> = {}) =>
  world.deploy({ name, version, routes: [world.url(name)] }, inputs, { ...sha(version), ...run });
const rollback = (name: string, inputs = {}, run: Partial<RunOptions> = {}) =>
  world.run(world.dir, { command: 'rollback', app: name, ...inputs }, run);

beforeAll(async () => {
  world = await startWorld();
  for (const version of ['v1', 'v2']) {
    const up = await Promise.all(NAMES.map((name) => deploy(name, version)));
    expect(up.map(({ outputs }) => outputs.result)).toEqual(NAMES.map(() => 'deployed'));
  }
  await until('every router to serve the routes', () =>
    areServed(
      world,
      NAMES.map((name) => world.url(name)),
    ),
  );
});
afterAll(() => world.close());

/** What changes something. */
function isWrite({ method, path }: TappedCall): boolean {
  return !['GET', 'HEAD'].includes(method) && path.startsWith('/v3/') && !path.endsWith('manifest_diff');
}

/** Runs it behind a tap of its own. */
async function tapped<T>(hooks: TapHooks, run: (inputs: { api: string }) => Promise<T>) {
  const tap = await tapOn(world.foundry.api, hooks);
  try {
    const result = await run({ api: tap.url });
    return { result, writes: tap.calls.filter(isWrite) };
  } finally {
    await tap.close();
  }
}

test('of a rollback and a deploy that reach for the lock together one goes live, and the other has changed nothing', async () => {
  const watch = await world.watch({ apps: NAMES, routes: [world.url(CONTESTED)] });
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  let waiting = 0;
  const before = (call: TappedCall) => {
    if (call.method !== 'POST' || call.path !== '/v3/apps') return undefined;
    waiting += 1;
    if (waiting === 2) open();
    return gate;
  };
  const both = await Promise.all([
    tapped({ before }, (inputs) => deploy(CONTESTED, 'v3', inputs)),
    tapped({ before }, (inputs) => rollback(CONTESTED, inputs)),
  ]);
  const seen = await watch.end();
  expect(seen.figures.firstFailures).toEqual([]);
  expect(seen.problems).toEqual([]);
  const winner = both.find(({ result }) => result.exitCode === 0);
  const loser = both.find(({ result }) => result.exitCode !== 0);
  expect(['deployed', 'rolled-back']).toContain(winner?.result.outputs.result);
  expect(loser?.result.outputs).toMatchObject({ result: 'refused', error: 'locked' });
  expect(loser?.writes.map(({ method, path, status }) => [method, path, status])).toEqual([
    ['POST', '/v3/apps', 422],
  ]);
  expect(await world.meet(world.url(CONTESTED))).toBe(
    winner?.result.outputs.result === 'deployed' ? 'v3' : 'v1',
  );
  expect((await spaceOf(world)).leftovers).toEqual([]);
});

interface Woken {
  result: ActionResult;
  other: ActionResult;
  /** After it woke up. */
  writes: readonly TappedCall[];
}

/** The other one begins when it sleeps, and it wakes up when the other one has ended. */
async function sleep({ name, command, at }: Sleeper): Promise<Woken> {
  let pid = 0;
  let other: Promise<ActionResult> | undefined;
  let wokeAtMs = Number.POSITIVE_INFINITY;
  const after = (call: TappedCall) => {
    if (other || !at(call)) return;
    process.kill(pid, 'SIGSTOP');
    other = deploy(name, 'v4').finally(() => {
      wokeAtMs = Date.now();
      process.kill(pid, 'SIGCONT');
    });
  };
  const onStart = (started: number) => {
    pid ||= started;
  };
  const { result, writes } = await tapped({ after }, (inputs) =>
    command === 'deploy' ? deploy(name, 'v3', inputs, { onStart }) : rollback(name, inputs, { onStart }),
  );
  expect(other).toBeDefined();
  const ended = (await other) as ActionResult;
  return { result, other: ended, writes: writes.filter(({ atMs }) => atMs >= wokeAtMs) };
}

test('a run that wakes up after another one has gone on notices it, and changes nothing any more', async () => {
  const names = SLEEPERS.map(({ name }) => name);
  const routes = names.map((name) => world.url(name));
  const watch = await world.watch({ apps: NAMES, routes });
  const woken = await Promise.all(SLEEPERS.map(sleep));
  const seen = await watch.end();
  expect(seen.figures.firstFailures).toEqual([]);
  expect(seen.problems).toEqual([]);
  for (const [at, { result, other, writes }] of woken.entries()) {
    const name = names[at] ?? '';
    expect([name, other.outputs.result, other.outputs.error]).toEqual([name, 'deployed', '']);
    expect([name, result.exitCode]).toEqual([name, 1]);
    expect([name, writes.map(({ method, path, body }) => `${method} ${path} ${body}`)]).toEqual([name, []]);
    expect(await world.meet(world.url(name))).toBe('v4');
  }
  const space = await spaceOf(world);
  expect(space.leftovers).toEqual([]);
  for (const name of names) expect(space.serving[world.url(name)]).toEqual([name]);
  expect(await world.leaks()).toEqual([]);
});
