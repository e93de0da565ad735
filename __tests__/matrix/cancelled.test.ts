/** What a cancelled run has done by itself when its process ends, before the post step begins. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { Replay } from '../../traffic/history.js';
import { type RunResult, runAction } from './action.js';
import type { Platform } from './platform.js';
import { APP, commandOf, Folders, SCENARIOS, type Scenario, url } from './scenarios.js';
import { onPlatformAgain } from './setup.js';
import type { Point } from './wire.js';

jest.setTimeout(120_000);

const folders = new Folders();
afterAll(() => folders.remove());

const CANDIDATE = `${APP}-candidate`;
const named = (name: string) => SCENARIOS.find((one) => one.name === name) as Scenario;
const by = (name: string, number = 1): Point => ({ by: 'action', name, number });
const MAPS = 'POST /v3/routes/*/destinations';
const START = 'POST /v3/apps/*/actions/start';

async function momentOf(platform: Platform, { endedAtMs }: RunResult): Promise<Replay> {
  return Replay.until(await platform.clock.drive(platform.history()), endedAtMs);
}

test.each<[string, string, Point, 'reverted' | 'failed']>([
  ['in staging: it never started', 'second deploy', by('POST /v3/builds'), 'reverted'],
  ['at its start: it is gone', 'second deploy', by(START), 'reverted'],
  ['of a first deploy: nothing is there', 'first deploy', by(START), 'reverted'],
  ['as it gained the route: it is off it', 'second deploy', by(MAPS), 'failed'],
  ['on its way back: it is off it', 'rollback', by(MAPS, 2), 'failed'],
  ['before live was changed in place', 'rolling, with other variables and memory', by(START), 'reverted'],
])('the candidate of a run that is cancelled %s', async (_, name, point, result) => {
  await onPlatformAgain(named(name), folders, async (platform) => {
    const started = platform.clock.now();
    const done = await runAction(platform, commandOf(named(name), folders, 2), { point, harm: 'cancel' });
    expect([done.reached, done.code]).toEqual([true, 1]);
    expect(done.outputs).toMatchObject({ result, error: 'cancelled' });
    const { apps, routes } = await momentOf(platform, done);
    const names = [...apps.values()].map((app) => app.name);
    expect(names.includes(CANDIDATE)).toBe(result === 'failed');
    const [route] = [...routes.values()].filter((one) => one.url === url(APP));
    const serving = [...(route?.destinations.values() ?? [])].map(({ appGuid }) => apps.get(appGuid)?.name);
    expect(serving).toEqual(name === 'first deploy' ? [] : [APP]);
    if (point.name !== 'POST /v3/builds') return;
    const history = await platform.clock.drive(platform.history());
    const starts = history.filter((one) => one.kind === 'app' && one.change === 'started');
    expect(starts.filter(({ atMs }) => atMs >= started)).toEqual([]);
  });
});
