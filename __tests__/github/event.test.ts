import { describe, expect, test } from '@jest/globals';
import { pullRequestOf } from '../../src/github/event.js';

const HEAD = 'AB'.repeat(20);
const event = (head: unknown, number: unknown = 12) => ({ pull_request: { number, head } });

test('the number, the newest commit, and whose commits they are', () => {
  const own = event({ sha: HEAD, repo: { full_name: 'Octo/Shop' } });
  expect(pullRequestOf(own, 'octo/shop')).toEqual({ number: 12, head: HEAD.toLowerCase(), isFork: false });
});

describe('a fork is', () => {
  test.each([
    ['another repository', { repo: { full_name: 'mona/shop' } }],
    ['one that is gone', { repo: null }],
    ['what does not tell', undefined],
  ])('%s', (_what, head) => {
    expect(pullRequestOf(event(head), 'octo/shop')).toEqual({ number: 12, isFork: true });
  });
});

test.each([
  undefined,
  null,
  [],
  'x',
  {},
  { pull_request: null },
  event({}, '12'),
  event({}, 0),
  event({}, 1.5),
])('%j is no pull request', (json) => {
  expect(pullRequestOf(json, 'octo/shop')).toBeUndefined();
});
