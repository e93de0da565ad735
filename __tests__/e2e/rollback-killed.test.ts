/** Rollbacks that were killed: whoever comes next, a rollback or a deploy, brings them to their end. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { ActionResult } from '../../runner/index.js';
import { areServed } from './support/served.js';
import { spaceOf } from './support/space.js';
import { until } from './support/until.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(300_000);

interface Target {
  pid: number;
  /** Of the version that goes live again. */
  guid: string;
  routeGuid: string;
}

interface Killed {
  name: string;
  /** Arms the death of the run; without it, it dies at `line`. */
  arm?: (target: Target) => Promise<unknown>;
  line?: RegExp;
  /** Who is on the route then; `previous` is the version that goes live again. */
  serving: readonly ('live' | 'previous')[];
  /** Also seen right after the kill. */
  names: RegExp;
  next: 'rollback' | 'deploy';
  settled: RegExp;
  /** What users meet at the end, and what is kept. */
  end: { meets: string; kept: number };
}

const fault = (method: string, path: string, pid: number) =>
  world.foundry.control('POST', 'faults', { method, path, times: 1, kill: { pid, when: 'after' } });

const KILLED: readonly Killed[] = [
  {
    name: 'unproven',
    line: /instances ready/,
    serving: ['live'],
    names: /-previous-/,
    next: 'rollback',
    settled: /An interrupted rollback to \S+ was taken back first/,
    end: { meets: 'v1', kept: 1 },
  },
  {
    name: 'mapped',
    arm: ({ pid, routeGuid }) => fault('POST', `^/v3/routes/${routeGuid}/destinations`, pid),
    serving: ['live', 'previous'],
    names: /-previous-/,
    next: 'deploy',
    settled: /An interrupted rollback to \S+ was finished first/,
    end: { meets: 'v3', kept: 1 },
  },
  {
    // The only write to the version itself, beside its start, is its last rename: the lock is left.
    name: 'crowned',
    arm: ({ pid, guid }) => fault('PATCH', `^/v3/apps/${guid}$`, pid),
    serving: ['live'],
    names: /-previous-/,
    next: 'rollback',
    settled: /An interrupted rollback to \S+ was finished first/,
    end: { meets: 'v1', kept: 1 },
  },
];
const NAMES = KILLED.map(({ name }) => name);

let world: World;
const deploy = (name: string, version: string) =>
  world.deploy({ name, version, routes: [world.url(name)] }, {}, { env: { GITHUB_SHA: version.repeat(20) } });
const rollback = (name: string, run = {}) => world.run(world.dir, { command: 'rollback', app: name }, run);

beforeAll(async () => {
  world = await startWorld();
  for (const version of ['v1', 'v2']) {
    const up = await Promise.all(NAMES.map((name) => deploy(name, version)));
    expect(up.map(({ outputs }) => outputs.result)).toEqual(NAMES.map(() => 'deployed'));
  }
});
afterAll(() => world.close());

async function kill({ name, arm, line }: Killed): Promise<ActionResult> {
  const space = await spaceOf(world);
  const previous = space.app(space.names.find((one) => one.startsWith(`${name}-previous-`)) ?? '');
  const target = { guid: previous.guid, routeGuid: space.route(world.url(name)).guid };
  let pidOfRun = 0;
  let armed: Promise<unknown> | undefined;
  const result = await rollback(name, {
    post: false,
    onStart: (pid: number) => {
      pidOfRun = pid;
      armed = arm?.({ ...target, pid });
    },
    onLine: (text: string) => {
      if (line?.test(text)) process.kill(pidOfRun, 'SIGKILL');
    },
  });
  await armed;
  return result;
}

test('a killed rollback is settled by the next run, a rollback or a deploy', async () => {
  const routes = NAMES.map((name) => world.url(name));
  await until('every router to serve the routes', () => areServed(world, routes));
  const watch = await world.watch({ apps: NAMES, routes });

  const killed = await Promise.all(KILLED.map(kill));
  expect(killed.map(({ signal }) => signal)).toEqual(KILLED.map(() => 'SIGKILL'));
  const between = await spaceOf(world);
  for (const { name, serving, names } of KILLED) {
    const previous = between.names.find((one) => one.startsWith(`${name}-previous-`)) ?? '';
    const roles = { live: name, previous };
    expect(between.serving[world.url(name)]).toEqual(serving.map((role) => roles[role]).sort());
    expect(between.names).toContain(`${name}-candidate`);
    expect(previous).toMatch(names);
  }

  const next = await Promise.all(
    KILLED.map(({ name, next: command }) => (command === 'deploy' ? deploy(name, 'v3') : rollback(name))),
  );
  const seen = await watch.end();
  expect(next.map(({ outputs }) => [outputs.result, outputs.error])).toEqual(
    KILLED.map(({ next: command }) => [command === 'deploy' ? 'deployed' : 'rolled-back', '']),
  );
  expect(seen.figures.firstFailures).toEqual([]);
  expect(seen.figures.failed).toBe(0);
  expect(seen.problems).toEqual([]);
  const space = await spaceOf(world);
  expect(space.leftovers).toEqual([]);
  for (const [at, { name, settled, end }] of KILLED.entries()) {
    expect(next[at]?.shown).toMatch(settled);
    expect(await world.meet(world.url(name))).toBe(end.meets);
    expect(space.serving[world.url(name)]).toEqual([name]);
    const others = space.names.filter((one) => one.startsWith(`${name}-`));
    expect(others).toEqual(Array.from({ length: end.kept }, () => expect.stringMatching(/-previous-/)));
    for (const other of others) expect(space.app(other).state).toBe('STOPPED');
  }
  expect(await world.leaks()).toEqual([]);
});
