/** A plan writes nothing, and works for who may only read: what it could not read it says. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { startHub } from '../../hub/index.js';
import type { ActionResult, RunOptions } from '../../runner/index.js';
import { spaceOf } from './support/space.js';
import { startWorld, type World, writes } from './support/world.js';

jest.setTimeout(180_000);

const SECRET = 'a-value-that-nobody-shows';
const NEW = { version: 'v2', more: ['env: {COLOUR: blue, NEW: x}', 'health-check-type: process'] };
let world: World;
let auditor: Record<string, string>;

beforeAll(async () => {
  world = await startWorld();
  const { outputs } = await world.deploy({ version: 'v1', more: [`env: {COLOUR: ${SECRET}}`] });
  expect(outputs.result).toBe('deployed');
  await world.cf('set-env', 'shop', 'BY_HAND', SECRET);
  const { id, secret } = (await world.foundry.control('GET', 'auditor')) as { id: string; secret: string };
  auditor = { username: '', password: '', 'client-id': id, 'client-secret': secret };
});

afterAll(() => world?.close());

async function planned(
  inputs: Readonly<Record<string, string>> = {},
  run: Partial<RunOptions> = {},
): Promise<ActionResult> {
  const before = await spaceOf(world);
  const from = (await world.foundry.requests()).length;
  const result = await world.deploy(NEW, { plan: 'true', ...inputs }, run);
  expect(writes((await world.foundry.requests()).slice(from))).toEqual([]);
  expect(await spaceOf(world)).toEqual(before);
  expect([result.exitCode, result.outputs.result, result.outputs.error]).toEqual([0, 'planned', '']);
  return result;
}

/** Each on a line of its own, in the log and in the summary. */
function expectShown({ shown, summary }: ActionResult, text: string): void {
  expect(shown).toContain(text);
  expect(summary.replaceAll('\\', '')).toContain(text);
}

test('it shows the steps, and what manifest and live have unlike each other, without a value', async () => {
  const result = await planned();
  expect(JSON.parse(result.outputs.plan ?? '').length).toBeGreaterThan(5);
  expectShown(result, 'shop would be deployed: ');
  expectShown(result, 'The manifest would add: variable NEW.');
  expectShown(result, 'The manifest would change: variable COLOUR, web health check.');
  expectShown(result, 'Only live has: variable BY_HAND');
  expect(await world.leaks(SECRET)).toEqual([]);
});

test('for a pull request it is one comment there, edited by the next run', async () => {
  const hub = await startHub({ path: '/api/v3' });
  try {
    const sha = 'ab'.repeat(20);
    hub.setPullRequest({ number: 12, state: 'open', merged: false, branch: 'b', commits: [sha], base: sha });
    const head = { sha, repo: { full_name: hub.repository } };
    const run = {
      env: { GITHUB_API_URL: hub.apiUrl },
      event: { name: 'pull_request', payload: { pull_request: { number: 12, head } } },
    };
    const texts: string[] = [];
    for (const inputs of [{}, { strategy: 'rolling' }]) {
      const { shown, summary } = await planned({ 'github-token': hub.token, ...inputs }, run);
      expect(shown).not.toContain('not shown on the pull request');
      const comments = hub.comments(12);
      expect(comments.map(({ author }) => author)).toEqual(['github-actions[bot]']);
      const text = comments[0]?.body ?? '';
      expect(text).toContain('commit `abababa`');
      expect(text).toContain(summary.slice(summary.indexOf('### Plan'), summary.indexOf('### Timeline')));
      texts.push(text);
    }
    expect(texts[0]).not.toContain(texts[1]);
    expect(texts.join('')).not.toContain(SECRET);
    expect(await world.leaks(SECRET)).toEqual([]);
    expect(await world.leaks(hub.token)).toEqual([]);
  } finally {
    await hub.close();
  }
});

test('with a sign-in that may only read it says what it could not read', async () => {
  const result = await planned(auditor);
  expect(JSON.parse(result.outputs.plan ?? '').length).toBeGreaterThan(5);
  expectShown(result, 'Unknown, this sign-in may not read them of shop: variables, commands.');
  expectShown(result, 'The manifest would change: web health check.');
});

test('a deploy with that sign-in is refused with the role that it lacks, and changes nothing', async () => {
  const before = await spaceOf(world);
  const result = await world.deploy(NEW, auditor);
  expect([result.exitCode, result.outputs.result, result.outputs.error]).toEqual([
    1,
    'refused',
    'platform-10003',
  ]);
  expect(result.shown).toContain('SpaceDeveloper');
  expect(await spaceOf(world)).toEqual(before);
});

test('so is a first one', async () => {
  const first = { ...NEW, name: 'first', routes: [world.url('first')] };
  const plan = await world.deploy(first, { plan: 'true', ...auditor });
  expect(plan.outputs.result).toBe('planned');
  const { exitCode, outputs, shown } = await world.deploy(first, auditor);
  expect([exitCode, outputs.result, outputs.error]).toEqual([1, 'refused', 'platform-10003']);
  expect(shown).toContain('SpaceDeveloper');
});

test('what only looks works with that sign-in: status, and the plan of a rollback, which says what it could not read', async () => {
  const deployed = await world.deploy(NEW, { force: 'true', carry: 'manifest' });
  expect(deployed.outputs.result).toBe('deployed');
  const before = await spaceOf(world);
  const status = await world.run(world.dir, { command: 'status', app: 'shop', ...auditor });
  expect([status.exitCode, status.outputs.result, status.outputs.error]).toEqual([0, 'shown', '']);
  expect(status.shown).toContain('can be rolled back to: ');

  const rollback = { command: 'rollback', app: 'shop', plan: 'true' };
  const plan = await world.run(world.dir, { ...rollback, ...auditor });
  expect([plan.exitCode, plan.outputs.result]).toEqual([0, 'planned']);
  expectShown(plan, 'Can be rolled back to: ');
  expectShown(plan, 'Unknown, this sign-in may not read them of shop: variables.');
  const known = await world.run(world.dir, rollback);
  expect(known.shown).not.toContain('Unknown, ');
  expect(await spaceOf(world)).toEqual(before);

  expect((await world.deploy({ version: 'v3' }, { hold: 'true' })).outputs.result).toBe('held');
  for (const command of ['promote', 'abort']) {
    const { exitCode, outputs } = await world.run(world.dir, {
      command,
      app: 'shop',
      plan: 'true',
      ...auditor,
    });
    expect([command, exitCode, outputs.result]).toEqual([command, 0, 'planned']);
  }
});
