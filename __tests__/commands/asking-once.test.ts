import { describe, expect, test } from '@jest/globals';
import { askingOnce } from '../../src/commands/asking-once.js';
import type { Snapshot } from '../../src/model/cloud.js';
import type { World } from '../../src/steps/world.js';

const LIVE = { guid: 'live', processes: [{ guid: 'web' }, { guid: 'worker' }] };
const SEEN = [{ live: LIVE }, {}] as unknown as Snapshot[];

/** A platform that answers what it was asked, and says so; `broken` calls fail. */
function space(...broken: readonly string[]) {
  const asked: string[] = [];
  const call =
    (name: string, answer: (key: string) => unknown = (key) => `${name} of ${key}`) =>
    async (...keys: readonly unknown[]) => {
      asked.push([name, ...keys.filter((key) => typeof key === 'string')].join(' '));
      if (broken.includes(name)) throw new Error(`no ${name}`);
      return answer(String(keys[0]));
    };
  const platform = {
    serviceBindings: call('bindings', (key) => [{ instance: `db of ${key}` }]),
    bindings: call('names of bindings'),
    features: call('features'),
    userSidecars: call('own sidecars'),
    sidecars: call('sidecars'),
    policies: call('policies'),
    currentDroplet: call('droplet'),
    command: call('command'),
    quotas: call('quotas'),
    environment: call('environment'),
  };
  const world = { platform, target: { spaceGuid: 'space' }, facts: { run: '1' } } as unknown as World;
  return { asked, world };
}

const AT_ONCE = [
  'bindings live',
  'command web',
  'command worker',
  'droplet live',
  'features live',
  'own sidecars live',
  'policies live',
  'quotas',
  'sidecars live',
];

describe('while a deploy is prepared', () => {
  test('what live has and the quotas are asked for at once, and each thing once for all', async () => {
    const { asked, world } = space();
    const { platform, target, facts } = askingOnce(world, SEEN);
    expect(asked.toSorted()).toEqual(AT_ONCE);
    expect([target, facts]).toEqual([world.target, world.facts]);
    for (const _ of [1, 2]) {
      expect(await platform.bindings('live')).toEqual(['db of live']);
      expect(await platform.serviceBindings('live')).toEqual([{ instance: 'db of live' }]);
      expect(await platform.features('live')).toBe('features of live');
      expect(await platform.userSidecars('live')).toBe('own sidecars of live');
      expect(await platform.sidecars('live')).toBe('sidecars of live');
      expect(await platform.policies('live')).toBe('policies of live');
      expect(await platform.currentDroplet('live')).toBe('droplet of live');
      expect([await platform.command('web'), await platform.command('worker')]).toEqual([
        'command of web',
        'command of worker',
      ]);
      await platform.quotas(target);
    }
    expect(asked.toSorted()).toEqual(AT_ONCE);
  });

  test('what nobody could know of is asked for when it is needed', async () => {
    const { asked, world } = space();
    const { platform } = askingOnce(world, SEEN);
    asked.length = 0;
    expect(await platform.features('other')).toBe('features of other');
    expect(await platform.features('other')).toBe('features of other');
    expect(await platform.sidecars('live', 'buildpack')).toBe('sidecars of live');
    await platform.environment('live');
    expect(asked).toEqual(['features other', 'sidecars live buildpack', 'environment live']);
  });

  test('an error is told to whoever needs the answer, and to nobody else', async () => {
    const { platform } = askingOnce(space('policies', 'quotas').world, SEEN);
    await new Promise((resolve) => setImmediate(resolve));
    await expect(platform.policies('live')).rejects.toThrow('no policies');
    expect(await platform.features('live')).toBe('features of live');
  });

  test('the next time all of it is asked for anew', () => {
    const { asked, world } = space();
    askingOnce(world, SEEN);
    askingOnce(world, SEEN);
    expect(asked).toHaveLength(2 * AT_ONCE.length);
  });
});
