/** A pull request from a fork, or by Dependabot, whose run has no secrets: there is nothing to be done, and nothing is wrong. Pure. */
import { pullRequestOf } from '../github/event.js';
import type { RunContext } from '../model/asked.js';

type Environment = Readonly<Record<string, string | undefined>>;

const PREVIEWS = ['preview', 'preview-delete'];
const CREDENTIALS = ['PASSWORD', 'CLIENT-SECRET'];
const BOT = 'dependabot[bot]';

/**
 * @param env the step's inputs, which are not read yet: where the credentials are missing they could not be
 * @returns why, for people; undefined: it is to be done
 */
export function whySkipped(
  env: Environment,
  { event, repository = '', actor }: RunContext,
  payload: unknown,
): string | undefined {
  const command = (env.INPUT_COMMAND ?? '').trim();
  if (!PREVIEWS.includes(command) || event?.name !== 'pull_request' || signsIn(env)) return undefined;
  const pull = pullRequestOf(payload, repository);
  if (pull?.isFork) return `Pull request ${pull.number} is from a fork, whose runs get no secrets.`;
  if (actor === BOT) return 'Dependabot runs this, whose runs get no secrets of the repository.';
  return undefined;
}

/** GitHub gives a fork's run no identity either: the variables for it are not set. */
function signsIn(env: Environment): boolean {
  const isOidc = /^true$/i.test((env.INPUT_OIDC ?? '').trim());
  if (isOidc) return Boolean(env.ACTIONS_ID_TOKEN_REQUEST_URL);
  return CREDENTIALS.some((name) => (env[`INPUT_${name}`] ?? '') !== '');
}
