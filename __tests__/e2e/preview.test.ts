/** A pull request's preview from its opening to its end, with the local GitHub, under traffic: and live beside it. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type Hub, startHub } from '../../hub/index.js';
import type { ActionResult } from '../../runner/index.js';
import { areServed } from './support/served.js';
import { spaceOf } from './support/space.js';
import { until } from './support/until.js';
import { startWorld, type World } from './support/world.js';

jest.setTimeout(240_000);

const APP = 'shop-pr-12';
const BRANCH = '$(touch x)/`y`"><img src=x>';
const OWN = '[{ name: tables, offering: queue, plan: small }]';
const sha = (number: number) => String(number).repeat(40);

let world: World;
let hub: Hub;
beforeAll(async () => {
  [world, hub] = await Promise.all([startWorld(), startHub()]);
  hub.setCommits([1, 2].map((number) => ({ sha: sha(number), parents: [] })));
});
afterAll(async () => {
  await hub?.close();
  await world?.close();
});

interface Asked {
  version: string;
  commit: number;
  command?: string;
  state?: 'open' | 'closed';
  from?: string;
  inputs?: Readonly<Record<string, string>>;
}

async function run({ version, commit, command = 'preview', state = 'open', ...asked }: Asked) {
  const { from = hub.repository, inputs = {} } = asked;
  const pull = { number: 12, state, merged: false, title: BRANCH, branch: BRANCH } as const;
  hub.setPullRequest({ ...pull, commits: [sha(commit)], base: sha(1) });
  const head = { sha: sha(commit), ref: BRANCH, repo: { full_name: from } };
  const event = {
    name: 'pull_request',
    payload: { pull_request: { number: 12, title: BRANCH, head } },
  };
  return world.deploy(
    { version, instances: 2, more: ['services: [tables]'] },
    { command, 'github-token': hub.token, 'preview-services': OWN, ...inputs },
    { event, env: { GITHUB_API_URL: hub.apiUrl, GITHUB_SHA: 'f'.repeat(40) } },
  );
}

function expectResult({ outputs, exitCode, shown }: ActionResult, result: string): void {
  expect([outputs.result, exitCode, result === outputs.result ? '' : shown]).toEqual([result, 0, '']);
}

const comment = () => hub.comments(12).map(({ body }) => body);
const states = () => hub.deployments().map(({ sha: of, statuses }) => [of[0], statuses[0]?.state]);

test('it is opened, brought up to date under traffic, and gone when the pull request is closed', async () => {
  expectResult(await world.deploy({ version: 'live' }), 'deployed');
  await until('live to be served', () => areServed(world, [world.url()]));
  const before = (await spaceOf(world)).app('shop');

  // The broker makes no instance of its own at first, and takes its time then.
  await world.foundry.control('POST', 'broker', { act: 'provision', fails: 'no tables left', times: 1 });
  const failed = await run({ version: 'p1', commit: 1 });
  expect([failed.outputs.result, failed.outputs.error, failed.exitCode]).toEqual([
    ...['failed', 'preview-services', 1],
  ]);
  expect(comment()[0]).toContain('no tables left');
  expect((await spaceOf(world)).names).toEqual(['shop']);
  const first = await run({ version: 'p1', commit: 1 });
  expectResult(first, 'previewed');
  expect(first.outputs['preview-url']).toMatch(
    new RegExp(`^http://${APP}\\.${world.foundry.apps_domain}:\\d+`),
  );
  const url = world.url(APP);
  await until('the preview to be served', () => areServed(world, [url]));
  expect(await world.meet(url)).toBe('p1');
  expect((await spaceOf(world)).app(APP).processes[0]?.wanted).toBe(1);
  expect(comment()).toHaveLength(1);
  expect(comment()[0]).toContain('ready');
  expect(states()).toEqual([['1', 'success']]);

  const watch = await world.watch({ apps: ['shop', APP], routes: [world.url(), url] });
  expectResult(await run({ version: 'p2', commit: 2 }), 'previewed');
  const seen = await watch.end();
  expect(seen.figures.firstFailures).toEqual([]);
  expect(seen.figures.failed).toBe(0);
  expect(seen.problems).toEqual([]);
  expect(await world.meet(url)).toBe('p2');
  expect(comment()).toHaveLength(1);
  expect(comment()[0]).toContain(sha(2).slice(0, 7));
  expect(states()).toEqual([
    ['2', 'success'],
    ['1', 'inactive'],
  ]);
  expect((await spaceOf(world)).names).toEqual(['shop', APP]);

  const swept = await run({ version: 'none', commit: 2, command: 'sweep' });
  expectResult(swept, 'swept');
  expect(swept.outputs.removed).toBe('[]');
  expect(swept.summary).toContain('pull request 12 is open');

  const askedAtMs = Date.now();
  await until('a time without a request', () => Date.now() - askedAtMs > 1_500);
  const sweep = { version: 'none', commit: 2, command: 'sweep' };
  const idle = await run({ ...sweep, inputs: { 'preview-idle': '1s' } });
  expectResult(idle, 'swept');
  expect(idle.summary).toContain('nobody asked it since');
  expect((await spaceOf(world)).app(APP).state).toBe('STOPPED');
  expect((await spaceOf(world)).app('shop').state).toBe('STARTED');
  expect(comment()).toHaveLength(1);
  expect(comment()[0]).toMatch(/sleeps.*\n.*\n.*cf start shop-pr-12/);
  expectResult(await run({ version: 'p2', commit: 2 }), 'previewed');
  await until('the preview to be awake', () => areServed(world, [url]));
  expect(comment()[0]).toContain('ready');

  const gone = await run({ version: 'none', commit: 2, command: 'preview-delete', state: 'closed' });
  expectResult(gone, 'deleted');
  expect(JSON.parse(gone.outputs.removed ?? '')).toEqual([
    { kind: 'app', name: APP },
    { kind: 'route', name: url },
    { kind: 'service', name: `${APP}-tables` },
  ]);
  const space = await spaceOf(world);
  expect([space.names, space.routes.map((route) => route.url)]).toEqual([['shop'], [world.url()]]);
  expect(space.app('shop')).toEqual(before);
  expect(await world.meet()).toBe('live');
  expect(comment()[0]).toContain('removed');
  expect(states()).toEqual([
    ['2', 'inactive'],
    ['1', 'inactive'],
  ]);
  expect(await world.leaks(hub.token)).toEqual([]);
});

test('a fork without secrets is skipped, and with them refused: nothing is called', async () => {
  const signedOut = { username: '', password: '' };
  const skipped = await run({ version: 'f', commit: 1, from: 'stranger/shop', inputs: signedOut });
  expectResult(skipped, 'skipped');
  expect(skipped.shown).toContain('from a fork');
  const refused = await run({ version: 'f', commit: 1, from: 'stranger/shop' });
  expect([refused.outputs.result, refused.outputs.error, refused.exitCode]).toEqual(['refused', 'fork', 1]);
  expect((await spaceOf(world)).names).toEqual(['shop']);
});
