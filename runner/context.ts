/** The environment that the runner gives to a step, but for inputs, state and files. */
import { randomUUID } from 'node:crypto';

export interface ContextOptions {
  workspace: string;
  /** RUNNER_TEMP. */
  temp: string;
  toolCache: string;
  home: string;
  runId: string;
  attempt: number;
  eventName: string;
  eventPath: string;
}

const REPOSITORY = 'octo/shop';

/** @returns a push to `main` of the repository octo/shop, with every variable that a GitHub-hosted runner sets for an action */
export function contextEnvironment(options: ContextOptions): Record<string, string> {
  const ref = 'refs/heads/main';
  const sha = '5f1c3a7e9b2d4068a1c3e5f7092b4d6e8fa1b3c5';
  return {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    HOME: options.home,
    LANG: 'C.UTF-8',
    GITHUB_ACTION: 'deploy',
    GITHUB_ACTOR: 'mona',
    GITHUB_ACTOR_ID: '1001',
    // Nobody listens there: a step of ours never asks the real GitHub. A test that needs one names its own.
    GITHUB_API_URL: 'http://127.0.0.1:9',
    GITHUB_BASE_REF: '',
    GITHUB_EVENT_NAME: options.eventName,
    GITHUB_EVENT_PATH: options.eventPath,
    GITHUB_GRAPHQL_URL: 'https://api.github.com/graphql',
    GITHUB_HEAD_REF: '',
    GITHUB_JOB: 'deploy',
    GITHUB_REF: ref,
    GITHUB_REF_NAME: 'main',
    GITHUB_REF_PROTECTED: 'true',
    GITHUB_REF_TYPE: 'branch',
    GITHUB_REPOSITORY: REPOSITORY,
    GITHUB_REPOSITORY_ID: '2002',
    GITHUB_REPOSITORY_OWNER: 'octo',
    GITHUB_REPOSITORY_OWNER_ID: '3003',
    GITHUB_RETENTION_DAYS: '90',
    GITHUB_RUN_ATTEMPT: String(options.attempt),
    GITHUB_RUN_ID: options.runId,
    GITHUB_RUN_NUMBER: '7',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_SHA: sha,
    GITHUB_TRIGGERING_ACTOR: 'mona',
    GITHUB_WORKFLOW: 'Deploy',
    GITHUB_WORKFLOW_REF: `${REPOSITORY}/.github/workflows/deploy.yml@${ref}`,
    GITHUB_WORKFLOW_SHA: sha,
    GITHUB_WORKSPACE: options.workspace,
    RUNNER_ARCH: process.arch.toUpperCase(),
    RUNNER_ENVIRONMENT: 'self-hosted',
    RUNNER_NAME: 'mini-runner',
    RUNNER_OS: { linux: 'Linux', darwin: 'macOS', win32: 'Windows' }[process.platform as string] ?? 'Linux',
    RUNNER_TEMP: options.temp,
    RUNNER_TOOL_CACHE: options.toolCache,
    RUNNER_TRACKING_ID: `github_${randomUUID()}`,
    RUNNER_WORKSPACE: options.workspace,
  };
}
