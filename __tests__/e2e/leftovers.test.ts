/** What other tools and hands leave beside an app: refused before any change, and put right by the commands that are printed. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { manifestOf, writeAppVersion } from '../../demo/app.js';
import type { ActionResult } from '../../runner/index.js';
import type { Outlook } from '../../src/strategies/outlook.js';
import { deployWatched } from './support/deploys.js';
import { areServed } from './support/served.js';
import { runLines } from './support/shell.js';
import { spaceOf } from './support/space.js';
import { until } from './support/until.js';
import { startWorld, type World, writes } from './support/world.js';

jest.setTimeout(300_000);

const LABEL = 'cf-zero-downtime.github.io/';

let world: World;

/** What `cf push` makes of a version, as every tool here does it. */
async function push(app: string, name: string, version: string): Promise<void> {
  const workspace = await world.workspace({ version, name, routes: [world.url(app)] });
  await world.cf('push', '-p', workspace, '-f', `${workspace}/manifest.yml`);
}

const map = (app: string, name: string) =>
  world.cf('map-route', name, world.foundry.apps_domain, '--hostname', app);

async function deployed(app: string, version: string): Promise<ActionResult> {
  const result = await world.deploy({ version, name: app, routes: [world.url(app)] });
  expect(result.outputs.result).toBe('deployed');
  return result;
}

interface Left {
  what: string;
  /** As the other tool, or the hand, leaves it. */
  leave: (app: string) => Promise<unknown>;
  says: RegExp;
  /** The commands, with the domain in its place. */
  commands: (app: string, domain: string) => (string | RegExp)[];
}

const LEFT: Record<string, Left> = {
  mixed: {
    what: 'a push in place of the old app came to its end, and the old app was not deleted',
    leave: async (app) => {
      await push(app, app, 'v1');
      await world.cf('rename', app, `${app}-venerable`);
      await push(app, app, 'v2');
    },
    says: /mixed-venerable is not ours, and serves mixed\./,
    commands: (app, domain) => [`cf unmap-route ${app}-venerable ${domain} --hostname ${app}`],
  },
  gone: {
    what: 'the app was renamed, and nothing came in its place',
    leave: async (app) => {
      await push(app, app, 'v1');
      await world.cf('rename', app, `${app}-venerable`);
    },
    says: /There is no app gone\./,
    commands: (app) => [`cf rename ${app}-venerable ${app}`],
  },
  stopped: {
    what: 'what came in its place was stopped',
    leave: async (app) => {
      await push(app, app, 'v1');
      await world.cf('rename', app, `${app}-venerable`);
      await push(app, app, 'v2');
      await world.cf('stop', app);
    },
    says: /stopped is stopped\./,
    commands: (app, domain) => [
      `cf unmap-route ${app} ${domain} --hostname ${app}`,
      new RegExp(`^cf rename ${app} ${app}-set-aside-[0-9a-f]{8}$`),
      `cf rename ${app}-venerable ${app}`,
    ],
  },
  twins: {
    what: 'the names were to be swapped, and half of it was done',
    leave: async (app) => {
      await push(app, `${app}-old`, 'v1');
      await push(app, `${app}-new`, 'v2');
    },
    says: /There is no app twins\./,
    commands: (app, domain) => [
      `cf unmap-route ${app}-new ${domain} --hostname ${app}`,
      `cf rename ${app}-old ${app}`,
    ],
  },
  'by-hand': {
    what: 'a hand has started a previous version, and mapped it',
    leave: async (app) => {
      const { outputs } = await deployed(app, 'v2');
      const previous = `${app}-previous-${outputs['previous-version']}`;
      await world.cf('start', previous);
      await map(app, previous);
    },
    says: /by-hand-previous-\S+ is ours by its labels \(previous\), and serves by-hand\./,
    commands: (app, domain) => [
      new RegExp(`^cf unmap-route ${app}-previous-\\S+ ${domain.replaceAll('.', '\\.')} --hostname ${app}$`),
    ],
  },
  copied: {
    what: 'a hand has copied the labels of live to another app on its route',
    leave: async (app) => {
      await push(app, `${app}-by-hand`, 'v2');
      const labels = [`${LABEL}app=${app}`, `${LABEL}role=live`, `${LABEL}version=20300101-000000-0000000`];
      await world.cf('set-label', 'app', `${app}-by-hand`, ...labels);
    },
    says: /copied-by-hand is ours by its labels \(live\), and serves copied\./,
    commands: (app, domain) => [
      `cf unmap-route ${app}-by-hand ${domain} --hostname ${app}`,
      `cf unset-label app ${app}-by-hand ${LABEL}role`,
    ],
  },
};

