import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Hub, type HubOptions, startHub } from '../../hub/index.js';
import { ROWS } from '../../hub/rows.js';
import { projectRoot } from '../../runner/tools.js';
import { faultsOf, published } from './shapes.js';

const sha = (n: number) => n.toString(16).padStart(40, '0');
/** A main line 1..3 with a side line 4, 5 from 1; 9 is from elsewhere. */
const COMMITS = [
  { sha: sha(1), parents: [] },
  { sha: sha(2), parents: [sha(1)] },
  { sha: sha(3), parents: [sha(2)] },
  { sha: sha(4), parents: [sha(1)] },
  { sha: sha(5), parents: [sha(4)] },
  { sha: sha(9), parents: [] },
];
const MERGED = {
  number: 12,
  state: 'closed',
  merged: true,
  branch: 'b',
  commits: [sha(2)],
  base: sha(1),
} as const;

let hub: Hub;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function started(options?: HubOptions): Promise<Hub> {
  hub = await startHub(options);
  closing.push(hub.close);
  hub.setCommits(COMMITS);
  hub.setRun({ id: 42, commit: sha(3) });
  return hub;
}

async function get(path: string, headers: Record<string, string> = { authorization: `Bearer ${hub.token}` }) {
  const response = await fetch(`${hub.apiUrl}/repos/${hub.repository}${path}`, { headers });
  const text = await response.text();
  const json = /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text;
  return { status: response.status, headers: response.headers, json };
}

describe('the shapes are the published ones', () => {
  test('of every operation, and small enough to be kept', () => {
    expect(ROWS.map(({ operation }) => operation)).toEqual(Object.keys(published.operations));
    expect(statSync(join(projectRoot(), 'hub', 'openapi.json')).size).toBeLessThan(300_000);
  });

  const [run, attempt, comparison, pulls, comments] = Object.keys(published.operations);
  const allPulls = 'GET /repos/{owner}/{repo}/pulls';
  test.each([
    ['a run', run, '/actions/runs/42'],
    ['an attempt', attempt, '/actions/runs/42/attempts/1'],
    ['a second attempt', attempt, '/actions/runs/43/attempts/2'],
    ['ahead', comparison, `/compare/${sha(1)}...${sha(3)}`],
    ['diverged', comparison, `/compare/${sha(3)}...${sha(5)}`],
    ['identical', comparison, `/compare/${sha(3)}...${sha(3)}?per_page=1`],
    ['a merged and an open pull request', pulls, `/commits/${sha(2)}/pulls`],
    ['no pull request', pulls, `/commits/${sha(3)}/pulls`],
    ['comments of a person and of a bot', comments, '/issues/12/comments'],
    ['no comment', comments, '/issues/13/comments'],
    ['open pull requests', allPulls, '/pulls'],
    ['all pull requests', allPulls, '/pulls?state=all'],
  ])('%s', async (_what, operation = '', path) => {
    await started();
    hub.setRun({ id: 43, status: 'completed', conclusion: 'cancelled', commit: sha(2) });
    hub.setRun({ id: 43, attempt: 2, status: 'queued', commit: sha(2) });
    hub.setPullRequest(MERGED);
    hub.addComment(12, 'mona', 'Looks good.');
    hub.addComment(12, 'github-actions[bot]', 'Deployed.');
    hub.setPullRequest({
      ...MERGED,
      number: 13,
      state: 'open',
      merged: false,
      commits: [sha(2), sha(3)].slice(0, 1),
    });
    const { status, json } = await get(path);
    expect(status).toBe(200);
    expect(faultsOf(operation, json)).toEqual([]);
  });

  test('a field too many, one too few, or one of another type is noticed', async () => {
    await started();
    const { json } = await get('/actions/runs/42');
    const { jobs_url: _, ...short } = json;
    for (const broken of [
      { ...json, invented: 1 },
      short,
      { ...json, run_attempt: '1' },
      { ...json, actor: null },
    ])
      expect(faultsOf(run ?? '', broken)).not.toEqual([]);
  });
});

