/** Bits that the platform has already are not uploaded: those of another app of the deploy, and those of live. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { manifestOf, writeAppVersion } from '../../demo/app.js';
import { deployFirst, deployWatched } from './support/deploys.js';
import { spaceOf } from './support/space.js';
import { type Seen, startWorld, type World } from './support/world.js';

jest.setTimeout(300_000);

const NAMES = ['web', 'api', 'jobs'];
const PREFIX = 'cf-zero-downtime.github.io/';
let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

/** Three apps of one folder. */
async function alike(version: string, word: string): Promise<string> {
  const dir = await mkdtemp(join(world.dir, 'alike-'));
  await writeAppVersion(join(dir, 'bits'), { version });
  const blocks = NAMES.map((name) =>
    manifestOf({
      ...{ name, routes: [world.url(name)] },
      more: ['path: bits', `env: {WORD: ${word}-of-${name}}`],
    }).replace(/^applications:\n/, ''),
  );
  await writeFile(join(dir, 'manifest.yml'), ['applications:\n', ...blocks].join(''));
  return dir;
}

const QUICK = { drain: '0s' };
const watch = () => ({ apps: NAMES, routes: NAMES.map((name) => world.url(name)) });

function sent(requests: Seen['requests']): { uploads: number; copies: number } {
  const count = (path: RegExp) =>
    requests.filter((one) => one.method === 'POST' && path.test(one.path)).length;
  return { uploads: count(/^\/v3\/packages\/[^/]+\/upload/), copies: count(/^\/v3\/packages\?source_guid=/) };
}

async function expectWords(word: string): Promise<void> {
  for (const name of NAMES) expect(await world.cf('env', name)).toContain(`${word}-of-${name}`);
}

/** Its own package was built, and no other one: the candidate of each app had one of its own. */
async function expectOwnPackages(): Promise<void> {
  const { apps } = await spaceOf(world);
  for (const name of NAMES) {
    const { guid } = apps.find((one) => one.name === name) ?? {};
    const droplet = JSON.parse(await world.cf('curl', `/v3/apps/${guid}/droplets/current`));
    const app = JSON.parse(await world.cf('curl', `/v3/apps/${guid}`));
    const own = app.metadata.annotations[`${PREFIX}package`];
    expect(droplet.links.package.href.split('/').at(-1)).toBe(own);
    const { resources } = JSON.parse(await world.cf('curl', `/v3/packages?app_guids=${guid}`));
    expect(resources.map((one: { guid: string; state: string }) => [one.guid, one.state])).toContainEqual([
      own,
      'READY',
    ]);
  }
}

test('one upload serves all apps of one folder, each with its own manifest', async () => {
  const before = (await world.foundry.requests()).length;
  const { result } = await deployFirst(world, await alike('v1', 'one'), { inputs: QUICK, watch: watch() });
  expect(sent((await world.foundry.requests()).slice(before))).toEqual({ uploads: 1, copies: 2 });
  expect(result.shown).toMatch(
    /3 apps are deployed side by side, at most 20 at a time; their bits are uploaded at most [2468] at a time, the same ones once\./,
  );
  expect(result.shown.match(/nothing was uploaded, its bits are those of another app/g)).toHaveLength(2);
  const { result: second, seen } = await deployWatched(world, await alike('v2', 'one'), {
    inputs: QUICK,
    watch: watch(),
  });
  expect(sent(seen.requests)).toEqual({ uploads: 1, copies: 2 });
  expect(JSON.parse(second.outputs.apps ?? '')).toHaveLength(3);
  for (const name of NAMES) expect(await world.meet(world.url(name))).toBe('v2');
  await expectWords('one');
  await expectOwnPackages();
});

test('where the manifest alone changed, nothing is uploaded', async () => {
  const workspace = await alike('v2', 'two');
  const { result, seen } = await deployWatched(world, workspace, { inputs: QUICK, watch: watch() });
  expect(sent(seen.requests)).toEqual({ uploads: 0, copies: 3 });
  expect(result.shown).toContain('web-candidate: nothing was uploaded, its bits are those of live.');
  await expectWords('two');
  await expectOwnPackages();
  // What is known of the copy is as good as of what went up.
  const again = await world.run(workspace);
  expect([again.exitCode, again.outputs.result]).toEqual([0, 'unchanged']);
});

test('in place as well, whose version is the copy of a droplet, twice', async () => {
  for (const word of ['three', 'four']) {
    const inputs = { ...QUICK, strategy: 'rolling', app: 'web' };
    const { seen } = await deployWatched(world, await alike('v2', word), { inputs, watch: watch() });
    expect(sent(seen.requests).uploads).toBe(0);
    expect(await world.cf('env', 'web')).toContain(`${word}-of-web`);
  }
});

test('a run that is killed with its copy is settled by the next one, which copies again', async () => {
  const killed = await world.watch(watch());
  const { exitCode, signal } = await world.run(
    await alike('v2', 'never'),
    { ...QUICK, app: 'jobs' },
    {
      ...{ post: false, runId: '700', attempt: 1 },
      onStart: (pid) => {
        void world.foundry.control('POST', 'faults', {
          ...{ method: 'POST', path: '^/v3/packages\\?source_guid=', times: 1, kill: { pid, when: 'after' } },
        });
      },
    },
  );
  expect([exitCode, signal]).toEqual([null, 'SIGKILL']);
  expect((await spaceOf(world)).names).toContain('jobs-candidate');
  const { figures, problems } = await killed.end();
  expect([figures.firstFailures, problems]).toEqual([[], []]);
  const { result, seen } = await deployWatched(world, await alike('v2', 'later'), {
    inputs: { ...QUICK, app: 'jobs' },
    // Of the same run: it is known that the first attempt has ended, and nobody waits for its sign of life.
    run: { runId: '700', attempt: 2 },
    watch: watch(),
  });
  expect(result.shown).toMatch(/was taken back first/);
  expect(sent(seen.requests)).toEqual({ uploads: 0, copies: 1 });
  expect(await world.cf('env', 'jobs')).toContain('later-of-jobs');
});

test('a copy that the platform does not make leads to an upload, not to a failure', async () => {
  await world.foundry.control('POST', 'faults', {
    ...{ method: 'POST', path: '^/v3/packages\\?source_guid=', times: 2, status: 422 },
  });
  const { result, seen } = await deployWatched(world, await alike('v2', 'five'), {
    inputs: { ...QUICK, app: 'api' },
    watch: watch(),
  });
  expect(sent(seen.requests)).toEqual({ uploads: 1, copies: 1 });
  expect(result.shown).toContain('The bits are uploaded once more');
  expect(await world.cf('env', 'api')).toContain('five-of-api');
  await world.foundry.control('DELETE', 'faults');
  expect(await world.leaks()).toEqual([]);
});
