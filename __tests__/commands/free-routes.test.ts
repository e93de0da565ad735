import { describe, expect, test } from '@jest/globals';
import {
  sharedWithUs,
  takenElsewhere,
  uncheckable,
  withFreeTrials,
  withoutPolicies,
} from '../../src/commands/free-routes.js';
import type { Snapshot } from '../../src/model/cloud.js';
import { Refused } from '../../src/model/errors.js';
import type { Platform } from '../../src/platform/calls.js';
import { check as checkOf } from '../probe/support.js';
import { inputs, intent, route, snapshot, wanted } from '../strategies/support.js';

/** A platform that has these urls, whoever may see them; undefined: it does not say. */
function having(urls: readonly string[] | undefined) {
  const asked: string[] = [];
  const platform = {
    isReserved: async ({ host }) => {
      asked.push(host);
      return urls?.some((url) => url.startsWith(`${host}.`));
    },
    spacesSharing: async (guid) => (guid === 'route shared.apps.example' ? ['space-9', 'space-1'] : []),
  } as Partial<Platform> as Platform;
  return { world: { platform }, asked };
}

function drawing(hosts: readonly string[]) {
  let draws = 0;
  const to = { processType: 'web', port: null, protocol: null };
  return () => {
    const url = `${hosts[draws++] ?? hosts.at(-1)}.apps.example`;
    return { intent: intent({ trials: [{ route: wanted(url), to }] }), draws };
  };
}

describe('the host of a trial route', () => {
  test('that somebody has is replaced by another', async () => {
    const { world, asked } = having(['one.apps.example', 'two.apps.example']);
    const { intent: made } = await withFreeTrials(drawing(['one', 'two', 'three', 'four']), world);
    expect(made.trials[0]?.route.url).toBe('three.apps.example');
    expect(asked).toEqual(['one', 'two', 'three']);
  });

  test('is taken as it is drawn where the platform does not say', async () => {
    const { world } = having(undefined);
    expect((await withFreeTrials(drawing(['one', 'two']), world)).draws).toBe(1);
  });

  test('is refused when all that are drawn are taken', async () => {
    const { world, asked } = having(['one.apps.example']);
    const refused = await withFreeTrials(drawing(['one']), world).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Refused);
    expect(refused).toMatchObject({
      code: 'trial-route',
      message: expect.stringContaining('one.apps.example'),
    });
    expect(asked).toHaveLength(5);
  });

  test('nothing is asked for an app that gets none', async () => {
    const { world, asked } = having([]);
    await withFreeTrials(() => ({ intent: intent({ trials: [] }) }), world);
    expect(asked).toEqual([]);
  });
});

test('a production route that is to be made and is taken in a space nobody sees is told; one that is there is not asked for', async () => {
  const { world, asked } = having(['hidden.apps.example', 'mine.apps.example']);
  const production = ['mine', 'hidden', 'free'].map((host) => wanted(`${host}.apps.example`));
  const seen = snapshot({ routes: [route('mine.apps.example')] });
  expect(await takenElsewhere({ production }, seen, world)).toEqual([
    expect.stringMatching(/^Route hidden\.apps\.example is taken .* shared with the space space\.$/),
  ]);
  expect(asked).toEqual(['hidden', 'free']);
});

test('a path is told where another space has its host on a shared domain, and not where ours has', async () => {
  const production = ['theirs', 'mine', 'free'].map((host) => wanted(`${host}.apps.example/api`));
  const platform = {
    isReserved: async ({ host, path }) => path === '' && host !== 'free',
    findRoute: async (_, { host }) => (host === 'mine' ? route('mine.apps.example') : undefined),
  } as Partial<Platform> as Platform;
  const ask = (over: Partial<Snapshot>) => takenElsewhere({ production }, snapshot(over), { platform });
  expect(await ask({})).toEqual([expect.stringContaining('Route theirs.apps.example/api is taken')]);
  const own = snapshot().domains.map((domain) => ({ ...domain, shared: false }));
  expect(await ask({ domains: own })).toEqual([]);
});

test('of routes of other spaces, those that are shared with ours', async () => {
  const { world } = having([]);
  const of = (url: string, spaceGuid: string) => route(url, [], { spaceGuid });
  const urls = ['shared.apps.example', 'theirs.apps.example', 'ours.apps.example'];
  const routes = urls.map((url, at) => of(url, at < 2 ? 'space-2' : 'space-1'));
  const named = urls.map((url) => wanted(url));
  expect(await sharedWithUs(named, snapshot({ routes }), world)).toEqual(['route shared.apps.example']);
});

describe('smoke checks of apps that nobody outside can ask', () => {
  const check = checkOf();
  const apps = (...counts: number[]) =>
    counts.map((count, at) => ({
      intent: intent({ app: `app-${at}`, trials: intent().trials.slice(0, count) }),
    }));

  test('are refused when there is no other app', () => {
    const { problems, notes } = uncheckable(apps(0, 0), inputs({ smokeTest: [check] }));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code: 'input', message: expect.stringContaining('app-0, app-1') });
    expect(notes).toEqual([]);
  });

  test('are told to be none beside an app that is asked', () => {
    const { problems, notes } = uncheckable(apps(1, 0), inputs({ smokeTest: [check] }));
    expect(problems).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(/^app-1: /)]);
  });

  test('nothing is said where none are asked for, or every app can be asked', () => {
    expect(uncheckable(apps(0), inputs())).toEqual({ problems: [], notes: [] });
    expect(uncheckable(apps(1, 1), inputs({ smokeTest: [check] }))).toEqual({ problems: [], notes: [] });
  });

  const trial = { to: { processType: 'web', port: null, protocol: null } };
  const inside = { ...trial, route: wanted('t.apps.internal', { internal: true }) };
  const of = (...trials: (typeof inside)[]) => ({ intent: intent({ app: 'inner', trials }) });

  test.each<[Parameters<typeof checkOf>[0], RegExp]>([
    [{ headers: { 'x-token': 'abc' } }, /inner: .*by a task inside.*"GET \/health" has headers/],
    [{ follow: true }, /follows redirects/],
    [{ on: 'production' }, /runs after the switch/],
  ])('that no task can ask either are refused: %j', (more, why) => {
    for (const app of [of(inside), of()]) {
      const { problems } = uncheckable([app], inputs({ smokeTest: [check, checkOf(more)] }));
      expect(problems.map(({ message }) => message)).toEqual([expect.stringMatching(why)]);
      expect(problems[0]?.message).not.toContain('abc');
    }
    const beside = uncheckable([of(inside), ...apps(1)], inputs({ smokeTest: [checkOf(more)] }));
    expect(beside).toEqual({ problems: [], notes: [expect.stringMatching(why)] });
  });

  test('that a task asks need a platform that lets it', async () => {
    const of = (known: readonly [] | undefined) =>
      ({ platform: { policies: async () => known } }) as unknown as Parameters<typeof withoutPolicies>[2];
    const app = intent({ app: 'inner', trials: [inside] });
    expect(await withoutPolicies(app, snapshot(), of([]))).toEqual([]);
    expect(await withoutPolicies(app, snapshot(), of(undefined))).toEqual([
      expect.objectContaining({ code: 'input', message: expect.stringMatching(/^inner: .*network policy/) }),
    ]);
    expect(await withoutPolicies(intent(), snapshot(), of(undefined))).toEqual([]);
  });
});
