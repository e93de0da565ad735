import { describe, expect, test } from '@jest/globals';
import { requestIdToken } from '../../src/github/id-token.js';
import { HttpFailure } from '../../src/model/errors.js';
import type { HttpRequest, HttpResponse } from '../../src/model/ports.js';

const ENV = {
  ACTIONS_ID_TOKEN_REQUEST_URL: 'https://run.example.com/idtoken/1?api-version=2.0',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'runtime-token',
};

function asking(answer: Partial<HttpResponse> | Error, env: Record<string, string> = ENV) {
  const requests: HttpRequest[] = [];
  const http = {
    request: async (request: HttpRequest) => {
      requests.push(request);
      if (answer instanceof Error) throw answer;
      return { status: 200, headers: {}, body: Buffer.alloc(0), cut: false, durationMs: 1, ...answer };
    },
  };
  return { requests, asked: requestIdToken({ http, env, audience: 'https://uaa.example.com/oauth/token' }) };
}

test('asks GitHub with the token of the job, for the audience', async () => {
  const { requests, asked } = asking({ body: Buffer.from('{"count":1,"value":"a.b.c"}') });
  expect(await asked).toBe('a.b.c');
  expect(requests).toMatchObject([
    {
      method: 'GET',
      url: 'https://run.example.com/idtoken/1?api-version=2.0&audience=https%3A%2F%2Fuaa.example.com%2Foauth%2Ftoken',
      headers: { authorization: 'Bearer runtime-token' },
    },
  ]);
});

describe('a job that may not ask', () => {
  test.each<[string, Partial<HttpResponse>, Record<string, string>]>([
    ['has no address', {}, {}],
    ['has half of it', {}, { ACTIONS_ID_TOKEN_REQUEST_URL: ENV.ACTIONS_ID_TOKEN_REQUEST_URL }],
    ['is refused', { status: 403 }, ENV],
  ])('%s: is told the lines to add', async (_what, answer, env) => {
    await expect(asking(answer, env).asked).rejects.toMatchObject({
      name: 'Refused',
      code: 'id-token',
      commands: ['permissions:', '  contents: read', '  id-token: write'],
    });
  });
});

test.each<[string, Partial<HttpResponse> | Error]>([
  ['500', { status: 500 }],
  ['an answer without a token', { body: Buffer.from('{}') }],
  ['an answer that is none', { body: Buffer.from('<html>') }],
  ['a broken connection', new HttpFailure('reset', 'reset', true)],
])('%s may be asked again', async (_what, answer) => {
  await expect(asking(answer).asked).rejects.toMatchObject({ name: 'PlatformFault', ambiguous: false });
});
