/** A deploy that stops when it is proven, and what ends it: promote or abort, from another machine, or a deploy that comes after it. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Hub, startHub } from '../../hub/index.js';
import type { ActionResult } from '../../runner/index.js';
import { promoteWatched } from './support/deploys.js';
import { areServed } from './support/served.js';
import { settingsOf } from './support/settings.js';
import { label, spaceOf, variablesOf } from './support/space.js';
import { expectTold, type Standing, standingOf, withoutEscapes } from './support/standing.js';
import { until } from './support/until.js';
import { startWorld, type World, writes } from './support/world.js';

jest.setTimeout(300_000);

const NAMES = ['held', 'rolled', 'dropped', 'moved', 'headed', 'newer'];
/** Held side by side: that live is served meanwhile, the other two show. */
const ALIKE = ['dropped', 'moved', 'headed', 'newer'];
const HEADER = 't0ken-of-the-check';
const VALUE = 'w0rd-of-the-manifest';
const CHECK = `- path: /health\n  headers: { x-check: ${HEADER} }`;

let world: World;
let hub: Hub;
let runs = 100;
/** Of those that are held alike: their live, and the run that held them. */
const before = new Map<string, Standing>();
const held = new Map<string, ActionResult>();
const sha = (number: number) => String(number).repeat(40);

function run(number: number) {
  runs += 1;
  return { runId: String(runs), env: { GITHUB_API_URL: hub.apiUrl, GITHUB_SHA: sha(number) } };
}

function deploy(name: string, number: number, inputs: Record<string, string> = {}): Promise<ActionResult> {
  const version = { name, version: `v${number}`, routes: [world.url(name)] };
  return world.deploy(version, { 'github-token': hub.token, ...inputs }, run(number));
}

/** On a machine on which nothing was checked out. */
function end(command: 'promote' | 'abort', app: string, inputs: Record<string, string> = {}) {
  return world.run(world.dir, { command, app, 'smoke-test': '', drain: '', ...inputs });
}

async function hold(name: string, number: number, inputs: Record<string, string> = {}) {
  const result = await deploy(name, number, { hold: 'true', ...inputs });
  if (result.outputs.result !== 'held') throw new Error(result.shown);
  return result;
}

function trialOf({ outputs }: ActionResult): string {
  return new URL(outputs['trial-url'] ?? '').hostname;
}

async function expectRefused(work: () => Promise<ActionResult>, error: string, says: RegExp) {
  const before = (await world.foundry.requests()).length;
  const result = await work();
  if (result.outputs.error !== error) throw new Error(`not refused (${error}):\n${result.shown}`);
  expect([result.exitCode, result.outputs.result]).toEqual([1, 'refused']);
  expectTold(result, says);
  expect(writes((await world.foundry.requests()).slice(before))).toEqual([]);
}

beforeAll(async () => {
  [world, hub] = await Promise.all([startWorld({ flags: ['--tick', '300'] }), startHub()]);
  hub.setCommits(
    [1, 2, 3].map((number) => ({ sha: sha(number), parents: number > 1 ? [sha(number - 1)] : [] })),
  );
  const up = await Promise.all(NAMES.map((name) => deploy(name, 1)));
  expect(up.map(({ outputs }) => outputs.result)).toEqual(NAMES.map(() => 'deployed'));
  await until('every router to serve the routes', () =>
    areServed(
      world,
      NAMES.map((name) => world.url(name)),
    ),
  );
});
afterAll(() => Promise.all([world.close(), hub.close()]));

describe('what is held', () => {
  test('answers on its trial route while production serves the version before; promote lets it go live from another machine', async () => {
    const watch = await world.watch({ apps: ['held'], routes: [world.url('held')] });
    const live = await standingOf(world, 'held');
    const result = await hold('held', 2);
    const seen = await watch.end();
    expect(seen.figures.firstFailures).toEqual([]);
    expect(seen.problems).toEqual([]);
    expect(await standingOf(world, 'held')).toEqual(live);
    expect(await world.meet(trialOf(result))).toBe('v2');
    expect(await world.meet(world.url('held'))).toBe('v1');
    expect(label((await spaceOf(world)).app('held-candidate'), 'phase')).toBe('held');
    expect(withoutEscapes(result.summary)).toMatch(/command: promote and app: held .* command: abort/);

    await expectRefused(
      () => world.run(world.dir, { command: 'rollback', app: 'held' }),
      'held',
      /A deploy is held/,
    );
    const status = await world.run(world.dir, { command: 'status', app: 'held' });
    expect(withoutEscapes(status.summary)).toContain(result.outputs.version);
    const before = (await world.foundry.requests()).length;
    const plan = await end('promote', 'held', { plan: 'true' });
    expect([plan.exitCode, plan.outputs.result]).toEqual([0, 'planned']);
    expect(plan.outputs.plan).toMatch(/smoke checks \(1\).*destinations candidate/);
    expect(writes((await world.foundry.requests()).slice(before))).toEqual([]);

    const { result: promoted, space } = await promoteWatched(world, 'held');
    expect(promoted.outputs).toMatchObject({
      version: result.outputs.version,
      'previous-version': label(live.app, 'version'),
    });
    expect(await world.meet(world.url('held'))).toBe('v2');
    expect(space.serving[world.url('held')]).toEqual(['held']);
    await expectRefused(() => end('promote', 'held'), 'nothing-held', /No deploy of held is held/);
  });

  test('in place, changes nothing of live; promote applies what was held to live itself, without any manifest', async () => {
    const routes = [world.url('rolled')];
    const watch = await world.watch({ apps: ['rolled'], routes });
    const live = await standingOf(world, 'rolled');
    const next = { name: 'rolled', version: 'v2', routes, more: ['timeout: 77', 'env:', `  WORD: ${VALUE}`] };
    const result = await world.deploy(next, { hold: 'true', strategy: 'rolling' }, run(2));
    const seen = await watch.end();
    expect([result.exitCode, result.outputs.result]).toEqual([0, 'held']);
    expect(seen.figures.firstFailures).toEqual([]);
    expect(seen.problems).toEqual([]);
    expect(await standingOf(world, 'rolled')).toEqual(live);
    expect(await world.meet(trialOf(result))).toBe('v2');
    // For whoever may read variables, and for nobody else.
    expect(JSON.stringify(await world.foundry.control('GET', 'state'))).not.toContain(VALUE);
    const candidate = (await spaceOf(world)).app('rolled-candidate');
    expect(Object.values(await variablesOf(world, candidate.guid)).join()).toContain(VALUE);

    const { result: promoted, space } = await promoteWatched(world, 'rolled');
    expect(promoted.outputs.version).toBe(result.outputs.version);
    const now = space.app('rolled');
    expect(now.guid).toBe(live.app.guid);
    expect(label(now, 'version')).toBe(result.outputs.version);
    expect(await world.meet(world.url('rolled'))).toBe('v2');
    expect(await settingsOf(world, now.guid)).toMatchObject({
      variables: { WORD: VALUE },
      processes: { web: { health_check: { data: { timeout: 77 } } } },
    });
    expect(await world.leaks(VALUE)).toEqual([]);
  });
});

