/** Faults of the platform that do not end while the run lasts: no request is lost, the result is the truth, and the next run brings it to its end. */
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { type RunResult, runAction } from './action.js';
import { judge, type Known } from './judge.js';
import { callsOf, countBefore } from './matrix.js';
import { API, type ApiAnswer, type Platform } from './platform.js';
import { commandOf, Folders, SCENARIOS, type Scenario } from './scenarios.js';
import { onPlatform } from './setup.js';

jest.setTimeout(120_000);

const folders = new Folders();
afterAll(() => folders.remove());

const named = (name: string) => SCENARIOS.find((one) => one.name === name) as Scenario;
const ONE = named('second deploy');
const ROUTES: Scenario = { ...named('two routes stay, one is dropped'), inputs: { carry: 'manifest' } };
const MINUTE_MS = 60_000;

interface Fault {
  method?: string;
  body?: object;
  /** `LIVE` and `ROUTE` stand for the GUIDs of the app that is live and of its last production route. */
  path: string;
  status: number;
  after?: number;
}

function control(platform: Platform, method: string, path: string, body: unknown = {}) {
  const headers = { 'content-type': 'application/json' };
  return platform.clock.drive(
    platform.call({ method, path: `/__foundry/${path}`, headers, body: JSON.stringify(body) }),
  );
}

async function meet(platform: Platform, { before }: Known, { path, ...how }: Fault): Promise<void> {
  const live = before.apps.find(({ name }) => name === 'shop')?.guid ?? 'none';
  const route = before.routes.find(({ url }) => url.startsWith('shop-too.'))?.guid ?? 'none';
  const answer = await control(platform, 'POST', 'faults', {
    ...how,
    path: path.replace('LIVE', live).replace('ROUTE', route),
  });
  expect(answer.status).toBe(204);
}

/** Names of the apps on the scenario's first production route now. */
async function serving(platform: Platform): Promise<string[]> {
  const { apps, routes } = await platform.clock.drive(platform.state());
  const route = routes.find(({ url }) => url.startsWith('shop.'));
  const guids = new Set(route?.destinations.map(({ appGuid }) => appGuid));
  return apps.flatMap(({ guid, name }) => (guids.has(guid) ? [name] : [])).sort();
}

interface Shown {
  result: RunResult;
  /** Who serves when it has ended. */
  by: string[];
}

/** Runs under the faults, then once more without them. */
async function under(
  scenario: Scenario,
  faults: readonly Fault[],
  look: (shown: Shown) => void,
): Promise<void> {
  await onPlatform(scenario, folders, async (platform, known) => {
    for (const fault of faults) await meet(platform, known, fault);
    const result = await runAction(platform, commandOf(scenario, folders, 2));
    look({ result, by: await serving(platform) });
    await control(platform, 'DELETE', 'faults');
    const next = await runAction(platform, commandOf(scenario, folders, 3));
    const none = scenario.inputs?.['keep-previous'] === '0' ? ['no previous one was kept'] : [];
    expect(await judge(scenario, platform, known, next, undefined)).toEqual(none);
  });
}

function warnings({ lines }: RunResult): string[] {
  return lines.filter((line) => line.startsWith('::warning'));
}

describe('in the switch', () => {
  test('mapping the second route is refused: what was before is back', () =>
    under(
      ROUTES,
      [{ method: 'POST', path: '/v3/routes/ROUTE/destinations', status: 422 }],
      ({ result, by }) => {
        expect(result.outputs).toMatchObject({ result: 'reverted', error: 'platform-10008' });
        expect(by).toEqual(['shop']);
      },
    ));

  test('unmapping answers 500: both serve, it says so, and the next run finishes it', () =>
    under(
      ONE,
      [{ method: 'DELETE', path: '/v3/routes/[^/]+/destinations/', status: 500 }],
      ({ result, by }) => {
        expect(result.outputs).toMatchObject({ result: 'failed', error: 'platform' });
        expect(by).toEqual(['shop', 'shop-candidate']);
        const live = JSON.parse(result.outputs.live ?? '{}');
        expect(live.routes[0].by).toEqual(expect.arrayContaining(['shop', 'shop-candidate']));
      },
    ));
});

