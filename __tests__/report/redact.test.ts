import { describe, expect, test } from '@jest/globals';
import { redactor } from '../../src/report/redact.js';
import { createShown, inputsOf } from '../../src/report/shown.js';

const SECRET = 'p&ss/w0rd+"x" <ü>';

describe('a secret is hidden', () => {
  const hide = redactor([SECRET]);
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  test.each([
    ['as it is', SECRET],
    ['in a URL', `https://u:${encodeURIComponent(SECRET)}@example.com`],
    ['in a URL with small digits', encodeURIComponent(SECRET).replace(/%../g, (byte) => byte.toLowerCase())],
    ['in a form', new URLSearchParams({ password: SECRET }).toString()],
    ['in JSON', JSON.stringify({ password: SECRET })],
    ['in JSON as Go writes it', '{"password":"p\\u0026ss/w0rd+\\"x\\" \\u003cü\\u003e"}'],
    ['in JSON inside of JSON', JSON.stringify({ log: JSON.stringify({ password: SECRET }) })],
    ['in base64', base64(SECRET)],
    ['in base64 without padding', base64(SECRET).replace(/=+$/, '')],
    ['in base64 for URLs', Buffer.from(SECRET).toString('base64url')],
  ])('%s', (_how, text) => {
    const shown = hide(text);
    expect(shown).toContain('***');
    for (const rest of ['w0rd', 'p&ss', 'p%26ss', base64(SECRET).slice(4, 12)])
      expect(shown).not.toContain(rest);
  });

  test.each(['', 'a', 'ab', 'abc', 'user:', 'admin:'])('in base64 of a longer text, after %j', (before) => {
    const longer = base64(`${before}correct-horse-battery${'.'.repeat(before.length)}`);
    const shown = redactor(['correct-horse-battery'])(longer);
    // What is left is the neighbours', and at most the bits of one letter at each end.
    expect(shown).toContain('***');
    expect(Buffer.from(shown.replace('***', ''), 'base64').toString()).not.toMatch(/orrec|horse|batter/);
  });
});

describe('several secrets', () => {
  test('that contain each other leave nothing of the longer one', () => {
    expect(redactor(['abc', 'abcdef'])('x abcdef y abc z')).toBe('x *** y *** z');
  });

  test('that overlap leave nothing of each other', () => {
    expect(redactor(['abcdef', 'defghi'])('<abcdefghi>')).toBe('<***>');
  });

  test('that follow each other are each hidden', () => {
    expect(redactor(['abcd', 'efgh'])('abcdefgh')).toBe('******');
  });

  test('what stands for a secret is no secret', () => {
    expect(redactor(['***', 'abcd'])('abcd')).toBe('***');
  });
});

describe('a secret of several lines', () => {
  const key = '-----BEGIN KEY-----\r\n  MIIBVQ+first\r\n  second/line=\r\n}\r\n-----END KEY-----';
  const hide = redactor([key]);

  test('is hidden as a whole', () => {
    expect(hide(`<${key}>`)).toBe('<***>');
  });

  test.each(['MIIBVQ+first', 'second/line=', 'MIIBVQ%2Bfirst'])('is hidden line by line: %s', (line) => {
    expect(hide(`log: ${line}.`)).toBe('log: ***.');
  });

  test('a line that is in every text hides nothing', () => {
    expect(hide('{ "a": {} }')).toBe('{ "a": {} }');
  });
});

describe('harmless', () => {
  test.each([[''], ['ab'], ['  '], [' \n ']])('a secret %j hides nothing', (secret) => {
    expect(redactor([secret])('about  a b\n c')).toBe('about  a b\n c');
  });

  test('a secret that is no whole Unicode is hidden all the same', () => {
    const hide = redactor(['half\ud800pair']);
    expect(hide('x half\ud800pair y half\ufffdpair')).toBe('x *** y ***');
  });

  test('a short secret has no fragments in base64 that hide words by chance', () => {
    const words = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
    expect(redactor(['s3cr'])(words)).toBe(words);
  });

  test('a megabyte with many secrets is done in time', () => {
    const secrets = Array.from({ length: 50 }, (_, at) => `secret-number-${at}!`);
    const text = 'nothing to see here, only aaaaaaaaaaaaaa\n'.repeat(25_000);
    const startedAt = performance.now();
    expect(redactor(secrets)(text)).toBe(text);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

test('hundreds of secrets, learned one by one, are hidden in time', () => {
  const shown = createShown({
    clock: { now: () => 0, sleep: async () => {} },
    setSecret: () => {},
    write: () => {},
  });
  const startedAt = performance.now();
  for (let at = 0; at < 400; at += 1) shown.hide(`a-secret-${at}-of-hundreds`);
  expect(shown.redact('before a-secret-399-of-hundreds.')).toBe('before ***.');
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

test('tens of thousands of short texts with many secrets are looked through in time', () => {
  const redact = redactor(Array.from({ length: 100 }, (_, at) => `secret+number/${at * 7_919}=`));
  const line = '2026-11-21T21:59:38 INFO com.example.Service - request GET /foo/bar answered 200 in 12 ms';
  const startedAt = performance.now();
  const same = Array.from({ length: 40_000 }, () => redact(line)).filter((shown) => shown === line);
  expect(same).toHaveLength(40_000);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});

test('the credentials of a proxy are hidden: programs that are run show its address', () => {
  const shown = createShown({
    clock: { now: () => 0, sleep: async () => {} },
    setSecret: () => {},
    write: () => {},
  });
  const env = {
    https_proxy: 'http://ann:pr0xy-pw@proxy.example.com:3128',
    HTTP_PROXY: 'bob:0ther%21pw@proxy:1',
    NO_PROXY: 'localhost',
  };
  expect(() => inputsOf(env, shown)).toThrow();
  const said =
    "* Uses proxy env variable https_proxy == 'http://ann:pr0xy-pw@proxy.example.com:3128', 0ther%21pw, 0ther!pw, localhost";
  expect(shown.redact(said)).toBe(
    "* Uses proxy env variable https_proxy == 'http://ann:***@proxy.example.com:3128', ***, ***, localhost",
  );
});
