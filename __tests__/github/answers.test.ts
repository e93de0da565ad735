import { describe, expect, test } from '@jest/globals';
import { ageOf, repositoryAddress, runOf, type Verdict, verdictOf } from '../../src/github/answers.js';

const SHA = '0123456789abcdef0123456789abcdef01234567';

describe('what is done next', () => {
  const again = (afterMs: number): Verdict => ({ kind: 'again', afterMs });
  const no: Verdict = { kind: 'no' };
  const unknown: Verdict = { kind: 'unknown' };
  const remaining = (left: string) => ({ 'x-ratelimit-remaining': left });
  test.each<[string, number, Record<string, string>, Verdict]>([
    ['an answer', 200, remaining('0'), { kind: 'answer' }],
    ['moved', 301, { location: 'https://evil.example.com/' }, unknown],
    ['a bad request', 400, {}, unknown],
    ['no such token', 401, {}, no],
    ['no permission', 403, remaining('99'), no],
    ['rate limit used up', 403, remaining('0'), no],
    ['rate limit used up, with a time', 403, { ...remaining('0'), 'retry-after': '1' }, no],
    ['rate limit used up, the other status', 429, remaining('0'), no],
    ['too fast', 403, { 'retry-after': '3' }, again(3_000)],
    ['too fast, the other status', 429, { 'retry-after': '10' }, again(10_000)],
    ['too fast, for long', 403, { 'retry-after': '60' }, no],
    ['too fast, until somewhen', 429, { 'retry-after': 'soon' }, no],
    ['too fast, without a time', 429, {}, no],
    ['not there', 404, {}, unknown],
    ['cannot be compared', 422, {}, unknown],
    ['a fault', 500, {}, again(0)],
    ['no server', 503, {}, again(0)],
  ])('%s: %i', (_what, status, headers, verdict) => {
    expect(verdictOf({ kind: 'answered', response: { status, headers, cut: false } })).toEqual(verdict);
  });

  test('no answer, and half of one', () => {
    expect(verdictOf({ kind: 'lost' })).toEqual(again(0));
    expect(verdictOf({ kind: 'answered', response: { status: 200, headers: {}, cut: true } })).toEqual(
      unknown,
    );
  });
});

describe('a run', () => {
  const url = 'https://github.com/octo/shop/actions/runs/42';
  const answer = { id: 42, status: 'in_progress', run_attempt: 2, head_sha: SHA, html_url: url };

  test.each([
    ['in_progress', 'running'],
    ['queued', 'running'],
    ['waiting', 'running'],
    ['something_new', 'running'],
    ['completed', 'completed'],
  ])('%s', (status, state) => {
    expect(runOf({ ...answer, status }, '42')).toEqual({ state, attempt: 2, commit: SHA, url });
    expect(runOf({ ...answer, status }, '42', 2)).toEqual({ state, attempt: 2, commit: SHA, url });
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a list', [answer]],
    ['another run', { ...answer, id: 43 }],
    ['no status', { ...answer, status: null }],
    ['an empty status', { ...answer, status: '' }],
    ['no attempt', { ...answer, run_attempt: undefined }],
    ['no commit', { ...answer, head_sha: 'main' }],
    ['no address', { ...answer, html_url: 'javascript:alert(1)' }],
    ['an address with more in it', { ...answer, html_url: `${url}\n::error::` }],
  ])('%s says nothing', (_what, json) => {
    expect(runOf(json, '42')).toBeUndefined();
  });

  test('another attempt than the one that was asked for says nothing', () => {
    expect(runOf({ ...answer, status: 'completed' }, '42', 1)).toBeUndefined();
  });
});

describe('a comparison', () => {
  const base_commit = { sha: SHA };
  test.each<[unknown, string | undefined]>([
    [{ base_commit, status: 'ahead' }, 'newer'],
    [{ base_commit, status: 'behind' }, 'older'],
    [{ base_commit, status: 'identical' }, 'same'],
    [{ base_commit, status: 'diverged' }, 'diverged'],
    [{ base_commit, status: 'constructor' }, undefined],
    [{ base_commit, status: 1 }, undefined],
    [{ base_commit: { sha: SHA.replace('0', 'f') }, status: 'ahead' }, undefined],
    [{ status: 'ahead' }, undefined],
    [null, undefined],
  ])('%j: %s', (json, age) => {
    expect(ageOf(json, SHA)).toBe(age);
  });
});

test.each([
  ['https://api.github.com', 'octo/shop', 'https://api.github.com/repos/octo/shop'],
  [
    'https://git.example.com/api/v3/',
    'octo/my.shop_1',
    'https://git.example.com/api/v3/repos/octo/my.shop_1',
  ],
  ['http://127.0.0.1:8080', 'octo/shop', 'http://127.0.0.1:8080/repos/octo/shop'],
  ['http://localhost:1', 'octo/shop', 'http://localhost:1/repos/octo/shop'],
  ['http://[::1]:1', 'octo/shop', 'http://[::1]:1/repos/octo/shop'],
  ['http://api.github.com', 'octo/shop', undefined],
  ['http://127.0.0.1.evil.example.com', 'octo/shop', undefined],
  ['http://127.0.0.1@evil.example.com', 'octo/shop', undefined],
  ['https://user:pw@git.example.com', 'octo/shop', undefined],
  ['https://git.example.com/?x=1', 'octo/shop', undefined],
  ['ftp://127.0.0.1', 'octo/shop', undefined],
  ['api.github.com', 'octo/shop', undefined],
  ['', 'octo/shop', undefined],
  ['https://api.github.com', '', undefined],
  ['https://api.github.com', 'shop', undefined],
  ['https://api.github.com', 'octo/shop/x', undefined],
  ['https://api.github.com', '../user', undefined],
  ['https://api.github.com', 'octo/shop?x', undefined],
])('%s and %s: %s', (apiUrl, repository, address) => {
  expect(repositoryAddress(apiUrl, repository)).toBe(address);
});
