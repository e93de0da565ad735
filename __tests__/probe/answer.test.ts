import { describe as about, expect, test } from '@jest/globals';
import { HttpFailure } from '../../src/model/errors.js';
import { type Answer, ask, describe, inShort, MAX_ANSWER_BYTES } from '../../src/probe/answer.js';
import { CANDIDATE, scene, UNKNOWN_INSTANCE } from './support.js';

const answer: Answer = { status: 302, headers: {}, bodyStart: '', startedMs: 0, durationMs: 7 };

about('describe', () => {
  test('shows what matters, and no query of a redirect', () => {
    const headers = {
      location: 'https://login.example.com/in?token=abc#x',
      'set-cookie': 'session=1',
      'content-type': 'text/html',
    };
    expect(describe({ ...answer, headers, bodyStart: 'a\r\nb' })).toEqual([
      'HTTP 302 after 7 ms',
      'location: https://login.example.com/in',
      'content-type: text/html',
      'a',
      'b',
    ]);
  });

  test('cuts what is long', () => {
    const lines = describe({
      ...answer,
      headers: { server: 'x'.repeat(9_999) },
      bodyStart: 'y'.repeat(9_999),
    });
    expect(lines.map(({ length }) => length)).toEqual([19, 208, 512]);
  });

  test('a certificate that is not trusted names the way out, unless none is asked for', () => {
    const failed = { failure: new HttpFailure('self-signed', 'tls', false), startedMs: 0, durationMs: 1 };
    expect(inShort(failed, { skipSslValidation: false })).toContain('`ca-certificate`');
    expect(inShort(failed, { skipSslValidation: true })).toBe('no answer: self-signed');
  });
});

about('ask', () => {
  test('reads what the router and the app tell, and no more than it may', async () => {
    const { ctx, http } = scene(() => ({ ...UNKNOWN_INSTANCE, body: 'no' }));
    const instance = { appGuid: CANDIDATE, index: 3 };
    expect(await ask(ctx, { url: 'https://a.d/' }, { instance, timeoutMs: 1_000 })).toMatchObject({
      status: 400,
      routerError: 'unknown_route',
      bodyStart: 'no',
      durationMs: 5,
      instance,
    });
    expect(http.seen[0]).toMatchObject({ wants: `${CANDIDATE}:3`, fresh: true, maxBytes: MAX_ANSWER_BYTES });
  });

  test('is not begun once the run has ended', async () => {
    const { ctx, http } = scene(() => ({}), { signal: AbortSignal.abort(new Error('over')) });
    await expect(ask(ctx, { url: 'https://a.d/' }, { timeoutMs: 1_000 })).rejects.toThrow('over');
    expect(http.seen).toEqual([]);
  });
});
