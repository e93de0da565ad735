/** A restart and a restage as far as their preparation: what is read, and what is refused with nothing written. */
import { expect, test } from '@jest/globals';
import { listedNamesOf } from '../../src/commands/names.js';
import { lookUpLive, prepareRestart } from '../../src/commands/prepare-restart.js';
import type { Inputs, RunContext } from '../../src/model/asked.js';
import { Refused } from '../../src/model/errors.js';
import type { Platform } from '../../src/platform/calls.js';
import { inputs } from '../strategies/support.js';
import { standing } from './standing.js';

const CONTEXT: RunContext = {
  runId: '7',
  attempt: '1',
  workspace: '/',
  temp: '/tmp',
  commit: 'f'.repeat(40),
};

async function prepared(
  asked: Partial<Inputs>,
  more: Partial<Platform> = {},
  set: readonly string[] = ['shop'],
) {
  const at = standing();
  const { platform } = at.world;
  const world = {
    ...at.world,
    platform: new Proxy(platform, { get: (_, name: keyof Platform) => more[name] ?? platform[name] }),
  };
  const preparation = {
    inputs: inputs({ command: 'restart', strategy: 'rolling', ...asked }),
    context: CONTEXT,
    set,
    owner: 'run-7-ours',
    token: () => 'rrrrrr',
  };
  const apps = lookUpLive(preparation, world).then((seen) => prepareRestart(preparation, seen, world));
  const outcome = await apps.catch((error: unknown) => error);
  expect(at.space.writes).toEqual([]);
  if (outcome instanceof Error) return { refusal: outcome as Refused, apps: [], world };
  return { apps: await apps, world };
}

test('a restart takes live’s droplet and its commit, whatever the run’s commit is', async () => {
  const { apps } = await prepared({});
  expect(apps).toHaveLength(1);
  const { intent } = apps[0] as (typeof apps)[number];
  expect(intent.version).toMatch(/-aaaaaaa$/);
  expect(intent).toMatchObject({
    asLive: true,
    bits: { from: 'droplet' },
    inPlace: { source: { by: 'run-7-ours' } },
  });
});

test.each<[string, Partial<Inputs>, Partial<Platform>, readonly string[], RegExp]>([
  ['no such app', {}, {}, ['shop', 'shoop'], /There is no app shoop in/],
  ['no droplet', {}, { currentDroplet: async () => undefined }, ['shop'], /^shop has no droplet/],
  ['no package to build anew', { command: 'restage' }, {}, ['shop'], /cannot be staged anew: the package/],
])('refused before anything is written: %s', async (_name, asked, more, set, why) => {
  const { refusal } = await prepared(asked, more, set);
  expect(refusal).toBeInstanceOf(Refused);
  expect(refusal?.message).toMatch(why);
});

test('names are given in a list, each once', async () => {
  const of = (app: string) => listedNamesOf(inputs({ app }), CONTEXT);
  expect(await of('shop, api\nshop')).toEqual(['shop', 'api']);
});
