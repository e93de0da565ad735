import { describe, expect, test } from '@jest/globals';
import { assertOwnCode, type Facts, whoseCode } from '../../src/commands/fork.js';
import type { Ports } from '../../src/commands/open.js';
import type { Inputs, RunContext } from '../../src/model/asked.js';

const [OWN, BASE] = ['a'.repeat(40), 'b'.repeat(40)];
const pull = (fullName: string) => ({
  pull_request: { number: 12, head: { sha: OWN, repo: { full_name: fullName } } },
});
const run = (fullName: string) => ({
  workflow_run: { head_sha: OWN, head_repository: { full_name: fullName } },
});
const comment = { issue: { number: 12, pull_request: {} } };
const why = (facts: Partial<Facts>) =>
  whoseCode({ payload: {}, repository: 'octo/shop', sha: BASE, head: OWN, ...facts });

describe('deployed is', () => {
  test.each<[string, Partial<Facts>]>([
    ['a pull request of the repository', { event: 'pull_request', payload: pull('octo/shop') }],
    ['what a run is for by itself', { event: 'issue_comment', payload: comment, head: BASE }],
    [
      'the base of a pull request from a fork',
      { event: 'pull_request_target', payload: pull('stranger/shop'), head: BASE },
    ],
    [
      'the head of an own pull request with its secrets',
      { event: 'pull_request_target', payload: pull('Octo/Shop') },
    ],
    ['a workflow run for an own branch', { event: 'workflow_run', payload: run('octo/shop') }],
    [
      'a commit of an own branch that was commented on',
      { event: 'issue_comment', payload: comment, origin: 'own' },
    ],
    ['a branch by hand', { event: 'workflow_dispatch', origin: 'own' }],
    ['a folder without git', { event: 'workflow_dispatch', head: undefined as never }],
  ])('%s', (_what, facts) => expect(why(facts)).toBeUndefined());
});

describe('refused is', () => {
  test.each<[string, Partial<Facts>]>([
    [
      'a review of a fork, whose merge the run is for',
      { event: 'pull_request_review', payload: pull('stranger/shop'), head: BASE },
    ],
    ['a fork that was given secrets', { event: 'pull_request', payload: pull('stranger/shop') }],
    [
      'the head of a fork in a run of the base',
      { event: 'pull_request_target', payload: pull('stranger/shop') },
    ],
    [
      'a fork in a run of the base, without git',
      { event: 'pull_request_target', payload: pull('stranger/shop'), head: undefined as never },
    ],
    ['a workflow run for a fork', { event: 'workflow_run', payload: run('stranger/shop') }],
    [
      'another commit than the own workflow run was for, from a fork',
      { event: 'workflow_run', payload: run('octo/shop'), head: 'c'.repeat(40), origin: 'fork' },
    ],
    ['a fork that was commented on', { event: 'issue_comment', payload: comment, origin: 'fork' }],
    [
      'the number of a fork’s pull request by hand, without git',
      { event: 'workflow_dispatch', origin: 'fork', head: undefined as never },
    ],
    ['a comment, without git', { event: 'issue_comment', payload: comment, head: undefined as never }],
    ['a fork by hand', { event: 'workflow_dispatch', origin: 'fork' }],
    ['what GitHub does not know', { event: 'workflow_dispatch' }],
  ])('%s', (_what, facts) => expect(why(facts)).toBeDefined());
});

test('a fork in a folder of the own workspace is refused where that folder is deployed', async () => {
  const heads: Record<string, string> = { '/w/.git/HEAD': BASE, '/w/pr/.git/HEAD': OWN };
  const files = { read: async (path: string) => (heads[path] ? Buffer.from(heads[path]) : undefined) };
  const context = {
    ...{ repository: 'octo/shop', commit: BASE, workspace: '/w' },
    event: { name: 'pull_request_target', path: '/event.json' },
  };
  const deployed = (...paths: string[]) =>
    assertOwnCode(
      paths,
      pull('stranger/shop'),
      { preview: { allowFork: false } } as Inputs,
      context as RunContext,
      { files } as unknown as Ports,
    );
  await expect(deployed('/w/manifest.yml', '/w/dist/app.jar')).resolves.toBeUndefined();
  await expect(deployed('/w/manifest.yml', '/w/pr/dist')).rejects.toThrow('from a fork');
});