describe('runs', () => {
  test('the newest attempt, or the one that is asked for', async () => {
    await started();
    hub.setRun({ id: 42, status: 'completed', conclusion: 'failure', commit: sha(3) });
    hub.setRun({ id: 42, attempt: 2, commit: sha(3) });
    expect((await get('/actions/runs/42')).json).toMatchObject({
      run_attempt: 2,
      status: 'in_progress',
      conclusion: null,
    });
    expect((await get('/actions/runs/42/attempts/1')).json).toMatchObject({
      ...{ run_attempt: 1, status: 'completed', conclusion: 'failure', head_sha: sha(3) },
      html_url: 'https://github.com/octo/shop/actions/runs/42',
    });
    expect((await get('/actions/runs/42/attempts/3')).status).toBe(404);
    expect((await get('/actions/runs/7')).status).toBe(404);
  });

  test('nothing is run again before it has ended', async () => {
    await started();
    expect(() => hub.setRun({ id: 42, attempt: 2, commit: sha(3) })).toThrow('has not ended');
  });
});

describe('comparisons', () => {
  test.each([
    [1, 3, { status: 'ahead', ahead_by: 2, behind_by: 0, total_commits: 2 }, 1],
    [3, 1, { status: 'behind', ahead_by: 0, behind_by: 2, total_commits: 0 }, 1],
    [3, 3, { status: 'identical', ahead_by: 0, behind_by: 0, total_commits: 0 }, 3],
    [3, 5, { status: 'diverged', ahead_by: 2, behind_by: 2, total_commits: 2 }, 1],
  ])('from %i to %i', async (base, head, expected, mergeBase) => {
    await started();
    const { json } = await get(`/compare/${sha(base)}...${sha(head)}`);
    expect(json).toMatchObject({
      ...expected,
      base_commit: { sha: sha(base) },
      merge_base_commit: { sha: sha(mergeBase) },
    });
    expect(json.commits).toHaveLength(expected.total_commits);
  });

  test('of what has no common ancestor, or is not there, is not found', async () => {
    await started();
    for (const other of [9, 100]) expect((await get(`/compare/${sha(3)}...${sha(other)}`)).status).toBe(404);
    expect((await get(`/compare/${sha(1)}..${sha(3)}`)).status).toBe(404);
  });

  test('come in pages with links, the oldest commit first; without pages the newest 250', async () => {
    await started();
    const line = Array.from({ length: 301 }, (_, i) => ({
      sha: sha(i + 1),
      parents: i === 0 ? [] : [sha(i)],
    }));
    hub.setCommits(line);
    const path = `/compare/${sha(1)}...${sha(301)}`;
    const seen: string[] = [];
    let link: string | null = null;
    for (let next: string | undefined = `${path}?per_page=100`; next !== undefined; ) {
      const page: Awaited<ReturnType<typeof get>> = await get(next);
      expect(page.json).toMatchObject({ status: 'ahead', total_commits: 300 });
      seen.push(...page.json.commits.map((commit: { sha: string }) => commit.sha));
      link = page.headers.get('link');
      next = /<[^>]*\/repos\/octo\/shop([^>]*)>; rel="next"/.exec(link ?? '')?.[1];
    }
    expect(seen).toEqual(line.slice(1).map((commit) => commit.sha));
    expect(link).toContain('rel="prev"');
    const unpaged = (await get(path)).json.commits;
    expect([unpaged.length, unpaged[0].sha, unpaged[249].sha]).toEqual([250, sha(52), sha(301)]);
  });
});

test('pull requests of a commit', async () => {
  await started();
  hub.setPullRequest(MERGED);
  hub.setPullRequest({ ...MERGED, number: 13, state: 'open', merged: false });
  const { json } = await get(`/commits/${sha(2)}/pulls`);
  expect(json).toMatchObject([
    { number: 12, state: 'closed', merge_commit_sha: sha(2), head: { sha: sha(2) }, base: { sha: sha(1) } },
    { number: 13, state: 'open', merged_at: null },
  ]);
  const first = await get(`/commits/${sha(2)}/pulls?per_page=1`);
  expect(first.json).toHaveLength(1);
  expect(first.headers.get('link')).toMatch(/page=2>; rel="next", <.*page=2>; rel="last"$/);
  expect((await get(`/commits/${sha(100)}/pulls`)).status).toBe(422);
});

