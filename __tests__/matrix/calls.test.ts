/**
 * How many calls of the API each kind of deploy takes, the CLI's among them. The numbers are exact, so that one that grows is seen
 * where it is looked through; they may become smaller.
 */
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { type RunResult, runAction } from './action.js';
import { type Platform, startPlatform } from './platform.js';
import { APP, commandOf, Folders, USUAL, url } from './scenarios.js';

jest.setTimeout(240_000);

const folders = new Folders();
afterAll(() => folders.remove());

interface Asked {
  routes: number;
  /** Before the deploy; default: two, so that a previous version is there. */
  before?: readonly string[];
  version?: string;
  inputs?: Readonly<Record<string, string>>;
  /** Apps of others in the space, each with four routes. */
  others?: number;
}

/** @returns calls by who made them, and by what they do */
async function callsOf({ routes, before = ['v1', 'v2'], version = 'v3', inputs = {}, others = 0 }: Asked) {
  const platform = await startPlatform();
  try {
    const named = { [APP]: Array.from({ length: routes }, (_, at) => url(at === 0 ? APP : `${APP}-${at}`)) };
    let runs = 0;
    const run = async (asked: string, more: Readonly<Record<string, string>> = {}) => {
      runs += 1;
      const what = { asked: { version: asked }, routes: named, settings: USUAL, inputs: more };
      const result = await runAction(platform, commandOf(what, folders, runs));
      if (result.code !== 0) throw new Error(result.lines.join('\n'));
      return result;
    };
    for (const one of before) await run(one);
    if (others > 0) await seed(platform, others);
    return counted(await run(version, inputs));
  } finally {
    await platform.close();
  }
}

function seed(platform: Platform, apps: number): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ apps, routes: apps * 4 });
  return platform.clock.drive(platform.call({ method: 'POST', path: '/__foundry/seed', headers, body }));
}

function counted({ calls, commands, outputs }: RunResult) {
  const count = (by: 'action' | 'cf', kind: 'read' | 'write') =>
    calls.filter((call) => call.by === by && call.kind === kind).length;
  return {
    result: outputs.result,
    reads: count('action', 'read'),
    writes: count('action', 'write'),
    ofCli: calls.filter(({ by }) => by === 'cf').length,
    cli: commands.map(([name]) => name).join(' '),
  };
}

const SIGN_IN = 'version api auth target';
const DEPLOYED = { result: 'deployed', ofCli: 15, cli: `${SIGN_IN} push` };
const UNCHANGED = { result: 'unchanged', reads: 30, writes: 0, ofCli: 4, cli: SIGN_IN };
/** One insert and one remove. */
const MOVED = 2;

describe('calls of', () => {
  test.each<[string, Asked, ReturnType<typeof counted>]>([
    ['a first deploy', { routes: 1, before: [], version: 'v1' }, { ...DEPLOYED, reads: 244, writes: 14 }],
    ['a blue-green deploy', { routes: 1 }, { ...DEPLOYED, reads: 312, writes: 19 }],
    [
      'a blue-green deploy with 50 routes',
      { routes: 50 },
      // It takes longer by one sign of life.
      { ...DEPLOYED, reads: 312, writes: 20 + 49 * MOVED },
    ],
    ['one that changes nothing', { routes: 1, version: 'v2' }, UNCHANGED],
    ['one with 50 routes that changes nothing', { routes: 50, version: 'v2' }, UNCHANGED],
    [
      'a rolling deploy',
      { routes: 1, inputs: { strategy: 'rolling' } },
      { ...DEPLOYED, reads: 413, writes: 24 },
    ],
  ])('%s', async (_name, asked, expected) => {
    expect(await callsOf(asked)).toEqual(expected);
  });

  test('a space with many other apps and routes: no more of them', async () => {
    expect(await callsOf({ routes: 1, others: 200 })).toEqual(await callsOf({ routes: 1 }));
  });
});
