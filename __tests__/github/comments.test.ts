/** Against the local GitHub, over HTTP. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Hub, type HubOptions, startHub } from '../../hub/index.js';
import { keepComment } from '../../src/github/comments.js';
import { type ClosableHttp, createHttp } from '../../src/system/http.js';

const BOT = 'github-actions[bot]';
const MARKER = '<!-- ours -->';
const ONE = `${MARKER}\none`;

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

async function started(options: HubOptions = {}): Promise<void> {
  hub = await startHub(options);
  waits = [];
  const sha = '1'.repeat(40);
  hub.setPullRequest({ number: 12, state: 'open', merged: false, branch: 'b', commits: [sha], base: sha });
}

function keep(body: string, signal?: AbortSignal): Promise<string | undefined> {
  const clock = { now: () => 0, sleep: async (ms: number) => void waits.push(ms) };
  const { apiUrl, repository, token } = hub;
  return keepComment({ http, clock, apiUrl, repository, token, signal }, { pull: 12, marker: MARKER, body });
}

const bodies = () => hub.comments(12).map(({ body }) => body);
const writes = () => hub.requests().filter(({ path, method }) => method !== 'GET' && !/graphql$/.test(path));

test.each(['', '/api/v3'])('is made once and then edited, with the API at "%s"', async (path) => {
  await started({ path });
  expect(await keep(ONE)).toBeUndefined();
  expect(await keep(`${MARKER}\ntwo`)).toBeUndefined();
  expect(hub.comments(12)).toMatchObject([{ author: BOT, body: `${MARKER}\ntwo` }]);
  expect(writes().map(({ method }) => method)).toEqual(['POST', 'PATCH']);
});

test('ours is only what has the marker at its beginning and is by us', async () => {
  await started();
  const others = [`${MARKER}\nby another`, `> ${MARKER}`, 'unmarked'];
  hub.addComment(12, 'mona', others[0] ?? '');
  hub.addComment(12, BOT, others[1] ?? '');
  hub.addComment(12, BOT, others[2] ?? '');
  expect(await keep(ONE)).toBeUndefined();
  expect(bodies()).toEqual([...others, ONE]);
});

test('is found on the last page', async () => {
  await started();
  for (let at = 0; at < 205; at++) hub.addComment(12, 'mona', `talk ${at}`);
  hub.addComment(12, BOT, `${MARKER}\nold`);
  expect(await keep(ONE)).toBeUndefined();
  expect(bodies()).toHaveLength(206);
  expect(bodies().at(-1)).toBe(ONE);
});

test('deleted by a person it is made again', async () => {
  await started();
  await keep(ONE);
  hub.deleteComment(hub.comments(12)[0]?.id ?? 0);
  await keep(ONE);
  expect(bodies()).toEqual([ONE]);
});

test('deleted between the look and the write it is made again', async () => {
  await started();
  const id = hub.addComment(12, BOT, `${MARKER}\nold`);
  hub.deleteComment(id);
  const gone = { id, body: MARKER, user: { login: BOT } };
  hub.fail({ path: /per_page/, times: 1, instead: { status: 200, body: [gone] } });
  expect(await keep(ONE)).toBeUndefined();
  expect(bodies()).toEqual([ONE]);
});

describe('a write without an answer', () => {
  test('that was done is not repeated', async () => {
    await started();
    hub.fail({ path: /comments$/, times: 1, instead: 'lost' });
    expect(await keep(ONE)).toBeUndefined();
    expect(bodies()).toEqual([ONE]);
    expect(waits).toEqual([500]);
  });

  test.each(['reset', { status: 502 }] as const)('that was not done is (%j)', async (instead) => {
    await started();
    hub.fail({ path: /comments$/, times: 1, instead });
    expect(await keep(ONE)).toBeUndefined();
    expect(bodies()).toEqual([ONE]);
  });
});

describe('nothing is written', () => {
  test.each([
    ['a page cannot be read', /page=2/, { status: 500 }, 'GitHub answered 500'],
    ['a page is no list', /page=2/, { status: 200, body: {} }, 'does not say what is there already'],
    ['it is not told whose the token is', /graphql/, { status: 200, body: { errors: [] } }, 'or by whom'],
    [
      'the rate limit is used up',
      /page=1/,
      { status: 403, headers: { 'x-ratelimit-remaining': '0' } },
      'rate limit',
    ],
  ])('when %s', async (_when, path, instead, why) => {
    await started();
    for (let at = 0; at < 150; at++) hub.addComment(12, 'mona', 'talk');
    hub.fail({ path, times: 3, instead });
    expect(await keep(ONE)).toContain(why);
    expect(writes()).toEqual([]);
  });

  test('when the run was cancelled', async () => {
    await started();
    const reason = new Error('cancelled');
    await expect(keep(ONE, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(hub.requests()).toEqual([]);
  });
});

test.each<[HubOptions, number]>([
  [{ permissions: ['contents', 'pull_requests'] }, 403],
  [{ permissions: ['contents'] }, 403],
  [{ isPrivate: false, permissions: [] }, 403],
])('a permission that is missing is told as what to add: %j', async (options, status) => {
  await started(options);
  const why = await keep(ONE);
  expect(why).toContain(`(${status})`);
  expect(why?.split('\n').slice(1)).toEqual(['permissions:', '  contents: read', '  pull-requests: write']);
  expect(bodies()).toEqual([]);
});

test('another refusal is told in its own words', async () => {
  await started();
  const body = { message: 'Unable to create comment because issue is locked.' };
  hub.fail({ path: /comments$/, times: 1, instead: { status: 403, body } });
  expect(await keep(ONE)).toBe('GitHub answered 403: Unable to create comment because issue is locked.');
});
