import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { deployFirst, deployWatched } from './support/deploys.js';
import { spaceOf } from './support/space.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(180_000);

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

test('a manifest without routes: the app gets its default route, as with `cf push`, and keeps what it has', async () => {
  const pushed = await world.workspace({ version: 'v1', name: 'Pushed', routes: [] });
  await world.cf('push', '-p', pushed, '-f', `${pushed}/manifest.yml`);
  expect((await spaceOf(world)).serving).toEqual({ [world.url('pushed')]: ['Pushed'] });

  const first = await deployFirst(
    world,
    { version: 'v1', name: 'Made', routes: [] },
    {
      watch: { apps: ['Made'], routes: [world.url('made')] },
    },
  );
  expect(first.space.serving).toEqual({ [world.url('pushed')]: ['Pushed'], [world.url('made')]: ['Made'] });

  // Of an app that has routes, even others than the default one, nothing is made up.
  await world.cf('map-route', 'Made', world.foundry.apps_domain, '--hostname', 'chosen');
  await world.cf('unmap-route', 'Made', world.foundry.apps_domain, '--hostname', 'made');
  const { space } = await deployWatched(
    world,
    { version: 'v2', name: 'Made', routes: [], more: ['default-route: true'] },
    { watch: { apps: ['Made'], routes: [world.url('chosen')] } },
  );
  expect(space.serving).toMatchObject({ [world.url('chosen')]: ['Made'], [world.url('made')]: [] });
  expect(await world.meet(world.url('chosen'))).toBe('v2');
});

test('a stopped app is replaced by a version that runs', async () => {
  await world.cf('stop', 'Pushed');
  const before = await spaceOf(world);
  const { result, space } = await deployFirst(
    world,
    { version: 'v2', name: 'Pushed', routes: [] },
    {
      watch: { apps: ['Pushed'], routes: [world.url('pushed')] },
    },
  );
  expect(await world.meet(world.url('pushed'))).toBe('v2');
  expect(result.outputs['previous-app-guid']).toBe(before.app('Pushed').guid);
  expect(space.app(`Pushed-previous-${result.outputs['previous-version']}`).state).toBe('STOPPED');
  expect(space.route(world.url('pushed')).guid).toBe(before.route(world.url('pushed')).guid);
});

/** Names, modes and targets of links in the droplet of an app. */
async function dropletOf(name: string): Promise<string[]> {
  const archive = join(world.dir, `${name}.tgz`);
  await world.cf('download-droplet', name, '--path', archive);
  const { stdout } = await promisify(execFile)('tar', ['-tvzf', archive]);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => line.replace(/^(\S+) .*? \S+ \S+ (\.\/.*)$/, '$1 $2')).sort();
}

test('whatever the folder and the manifest hold, the version is what `cf push` makes of them', async () => {
  const more = [
    'buildpacks: [python_buildpack, nodejs_buildpack]',
    'sidecars: [{name: agent, command: sleep 1000, process_types: [worker]}]',
    'processes: [{type: worker, instances: 1, memory: 64M, health-check-type: process}]',
  ];
  const folder = await world.workspace({ version: 'v1', name: 'plain', more, routes: [world.url('plain')] });
  const put = async (path: string, text = path, mode = 0o644) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { mode });
  };
  await put('Procfile', 'web: node demo/server.js\nworker: sleep 1000\n');
  await put('.cfignore', 'left-out/\n*.log\n!kept.log\n');
  for (const path of [
    'Case.txt',
    'case.txt',
    'lib/Case.txt',
    'left-out/a',
    'x.log',
    'kept.log',
    'naïve ü.txt',
  ])
    await put(path);
  await put('bin/run', '#!/bin/sh\n', 0o755);
  await put('read-only.txt', 'x', 0o444);
  await put('locked/read-only.txt', 'x', 0o400);
  await mkdir(join(folder, 'empty/in/empty'), { recursive: true });
  await symlink('Case.txt', join(folder, 'link'));
  await symlink('../Case.txt', join(folder, 'lib/link-up'));
  await symlink('lib', join(folder, 'link-to-folder'));
  await world.cf('push', '-p', folder, '-f', join(folder, 'manifest.yml'));

  const text = await readFile(join(folder, 'manifest.yml'), 'utf8');
  await writeFile(join(folder, 'manifest.yml'), text.replaceAll('plain', 'ours'));
  await deployFirst(world, folder, { watch: { apps: ['ours'], routes: [world.url('ours')] } });

  const [plain, ours] = [await dropletOf('plain'), await dropletOf('ours')];
  expect(ours).toEqual(plain);
  expect(ours.filter((line) => /->|[Cc]ase\.txt|empty\/in/.test(line)).length).toBeGreaterThan(7);
  const about = async (name: string) => {
    const { guid } = (await spaceOf(world)).app(name);
    const ask = async (path: string) => JSON.parse(await world.cf('curl', `/v3/apps/${guid}${path}`));
    const [app, sidecars, processes] = [await ask(''), await ask('/sidecars'), await ask('/processes')];
    const pick = (all: { resources: Record<string, unknown>[] }, keys: string[]) =>
      all.resources.map((one) => keys.map((key) => one[key]));
    return {
      lifecycle: app.lifecycle,
      sidecars: pick(sidecars, ['name', 'command', 'process_types', 'memory_in_mb']),
      processes: pick(processes, ['type', 'instances', 'memory_in_mb', 'disk_in_mb', 'health_check']),
    };
  };
  expect(await about('ours')).toEqual(await about('plain'));

  // The hash of the bits knows the same files.
  await writeFile(join(folder, 'left-out/a'), 'changed');
  const again = await world.run(folder);
  expect([again.exitCode, again.outputs.result]).toEqual([0, 'unchanged']);
  await rm(join(folder, 'link'));
  await symlink('case.txt', join(folder, 'link'));
  const planned = await world.run(folder, { plan: 'true' });
  expect(planned.summary).toMatch(/would be deployed: other bits/);
});
