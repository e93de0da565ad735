/** `status` of a space whose apps are in every state that there is. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { ActionResult } from '../../runner/index.js';
import type { Outlook } from '../../src/strategies/outlook.js';
import { liveOf } from './support/deploys.js';
import { type Space, spaceOf } from './support/space.js';
import { withoutEscapes } from './support/standing.js';
import { startWorld, type VersionOptions, type World, writes } from './support/world.js';

jest.setTimeout(300_000);

const COMMIT = 'c0ffee1'.repeat(6).slice(0, 40);
const ATTEMPT = { env: { GITHUB_SHA: COMMIT }, runId: '4711' };

let world: World;
/** What stands, and must not change. */
let space: Space;

const versionOf = (name: string, version: string): VersionOptions => ({
  name,
  version,
  routes: [world.url(name)],
});

async function killed(name: string): Promise<void> {
  let pidOfRun = 0;
  const { signal } = await world.deploy(
    versionOf(name, 'v2'),
    {},
    {
      ...ATTEMPT,
      post: false,
      onStart: (pid) => {
        pidOfRun = pid;
      },
      onLine: (line) => {
        if (/instances ready/.test(line)) process.kill(pidOfRun, 'SIGKILL');
      },
    },
  );
  expect(signal).toBe('SIGKILL');
}

beforeAll(async () => {
  world = await startWorld();
  const up = await Promise.all(
    ['plain', 'bad', 'dies'].map((name) =>
      world.deploy(versionOf(name, 'v1'), {}, { env: { GITHUB_SHA: COMMIT } }),
    ),
  );
  expect(up.map(({ outputs }) => outputs.result)).toEqual(['deployed', 'deployed', 'deployed']);
  const [second, bad] = await Promise.all([
    world.deploy(versionOf('plain', 'v2')),
    world.deploy(
      { ...versionOf('bad', 'v2'), health: '500' },
      { 'smoke-test': '- path: /health\n  within: 3s' },
    ),
    killed('dies'),
  ]);
  expect([second.outputs.result, bad.outputs.result]).toEqual(['deployed', 'reverted']);
  const workspace = await world.workspace({
    version: 'v0',
    name: 'plain-venerable',
    routes: [world.url('plain')],
  });
  await world.cf('push', '-p', workspace, '-f', `${workspace}/manifest.yml`);
  // Not ours, and of no app of ours.
  await world.foundry.control('POST', 'seed', { apps: 120, prefix: 'neighbour' });
  space = await spaceOf(world);
}, 300_000);
afterAll(() => world.close());

/** As a later attempt of the run that was killed: it is known to have ended. */
async function status(inputs: Record<string, string> = {}): Promise<ActionResult> {
  const already = (await world.foundry.requests()).length;
  const result = await world.run(
    world.dir,
    { command: 'status', ...inputs },
    { runId: ATTEMPT.runId, attempt: 2 },
  );
  expect(writes((await world.foundry.requests()).slice(already))).toEqual([]);
  expect(await spaceOf(world)).toEqual(space);
  return result;
}

const outlooks = ({ outputs }: ActionResult) =>
  Object.fromEntries(
    (JSON.parse(outputs.apps ?? '') as { app: string; status: Outlook }[]).map(({ app, status }) => [
      app,
      status,
    ]),
  );
const named = (start: string) => space.app(space.names.find((name) => name.startsWith(start)) ?? start);

test('without app and manifest: every app of the space that is ours, as JSON', async () => {
  const result = await status();
  expect([result.exitCode, result.outputs.result]).toEqual([0, 'shown']);
  const seen = outlooks(result);
  expect(Object.keys(seen)).toEqual(['bad', 'dies', 'plain']);
  // The first of the alphabet.
  expect(result.outputs.app).toBe('bad');
  expect(liveOf(result.outputs)).toMatchObject({
    app: 'bad',
    commit: COMMIT,
    instances: { running: 1, wanted: 1 },
    routes: [{ url: world.url('bad'), by: ['bad'] }],
  });
  expect(seen.bad).toMatchObject({
    failed: [{ app: named('bad-failed-').name, guid: named('bad-failed-').guid }],
    nextDeploy: { settles: 'nothing', adopts: false },
  });
  const { guid, name } = named('plain-previous-');
  expect(seen.plain).toMatchObject({
    previous: [{ app: name, guid, commit: COMMIT, withdrawn: false }],
    leftovers: [
      { app: 'plain-venerable', state: 'STARTED', running: 1, routes: [world.url('plain')], ours: false },
    ],
    nextDeploy: {
      settles: 'refuse',
      commands: [`cf unmap-route plain-venerable ${world.foundry.apps_domain} --hostname plain`],
    },
  });
  expect(seen.dies).toMatchObject({
    underWay: {
      what: 'deploy',
      commit: COMMIT,
      phase: 'made',
      run: expect.stringContaining('4711'),
      life: 'dead',
    },
    nextDeploy: { settles: 'back' },
  });
});

test('as a table in the log and on the page, with what to run', async () => {
  const { shown, summary } = await status();
  const page = withoutEscapes(summary);
  for (const text of [shown, page]) {
    for (const part of [
      'next deploy',
      'takes it back first',
      'is refused',
      'goes on at once',
      'can be rolled back to',
    ])
      expect(text).toContain(part);
    expect(text).toContain(`cf unmap-route plain-venerable ${world.foundry.apps_domain} --hostname plain`);
    expect(text).not.toContain('neighbour');
  }
  expect(shown).toMatch(
    / dies {2,}\d{8}-\d{6}-c0ffee1 {2,}1 of 1 {2,}\S+ \(made\) {2,}takes it back first\n/,
  );
});

test('with app: this one alone', async () => {
  expect(Object.keys(outlooks(await status({ app: 'plain' })))).toEqual(['plain']);
});

test('a manifest that is named has to be there', async () => {
  const { exitCode, outputs } = await status({ manifest: 'other.yml' });
  expect([exitCode, outputs.result, outputs.error]).toEqual([1, 'refused', 'input']);
});
