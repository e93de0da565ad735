import { describe, expect, test } from '@jest/globals';
import { commitsIn } from '../../src/github/commits.js';
import { pagesOf } from '../../src/github/pages.js';

const sha = (digit: string) => digit.repeat(40);

function comparison(messages: readonly unknown[], more = {}) {
  const commits = messages.map((message, at) => ({ sha: sha(String(at + 1)), commit: { message } }));
  return { base_commit: { sha: sha('0') }, total_commits: commits.length, behind_by: 2, commits, ...more };
}

describe('the commits of a comparison', () => {
  test.each([
    ['Let a cart be emptied', { title: 'Let a cart be emptied' }],
    ['Let a cart be emptied (#41)\n\nWhy', { title: 'Let a cart be emptied', pull: 41 }],
    ['Merge pull request #42 from octo/x\n\nTake no order', { title: 'Take no order', pull: 42 }],
    ['Merge pull request #42 from octo/x', { title: 'Merge pull request #42 from octo/x', pull: 42 }],
    ['Closes (#1) it', { title: 'Closes (#1) it' }],
    ['x (#1234567890123)', { title: 'x (#1234567890123)' }],
    [undefined, { title: '' }],
  ])('%j', (message, told) => {
    expect(commitsIn(comparison([message]), sha('0'))?.commits).toEqual([{ sha: sha('1'), ...told }]);
  });

  test('the newest one comes first; what is no commit is left out', () => {
    const json = comparison(['one', 'two'], { total_commits: 250 });
    const told = commitsIn({ ...json, commits: [...json.commits, { sha: 'x' }, null] }, sha('0'));
    expect(told?.commits.map(({ title }) => title)).toEqual(['two', 'one']);
    expect([told?.total, told?.missing]).toEqual([250, 2]);
  });

  test.each([
    null,
    {},
    [],
    comparison([], { base_commit: { sha: sha('9') } }),
    comparison([], { commits: 1 }),
  ])('what is none is not known: %j', (json) => expect(commitsIn(json, sha('0'))).toBeUndefined());
});

describe('pages of GitHub', () => {
  const runUrl = 'https://github.com/octo/shop/actions/runs/7';
  const workflowRef = 'octo/shop/.github/workflows/deploy.yml@refs/heads/main';

  test('of the repository, the run, and the workflow', () => {
    expect(pagesOf({ repository: 'octo/shop', runUrl, workflowRef })).toEqual({
      repository: 'https://github.com/octo/shop',
      run: runUrl,
      workflow: { file: 'deploy.yml', url: 'https://github.com/octo/shop/actions/workflows/deploy.yml' },
    });
  });

  test("another repository's workflow has no page here, and without a run there is none", () => {
    expect(pagesOf({ repository: 'octo/other', runUrl, workflowRef })).not.toHaveProperty('workflow');
    expect(pagesOf({ repository: 'octo/shop', workflowRef })).toBeUndefined();
    expect(pagesOf({ runUrl: 'https://x/(y)/actions/runs/7' })).toBeUndefined();
  });
});
