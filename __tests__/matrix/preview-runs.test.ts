/** Previews whose runs meet: a newer push, a removal, a sweep, another sweep, a person. */
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { inSpace, pulls, removeWorkspaces, settle, went } from './preview-space.js';
import { commitOf } from './scenarios.js';

jest.setTimeout(120_000);

afterAll(removeWorkspaces);

/** v2 is newer than v1. */
const compare = (base: string, head: string) => (base < head ? ('ahead' as const) : ('behind' as const));

describe('two pushes at once', () => {
  test.each([0, 3_000, 15_000])('the newer one is live, %i ms after the older', async (afterMs) => {
    await inSpace(async (space) => {
      const [older, newer] = await Promise.all([
        space.run({ version: 'v1', compare }),
        space.platform.clock.sleep(afterMs).then(() => space.run({ version: 'v2', compare })),
      ]);
      went(newer, 'previewed');
      // The older one ends well where it was first, and by its age where it was not.
      expect(['previewed', 'refused']).toContain(older.outputs.result);
      if (older.outputs.result === 'refused') expect(older.outputs.error).toBe('older-commit');
      await settle(space);
      expect(space.at('shop-pr-12')).toBe('v2');
      expect(await space.apps()).toEqual(['shop-pr-12']);
    });
  });

  test('an older one that comes later does not go over it, unless it is the head again', async () => {
    await inSpace(async (space) => {
      const [newer, older] = await Promise.all([
        space.run({ version: 'v2', compare }),
        space.platform.clock.sleep(5_000).then(() => space.run({ version: 'v1', compare })),
      ]);
      went(newer, 'previewed');
      expect(older.outputs).toMatchObject({ result: 'refused', error: 'older-commit' });
      const pull = { number: 12, state: 'open', head: { sha: commitOf('v1') } };
      const gitHub = (path: string) => (path.includes('/pulls?') ? { status: 200, json: [pull] } : undefined);
      const [again, back] = await Promise.all([
        space.run({ version: 'v2', compare, gitHub, inputs: { force: 'true' } }),
        space.platform.clock.sleep(5_000).then(() => space.run({ version: 'v1', compare, gitHub })),
      ]);
      expect([again.outputs.result, back.outputs.result]).toEqual(['previewed', 'previewed']);
      await settle(space);
      expect(space.at('shop-pr-12')).toBe('v1');
    });
  });
});

test.each([200, 700])(
  'one that is opened again while it is removed is there in the end (%i ms)',
  async (afterMs) => {
    await inSpace(async (space) => {
      went(await space.run({}), 'previewed');
      await settle(space);
      const gitHub = pulls({ 12: 'open' });
      const [removed, opened] = await Promise.all([
        space.run({ command: 'preview-delete', gitHub }),
        space.platform.clock.sleep(afterMs).then(() => space.run({ gitHub })),
      ]);
      expect([removed.outputs.result, opened.outputs.result]).toEqual(['deleted', 'previewed']);
      await settle(space);
      expect(await space.apps()).toEqual(['shop-pr-12']);
      expect(space.at('shop-pr-12')).toBe('v1');
    });
  },
);

test('two sweeps at once keep as many as preview-max, and none is red', async () => {
  await inSpace(async (space) => {
    for (const number of [1, 2, 3, 4]) went(await space.run({ number }), 'previewed');
    await settle(space);
    const gitHub = pulls({ 1: 'open', 2: 'open', 3: 'open', 4: 'open' });
    const sweep = { command: 'sweep', gitHub, inputs: { 'preview-max': '2' } };
    const [one, other] = await Promise.all([space.run(sweep), space.run(sweep)]);
    expect([one.outputs.result, other.outputs.result]).toEqual(['swept', 'swept']);
    expect(await space.apps()).toEqual(['shop-pr-3', 'shop-pr-4']);
  });
});

test('two that come at once when there are as many as preview-max stay both until the next sweep', async () => {
  await inSpace(async (space) => {
    went(await space.run({ number: 1 }), 'previewed');
    await settle(space);
    const gitHub = pulls({ 1: 'open', 2: 'open', 3: 'open' });
    const sweep = { command: 'sweep', gitHub, inputs: { 'preview-max': '1' } };
    const [two, three, swept] = await Promise.all([
      space.run({ number: 2 }),
      space.run({ number: 3 }),
      space.platform.clock.sleep(2_000).then(() => space.run(sweep)),
    ]);
    expect([two, three, swept].map(({ outputs }) => outputs.result)).toEqual([
      'previewed',
      'previewed',
      'swept',
    ]);
    await settle(space);
    went(await space.run(sweep), 'swept');
    expect(await space.apps()).toHaveLength(1);
    expect(await space.apps()).not.toContain('shop-pr-1');
  });
});

test('one whose app a person deleted goes with its route, and its environment ends', async () => {
  await inSpace(async (space) => {
    went(await space.run({}), 'previewed');
    const [app] = (await space.ask('GET', '/v3/apps?names=shop-pr-12')).resources;
    await space.ask('DELETE', `/v3/apps/${app.guid}`);
    await settle(space);
    expect([await space.apps(), await space.routes()]).toEqual([[], ['shop-pr-12.apps.localhost']]);
    const asked: string[] = [];
    const gitHub = (path: string) => {
      asked.push(path);
      return undefined;
    };
    const gone = went(await space.run({ command: 'preview-delete', gitHub }), 'deleted');
    expect(gone.removed).toBe('[{"kind":"route","name":"shop-pr-12.apps.localhost"}]');
    expect(await space.routes()).toEqual([]);
    expect(asked.filter((path) => path.includes('/deployments?'))).toEqual([
      expect.stringContaining('environment=preview%2Fshop-pr-12&'),
    ]);
  });
});

test('one that is unchanged is so on any machine', async () => {
  await inSpace(async (space) => {
    went(await space.run({ machine: 'one' }), 'previewed');
    await settle(space);
    went(await space.run({ machine: 'other' }), 'unchanged');
  });
});

describe('its address', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    [
      'inside where its app is reached from inside alone',
      ['shop.apps.internal'],
      ['shop-pr-12.apps.internal'],
    ],
    ['none where its app has TCP routes alone', ['tcp.localhost:1030'], []],
    [
      'that of the first route that a browser can take',
      ['shop.apps.internal', 'shop.apps.localhost'],
      ['shop-pr-12.apps.localhost'],
    ],
  ])('is %s', async (_what, routes, expected) => {
    await inSpace(async (space) => {
      went(await space.run({ routes }), 'previewed');
      expect(await space.routes()).toEqual(expected);
      went(await space.run({ command: 'preview-delete' }), 'deleted');
      expect([await space.apps(), await space.routes()]).toEqual([[], []]);
    });
  });
});
