import { describe, expect, test } from '@jest/globals';
import { smokeTest } from '../../src/inputs/smoke-test.js';
import { Wrong } from '../../src/inputs/values.js';

const DEFAULTS = {
  method: 'GET',
  status: 'success',
  headers: {},
  follow: false,
  withinMs: 60_000,
  attemptsInARow: 3,
  on: 'trial',
};

function wrong(given: string): readonly string[] {
  try {
    smokeTest(given);
  } catch (error) {
    if (error instanceof Wrong) return error.texts;
    throw error;
  }
  return [];
}

describe('what is read', () => {
  test('a path, a URL, and a list of both', () => {
    expect(smokeTest('/health?deep=1')).toEqual([
      { ...DEFAULTS, label: '/health?deep=1', target: { path: '/health?deep=1' } },
    ]);
    expect(smokeTest('https://status.example.com/x')).toEqual([
      { ...DEFAULTS, label: 'https://status.example.com/x', target: { url: 'https://status.example.com/x' } },
    ]);
    expect(smokeTest('- /a\n- https://b.example.com/').map((check) => check.target)).toEqual([
      { path: '/a' },
      { url: 'https://b.example.com/' },
    ]);
  });

  test('a check with everything', () => {
    const checks = smokeTest(`
- path: /api
  method: post
  status: [200, 204]
  body: ^ok$
  headers:
    Authorization: Bearer abc
    X-Number: 10
  follow: true
  within: 2m
  attempts-in-a-row: 5
  on: production
- url: https://x.example.com/
  status: 301 302,308
  json:
    status: up
    parts: [{name: db}]
`);
    expect(checks).toEqual([
      {
        label: 'POST /api',
        target: { path: '/api' },
        method: 'POST',
        status: [200, 204],
        body: '^ok$',
        headers: { Authorization: 'Bearer abc', 'X-Number': '10' },
        follow: true,
        withinMs: 120_000,
        attemptsInARow: 5,
        on: 'production',
      },
      {
        ...DEFAULTS,
        label: 'https://x.example.com/',
        target: { url: 'https://x.example.com/' },
        status: [301, 302, 308],
        json: { status: 'up', parts: [{ name: 'db' }] },
      },
    ]);
  });

  test('a JSON subset may be null or false', () => {
    expect(smokeTest('- {path: /, json: null}')[0]).toHaveProperty('json', null);
    expect(smokeTest('- {path: /, json: false}')[0]).toHaveProperty('json', false);
    expect(smokeTest('- {path: /}')[0]).not.toHaveProperty('json');
  });
});

describe('what is refused', () => {
  test.each<[string, RegExp]>([
    ['health', /neither a path/],
    ['{path: /}', /neither a path/],
    ['[]', /empty list/],
    ['- [', /no usable YAML/],
    ['- 5', /check 1\) is neither a path/],
    ['- {}', /neither a path/],
    ['- {method: GET}', /neither path nor url/],
    ['- {path: /, url: https://x.example.com}', /both path and url/],
    ['- {path: health}', /path is "health"/],
    ['- {url: ftp://x}', /no http or https/],
    ['- {url: https://u:p@x.example.com/}', /credentials/],
    ['- {url: "https://x.example.com/#a"}', /#/],
    ['- {path: /, methd: GET}', /unknown key "methd" \(did you mean "method"\?\); allowed are path, url/],
    ['- {path: /, method: FETCH}', /no HTTP method/],
    ['- {path: /, method: CONNECT}', /no HTTP method/],
    ['- {path: /, status: 99}', /status is "99"/],
    ['- {path: /, status: ok}', /status is "ok"/],
    ['- {path: /, status: [200, 600]}', /status is "600"/],
    ['- {path: /, body: "["}', /no regular expression/],
    ['- {path: /, body: a, json: {}}', /both body and json/],
    ['- {path: /, method: HEAD, body: a}', /HEAD/],
    ['- {path: /, headers: [a]}', /headers that are no map/],
    ['- {path: /, headers: {"a b": c}}', /no name of a header/],
    ['- {path: /, headers: {Host: evil}}', /probe sets itself/],
    ['- {path: /, headers: {X-Cf-App-Instance: a}}', /probe sets itself/],
    ['- {path: /, headers: {A: "b\\r\\nc"}}', /one line/],
    ['- {path: /, headers: {A: [b]}}', /no plain value for "A"/],
    ['- {path: /, follow: yes}', /follow is "yes"/],
    ['- {path: /, within: 0}', /within is "0"/],
    ['- {path: /, within: soon}', /within is "soon"/],
    ['- {path: /, attempts-in-a-row: 0}', /attempts-in-a-row is "0"/],
    ['- {path: /, on: live}', /on is "live"; allowed are trial, production/],
    ['/a\n/b', /neither a path/],
  ])('%j', (given, expected) => {
    const texts = wrong(given);
    expect(texts.join('\n')).toMatch(expected);
    expect(texts).toHaveLength(1);
  });

  test('all that is wrong, each with the number of its check', () => {
    expect(wrong('- /ok\n- {path: x, on: y}\n- {foo: 1, path: /}')).toEqual([
      expect.stringMatching(/^\(check 2\) path/),
      expect.stringMatching(/^\(check 2\) on/),
      expect.stringMatching(/^\(check 3\) has the unknown key "foo"; allowed/),
    ]);
  });
});
