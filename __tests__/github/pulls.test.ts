/** Against the local GitHub, over HTTP. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Hub, type HubOptions, startHub } from '../../hub/index.js';
import { originOf, pullStates } from '../../src/github/pulls.js';
import { sweepOf } from '../../src/strategies/sweep.js';
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

describe('45 open ones, and 7 closed ones on the second page', () => {
  const CLOSED = [3, 9, 15, 21, 27, 33, 39];

  /** The newer 100 fill the first page. */
  async function withOldOnes(options: HubOptions = {}): Promise<void> {
    hub = await startHub(options);
    waits = [];
    const base = '1'.repeat(40);
    for (let number = 1; number <= 152; number++)
      hub.setPullRequest({
        ...{ number, merged: false, branch: `b${number}`, commits: [base], base },
        state: CLOSED.includes(number) || (number > 52 && number % 2 === 0) ? 'closed' : 'open',
      });
  }

  /** Of each of the 52 that has a preview, what a sweep would do. */
  async function swept(): Promise<{ gone: readonly number[]; why: string }> {
    const numbers = Array.from({ length: 52 }, (_, index) => index + 1);
    const states = await read(Math.min(...numbers));
    const previews = numbers.map((pull) => ({
      ...{ name: `shop-pr-${pull}`, pull, expiresAtMs: 1_000, deployedAtMs: pull, hasApp: true },
    }));
    const known = 'done' in states ? { pulls: states.done } : {};
    const decisions = sweepOf(previews, { nowMs: 0, max: 10, ...known });
    const gone = decisions.flatMap(({ preview, what }) => (what === 'remove' ? (preview.pull ?? []) : []));
    return { gone, why: 'why' in states ? states.why : '' };
  }

  test('go by what both pages say', async () => {
    await withOldOnes();
    const { gone } = await swept();
    expect(CLOSED.every((number) => gone.includes(number))).toBe(true);
    // The 45 that are open, and preview-max keeps ten.
    expect(gone).toHaveLength(7 + 35);
    expect(hub.requests().map(({ path }) => /[&?]page=(\d)/.exec(path)?.[1])).toEqual(['1', '2']);
  });

  const limited = (status: number, headers: Record<string, string>) => ({
    ...{ status, headers, body: { message: 'You have exceeded a secondary rate limit.' } },
  });
  const resetS = String(Math.floor(Date.now() / 1000) + 3_000);
  test.each<[string, RegExp, object, string, number]>([
    [
      'the primary limit, as 403',
      /page=2/,
      limited(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': resetS }),
      'rate limit',
      2,
    ],
    [
      'the primary limit, as 429',
      /page=1/,
      limited(429, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': resetS }),
      'rate limit',
      1,
    ],
    ['a secondary limit of a minute', /page=2/, limited(403, { 'retry-after': '60' }), '403', 2],
    ['a secondary limit that stays', /page=2/, limited(429, { 'retry-after': '5' }), '429', 6],
    ['500', /page=2/, { status: 500 }, '500', 6],
    [
      '403',
      /page=1/,
      { status: 403, body: { message: 'Resource not accessible by integration' } },
      'pull-requests: read',
      1,
    ],
    [
      '404 of a token without rights',
      /page=1/,
      { status: 404, body: { message: 'Not Found' } },
      'pull-requests: read',
      1,
    ],
  ])('after %s none goes, also not for preview-max', async (_what, path, instead, said, requests) => {
    await withOldOnes();
    hub.fail({ path, times: 9, instead });
    const { gone, why } = await swept();
    expect(gone).toEqual([]);
    expect(why).toContain(said);
    expect(hub.requests()).toHaveLength(requests);
  });

  test('a secondary limit of some seconds is waited for', async () => {
    await withOldOnes();
    hub.fail({ path: /page=2/, times: 1, instead: limited(429, { 'retry-after': '7' }) });
    expect((await swept()).gone).toHaveLength(42);
    expect(waits).toEqual([7_000]);
  });

  test('the token that has used up its hour is no answer', async () => {
    await withOldOnes({ rateLimit: 1 });
    expect(await swept()).toMatchObject({ gone: [], why: expect.stringContaining('rate limit') });
  });

  test('none is missed, and none taken for closed that is open by now, where the pages move meanwhile', async () => {
    await withOldOnes();
    const base = '1'.repeat(40);
    const moving: ClosableHttp = {
      ...http,
      request: async (request) => {
        const answer = await http.request(request);
        if (!request.url.includes('page=1&') && !request.url.endsWith('page=1')) return answer;
        // One comes new, and the last one of the first page, which was closed, is opened again.
        hub.setPullRequest({
          number: 153,
          state: 'open',
          merged: false,
          branch: 'new',
          commits: [base],
          base,
        });
        hub.setPullRequest({
          number: 53,
          state: 'open',
          merged: false,
          branch: 'b53',
          commits: [base],
          base,
        });
        return answer;
      },
    };
    hub.setPullRequest({ number: 53, state: 'closed', merged: false, branch: 'b53', commits: [base], base });
    const { apiUrl, repository, token } = hub;
    const clock = { now: () => 0, sleep: async () => undefined };
    const states = await pullStates({ http: moving, clock, apiUrl, repository, token }, 1);
    if ('why' in states) throw new Error(states.why);
    expect(states.done.get(53)).toBe('open');
    expect(CLOSED.map((number) => states.done.get(number))).toEqual(CLOSED.map(() => 'closed'));
    expect(states.done.size).toBe(152);
  });
});
