import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Hub, type HubOptions, startHub } from '../../hub/index.js';
import { createGitHub, type GitHub, type GitHubOptions } from '../../src/github/client.js';
import type { Http, HttpRequest } from '../../src/model/ports.js';
import { type ClosableHttp, createHttp } from '../../src/system/http.js';

const sha = (n: number) => n.toString(16).padStart(40, '0');
const COMMITS = [
  { sha: sha(1), parents: [] },
  { sha: sha(2), parents: [sha(1)] },
  { sha: sha(3), parents: [sha(1)] },
];

let http: ClosableHttp;
const closing: (() => Promise<void>)[] = [];
beforeEach(() => {
  http = createHttp({ skipSslValidation: false });
});
afterEach(async () => {
  http.close();
  for (const close of closing.splice(0)) await close();
});

async function startedHub(options: HubOptions = {}): Promise<Hub> {
  const hub = await startHub(options);
  closing.push(hub.close);
  hub.setCommits(COMMITS);
  hub.setRun({ id: 42, commit: sha(2) });
  return hub;
}

/** Waits take no time and are written down. */
function client(hub: Hub, options: Partial<GitHubOptions> = {}) {
  const waits: number[] = [];
  const told: string[] = [];
  const clock = { now: () => 0, sleep: async (ms: number) => void waits.push(ms) };
  const { apiUrl, token, repository } = hub;
  const tell = (text: string) => void told.push(text);
  const github = createGitHub({ http, clock, apiUrl, token, repository, tell, ...options });
  return { github, waits, told };
}

const statuses = (hub: Hub) => hub.requests().map(({ status }) => status);

describe('runs', () => {
  test('running, completed, and run again', async () => {
    const hub = await startedHub();
    const { github, told } = client(hub);
    const known = { commit: sha(2), url: 'https://github.com/octo/shop/actions/runs/42' };
    expect(await github.run('42')).toEqual({ ...known, state: 'running', attempt: 1 });
    hub.setRun({ id: 42, status: 'completed', conclusion: 'cancelled', commit: sha(2) });
    expect(await github.run('42', 1)).toEqual({ ...known, state: 'completed', attempt: 1 });
    hub.setRun({ id: 42, attempt: 2, status: 'queued', commit: sha(2) });
    expect(await github.run('42')).toEqual({ ...known, state: 'running', attempt: 2 });
    expect(await github.run('42', 1)).toEqual({ ...known, state: 'completed', attempt: 1 });
    expect(told).toEqual([]);
  });

  test('that are not there are not known, others still are', async () => {
    const hub = await startedHub();
    const { github, told } = client(hub);
    expect(await github.run('7')).toBeUndefined();
    expect(await github.run('8')).toBeUndefined();
    expect(await github.run('42')).toBeDefined();
    expect(told).toEqual([expect.stringMatching(/404/)]);
  });

  test.each(['local', '', '42/attempts/1', '-1'])('%j is no run, and nothing is asked', async (id) => {
    const hub = await startedHub();
    expect(await client(hub).github.run(id)).toBeUndefined();
    expect(hub.requests()).toEqual([]);
  });
});

describe('commits', () => {
  test.each([
    [1, 2, 'newer'],
    [2, 1, 'older'],
    [2, 3, 'diverged'],
    [2, 100, undefined],
  ])('%i and %i: %s', async (base, head, age) => {
    const { github } = client(await startedHub());
    expect(await github.compare(sha(base), sha(head))).toBe(age);
  });

  test('the same one, or what is no whole commit, is not asked for', async () => {
    const hub = await startedHub();
    const { github } = client(hub);
    expect(await github.compare(sha(171), sha(171).toUpperCase())).toBe('same');
    expect(await github.compare(sha(1).slice(0, 7), sha(2))).toBeUndefined();
    expect(await github.compare(sha(1), 'main')).toBeUndefined();
    expect(hub.requests()).toEqual([]);
  });

  test('a thousand commits between them are one small page', async () => {
    const hub = await startedHub();
    hub.setCommits(
      Array.from({ length: 1000 }, (_, i) => ({ sha: sha(i + 1), parents: i === 0 ? [] : [sha(i)] })),
    );
    expect(await client(hub).github.compare(sha(1), sha(1000))).toBe('newer');
    expect(hub.requests()).toHaveLength(1);
  });
});

