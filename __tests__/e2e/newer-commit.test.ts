/** Deploys of several commits of one app: the newer one waits and wins, an older one leaves, and none undoes a newer one unasked. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type Hub, startHub } from '../../hub/index.js';
import { areServed } from './support/served.js';
import { spaceOf } from './support/space.js';
import { until } from './support/until.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(300_000);

let world: World;
let hub: Hub;

const sha = (number: number) => String(number).repeat(40);
/** Each version is of the commit of its number, in a run of its own. */
let runs = 100;
function deploy(number: number, inputs: Readonly<Record<string, string>> = {}) {
  runs += 1;
  hub.setRun({ id: runs, commit: sha(number) });
  return world.deploy(
    { version: `v${number}` },
    { 'github-token': hub.token, ...inputs },
    { runId: String(runs), env: { GITHUB_API_URL: hub.apiUrl, GITHUB_SHA: sha(number) } },
  );
}

beforeAll(async () => {
  [world, hub] = await Promise.all([startWorld(), startHub()]);
  hub.setCommits(
    [1, 2, 3, 4].map((number) => ({ sha: sha(number), parents: number > 1 ? [sha(number - 1)] : [] })),
  );
  expect((await deploy(2)).outputs.result).toBe('deployed');
  await until('every router to serve the route', () => areServed(world, [world.url()]));
});

afterAll(async () => {
  await hub?.close();
  await world?.close();
});

test('while one is under way, a newer commit waits for its end and goes live, an older one leaves', async () => {
  const watch = await world.watch();
  const underWay = deploy(3, { bake: '25s' });
  await until('the lock to be taken', async () =>
    (await spaceOf(world)).names.some((name) => name === 'shop-candidate'),
  );
  const [older, newer, first] = await Promise.all([deploy(1), deploy(4), underWay]);
  const seen = await watch.end();

  expect([older.outputs.result, older.outputs.error]).toEqual(['refused', 'older-commit']);
  expect(older.shown).toContain(`commit ${sha(3)}`);
  expect(older.shown).toContain('/actions/runs/102');
  expect([first.outputs.result, newer.outputs.result]).toEqual(['deployed', 'deployed']);
  expect(newer.shown).toMatch(/waiting for its end, at most \d+ min/);
  expect(seen.figures.firstFailures).toEqual([]);
  expect(seen.figures.failed).toBe(0);
  expect(seen.problems).toEqual([]);
  expect(await world.meet()).toBe('v4');
  const { names, leftovers } = await spaceOf(world);
  expect(leftovers).toEqual([]);
  expect(names).toEqual(['shop', expect.stringMatching(/^shop-previous-\d{8}-\d{6}-3333333$/)]);
});

test('a plain run of an older commit does not undo a newer one, and one with force does', async () => {
  const watch = await world.watch();
  const plain = await deploy(3);
  expect([plain.outputs.result, plain.outputs.error]).toEqual(['refused', 'older-commit']);
  expect(plain.shown).toContain('force: true');
  expect(await world.meet()).toBe('v4');

  const forced = await deploy(3, { force: 'true' });
  const seen = await watch.end();
  expect([forced.outputs.result, forced.outputs.error]).toEqual(['deployed', '']);
  expect(seen.figures.failed).toBe(0);
  expect(seen.problems).toEqual([]);
  expect(await world.meet()).toBe('v3');
  expect((await spaceOf(world)).leftovers).toEqual([]);
  expect(await world.leaks(hub.token)).toEqual([]);
});
