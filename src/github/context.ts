/** The run of the workflow, as the runner tells it in `GITHUB_*` and `RUNNER_*`. */
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { RunContext } from '../model/asked.js';

/** @param env the step's environment; outside a runner a run is called `local` and works in the current folder */
export function readContext(env: Readonly<Record<string, string | undefined>>): RunContext {
  const { GITHUB_RUN_ID, GITHUB_SHA, GITHUB_ACTOR, GITHUB_WORKFLOW_REF, GITHUB_API_URL, RUNNER_TOOL_CACHE } =
    env;
  const server = env.GITHUB_SERVER_URL || 'https://github.com';
  const repository = env.GITHUB_REPOSITORY;
  const context: RunContext = {
    runId: GITHUB_RUN_ID || 'local',
    attempt: env.GITHUB_RUN_ATTEMPT || '1',
    workspace: resolve(env.GITHUB_WORKSPACE || '.'),
    temp: env.RUNNER_TEMP || tmpdir(),
  };
  if (GITHUB_SHA && /^[0-9a-f]{40,64}$/i.test(GITHUB_SHA)) context.commit = GITHUB_SHA.toLowerCase();
  if (GITHUB_ACTOR) context.actor = GITHUB_ACTOR;
  if (GITHUB_RUN_ID && repository) context.runUrl = `${server}/${repository}/actions/runs/${GITHUB_RUN_ID}`;
  if (repository) context.repository = repository;
  if (GITHUB_API_URL) context.apiUrl = GITHUB_API_URL;
  if (env.GITHUB_EVENT_NAME && env.GITHUB_EVENT_PATH)
    context.event = { name: env.GITHUB_EVENT_NAME, path: env.GITHUB_EVENT_PATH };
  if (GITHUB_WORKFLOW_REF) context.workflowRef = GITHUB_WORKFLOW_REF;
  if (RUNNER_TOOL_CACHE) context.toolCache = RUNNER_TOOL_CACHE;
  return context;
}
