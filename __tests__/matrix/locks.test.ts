/** The locks of a set: taken one after the other without a look between, all by one run or none. */
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { act, type RunResult } from './action.js';
import { judge } from './judge.js';
import { attempt, callsOf, record, type Unharmed } from './matrix.js';
import { commandOf, deployed, Folders, PAIR, type Routes, type Scenario, url } from './scenarios.js';
import { onPlatform } from './setup.js';
import type { Harm, Point } from './wire.js';

jest.setTimeout(240_000);

const folders = new Folders();
afterAll(() => folders.remove());

const LOCK = 'POST /v3/apps';
const THREE: Routes = { ...PAIR, api: [url('api')] };
function setOf(routes: Routes): Scenario {
  return {
    name: `a set of ${Object.keys(routes).length}`,
    before: (platform, all) => deployed(platform, all, { version: 'v1' }, routes),
    asked: { version: 'v2' },
    routes,
    inputs: { drain: '30s' },
    ends: 'deployed',
  };
}
const SET = setOf(THREE);
/** The same apps, in another order of the manifest. */
const OTHER: Scenario = {
  ...SET,
  asked: { version: 'v3' },
  routes: Object.fromEntries(Object.entries(THREE).reverse()),
};

test('nothing is read between two locks', async () => {
  const calls = (await callsOf(SET, folders)).filter(({ by }) => by === 'action');
  const locks = calls.flatMap(({ name }, at) => (name === LOCK ? [at] : []));
  expect(locks.slice(0, 3).map((at) => at - (locks[0] ?? 0))).toEqual([0, 1, 2]);
});

async function race(first: Promise<RunResult>, second: Promise<RunResult>) {
  const both = await Promise.all([first, second]);
  return { both, results: both.map(({ outputs }) => outputs.result) };
}

test.each([0, 1, 3, 17, 40, 111, 300])(
  'two runs of a set, the second one %d ms later: one has all locks',
  (offsetMs) =>
    onPlatform(SET, folders, async (platform, known) => {
      const { clock } = platform;
      const later = clock.sleep(offsetMs).then(() => act(platform, commandOf(OTHER, folders, 12)));
      const { both, results } = await clock.drive(race(act(platform, commandOf(SET, folders, 11)), later));
      expect([...results].sort()).toEqual(['deployed', 'refused']);
      const won = results.indexOf('deployed');
      const [scenario, winner] = [[SET, OTHER][won] as Scenario, both[won] as RunResult];
      expect(await judge(scenario, platform, known, winner, undefined)).toEqual([]);
      const wrote = both[1 - won]?.calls.filter(
        ({ kind, name }) => kind === 'write' && name !== 'POST /oauth/token',
      );
      // It asked for the first lock at most.
      expect(['', LOCK]).toContain(wrote?.map(({ name }) => name).join());
    }),
);

describe('at the second of three', () => {
  let unharmed: Promise<Unharmed> | undefined;
  test.each<Harm>(['kill before', 'kill after', 'cancel', 'lost', 'reset', '500'])('%s', async (harm) => {
    unharmed ??= record(SET, folders);
    const { traces } = await unharmed;
    const point: Point = { by: 'action', name: LOCK, number: 2 };
    expect(await attempt(SET, folders, { point, harm }, traces)).toMatchObject({ wrong: [] });
  });

  test('a run sleeps, and another one has settled and deployed the set when it wakes up', () =>
    onPlatform(SET, folders, async (platform, known) => {
      const { clock } = platform;
      const point: Point = { by: 'action', name: LOCK, number: 2 };
      const sleeping = act(platform, commandOf(SET, folders, 11), { point, harm: 'freeze' });
      const next = clock.sleep(20_000).then(() => act(platform, commandOf(OTHER, folders, 12)));
      const { both, results } = await clock.drive(race(sleeping, next));
      expect(both[0]?.reached).toBe(true);
      expect(results[1]).toBe('deployed');
      expect(both[0]?.code).toBe(1);
      expect(await judge(OTHER, platform, known, both[1] as RunResult, undefined)).toEqual([]);
    }));
});