describe('at the end', () => {
  test.each<[string, Fault, Record<string, string>]>([
    ['stopping the old version', { method: 'POST', path: '/v3/apps/LIVE/actions/stop', status: 500 }, {}],
    ['deleting the trial route', { method: 'DELETE', path: '^/v3/routes/[^/]+$', status: 500 }, {}],
    [
      'deleting the old version',
      { method: 'DELETE', path: '^/v3/apps/LIVE$', status: 422 },
      { 'keep-previous': '0' },
    ],
  ])('%s fails: deployed with a warning, and the next deploy cleans up', (_, fault, inputs) => {
    const scenario = { ...ONE, inputs: { ...inputs, force: 'true' } };
    return under(scenario, [fault], ({ result, by }) => {
      expect(result.code).toBe(0);
      expect(result.outputs).toMatchObject({ result: 'deployed', app: 'shop' });
      expect(by).toEqual(['shop']);
      expect(warnings(result)).toEqual([expect.stringContaining('the next deploy does the rest')]);
    });
  });

  test('renaming the old version fails: the new one serves, and it is not done', () =>
    under(ONE, [{ method: 'PATCH', path: '^/v3/apps/LIVE$', status: 500 }], ({ result, by }) => {
      expect(result.code).toBe(1);
      expect(result.outputs).toMatchObject({ result: 'failed', error: 'platform' });
      expect(by).toEqual(['shop-candidate']);
    }));
});

describe('jobs', () => {
  /** How often the CLI asks for its own job in this scenario: every run asks alike. */
  const pollsOfCli = (scenario: Scenario) =>
    onPlatform(scenario, folders, async (platform) => {
      const { calls } = await runAction(platform, commandOf(scenario, folders, 2));
      return calls.filter(({ by, name }) => by === 'cf' && name === 'GET /v3/jobs/*').length;
    });

  test.each<[string, Omit<Fault, 'path'>]>([
    ['vanish while they are followed', { status: 404 }],
    ['never end, though what they delete is gone', { status: 200, body: { guid: 'j', state: 'PROCESSING' } }],
  ])('that %s: it is looked at what they did, and nothing is left or done twice', async (_, fault) => {
    // The delete of the old version is followed.
    const scenario: Scenario = { ...ONE, inputs: { 'keep-previous': '0', force: 'true' } };
    const after = await pollsOfCli(scenario);
    await onPlatform(scenario, folders, async (platform, known) => {
      await meet(platform, known, { ...fault, method: 'GET', path: '^/v3/jobs/', after });
      const result = await runAction(platform, commandOf(scenario, folders, 2));
      // As it was asked for.
      const kept = ['no previous one was kept'];
      expect(await judge(scenario, platform, known, result, undefined)).toEqual(kept);
      expect(warnings(result)).toEqual([]);
      for (const name of ['DELETE /v3/routes/*', 'DELETE /v3/apps/*'])
        expect(result.calls.filter((call) => call.name === name)).toHaveLength(1);
      expect(result.calls.some(({ by, name }) => by === 'action' && name === 'GET /v3/jobs/*')).toBe(true);
    });
  });
});

describe('the delete of the old version, whose job ends only after the run', () => {
  const LATE_MS = 60 * MINUTE_MS;
  const NONE_KEPT: Scenario = { ...ONE, inputs: { 'keep-previous': '0', force: 'true' } };
  const ROLLBACK = { ...ONE, inputs: { command: 'rollback', app: 'shop' } };

  /** Deletes of this app are taken, and done so much later. */
  function late(platform: Platform, guid: string): Platform {
    let state = 'COMPLETE';
    const answer = (status: number, more: Partial<ApiAnswer>): ApiAnswer => ({
      status,
      headers: {},
      body: '',
      ...more,
    });
    const call: Platform['call'] = async (one) => {
      if (one.method === 'DELETE' && one.path === `/v3/apps/${guid}`) {
        state = 'PROCESSING';
        platform.clock.after(LATE_MS, () => void platform.call(one).finally(() => (state = 'COMPLETE')));
        return answer(202, { headers: { location: `${API}/v3/jobs/late` } });
      }
      if (one.path !== '/v3/jobs/late') return platform.call(one);
      return answer(200, {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ guid: 'late', state }),
      });
    };
    return { ...platform, call };
  }

  const deployed = (work: (platform: Platform, known: Known) => Promise<void>) =>
    onPlatform(NONE_KEPT, folders, async (platform, known) => {
      const live = known.before.apps.find(({ name }) => name === 'shop')?.guid ?? 'none';
      const result = await runAction(late(platform, live), commandOf(NONE_KEPT, folders, 2));
      expect(result.outputs).toMatchObject({ result: 'deployed' });
      expect(warnings(result)).toEqual([expect.stringContaining('the next deploy does the rest')]);
      await work(platform, known);
    });

  test('is waited for, then left to its end: deployed with a warning, and nothing of it is left', () =>
    deployed(async (platform, known) => {
      await platform.clock.pass(LATE_MS);
      const next = await runAction(platform, commandOf(NONE_KEPT, folders, 3));
      expect(await judge(NONE_KEPT, platform, known, next, undefined)).toEqual(['no previous one was kept']);
    }));

  test('is no version that a rollback may go back to meanwhile: it would be deleted while it serves', () =>
    deployed(async (platform) => {
      const rollback = await runAction(platform, commandOf(ROLLBACK, folders, 3));
      await platform.clock.pass(LATE_MS);
      expect(rollback.outputs).toMatchObject({ result: 'refused', error: 'no-target' });
      expect(await serving(platform)).toEqual(['shop']);
    }));
});

