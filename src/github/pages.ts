/** Addresses of GitHub's own pages, for people. Pure. */
import type { RunContext } from '../model/asked.js';

export interface Pages {
  /** Of the repository, without a slash at its end. */
  repository: string;
  run: string;
  /** Where the workflow is started by hand, when it can be, and its file's name. */
  workflow?: { file: string; url: string };
}

const WORKFLOW = /^([\w.-]+\/[\w.-]+)\/\.github\/workflows\/([\w.-]+\.ya?ml)@/;

/** undefined: the run is none of GitHub's. */
export function pagesOf({
  repository,
  runUrl = '',
  workflowRef = '',
}: Pick<RunContext, 'repository' | 'runUrl' | 'workflowRef'>): Pages | undefined {
  const [, page] = /^(https?:\/\/[^\s()<>]+)\/actions\/runs\/\d+$/.exec(runUrl) ?? [];
  if (page === undefined) return undefined;
  const [, of, file] = WORKFLOW.exec(workflowRef) ?? [];
  const workflow =
    file && of === repository ? { workflow: { file, url: `${page}/actions/workflows/${file}` } } : {};
  return { repository: page, run: runUrl, ...workflow };
}
