/** Two runs that change the same app at once: one of them brings its version live, the other one leaves before it changed anything. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { act, type Deploy, type RunResult } from './action.js';
import { judge } from './judge.js';
import { commandOf, Folders, SCENARIOS, type Scenario } from './scenarios.js';
import { onPlatform } from './setup.js';
import type { Point } from './wire.js';

jest.setTimeout(120_000);

const folders = new Folders();
afterAll(() => folders.remove());

/** Takes longer than the other run waits between two looks. */
const slow = (scenario: Scenario): Scenario => ({
  ...scenario,
  inputs: { ...scenario.inputs, drain: '30s' },
});
const SECOND = slow(SCENARIOS.find(({ name }) => name === 'second deploy') as Scenario);
const ROLLBACK = SCENARIOS.find(({ name }) => name === 'rollback') as Scenario;
const OTHER: Scenario = { ...SECOND, asked: { version: 'v3' } };
/** Also a version that was just finished is deployed once more. */
const forced = (scenario: Scenario): Scenario => ({
  ...scenario,
  inputs: { ...scenario.inputs, force: 'true' },
});
/** Milliseconds by which the second one is later: within one call, between two, while the bits are pushed, before the switch. */
const OFFSETS = [0, 1, 3, 17, 40, 111, 300, 900, 2_500, 7_000];

interface Ran {
  wrong: readonly string[];
  results: readonly (string | undefined)[];
  /** Of the one that left: its writes, and why. */
  writes: readonly string[];
  error: string | undefined;
}

/** GitHub's word on the commits of two versions: the later name is the newer one. */
function compare(base: string, head: string): 'ahead' | 'behind' {
  return head > base ? 'ahead' : 'behind';
}

/** @param scenarios the first one's space is what both find */
async function race(
  scenarios: readonly [Scenario, Scenario],
  offsetMs: number,
  { killed, asks = false }: { killed?: Point; asks?: boolean } = {},
): Promise<Ran> {
  const [first, second] = scenarios;
  return onPlatform(first, folders, async (platform, known) => {
    const { clock } = platform;
    if (killed) {
      const { code } = await clock.drive(
        act(platform, commandOf(first, folders, 10), { point: killed, harm: 'kill after' }),
      );
      expect(code).toBe('killed');
    }
    const begin = async (deploy: Deploy, afterMs: number): Promise<RunResult> => {
      await clock.sleep(afterMs);
      return act(platform, asks ? { ...deploy, compare } : deploy);
    };
    const both = await clock.drive(
      Promise.all([begin(commandOf(first, folders, 11), 0), begin(commandOf(second, folders, 12), offsetMs)]),
    );
    const results = both.map(({ outputs }) => outputs.result);
    const done = both.filter(({ code }) => code === 0).sort((one, other) => one.endedAtMs - other.endedAtMs);
    const last = done.at(-1);
    const scenario = scenarios[last === both[0] ? 0 : 1];
    const wrong = last
      ? await judge(scenario, platform, known, last, undefined)
      : both.flatMap(({ lines }) => lines.slice(-10));
    const loser = both.find(({ code }) => code !== 0);
    const writes = (loser?.calls ?? []).filter(
      ({ kind, name }) => kind === 'write' && name !== 'POST /oauth/token',
    );
    return { wrong, results, writes: writes.map(({ name }) => name), error: loser?.outputs.error };
  });
}

test.each(OFFSETS)('two deploys, the second one %d ms later', async (offsetMs) => {
  const { wrong, results, writes } = await race([SECOND, OTHER], offsetMs);
  expect(wrong).toEqual([]);
  expect([...results].sort()).toEqual(['deployed', 'refused']);
  // Asking for the lock is the one write that a refused run may have tried.
  expect(writes.filter((name) => name !== 'POST /v3/apps')).toEqual([]);
});

