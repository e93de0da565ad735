import { describe, expect, test } from '@jest/globals';
import { type Asking, withChanges } from '../../src/commands/changed.js';
import type { Outcome } from '../../src/commands/outcome.js';
import type { CommitsBetween } from '../../src/github/commits.js';
import { ANNOTATION } from '../../src/platform/names.js';
import { nothingFound } from '../../src/steps/world.js';
import { appOutcome } from '../report/support.js';
import { intent, ours, snapshot } from '../strategies/support.js';

const [A, B] = ['a'.repeat(40), 'b'.repeat(40)];
const of = (commit: string) => ({ annotations: { [ANNOTATION.commit]: commit } });
const BEFORE = (name: string) => snapshot({ name, live: ours('old', 'live', 'v1', of(A)) });
const world = (app: string, over = {}) => ({
  intent: intent({ app, ...over }),
  snapshot: snapshot({ name: app, live: ours('new', 'live', 'v2', of(B)) }),
  found: nothingFound(),
});
const outcome = (...names: string[]): Outcome => ({
  result: 'deployed',
  apps: names.map((app) => appOutcome({ app })),
});
const come: CommitsBetween = { commits: [{ sha: B, title: 'More' }], total: 1, missing: 0 };
const NONE: CommitsBetween = { commits: [], total: 0, missing: 0 };

/** Time stands still until somebody lets it pass. */
function asking(between: Asking['between'], signal = new AbortController().signal) {
  let wake = () => {};
  const sleep = (_ms: number, ending?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      wake = resolve;
      ending?.addEventListener('abort', () => reject(ending.reason), { once: true });
    });
  const clock = { now: () => 0, sleep };
  return { asked: { clock, signal, ...(between ? { between } : {}) }, pass: () => wake() };
}

describe('what a change brought', () => {
  test('is told of each app, and GitHub is asked once for the same two commits', async () => {
    const calls: string[] = [];
    const { asked } = asking(async (base, head) => {
      calls.push(`${base[0]}..${head[0]}`);
      return come;
    });
    const seen = [BEFORE('shop'), BEFORE('api')];
    const { apps } = await withChanges(outcome('shop', 'api'), seen, [world('shop'), world('api')], asked);
    const commits = { before: A, after: B, come, leave: NONE };
    expect(apps.map((app) => app.commits)).toEqual([commits, commits]);
    expect(apps.map(({ changes }) => changes?.commits)).toEqual(apps.map(() => ({ before: A, after: B })));
    expect(calls).toEqual(['a..b']);
  });

  test('what leaves is asked for where there is something that leaves', async () => {
    const calls: string[] = [];
    const { asked } = asking(async (base, head) => {
      calls.push(`${base[0]}..${head[0]}`);
      return base === A ? { ...NONE, missing: 1 } : come;
    });
    const { apps } = await withChanges(outcome('shop'), [BEFORE('shop')], [world('shop')], asked);
    expect([calls, apps[0]?.commits?.leave]).toEqual([['a..b', 'b..a'], come]);
  });

  test('a plan has the commit that would be recorded', async () => {
    const { asked } = asking(async () => come);
    const planned = { ...outcome('shop'), result: 'planned' as const };
    const app = { ...world('shop', { facts: { [ANNOTATION.commit]: B } }), snapshot: BEFORE('shop') };
    const { apps } = await withChanges(planned, [BEFORE('shop')], [app], asked);
    expect(apps[0]).toMatchObject({ commits: { before: A, after: B } });
    expect(apps[0]?.changes).toBeUndefined();
  });
});

describe('the outcome is the same, without commits, where GitHub', () => {
  const told = (asked: Asking) => withChanges(outcome('shop'), [BEFORE('shop')], [world('shop')], asked);

  test.each<[string, Asking['between']]>([
    ['is not asked', undefined],
    ['does not know', async () => undefined],
    ['fails', () => Promise.reject(new Error('no'))],
  ])('%s', async (_, between) => {
    const { result, apps } = await told(asking(between).asked);
    expect([result, apps[0]?.commits]).toEqual(['deployed', undefined]);
    expect(apps[0]?.changes).toBeDefined();
  });

  test('does not answer: it is waited for no longer than a while', async () => {
    const { asked, pass } = asking(
      (_base, _head, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        }),
    );
    const ending = told(asked);
    await new Promise(setImmediate);
    pass();
    expect((await ending).apps[0]?.commits).toBeUndefined();
  });

  test('would answer, and the run was cancelled', async () => {
    const { asked } = asking(async () => come, AbortSignal.abort());
    expect((await told(asked)).apps[0]?.commits).toBeUndefined();
  });
});