/** Those that were deployed by us before. */
const BEFORE = ['by-hand', 'copied'];
const APPS = [...Object.keys(LEFT), 'idle'];
const routes = () => APPS.map((app) => world.url(app));

/** All of them are one deploy. */
async function version(name: string): Promise<string> {
  const dir = await mkdtemp(join(world.dir, 'all-'));
  await writeAppVersion(join(dir, 'bits'), { version: name });
  const blocks = APPS.map((app) => manifestOf({ name: app, routes: [world.url(app)], more: ['path: bits'] }));
  const rest = blocks.map((block) => block.replace(/^applications:\n/, ''));
  await writeFile(join(dir, 'manifest.yml'), `applications:\n${rest.join('')}`);
  return dir;
}

let workspace: string;
/** Printed by the refusal, in its order. */
let lines: readonly string[];

beforeAll(async () => {
  world = await startWorld();
  // The CLI waits most of the time: what is left of one app has nothing to do with the others.
  await Promise.all([
    ...Object.entries(LEFT).map(async ([app, { leave }]) => {
      if (BEFORE.includes(app)) await deployed(app, 'v1');
      await leave(app);
    }),
    push('idle', 'idle', 'v1').then(() => world.cf('create-app', 'idle-venerable')),
  ]);
  await until('every router to serve them', () => areServed(world, routes()));
  workspace = await version('v3');
}, 300_000);
afterAll(() => world.close());

test('refused in one, before any change, with the commands for each', async () => {
  const before = await spaceOf(world);
  const already = (await world.foundry.requests()).length;
  const refused = await world.run(workspace);
  expect([refused.exitCode, refused.outputs.result, refused.outputs.error]).toEqual([
    1,
    'refused',
    'leftover',
  ]);
  expect(writes((await world.foundry.requests()).slice(already))).toEqual([]);
  expect(await spaceOf(world)).toEqual(before);

  const text = refused.annotations.map(({ message }) => message).join('\n');
  for (const { says } of Object.values(LEFT)) expect(text).toMatch(says);
  lines = text.split('\n').filter((line) => /^(cf|sleep) /.test(line));
  const wanted = Object.entries(LEFT).flatMap(([app, { commands }]) =>
    commands(app, world.foundry.apps_domain),
  );
  expect(lines).toEqual(wanted.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))));
  expect(refused.summary).toContain(lines.join('\n'));
});

test('status says so too, and changes nothing', async () => {
  const already = (await world.foundry.requests()).length;
  const { outputs } = await world.run(workspace, { command: 'status' });
  expect(writes((await world.foundry.requests()).slice(already))).toEqual([]);
  const apps = JSON.parse(outputs.apps ?? '') as { app: string; status: Outlook }[];
  expect(apps.map(({ app, status }) => [app, status.nextDeploy.settles])).toEqual(
    APPS.map((app) => [app, app === 'idle' ? 'nothing' : 'refuse']),
  );
  expect(apps.flatMap(({ status }) => status.nextDeploy.commands)).toEqual(lines);
});

test('after the commands, run as they stand, the deploy goes through, and nobody has noticed any of it', async () => {
  const { traffic } = await world.watch({ routes: routes(), apps: APPS });
  const venerable = (await spaceOf(world)).app('idle-venerable');
  await runLines(world, lines);
  const { result, space } = await deployWatched(world, workspace, {
    watch: { routes: routes(), apps: APPS },
  });
  const figures = await traffic.stop();
  expect(figures.firstFailures).toEqual([]);
  expect(figures.failed).toBe(0);
  for (const app of APPS) {
    expect(space.serving[world.url(app)]).toEqual([app]);
    expect(await world.meet(world.url(app))).toBe('v3');
  }
  expect(result.shown).toContain('idle-venerable is there, stopped and on no route');
  expect(space.app('idle-venerable')).toEqual(venerable);
});
