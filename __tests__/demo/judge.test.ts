import { describe, expect, test } from '@jest/globals';
import { type Deploy, judgeDeployed, judgeRefused } from '../../demo/judge.js';
import type { Figures } from '../../traffic/figures.js';
import type { PlatformState } from '../../traffic/history.js';

const URL = 'shop.apps.example';

const figures = (byVersion: Record<string, [firstAtMs: number, lastAtMs: number]>, failed = 0): Figures => {
  const ok = Object.keys(byVersion).length * 100;
  return {
    startedAtMs: 0,
    endedAtMs: 900,
    sent: ok + failed,
    ok,
    failed,
    pending: 0,
    late: 0,
    byStatus: {},
    byVersion: Object.fromEntries(
      Object.entries(byVersion).map(([name, [firstAtMs, lastAtMs]]) => [
        name,
        { ok: 100, firstAtMs, lastAtMs },
      ]),
    ),
    byKind: {},
    latencyMs: { p50: 1, p95: 2, max: 3 },
    longestGapMs: 10,
    routes: {},
    firstFailures: [],
  };
};

type App = PlatformState['apps'][number];
const state = (apps: App[], ...on: string[]): PlatformState => ({
  routers: 1,
  apps,
  routes: [
    {
      guid: 'r',
      url: URL,
      destinations: on.map((appGuid) => ({ guid: `d-${appGuid}`, appGuid, processType: 'web' })),
    },
  ],
});
const BLUE: App = { guid: 'blue', name: 'shop', state: 'STARTED' };
const OLD: App = { guid: 'blue', name: 'shop-previous-20260101-000000-0000000', state: 'STOPPED' };
const GREEN: App = { guid: 'green', name: 'shop', state: 'STARTED' };
const BAD: App = { guid: 'bad', name: 'shop-failed-20260101-000000-0000000', state: 'STOPPED' };

/** The history is left out: the invariant has its own tests, and here must be seen to fail without one. */
const base = { app: 'shop', url: URL, fromMs: 0, toMs: 900, history: [] };
const INVARIANT = 'in every router the route had a healthy destination at every moment';

const DEPLOYED: Deploy = {
  ...base,
  exitCode: 0,
  outputs: { result: 'deployed', 'app-guid': 'green' },
  figures: figures({ v1: [0, 500], v2: [450, 900] }),
  before: state([BLUE], 'blue'),
  after: state([GREEN, OLD], 'green'),
  metNow: 'v2',
};
const REFUSED: Deploy = {
  ...base,
  exitCode: 1,
  outputs: { result: 'reverted' },
  figures: figures({ v2: [0, 900] }),
  before: state([BLUE], 'blue'),
  after: state([BLUE, BAD], 'blue'),
  metNow: 'v2',
};

const failing = (checks: readonly { what: string; ok: boolean }[]): string[] =>
  checks.filter((check) => !check.ok && check.what !== INVARIANT).map((check) => check.what);

describe('the demo passes only what it promised', () => {
  test('a deploy and a refusal as promised, but for the history', () => {
    expect(failing(judgeDeployed(DEPLOYED, 'v1', 'v2'))).toEqual([]);
    expect(failing(judgeRefused(REFUSED, 'v2', 'v3'))).toEqual([]);
    for (const checks of [judgeDeployed(DEPLOYED, 'v1', 'v2'), judgeRefused(REFUSED, 'v2', 'v3')]) {
      expect(checks.find((check) => check.what === INVARIANT)?.ok).toBe(false);
    }
  });

  test.each<[string, Partial<Deploy>]>([
    ['failed', { exitCode: 1 }],
    ['another result', { outputs: { result: 'planned', 'app-guid': 'green' } }],
    ['a failed request', { figures: figures({ v1: [0, 500], v2: [450, 900] }, 1) }],
    ['no request at all', { figures: { ...figures({}), sent: 0 } }],
    ['the new version never met', { figures: figures({ v1: [0, 900] }) }],
    ['the old version met to the end', { figures: figures({ v1: [0, 900], v2: [450, 900] }) }],
    ['the old version met afterwards', { metNow: 'v1' }],
    ['both on the route', { after: state([GREEN, { ...OLD, state: 'STARTED' }], 'green', 'blue') }],
    ['the old app on the route', { after: state([BLUE], 'blue') }],
    ['another app than the outputs say', { outputs: { result: 'deployed', 'app-guid': 'blue' } }],
    ['the live app stopped', { after: state([{ ...GREEN, state: 'STOPPED' }, OLD], 'green') }],
    ['the version before gone', { after: state([GREEN], 'green') }],
  ])('deployed, with %s, is not', (_, change) => {
    expect(failing(judgeDeployed({ ...DEPLOYED, ...change }, 'v1', 'v2'))).not.toEqual([]);
  });

  test.each<[string, Partial<Deploy>]>([
    ['exit code 0', { exitCode: 0 }],
    ['another result', { outputs: { result: 'failed' } }],
    ['a failed request', { figures: figures({ v2: [0, 900] }, 1) }],
    ['the broken version met', { figures: figures({ v2: [0, 900], v3: [400, 401] }) }],
    ['another app on the route', { after: state([GREEN, BAD], 'green') }],
    ['the broken one still running', { after: state([BLUE, { ...BAD, state: 'STARTED' }], 'blue') }],
    ['the broken one on the route', { after: state([BLUE, BAD], 'blue', 'bad') }],
    ['the live app renamed', { after: state([{ ...BLUE, name: 'shop-previous' }, BAD], 'blue') }],
  ])('refused, with %s, is not', (_, change) => {
    expect(failing(judgeRefused({ ...REFUSED, ...change }, 'v2', 'v3'))).not.toEqual([]);
  });
});
