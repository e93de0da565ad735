import { describe, expect, test } from '@jest/globals';
import { whySkipped } from '../../src/commands/skipped.js';

const PREVIEW = { INPUT_COMMAND: 'preview' };
const from = (fullName: string | null) => ({
  pull_request: { number: 12, head: { repo: fullName && { full_name: fullName } } },
});
const why = (
  env: Record<string, string>,
  payload: unknown,
  { event = 'pull_request', actor = 'mona' } = {},
) =>
  whySkipped(
    env,
    {
      ...{ runId: '1', attempt: '1', workspace: '/w', temp: '/t', actor, repository: 'octo/shop' },
      event: { name: event, path: '/e' },
    },
    payload,
  );

describe('skipped is', () => {
  test.each([
    ['a fork', PREVIEW, from('stranger/shop'), {}, 'from a fork'],
    ['a fork that is gone', PREVIEW, from(null), {}, 'from a fork'],
    ['its removal', { INPUT_COMMAND: 'preview-delete' }, from('stranger/shop'), {}, 'from a fork'],
    ['Dependabot', PREVIEW, from('octo/shop'), { actor: 'dependabot[bot]' }, 'Dependabot'],
    ['oidc without its permission', { ...PREVIEW, INPUT_OIDC: 'true' }, from('stranger/shop'), {}, 'fork'],
  ])('%s', (_what, env, payload, how, text) => expect(why(env, payload, how)).toContain(text));
});

describe('not skipped is', () => {
  test.each([
    ['the repository itself', PREVIEW, from('Octo/Shop'), {}],
    ['who signs in', { ...PREVIEW, INPUT_PASSWORD: 'x' }, from('stranger/shop'), {}],
    [
      'who may ask for an identity',
      { ...PREVIEW, INPUT_OIDC: 'true', ACTIONS_ID_TOKEN_REQUEST_URL: 'https://x' },
      from('stranger/shop'),
      {},
    ],
    ['another event', PREVIEW, from('stranger/shop'), { event: 'pull_request_target' }],
    ['another command', { INPUT_COMMAND: 'deploy' }, from('stranger/shop'), {}],
    ['no pull request', PREVIEW, {}, {}],
  ])('%s', (_what, env, payload, how) => expect(why(env, payload, how)).toBeUndefined());
});