describe('comments', () => {
  const [, , , , , make, edit] = Object.keys(published.operations);

  async function send(method: string, path: string, body: unknown, token: string = hub.token) {
    const headers = { authorization: `Bearer ${token}` };
    const url = `${hub.apiUrl}/repos/${hub.repository}${path}`;
    const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
    return { status: response.status, json: JSON.parse(await response.text()) };
  }

  test('are made and edited as published, and come in pages, the oldest first', async () => {
    await started();
    hub.setPullRequest(MERGED);
    const made = await send('POST', '/issues/12/comments', { body: 'one' });
    expect([made.status, faultsOf(make ?? '', made.json)]).toEqual([201, []]);
    const edited = await send('PATCH', `/issues/comments/${made.json.id}`, { body: 'two' });
    expect([edited.status, edited.json.body, faultsOf(edit ?? '', edited.json)]).toEqual([200, 'two', []]);
    expect(edited.json.user).toMatchObject({ login: 'github-actions[bot]', type: 'Bot' });
    hub.addComment(12, 'mona', 'three');
    const first = await get('/issues/12/comments?per_page=1');
    expect(first.json).toMatchObject([{ body: 'two' }]);
    expect(first.headers.get('link')).toMatch(/page=2>; rel="next"/);
    expect((await get('/issues/12/comments?per_page=1&page=2')).json).toMatchObject([{ body: 'three' }]);
    expect(hub.comments(12).map(({ author }) => author)).toEqual(['github-actions[bot]', 'mona']);
  });

  test('of what is not there, or without a text that fits, are refused', async () => {
    await started();
    hub.setPullRequest(MERGED);
    expect((await send('POST', '/issues/7/comments', { body: 'x' })).status).toBe(404);
    expect((await send('PATCH', '/issues/comments/7', { body: 'x' })).status).toBe(404);
    for (const body of [undefined, '', 1, 'x'.repeat(65_537)])
      expect((await send('POST', '/issues/12/comments', { body })).status).toBe(422);
    expect((await send('POST', '/issues/12/comments', { body: '😀'.repeat(65_536) })).status).toBe(201);
  });

  test.each([true, false])('who may only read writes none (private: %s)', async (isPrivate) => {
    await started({ isPrivate, permissions: ['pull_requests'] });
    hub.setPullRequest(MERGED);
    const { status, json } = await send('POST', '/issues/12/comments', { body: 'x' });
    expect([status, json.message]).toEqual([403, 'Resource not accessible by integration']);
    expect((await get('/issues/12/comments')).json).toEqual([]);
  });

  test('GraphQL says whose the token is, beside the version of REST', async () => {
    await started({ path: '/api/v3' });
    const url = `${new URL(hub.apiUrl).origin}/api/graphql`;
    const ask = (token: string) =>
      fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: '{}' });
    expect(await (await ask(hub.token)).json()).toEqual({
      data: { viewer: { login: 'github-actions[bot]' } },
    });
    expect((await ask('another')).status).toBe(401);
  });
});