describe('what lies between two commits', () => {
  test('of a thousand commits the newest ones, and how many there are', async () => {
    const hub = await startedHub();
    hub.setCommits(
      Array.from({ length: 1000 }, (_, i) => ({ sha: sha(i + 1), parents: i === 0 ? [] : [sha(i)] })),
    );
    const { commits = [], total } = (await client(hub).github.between(sha(1), sha(1000))) ?? {};
    expect([total, commits.length, commits[0]?.sha]).toEqual([999, 99, sha(1000)]);
    expect(hub.requests()).toHaveLength(2);
  });

  test('those that leave are counted, too, and the same one has none', async () => {
    const hub = await startedHub();
    const { github } = client(hub);
    expect(await github.between(sha(2), sha(3))).toMatchObject({ total: 1, missing: 1 });
    expect(await github.between(sha(2), sha(2))).toEqual({ commits: [], total: 0, missing: 0 });
    expect(await github.between(sha(2), sha(9))).toBeUndefined();
    expect(await github.between('short', sha(3))).toBeUndefined();
  });
});

describe('what is not known is no error', () => {
  test.each<[string, (hub: Hub) => Partial<GitHubOptions>]>([
    ['no token', () => ({ token: undefined })],
    ['an empty token', () => ({ token: '' })],
    ['no address', () => ({ apiUrl: undefined })],
    ['no repository', () => ({ repository: undefined })],
    ['an address that is not safe', () => ({ apiUrl: 'http://api.github.example' })],
  ])('%s: nothing is asked', async (_what, options) => {
    const hub = await startedHub();
    const { github } = client(hub, options(hub));
    expect([await github.run('42'), await github.compare(sha(1), sha(2))]).toEqual([undefined, undefined]);
    expect(hub.requests()).toEqual([]);
  });

  test.each<[string, HubOptions, Partial<GitHubOptions>, number, RegExp]>([
    ['a token that is none', {}, { token: 'ghs_other' }, 401, /does not accept the token/],
    ['no permission', { permissions: ['contents'] }, {}, 403, /needs the permission "actions: read"/],
    ['no rate limit left', { rateLimit: 0 }, {}, 403, /rate limit is used up/],
  ])('%s: asked once, and told once', async (_what, hubOptions, options, status, why) => {
    const hub = await startedHub(hubOptions);
    const { github, told, waits } = client(hub, options);
    expect([await github.run('42'), await github.run('42'), await github.run('43')]).toEqual(
      Array(3).fill(undefined),
    );
    expect([statuses(hub), told, waits]).toEqual([[status], [expect.stringMatching(why)], []]);
  });

  test('a permission that is missing leaves the other', async () => {
    const hub = await startedHub({ permissions: ['contents'] });
    const { github } = client(hub);
    expect(await github.run('42')).toBeUndefined();
    expect(await github.compare(sha(1), sha(2))).toBe('newer');
  });

  test('nobody there', async () => {
    const hub = await startedHub();
    const { github, waits, told } = client(hub);
    await hub.close();
    expect(await github.run('42')).toBeUndefined();
    expect(waits).toEqual([500, 2_000]);
    expect(told).toEqual([expect.stringMatching(/cannot be reached/)]);
  });

  test.each(['<html>', '', '{"id":42', '[]', 'null'])('an answer that is %j', async (body) => {
    const hub = await startedHub();
    hub.fail({ path: /runs/, times: 1, instead: { status: 200, body } });
    expect(await client(hub).github.run('42')).toBeUndefined();
  });
});

