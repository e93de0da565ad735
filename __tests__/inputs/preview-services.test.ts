import { describe, expect, test } from '@jest/globals';
import { previewServices } from '../../src/inputs/preview-services.js';
import { Wrong } from '../../src/inputs/values.js';

describe('preview-services', () => {
  test.each([
    ['shared', { bind: 'manifest', shared: [], make: [] }],
    ['none', { bind: 'none', shared: [], make: [] }],
    ['[db, mail]', { bind: 'manifest', shared: ['db', 'mail'], make: [] }],
    [
      '- db\n- name: queue\n  offering: rabbit\n  plan: small\n  parameters: {topic: a}\n',
      {
        bind: 'manifest',
        shared: ['db'],
        make: [{ name: 'queue', offering: 'rabbit', plan: 'small', parameters: { topic: 'a' } }],
      },
    ],
    [
      '[{name: a, offering: b, plan: c}]',
      { bind: 'manifest', shared: [], make: [{ name: 'a', offering: 'b', plan: 'c' }] },
    ],
  ])('%s', (given, expected) => expect(previewServices(given)).toEqual(expected));

  test.each([
    ['db', 'is no list'],
    ['[]', 'is no list'],
    ['name: db', 'is no list'],
    ['[{name: db}]', '(entry 1) has no offering'],
    ['[a, {name: db, offering: x, plan: y, size: 1}]', '(entry 2) has "size"'],
    ['[{name: db, offering: x, plan: y, parameters: [1]}]', 'no map'],
    ['[db, {name: db, offering: x, plan: y}]', 'names "db" twice'],
    ['[[db]]', '(entry 1) is a list'],
    ['[', ''],
  ])('%s is refused', (given, why) => {
    let error: unknown;
    try {
      previewServices(given);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(Wrong);
    expect((error as Wrong).message).toContain(why);
  });
});