describe('who may ask', () => {
  const RUN = '/actions/runs/42';
  test.each<[string, HubOptions, (token: string) => Record<string, string>, number]>([
    ['the token', {}, (token) => ({ authorization: `Bearer ${token}` }), 200],
    ['the other scheme', {}, (token) => ({ authorization: `token ${token}` }), 200],
    ['another token', {}, () => ({ authorization: 'Bearer ghs_x' }), 401],
    ['no token', {}, () => ({}), 404],
    ['no permission', { permissions: ['contents'] }, (token) => ({ authorization: `Bearer ${token}` }), 403],
    ['anyone, in public', { isPrivate: false, permissions: [] }, () => ({}), 200],
    ['another token, in public', { isPrivate: false }, () => ({ authorization: 'Bearer ghs_x' }), 401],
    ['no name', {}, (token) => ({ authorization: `Bearer ${token}`, 'user-agent': '' }), 403],
    [
      'a version of the API that is none',
      {},
      (token) => ({ authorization: `Bearer ${token}`, 'x-github-api-version': '2020-01-01' }),
      400,
    ],
  ])('%s', async (_who, options, headers, status) => {
    await started(options);
    const answer = await get(RUN, headers(hub.token));
    expect(answer.status).toBe(status);
    if (status !== 200) expect(faultsOf('error', answer.json)).toEqual([]);
  });

  test('a permission that is missing is named', async () => {
    await started({ permissions: [] });
    expect((await get(RUN)).headers.get('x-accepted-github-permissions')).toBe('actions=read');
  });

  test('not beyond the rate limit', async () => {
    await started({ rateLimit: 2 });
    const limits = async () => {
      const { status, headers } = await get(RUN);
      return [status, headers.get('x-ratelimit-remaining'), headers.get('x-ratelimit-used')];
    };
    expect([await limits(), await limits(), await limits()]).toEqual([
      [200, '1', '1'],
      [200, '0', '2'],
      [403, '0', '2'],
    ]);
    const resetAtMs = Number((await get(RUN)).headers.get('x-ratelimit-reset')) * 1000;
    expect(resetAtMs).toBeGreaterThan(Date.now());
    expect(resetAtMs).toBeLessThanOrEqual(Date.now() + 3_601_000);
  });
});

describe('control', () => {
  test('every request is remembered, with whose token it had', async () => {
    await started();
    await get('/actions/runs/42');
    await get('/actions/runs/7', { authorization: 'Bearer other' });
    await get('/nothing?x=1', {});
    const start = '/repos/octo/shop';
    expect(hub.requests()).toEqual([
      { method: 'GET', path: `${start}/actions/runs/42`, status: 200, token: 'ours' },
      { method: 'GET', path: `${start}/actions/runs/7`, status: 401, token: 'another' },
      { method: 'GET', path: `${start}/nothing?x=1`, status: 404, token: 'none' },
    ]);
  });

  test('faults hit as often as they are told to', async () => {
    await started();
    hub.fail({
      path: /runs\/42$/,
      times: 1,
      instead: { status: 502, body: '<html>', headers: { 'retry-after': '3' } },
    });
    hub.fail({ path: /runs\/42$/, times: 1, instead: 'reset' });
    const first = await get('/actions/runs/42');
    expect([first.status, first.json, first.headers.get('retry-after')]).toEqual([502, '<html>', '3']);
    await expect(get('/actions/runs/42')).rejects.toThrow();
    expect((await get('/actions/runs/42')).status).toBe(200);
    expect(hub.requests().map(({ status }) => status)).toEqual([502, 0, 200]);
  });

  test('the API may begin at a path, as that of an own server does', async () => {
    await started({ path: '/api/v3', repository: 'Team/Shop' });
    const { json } = await get('/actions/runs/42');
    expect(json.url).toBe(`${hub.apiUrl}/repos/Team/Shop/actions/runs/42`);
    const elsewhere = hub.apiUrl.replace('/api/v3', '/repos/Team/Shop/actions/runs/42');
    expect((await fetch(elsewhere, { headers: { authorization: `Bearer ${hub.token}` } })).status).toBe(404);
    const lower = `${hub.apiUrl}/repos/team/shop/actions/runs/42`;
    expect((await fetch(lower, { headers: { authorization: `Bearer ${hub.token}` } })).status).toBe(200);
  });

  test.each([
    [[{ sha: sha(2), parents: [sha(1)] }], /a parent of/],
    [[{ sha: 'main', parents: [] }], /no commit/],
  ])('commits that hang in the air are refused', async (commits, why) => {
    await started();
    expect(() => hub.setCommits(commits)).toThrow(why);
  });
});

