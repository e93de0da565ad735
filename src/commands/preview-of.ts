/** Which pull request a preview is of, and whose code it would run. Pure. */
import { type PullRequest, pullRequestOf } from '../github/event.js';
import type { Inputs, RunContext } from '../model/asked.js';
import { InputError } from '../model/errors.js';
import type { PreviewOf } from '../platform/preview-names.js';

/**
 * @param event payload of the workflow's event; undefined: there is none
 * @throws InputError where neither the event nor the input `preview-id` names it
 */
export function previewOf(
  { command, preview }: Pick<Inputs, 'command' | 'preview'>,
  { repository }: Pick<RunContext, 'repository'>,
  event: unknown,
): PreviewOf & { request?: PullRequest } {
  const request = pullRequestOf(event, repository ?? '');
  const id = preview.id ?? (request ? String(request.number) : undefined);
  if (id === undefined) {
    throw new InputError([
      {
        text: `The command ${command} has no pull request: run it on pull_request, or say with the input "preview-id" which preview it is.`,
      },
    ]);
  }
  const isPulls = request !== undefined && id === String(request.number);
  return {
    id,
    ...(repository === undefined ? {} : { repository }),
    ...(isPulls ? { pull: request.number } : {}),
    ...(request ? { request } : {}),
  };
}
