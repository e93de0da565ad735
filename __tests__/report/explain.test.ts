import { describe, expect, test } from '@jest/globals';
import {
  Cancelled,
  DeadlineOver,
  HttpFailure,
  InputError,
  PlatformFault,
  PlatformRefusal,
  ProgramFailed,
  Refused,
  Stuck,
  VersionFault,
} from '../../src/model/errors.js';
import type { Result } from '../../src/model/words.js';
import { explain, meaning } from '../../src/report/explain.js';

const SENTENCE = /^[A-Z"`].*[.!?:]$/s;

const ERRORS: [string, unknown][] = [
  ['input', new InputError([{ text: 'strategy: "bluegreen" is unknown.' }])],
  ['locked', new Refused('Another run deploys this app.', 'Wait until it has ended.', 'locked')],
  ['stuck', new Stuck('Both serve.', 'Look at the routes.')],
  ...(['staging', 'start', 'smoke', 'canary', 'production-proof', 'watch', 'script'] as const).map(
    (code): [string, unknown] => [code, new VersionFault('It is broken.', code, ['last words'])],
  ),
  ['platform', new PlatformFault('GET /v3/apps gave no answer.', false)],
  ['platform', new HttpFailure('GET https://api.example.com/: no answer.', 'timeout', true)],
  ['platform-10008', new PlatformRefusal('The memory is used up.', 422, 10008, 'CF-UnprocessableEntity')],
  ['platform-403', new PlatformRefusal('You may not.', 403, undefined, undefined)],
  ['deadline', new DeadlineOver('Gave up waiting for the build.')],
  ['cancelled', new Cancelled('cancelled (SIGINT)')],
  ['program', new ProgramFailed('cf push failed.', 1, 'one\ntwo\n')],
  ['internal', new TypeError("Cannot read properties of undefined (reading 'guid').")],
  ['internal', 'thrown text.'],
];

test('every error has a code, says in a sentence what went wrong, and what to do next', () => {
  for (const [code, error] of ERRORS) {
    const { code: stable, what, next } = explain(error);
    expect(stable).toBe(code);
    expect(what.length).toBeGreaterThan(10);
    expect(next).toMatch(SENTENCE);
    expect(next.length).toBeGreaterThan(15);
  }
});

test('each kind of fault of a version has its own advice', () => {
  const faults = ERRORS.filter(([, error]) => error instanceof VersionFault).map(([, error]) =>
    explain(error),
  );
  expect(new Set(faults.map(({ next }) => next)).size).toBe(faults.length);
  expect(faults.every(({ evidence }) => evidence[0] === 'last words')).toBe(true);
});

test('a missing role is named', () => {
  expect(explain(new PlatformRefusal('no', 403, 10003, 'CF-NotAuthorized')).next).toContain('SpaceDeveloper');
  expect(explain(new PlatformRefusal('no', 422, 10008, 'x')).next).not.toContain('SpaceDeveloper');
});

test('of a program the last lines are shown', () => {
  const output = `${Array.from({ length: 100 }, (_, at) => `line ${at}`).join('\n')}\n\n`;
  const { evidence } = explain(new ProgramFailed('cf push failed', 1, output));
  expect(evidence).toHaveLength(25);
  expect(evidence.at(-1)).toBe('line 99');
});

test('an error that nobody foresaw is a defect of ours, and says its kind', () => {
  expect(explain(new TypeError('x is undefined')).what).toBe(
    'An unexpected error (TypeError): x is undefined',
  );
  expect(explain(undefined).what).toBe('An unexpected error: undefined');
});

describe('what the end means', () => {
  const results: Result[] = [
    'deployed',
    'unchanged',
    'reverted',
    'refused',
    'failed',
    'planned',
    'ready',
    'shown',
  ];
  test.each(results)('%s', (result) => expect(meaning(result)).toMatch(SENTENCE));
});
