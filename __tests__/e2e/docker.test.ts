/** Docker images, as an app of its own and in place: what a registry wants, what is unchanged, and the way back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { deployFirst, deployWatched, rollBackWatched } from './support/deploys.js';
import { type RecordingCf, recordingCf } from './support/recording-cf.js';
import { spaceOf } from './support/space.js';
import { expectTold } from './support/standing.js';
import { startWorld, type VersionOptions, type World, writes } from './support/world.js';

jest.setTimeout(240_000);

const REGISTRY = 'registry.example.com:5000/team/shop';
const PASSWORD = 'the-registry-and-nobody-else';
const signIn = { 'docker-username': 'ci', 'docker-password': PASSWORD };

let folder: string;
let world: World;
let cf: RecordingCf;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'docker-'));
  world = await startWorld();
  cf = await recordingCf(join(folder, 'recording-cf'));
});
afterAll(async () => {
  await world?.close();
  await rm(folder, { recursive: true, force: true });
});

const digest = (letter: string) => `${REGISTRY}@sha256:${letter.repeat(64)}`;
/** The version under that name in the registry; its processes listen on a port of its own. */
async function image(name: string, version: string, port: number): Promise<string> {
  const dir = await world.workspace({ version });
  await world.foundry.control('POST', 'images', {
    image: name,
    dir,
    ports: [port],
    username: 'ci',
    password: PASSWORD,
  });
  return name;
}
/** A folder with a manifest alone counts: the bits beside it are never looked at. */
const versionOf = (more: readonly string[] = []): VersionOptions => ({ version: 'v0', more });
const run = () => ({ env: { CF_CLI: cf.path } });
const flag = (on: boolean) =>
  world.cf('curl', '-X', 'PATCH', '/v3/feature_flags/diego_docker', '-d', JSON.stringify({ enabled: on }));

test('a platform that runs no images is found out before anything is changed', async () => {
  const before = (await world.foundry.requests()).length;
  const result = await world.deploy(versionOf(), { 'docker-image': `${REGISTRY}:1` });
  expect([result.exitCode, result.outputs.result]).toEqual([1, 'refused']);
  expectTold(result, /diego_docker is off/);
  expect(writes((await world.foundry.requests()).slice(before))).toEqual([]);
});

test('the first version by the manifest, of a registry that wants a sign-in', async () => {
  await flag(true);
  const name = await image(`${REGISTRY}:1`, 'v1', 3000);
  const named = versionOf([`docker: {image: '${name}', username: ci}`]);

  const without = await world.deploy(named);
  expect([without.exitCode, without.outputs.result, without.outputs.error]).toEqual([1, 'refused', 'input']);
  expectTold(without, /signs in to its registry as ci, and the input "docker-password" is missing/);

  const { result } = await deployFirst(world, named, { inputs: { 'docker-password': PASSWORD }, run: run() });
  expect(await world.meet()).toBe('v1');
  const pushed = (await cf.calls()).filter(({ args }) => args[0] === 'push');
  expect(pushed.map(({ env }) => env.CF_DOCKER_PASSWORD)).toEqual([PASSWORD]);
  for (const { args, env } of await cf.calls()) {
    expect(args.join(' ')).not.toContain(PASSWORD);
    if (args[0] !== 'push') expect(env.CF_DOCKER_PASSWORD).toBeUndefined();
  }
  const app = JSON.parse(await world.cf('curl', `/v3/apps/${result.outputs['app-guid']}`));
  expect(app.lifecycle.type).toBe('docker');
  const packages = JSON.parse(await world.cf('curl', `/v3/apps/${app.guid}/packages`));
  expect(packages.resources[0].data).toEqual({ image: name, username: 'ci', password: '***' });
  expect(await world.leaks(PASSWORD)).toEqual([]);
});

test('an image of another port takes over; the same digest again is unchanged', async () => {
  const second = { 'docker-image': await image(digest('2'), 'v2', 4000), ...signIn };
  const { space } = await deployWatched(world, versionOf(), { inputs: second });
  expect(await world.meet()).toBe('v2');
  expect(space.names).toEqual(['shop', expect.stringMatching(/^shop-previous-/)]);
  const routes = JSON.parse(await world.cf('curl', `/v3/routes?hosts=shop`));
  expect(routes.resources[0].destinations).toMatchObject([{ port: 4000 }]);

  const again = await world.deploy(versionOf(), second);
  expect([again.exitCode, again.outputs.result]).toEqual([0, 'unchanged']);
  // What a tag names may be another thing by now.
  const planned = await world.deploy(versionOf(), {
    ...second,
    'docker-image': `${REGISTRY}:1`,
    plan: 'true',
  });
  expect(planned.summary).toMatch(/a tag names its image, and may have been moved/);
  expect(planned.summary).toMatch(/whoever moves that tag/);
});

test('in place, and back in place', async () => {
  const third = { 'docker-image': await image(digest('3'), 'v3', 5000), ...signIn };
  const before = (await spaceOf(world)).app('shop').guid;
  const { result } = await deployWatched(world, versionOf(), { inputs: { ...third, strategy: 'rolling' } });
  expect(await world.meet()).toBe('v3');
  expect(result.outputs['app-guid']).toBe(before);
  await rollBackWatched(world, 'shop');
  expect(await world.meet()).toBe('v2');
  expect((await spaceOf(world)).app('shop').guid).toBe(before);
  expect(await world.leaks(PASSWORD)).toEqual([]);
});

test('an image that its registry does not give: live stays as it is, and what to give is told', async () => {
  const before = (await spaceOf(world)).serving;
  const result = await world.deploy(versionOf(), { 'docker-image': `${REGISTRY}:1`, 'keep-failed': 'false' });
  expect([result.exitCode, result.outputs.result, result.outputs.error]).toEqual([1, 'reverted', 'staging']);
  expectTold(result, /a private one needs docker-username and docker-password/);
  const space = await spaceOf(world);
  expect([space.serving, space.leftovers]).toEqual([before, []]);
  expect(await world.meet()).toBe('v2');
});