const KILLED: readonly Point[] = [
  { by: 'action', name: 'POST /v3/apps', number: 1 },
  { by: 'cf', name: 'POST /v3/packages/*/upload', number: 1 },
  { by: 'action', name: 'POST /v3/routes/*/destinations', number: 1 },
  { by: 'action', name: 'DELETE /v3/routes/*/destinations/*', number: 1 },
];
/** The later ones come between two looks of the first one, and while it settles. */
const KILLED_OFFSETS: readonly (readonly number[])[] = [OFFSETS, [0, 7, 1_900], [0, 7, 1_900], [0, 7, 1_900]];
test.each(
  KILLED.flatMap((point, at) => (KILLED_OFFSETS[at] ?? []).map((offsetMs) => ({ ...point, offsetMs }))),
)(
  'two that find what a run left that was killed after $name, the second one $offsetMs ms later',
  async ({ offsetMs, ...point }) => {
    const { wrong, results, writes, error } = await race([forced(SECOND), forced(OTHER)], offsetMs, {
      killed: point,
    });
    expect(wrong).toEqual([]);
    expect([...results].sort()).toEqual(['deployed', 'refused']);
    expect(error).toBe('locked');
    // Both may have asked for the dead one's lock; who does not get its name goes no further.
    expect(['', 'POST /v3/apps']).toContain(writes.join());
  },
);

test.each(OFFSETS)('two deploys, the newer commit %d ms later', async (offsetMs) => {
  const { wrong, results, error } = await race([SECOND, OTHER], offsetMs, { asks: true });
  expect(wrong).toEqual([]);
  expect(results[1]).toBe('deployed');
  // Begun together, the newer one may have the lock first.
  expect([undefined, 'older-commit']).toContain(error);
  expect(results[0]).toBe(error === undefined ? 'deployed' : 'refused');
});

test.each(OFFSETS)('two deploys, the older commit %d ms later', async (offsetMs) => {
  const { wrong, results, writes, error } = await race([OTHER, SECOND], offsetMs, { asks: true });
  expect(wrong).toEqual([]);
  expect(results[0]).toBe('deployed');
  expect([undefined, 'older-commit']).toContain(error);
  expect(results[1]).toBe(error === undefined ? 'deployed' : 'refused');
  if (error) expect(writes.filter((name) => name !== 'POST /v3/apps')).toEqual([]);
});

const HOLD = SCENARIOS.find(({ name }) => name === 'deploy, held') as Scenario;
test.each([900, 7_000])(
  'a deploy with hold, and one of a newer commit %d ms later, which ends it',
  async (offsetMs) => {
    const { wrong, results } = await race([HOLD, { ...HOLD, asked: { version: 'v3' } }], offsetMs, {
      asks: true,
    });
    expect(wrong).toEqual([]);
    expect(results).toEqual(['held', 'held']);
  },
);

test.each([0, 3, 40, 900])('a rollback, and a deploy %d ms later', async (offsetMs) => {
  const { wrong, results, writes } = await race([ROLLBACK, { ...OTHER, inputs: {} }], offsetMs);
  expect(wrong).toEqual([]);
  // A rollback may be over before the other one has to know whether its owner lives: then one comes after the other.
  expect(['rolled-back,refused', 'refused,deployed', 'rolled-back,deployed']).toContain(results.join());
  expect(writes.filter((name) => name !== 'POST /v3/apps')).toEqual([]);
});

const named = (name: string) => SCENARIOS.find((one) => one.name === name) as Scenario;
const PROMOTE = named('promote of two apps');
const ABORT: Scenario = { ...PROMOTE, inputs: { command: 'abort' }, ends: 'aborted' };
const [OF_CANARY, ABORT_CANARY] = [named('promote of a canary'), named('abort of a canary')];
const FEW = [0, 17, 300];
test.each([
  ...OFFSETS.map((offsetMs) => ({ first: PROMOTE, second: PROMOTE, offsetMs })),
  ...OFFSETS.map((offsetMs) => ({ first: PROMOTE, second: ABORT, offsetMs })),
  ...OFFSETS.slice(0, 6).map((offsetMs) => ({ first: ABORT, second: PROMOTE, offsetMs })),
  ...FEW.map((offsetMs) => ({ first: OF_CANARY, second: OF_CANARY, offsetMs })),
  ...FEW.map((offsetMs) => ({ first: OF_CANARY, second: ABORT_CANARY, offsetMs })),
])(
  '$first.name: $first.ends, and what would be $second.ends $offsetMs ms later',
  async ({ first, second, offsetMs }) => {
    const { wrong, results, writes, error } = await race([first, second], offsetMs);
    expect(wrong).toEqual([]);
    expect(results).toContain('refused');
    expect([first.ends, second.ends]).toContain(results.find((result) => result !== 'refused'));
    expect(['locked', 'nothing-held']).toContain(error);
    expect(['', 'POST /v3/apps']).toContain(writes.join());
  },
);
