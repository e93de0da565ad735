import { tmpdir } from 'node:os';
import { expect, test } from '@jest/globals';
import { readContext } from '../../src/github/context.js';

const SHA = '0123456789abcdef0123456789abcdef01234567';

test('a run of a workflow', () => {
  expect(
    readContext({
      GITHUB_RUN_ID: '42',
      GITHUB_RUN_ATTEMPT: '3',
      GITHUB_SHA: SHA,
      GITHUB_ACTOR: 'ann',
      GITHUB_SERVER_URL: 'https://git.example.com',
      GITHUB_API_URL: 'https://git.example.com/api/v3',
      GITHUB_REPOSITORY: 'team/shop',
      GITHUB_EVENT_NAME: 'pull_request',
      GITHUB_EVENT_PATH: '/runner/event.json',
      GITHUB_WORKFLOW_REF: 'team/shop/.github/workflows/deploy.yml@refs/heads/main',
      GITHUB_WORKSPACE: '/checkout/shop',
      RUNNER_TEMP: '/runner/temp',
      RUNNER_TOOL_CACHE: '/runner/tools',
    }),
  ).toEqual({
    runId: '42',
    attempt: '3',
    commit: SHA,
    actor: 'ann',
    runUrl: 'https://git.example.com/team/shop/actions/runs/42',
    workflowRef: 'team/shop/.github/workflows/deploy.yml@refs/heads/main',
    repository: 'team/shop',
    apiUrl: 'https://git.example.com/api/v3',
    event: { name: 'pull_request', path: '/runner/event.json' },
    workspace: '/checkout/shop',
    temp: '/runner/temp',
    toolCache: '/runner/tools',
  });
});

test('outside a runner, or with empty variables', () => {
  const local = { runId: 'local', attempt: '1', workspace: process.cwd(), temp: tmpdir() };
  expect(readContext({})).toEqual(local);
  expect(
    readContext({
      GITHUB_RUN_ID: '',
      GITHUB_SHA: '',
      GITHUB_API_URL: '',
      GITHUB_WORKSPACE: '',
      RUNNER_TEMP: '',
    }),
  ).toEqual(local);
});

test('a commit that is none is left out', () => {
  expect(readContext({ GITHUB_SHA: 'main' })).not.toHaveProperty('commit');
  expect(readContext({ GITHUB_SHA: SHA.toUpperCase() }).commit).toBe(SHA);
});
