/** Against the local GitHub, over HTTP. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Hub, type HubOptions, startHub } from '../../hub/index.js';
import { originOf, pullStates } from '../../src/github/pulls.js';
import { type ClosableHttp, createHttp } from '../../src/system/http.js';

let http: ClosableHttp;
let hub: Hub;
let waits: number[];
beforeEach(() => {
  http = createHttp({ skipSslValidation: false });
});
afterEach(async () => {
  http.close();
  await hub.close();
});

/** 260 of them, every tenth closed. */
async function started(options: HubOptions = {}): Promise<void> {
  hub = await startHub(options);
  waits = [];
  const base = '1'.repeat(40);
  for (let number = 1; number <= 260; number++)
    hub.setPullRequest({
      ...{ number, merged: false, branch: `b${number}`, commits: [base], base },
      state: number % 10 === 0 ? 'closed' : 'open',
    });
}

function read(lowest: number) {
  const clock = { now: () => 0, sleep: async (ms: number) => void waits.push(ms) };
  const { apiUrl, repository, token } = hub;
  return pullStates({ http, clock, apiUrl, repository, token }, lowest);
}

test('states are read down to the oldest that matters, and no further', async () => {
  await started();
  const states = await read(100);
  if ('why' in states) throw new Error(states.why);
  expect([states.done.get(260), states.done.get(259), states.done.get(100)]).toEqual([
    'closed',
    'open',
    'closed',
  ]);
  expect(states.done.has(50)).toBe(false);
  expect(hub.requests()).toHaveLength(2);
});

test('of a number that the repository does not have nothing is known', async () => {
  await started();
  const states = await read(1);
  expect('done' in states && [states.done.size, states.done.has(261)]).toEqual([260, false]);
});

test.each([
  ['a page that is not read', { path: /page=2/, times: 9, instead: { status: 500 } }, '500'],
  ['a page that is no list', { path: /page=2/, times: 9, instead: { status: 200, body: {} } }, 'not say'],
  ['a connection that breaks', { path: /page=1/, times: 9, instead: 'reset' as const }, 'reached'],
])('after %s nothing is known of any', async (_what, fault, why) => {
  await started();
  hub.fail(fault);
  expect(await read(1)).toEqual({ why: expect.stringContaining(why) });
});

test('a fault that passes is borne', async () => {
  await started();
  hub.fail({ path: /page=2/, times: 1, instead: { status: 502 } });
  const states = await read(1);
  expect('done' in states && states.done.size).toBe(260);
  expect(waits).toEqual([500]);
});

test('without the permission, or over the limit, it is told', async () => {
  await started({ permissions: ['contents'] });
  expect(await read(1)).toEqual({ why: expect.stringContaining('pull-requests: read') });
  await hub.close();
  await started({ rateLimit: 1 });
  expect(await read(1)).toEqual({ why: expect.stringContaining('rate limit') });
});

describe('a commit is', () => {
  const [own, theirs, nobodys] = ['2', '3', '4'].map((digit) => digit.repeat(40)) as [string, string, string];

  async function origin(commit: string, number?: number) {
    hub = await startHub();
    waits = [];
    hub.setCommits([own, theirs, nobodys].map((sha) => ({ sha, parents: [] })));
    const pull = { state: 'open', merged: false, branch: 'b', base: nobodys } as const;
    hub.setPullRequest({ ...pull, number: 1, commits: [own] });
    hub.setPullRequest({ ...pull, number: 2, commits: [theirs], fork: 'stranger/shop' });
    hub.setPullRequest({ ...pull, number: 3, commits: [own], fork: 'stranger/shop' });
    const clock = { now: () => 0, sleep: async (ms: number) => void waits.push(ms) };
    const { apiUrl, repository, token } = hub;
    return originOf({ http, clock, apiUrl, repository, token }, commit, number);
  }

  test.each<[string, string, number | undefined, string | undefined]>([
    ['own, also where a fork has it too', own, undefined, 'own'],
    ['of a fork', theirs, undefined, 'fork'],
    ['own, where no pull request has it', nobodys, undefined, 'own'],
    ['the merge of a fork', nobodys, 2, 'fork'],
    ['the merge of an own branch', nobodys, 1, 'own'],
    ['not known, where its pull request is not', nobodys, 7, undefined],
    ['not known, where GitHub does not know it', '5'.repeat(40), undefined, undefined],
  ])('%s', async (_what, commit, number, expected) => {
    expect(await origin(commit, number)).toBe(expected);
  });
});