describe('faults that pass', () => {
  test('two of them are borne', async () => {
    const hub = await startedHub();
    hub.fail({ path: /runs/, times: 1, instead: { status: 502, body: '<html>' } });
    hub.fail({ path: /runs/, times: 1, instead: 'reset' });
    const { github, waits, told } = client(hub);
    expect(await github.run('42')).toMatchObject({ state: 'running' });
    expect([statuses(hub), waits, told]).toEqual([[502, 0, 200], [500, 2_000], []]);
  });

  test('three are not; the next question is asked again', async () => {
    const hub = await startedHub();
    hub.fail({ path: /runs/, times: 3, instead: { status: 503 } });
    const { github } = client(hub);
    expect(await github.run('42')).toBeUndefined();
    expect(statuses(hub)).toEqual([503, 503, 503]);
    expect(await github.run('42')).toMatchObject({ state: 'running' });
  });

  test('as long is waited as is asked for', async () => {
    const hub = await startedHub();
    hub.fail({
      path: /runs/,
      times: 1,
      instead: { status: 429, headers: { 'retry-after': '7', 'x-ratelimit-remaining': '5' } },
    });
    const { github, waits } = client(hub);
    expect(await github.run('42')).toMatchObject({ state: 'running' });
    expect(waits).toEqual([7_000]);
  });

  test('a signal ends it with its own reason', async () => {
    const hub = await startedHub();
    hub.fail({ path: /runs/, times: 1, instead: 'silence' });
    const ending = new AbortController();
    const { github } = client(hub, { signal: ending.signal });
    const asked = github.run('42');
    await until(() => hub.requests().length === 1);
    ending.abort(new Error('SIGINT'));
    await expect(asked).rejects.toThrow('SIGINT');
  });
});

describe('the token', () => {
  test('goes with the request, and nowhere that an answer names', async () => {
    const hub = await startedHub();
    const strangers: (string | undefined)[] = [];
    const stranger = createServer((request, response) => {
      strangers.push(request.headers.authorization);
      response.end('{}');
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    closing.push(async () => void stranger.close());
    const location = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/repos/octo/shop/actions/runs/42`;
    hub.fail({ path: /runs/, times: 1, instead: { status: 301, headers: { location } } });
    const { github } = client(hub);
    expect(await github.run('42')).toBeUndefined();
    expect(await github.run('42')).toBeDefined();
    expect(hub.requests().map(({ token }) => token)).toEqual(['ours', 'ours']);
    expect(strangers).toEqual([]);
  });

  test('is in no address and in nothing that is told', async () => {
    const hub = await startedHub();
    const sent: HttpRequest[] = [];
    const seeing: Http = {
      request(request) {
        sent.push(request);
        return http.request(request);
      },
    };
    for (const status of [301, 401, 403, 404, 500])
      hub.fail({ path: new RegExp(`runs/${status}`), times: 9, instead: { status, body: hub.token } });
    for (const status of [301, 401, 403, 404, 500]) {
      const { github, told } = client(hub, { http: seeing });
      expect(await github.run(String(status))).toBeUndefined();
      expect(told).toHaveLength(1);
      expect(told.join()).not.toContain(hub.token);
    }
    expect(sent.length).toBeGreaterThan(4);
    for (const { url, headers } of sent) {
      expect(url).not.toContain(hub.token);
      expect(headers).toMatchObject({
        authorization: `Bearer ${hub.token}`,
        'user-agent': 'cf-zero-downtime',
      });
    }
  });
});

test('an own GitHub server has its API at a path', async () => {
  const hub = await startedHub({ path: '/api/v3' });
  const { github }: { github: GitHub } = client(hub, { apiUrl: `${hub.apiUrl}/` });
  expect(await github.run('42')).toMatchObject({ state: 'running' });
});

async function until(holds: () => boolean): Promise<void> {
  const lastMs = Date.now() + 5_000;
  while (!holds()) {
    if (Date.now() > lastMs) throw new Error('it did not come');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
