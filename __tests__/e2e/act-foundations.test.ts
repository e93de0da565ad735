/** The example for several foundations, run by act against three foundries: all of them serve the new version, or all the old one. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type ActRun, example, repository, runAct } from './support/act.js';
import { spaceOf } from './support/space.js';
import { startWorld, type VersionOptions, type World } from './support/world.js';

jest.setTimeout(400_000);

const NAMES = ['eu10', 'us10', 'ap10'];
let worlds: World[];

beforeAll(async () => {
  worlds = await Promise.all(NAMES.map(() => startWorld()));
  const up = await Promise.all(worlds.map((world) => world.deploy({ ...shop(world), version: 'v1' })));
  expect(up.map(({ outputs }) => outputs.result)).toEqual(NAMES.map(() => 'deployed'));
});
afterAll(() => Promise.all((worlds ?? []).map((world) => world.close())));

/** Under one address everywhere, so that one manifest does for all of them. */
const shop = (world: World) => ({ name: 'shop', routes: [world.url('shop')] });

/** As GitHub runs it, but for the address of each route, a short drain, and secrets that act has for no environment. */
async function push(version: VersionOptions): Promise<ActRun> {
  const [first] = worlds as [World];
  const { org, space } = first.foundry;
  const workflow = await example('multi-foundation', [
    ['hold: true', 'hold: true\n          drain: 1s'],
    ['command: rollback', 'command: rollback\n          drain: 1s'],
    ['org: shop', `org: ${org}\n          router: \${{ matrix.foundation.router }}`],
    ['space: production', `space: ${space}`],
    ['secrets.CF_PASSWORD', 'secrets[matrix.foundation.name]'],
  ]);
  const workspace = await first.workspace({ ...shop(first), ...version });
  await repository(workspace, { deploy: workflow });
  const foundations = worlds.map(({ foundry: { api, router } }, at) => ({ name: NAMES[at], api, router }));
  return runAct(first, workspace, 'deploy', {
    event: 'push',
    vars: { FOUNDATIONS: JSON.stringify(foundations) },
    secrets: Object.fromEntries(worlds.map(({ foundry }, at) => [NAMES[at] ?? '', foundry.password])),
  });
}

/** Which version users meet at each foundation, and which apps are there but those that a later rollback may want. */
async function standing() {
  const met = await Promise.all(worlds.map((world) => world.meet()));
  const spaces = await Promise.all(worlds.map((world) => spaceOf(world)));
  const kept = /-(previous|failed)-/;
  return { met, apps: spaces.map(({ names }) => names.filter((name) => !kept.test(name))) };
}

const times = (log: string, text: string) => log.split(text).length - 1;
const OLD = { met: NAMES.map(() => 'v1'), apps: NAMES.map(() => ['shop']) };

test('one that fails in its deploy: none goes live, and what the others held is taken away', async () => {
  const [, second] = worlds as [World, World, World];
  await second.foundry.control('POST', 'faults', {
    method: 'POST',
    path: '^/v3/builds',
    times: 9,
    status: 422,
  });
  const watches = await Promise.all(worlds.map((world) => world.watch({ rate: 10 })));
  const { isGreen, log } = await push({ version: 'v2' });
  const seen = await Promise.all(watches.map((watch) => watch.end()));
  await second.foundry.control('DELETE', 'faults');
  if (isGreen || times(log, '::set-output:: result=aborted') !== 2) throw new Error(log);
  expect(times(log, '::set-output:: result=held')).toBe(2);
  expect(log).not.toContain('::set-output:: result=promoted');
  expect(log).not.toContain('served different versions');
  expect(seen.flatMap(({ figures, problems }) => [figures.firstFailures, problems]).flat()).toEqual([]);
  expect(await standing()).toEqual(OLD);
});

test('one that fails in its promote: all of them end on the version from before, and the summary says for how long they differed', async () => {
  const [, , third] = worlds as [World, World, World];
  const watches = await Promise.all(worlds.map((world) => world.watch({ rate: 10 })));
  const { routes } = await third.foundry.state();
  const { guid = 'none' } = routes.find(({ url }) => url === third.url()) ?? {};
  await third.foundry.control('POST', 'faults', {
    ...{ method: 'POST', path: `^/v3/routes/${guid}/destinations`, times: 99, status: 422 },
  });
  const { isGreen, log } = await push({ version: 'v3' });
  const seen = await Promise.all(watches.map((watch) => watch.end()));
  await third.foundry.control('DELETE', 'faults');
  if (isGreen || times(log, '::set-output:: result=rolled-back') !== 2) throw new Error(log);
  expect(times(log, '::set-output:: result=held')).toBe(3);
  expect(times(log, '::set-output:: result=promoted')).toBe(2);
  expect(log).toMatch(
    /served different versions for at most \d+ seconds\. One was not promoted, so all of them went back: success\./,
  );
  expect(seen.flatMap(({ figures, problems }) => [figures.firstFailures, problems]).flat()).toEqual([]);
  expect(await standing()).toEqual(OLD);
  for (const world of worlds)
    expect(
      worlds.some(({ foundry }) => log.includes(foundry.password)) || (await world.leaks()).length > 0,
    ).toBe(false);
});