describe('what is held at the same time as others', () => {
  beforeAll(async () => {
    for (const name of ALIKE) before.set(name, await standingOf(world, name));
    const made = await Promise.all(
      ALIKE.map((name) => hold(name, 2, name === 'headed' ? { 'smoke-test': CHECK } : {})),
    );
    for (const [at, name] of ALIKE.entries()) held.set(name, made[at] as ActionResult);
  }, 300_000);

  test('is gone without a trace after abort, and a second abort says that nothing is held', async () => {
    const [live, result] = [before.get('dropped'), held.get('dropped') as ActionResult];
    expect(await standingOf(world, 'dropped')).toEqual(live);
    const watch = await world.watch({ apps: ['dropped'], routes: [world.url('dropped')] });
    const aborted = await end('abort', 'dropped');
    const seen = await watch.end();
    expect([aborted.exitCode, aborted.outputs.result]).toEqual([0, 'aborted']);
    expect(seen.figures.firstFailures).toEqual([]);
    expect(seen.problems).toEqual([]);
    expect(await standingOf(world, 'dropped')).toEqual(live);
    const space = await spaceOf(world);
    expect(space.names.filter((name) => name.startsWith('dropped-'))).toEqual([]);
    expect(space.routes.map(({ url }) => url)).not.toContain(trialOf(result));
    await expectRefused(() => end('abort', 'dropped'), 'nothing-held', /No deploy of dropped is held/);
  });

  test('is not promoted when live has changed in between', async () => {
    await world.cf(
      'push',
      'moved',
      '-p',
      await world.workspace({ version: 'v9', name: 'moved' }),
      '-f',
      await manifestOf('moved'),
    );
    await expectRefused(() => end('promote', 'moved'), 'live-changed', /Live has changed since .* was held/);
    expect(await world.meet(world.url('moved'))).toBe('v9');
    expect((await end('abort', 'moved')).outputs.result).toBe('aborted');
  });

  test('is proven again with the header that was recorded by name only, and stays held when that fails', async () => {
    await expectRefused(() => end('promote', 'headed'), 'give-again', /smoke-test with the header x-check/);
    const live = await standingOf(world, 'headed');
    const failing = await end('promote', 'headed', { 'smoke-test': '/missing' });
    expect([failing.exitCode, failing.outputs.result, failing.outputs.error]).toEqual([
      1,
      'refused',
      'smoke',
    ]);
    expect(await standingOf(world, 'headed')).toEqual(live);
    const names = (await spaceOf(world)).names.filter((name) => name.startsWith('headed-'));
    expect(names).toEqual(['headed-candidate']);
    const state = JSON.stringify(await world.foundry.control('GET', 'state'));
    expect(state).toContain('x-check');
    expect(state).not.toContain(HEADER);
    const given = await end('promote', 'headed', { 'smoke-test': CHECK });
    expect([given.exitCode, given.outputs.result]).toEqual([0, 'promoted']);
    expect(await world.leaks(HEADER)).toEqual([]);
  });

  test('is ended by a deploy of a newer commit, not by one of an older commit, and both sides say so', async () => {
    const { version: waiting } = (held.get('newer') as ActionResult).outputs;
    await expectRefused(() => deploy('newer', 1), 'held', new RegExp(`${waiting}.*commit ${sha(2)}`));
    const next = await deploy('newer', 3);
    expect([next.exitCode, next.outputs.result]).toEqual([0, 'deployed']);
    expect(next.shown).toContain(`A deploy was held, and is ended for this one: the deploy of ${waiting}`);
    expect(await world.meet(world.url('newer'))).toBe('v3');
    const names = (await spaceOf(world)).names;
    expect(names).toContain(`newer-failed-${waiting}`);
    const ended = `The held deploy of ${waiting} was ended by the deploy of ${next.outputs.version}`;
    await expectRefused(() => end('promote', 'newer'), 'nothing-held', new RegExp(ended));
  });
});

async function manifestOf(name: string): Promise<string> {
  return `${await world.workspace({ version: 'v9', name, routes: [world.url(name)] })}/manifest.yml`;
}