describe('pull requests', () => {
  test('are listed in pages, the newest first, by their state', async () => {
    await started();
    for (let number = 1; number <= 45; number++)
      hub.setPullRequest({ ...MERGED, number, state: number % 5 === 0 ? 'closed' : 'open', merged: false });
    const numbers = async (query: string) =>
      (await get(`/pulls?${query}`)).json.map((pull: { number: number }) => pull.number);
    expect(await numbers('state=all&per_page=3')).toEqual([45, 44, 43]);
    expect(await numbers('state=closed&per_page=2&page=2')).toEqual([35, 30]);
    expect(await numbers('per_page=100')).toHaveLength(36);
    expect(await numbers('state=all&direction=asc&per_page=2')).toEqual([1, 2]);
    expect((await get('/pulls?state=all&per_page=30')).headers.get('link')).toContain('rel="next"');
  });

  test('of a fork have their head there', async () => {
    await started();
    hub.setPullRequest({ ...MERGED, fork: 'stranger/shop' });
    const [{ head, base }] = (await get('/pulls?state=all')).json;
    expect([head.repo.full_name, base.repo.full_name]).toEqual(['stranger/shop', hub.repository]);
  });
});

describe('deployments', () => {
  const DEPLOYMENT = 'POST /repos/{owner}/{repo}/deployments';
  const ASKED = { ref: sha(3), environment: 'preview/a', auto_merge: false, required_contexts: [] };

  async function post(path: string, json: unknown) {
    const headers = { authorization: `Bearer ${hub.token}`, 'user-agent': 'tests' };
    const url = `${hub.apiUrl}/repos/${hub.repository}${path}`;
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(json) });
    return { status: response.status, json: (await response.json()) as { id: number } };
  }

  test('are made of a commit, have statuses, and are listed by their environment', async () => {
    await started();
    const made = await post('/deployments', { ...ASKED, transient_environment: true });
    expect(made.status).toBe(201);
    expect(faultsOf(DEPLOYMENT, made.json)).toEqual([]);
    await post('/deployments', { ...ASKED, environment: 'preview/b' });
    const statuses = `/deployments/${made.json.id}/statuses`;
    const link = 'https://a.example.com';
    const status = await post(statuses, { state: 'success', environment_url: link, log_url: link });
    expect(status.status).toBe(201);
    expect(faultsOf('POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', status.json)).toEqual(
      [],
    );
    await post(statuses, { state: 'inactive' });
    const listed = (await get('/deployments?environment=preview/a')).json;
    expect(listed.map(({ id }: { id: number }) => id)).toEqual([made.json.id]);
    expect(faultsOf('GET /repos/{owner}/{repo}/deployments', listed)).toEqual([]);
    const told = (await get(statuses)).json;
    expect(told.map(({ state }: { state: string }) => state)).toEqual(['inactive', 'success']);
    expect(hub.deployments().map(({ environment }) => environment)).toEqual(['preview/b', 'preview/a']);
  });

  test.each([
    ['a commit that is not there', { ...ASKED, ref: sha(100) }, 422],
    ['no ref', { ...ASKED, ref: undefined }, 422],
    ['checks that it would wait for', { ...ASKED, required_contexts: undefined }, 409],
  ])('%s is refused', async (_what, asked, expected) => {
    await started();
    expect((await post('/deployments', asked)).status).toBe(expected);
    expect(hub.deployments()).toEqual([]);
  });

  test('are refused without the permission, by its name', async () => {
    await started({ permissions: ['deployments'] });
    expect((await post('/deployments', ASKED)).status).toBe(403);
    expect((await get('/deployments')).status).toBe(200);
  });

  test('a status of no state, or with a text too long, is refused', async () => {
    await started();
    const { id } = (await post('/deployments', ASKED)).json;
    for (const wrong of [{ state: 'done' }, { state: 'success', description: 'x'.repeat(141) }])
      expect((await post(`/deployments/${id}/statuses`, wrong)).status).toBe(422);
    expect((await post('/deployments/1/statuses', { state: 'success' })).status).toBe(404);
  });
});
