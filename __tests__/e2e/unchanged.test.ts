/** The same deploy again does nothing, under traffic; whatever is other is deployed. */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { ActionResult } from '../../runner/index.js';
import { deployFirst, deployWatched } from './support/deploys.js';
import { spaceOf } from './support/space.js';
import { startWorld, type World, writes } from './support/world.js';

jest.setTimeout(300_000);

const SECRET = 'the-value-of-a-variable';
const QUICK = { drain: '0s' };
let world: World;
let workspace: string;
/** What was given at the last deploy. */
const inputs: Record<string, string> = { ...QUICK, vars: `word: one\ncolour: ${SECRET}` };

beforeAll(async () => {
  world = await startWorld();
  workspace = await world.workspace({
    version: 'v1',
    more: ['env: {WORD: ((word)), COLOUR: ((colour))}'],
    instances: 2,
  });
  await deployFirst(world, workspace, { inputs });
});

afterAll(() => world?.close());

/** Runs the same deploy and gives what it wrote to the platform. */
async function again(
  more: Readonly<Record<string, string>> = {},
): Promise<{ result: ActionResult; writes: string[] }> {
  const from = (await world.foundry.requests()).length;
  const result = await world.run(workspace, { ...inputs, ...more });
  const seen = (await world.foundry.requests()).slice(from);
  return { result, writes: writes(seen).map(({ method, path }) => `${method} ${path}`) };
}

async function expectUnchanged(): Promise<void> {
  const before = await spaceOf(world);
  const { result, writes } = await again();
  expect(result.outputs.error).toBe('');
  expect([result.exitCode, result.outputs.result]).toEqual([0, 'unchanged']);
  expect(writes).toEqual([]);
  expect(await spaceOf(world)).toEqual(before);
}

test('the same deploy again does nothing, and says what is live', async () => {
  const watch = await world.watch();
  const { result, writes } = await again();
  const seen = await watch.end();
  expect([result.exitCode, result.outputs.result, result.outputs.error]).toEqual([0, 'unchanged', '']);
  expect(writes).toEqual([]);
  expect(seen.figures.failed).toBe(0);
  expect(seen.problems).toEqual([]);
  const live = (await spaceOf(world)).apps.find(({ name }) => name === 'shop');
  expect(result.outputs['app-guid']).toBe(live?.guid);
  expect(result.outputs.version).not.toBe('');
  expect(result.outputs['previous-version']).toBe('');
  expect(await world.leaks(SECRET)).toEqual([]);
});

test('its plan says so, and names no step', async () => {
  const { result, writes } = await again({ plan: 'true' });
  expect(result.outputs).toMatchObject({ result: 'planned', plan: '[]' });
  expect(result.shown).toContain('shop is unchanged');
  expect(writes).toEqual([]);
});

describe('deployed all the same, and then unchanged again:', () => {
  const byHand = () => [
    ...['push', 'shop', '-p', workspace, '-f', join(workspace, 'manifest.yml')],
    ...['--var', 'word=two', '--var', `colour=${SECRET}`],
  ];

  test.each<[string, () => unknown, RegExp]>([
    ['a file', () => appendFile(join(workspace, 'app.json'), '\n'), /other bits/],
    [
      'a value of a variable of the manifest',
      () => {
        inputs.vars = `word: two\ncolour: ${SECRET}`;
      },
      /: variable WORD\./,
    ],
  ])('%s', async (_, change, reason) => {
    await change();
    const { result } = await deployWatched(world, workspace, { inputs });
    expect(reasonIn(result)).toMatch(reason);
    await expectUnchanged();
  });

  test('a route', async () => {
    const second = world.url('second');
    await appendFile(join(workspace, 'manifest.yml'), `      - route: '${second}'\n`);
    const { result } = await again();
    expect([result.exitCode, result.outputs.result]).toEqual([0, 'deployed']);
    expect(reasonIn(result)).toContain(`route ${second} is not served by live alone`);
    await expectUnchanged();
  });

  test('bits that another hand pushed, and what it set', async () => {
    await world.cf(...byHand());
    await world.cf('set-env', 'shop', 'WORD', 'by-hand');
    const { result } = await again();
    expect([result.exitCode, result.outputs.result]).toEqual([0, 'deployed']);
    expect(reasonIn(result)).toContain('it is not known which bits live has');
    await expectUnchanged();
  });

  test('a live that is stopped', async () => {
    await world.cf('stop', 'shop');
    const { result } = await again();
    expect([result.exitCode, result.outputs.result]).toEqual([0, 'deployed']);
    expect(reasonIn(result)).toContain('not all instances of live run');
    expect(await world.meet()).toBe('v1');
  });

  test.each([
    ['force', { force: 'true' }],
    ['env', { env: 'WORD: other' }],
  ])('the input %s', async (name, more) => {
    const { result } = await again(more);
    expect([result.exitCode, result.outputs.result]).toEqual([0, 'deployed']);
    expect(reasonIn(result)).toContain(name);
  });
});

function reasonIn({ shown }: ActionResult): string {
  return /shop is deployed: .*/.exec(shown)?.[0] ?? shown;
}
