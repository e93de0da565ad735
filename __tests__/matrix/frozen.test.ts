/** A run that slept past its sign of life, and wakes up when another one has settled its work and gone on: it changes nothing any more. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { act } from './action.js';
import { judge } from './judge.js';
import { callsOf, countBefore } from './matrix.js';
import { commandOf, Folders, SCENARIOS, type Scenario } from './scenarios.js';
import { onPlatform } from './setup.js';
import { FROZEN_MS, type Point } from './wire.js';

jest.setTimeout(60_000);

const folders = new Folders();
afterAll(() => folders.remove());

const SLEEPER = SCENARIOS.find(({ name }) => name === 'second deploy') as Scenario;
const OTHER: Scenario = { ...SLEEPER, asked: { version: 'v3' } };
/** When everything that is tried here has happened. */
const BEGUN_MS = 20_000;

const MAP = 'POST /v3/routes/*/destinations';
const POINTS: readonly Point[] = [
  { by: 'action', name: 'POST /v3/apps', number: 1 },
  { by: 'cf', name: 'POST /v3/packages/*/upload', number: 1 },
  { by: 'action', name: 'POST /v3/builds', number: 1 },
  { by: 'action', name: 'POST /v3/apps/*/actions/start', number: 1 },
  { by: 'action', name: MAP, number: 1 },
  { by: 'action', name: 'DELETE /v3/routes/*/destinations/*', number: 1 },
  { by: 'action', name: 'POST /v3/apps/*/actions/stop', number: 1 },
];

test.each(POINTS)('asleep after $by $name', wakesUp);

test.each(['GET /v3/apps/*/environment_variables', 'GET /v3/routes'])(
  'asleep in the middle of what is read before the map, after %s',
  async (name) => {
    const number = countBefore(await callsOf(SLEEPER, folders), name, MAP);
    await wakesUp({ by: 'action', name, number });
  },
);

async function wakesUp(point: Point): Promise<void> {
  await onPlatform(SLEEPER, folders, async (platform, known) => {
    const { clock } = platform;
    const begunMs = clock.now();
    const sleeping = act(platform, commandOf(SLEEPER, folders, 11), { point, harm: 'freeze' });
    const next = clock.sleep(BEGUN_MS).then(() => act(platform, commandOf(OTHER, folders, 12)));
    const [sleeper, other] = await clock.drive(Promise.all([sleeping, next]));
    expect(sleeper.reached).toBe(true);
    expect(other.endedAtMs - begunMs).toBeLessThan(FROZEN_MS);
    expect([sleeper.code, other.outputs.result]).toEqual([1, 'deployed']);
    expect(await judge(OTHER, platform, known, other, undefined)).toEqual([]);
  });
}