describe('look-ups', () => {
  test.each([401, 500, 502, 504])('answer %d from the start: refused, and nothing was written', (status) =>
    under(ONE, [{ method: 'GET', path: '^/v3/apps\\?', status }], ({ result, by }) => {
      expect(result.outputs.result).toBe('refused');
      expect(result.calls.filter(({ kind, name }) => kind === 'write' && name.includes('/v3/'))).toEqual([]);
      expect(by).toEqual(['shop']);
    }),
  );

  const STARTED = 'POST /v3/apps/*/actions/start';
  const SWITCHED = 'DELETE /v3/routes/*/destinations/*';
  test.each([
    [401, 'start', STARTED, 'shop'],
    [504, 'start', STARTED, 'shop'],
    [401, 'switch', SWITCHED, 'shop-candidate'],
    [504, 'switch', SWITCHED, 'shop-candidate'],
  ])(
    'answer %d from the %s of the app on: users stay served, and it is no success',
    async (status, _, call, server) => {
      const after = countBefore(await callsOf(ONE, folders), 'GET /v3/apps', call);
      await under(ONE, [{ method: 'GET', path: '^/v3/apps\\?', status, after }], ({ result, by }) => {
        expect(result.code).toBe(1);
        expect(result.outputs.result).toBe('failed');
        expect(by).toEqual([server]);
      });
    },
  );
});

describe('the rate limit', () => {
  const WINDOW_MS = 30 * MINUTE_MS;
  const rule = (platform: Platform, used: number) =>
    control(platform, 'POST', 'rate-limit', { limit: 2_000, window_ms: WINDOW_MS, used });

  test('leaves too few calls for the switch: it waits before the first insert, and is never told to wait after it', () =>
    onPlatform(ONE, folders, async (platform, known) => {
      await rule(platform, 0);
      const startedMs = platform.clock.now();
      const result = await runAction(platform, commandOf(ONE, folders, 2));
      expect(await judge(ONE, platform, known, result, undefined)).toEqual([]);
      expect(platform.clock.now() - startedMs).toBeLessThan(WINDOW_MS);
      expect(warnings(result)).toEqual([]);

      await rule(platform, 1_650);
      const again = await runAction(platform, commandOf({ ...ONE, inputs: { force: 'true' } }, folders, 3));
      expect(again.outputs.result).toBe('deployed');
      expect(warnings(again)).toEqual([expect.stringContaining('It waits until')]);
      expect(platform.clock.now() - startedMs).toBeGreaterThan(WINDOW_MS);
    }));

  test('and no time for it: it ends at once and says until when, with no route changed', () =>
    onPlatform(ONE, folders, async (platform, known) => {
      await rule(platform, 1_650);
      const scenario = { ...ONE, inputs: { timeout: '10m' } };
      const result = await runAction(platform, commandOf(scenario, folders, 2));
      expect(result.outputs).toMatchObject({ result: 'reverted', error: 'rate-limit' });
      expect(result.lines.find((line) => line.startsWith('::error'))).toMatch(
        /until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/,
      );
      expect(await serving(platform)).toEqual(['shop']);
      const { calls } = result;
      expect(
        calls.filter(({ by, name }) => by === 'action' && name === 'POST /v3/routes/*/destinations'),
      ).toEqual([]);
      await control(platform, 'POST', 'rate-limit', {});
      const next = await runAction(platform, commandOf(ONE, folders, 3));
      expect(await judge(ONE, platform, known, next, undefined)).toEqual([]);
    }));
});
