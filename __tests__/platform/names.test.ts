import { describe, expect, test } from '@jest/globals';
import {
  ANNOTATION,
  appKey,
  candidateName,
  failedName,
  joinAnnotation,
  LABEL,
  ownerLabel,
  previousName,
  runOfOwner,
  selectorOf,
  splitAnnotation,
  trialHost,
  versionOf,
} from '../../src/platform/names.js';

const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const NAMES = [
  'shop',
  'Shop',
  'shop.v2_x',
  'shop v2',
  'shop/v2',
  'shop-',
  '-shop',
  '店',
  '本',
  '',
  '...',
  'a'.repeat(63),
  'a'.repeat(64),
  'a'.repeat(300),
  `${'a'.repeat(299)}b`,
  '🐟'.repeat(140),
];

describe('the key of an app name', () => {
  test.each(NAMES)('is a legal label value: %s', (name) => {
    expect(appKey(name)).toMatch(LABEL_VALUE);
  });

  test('differs where names differ, also from a name that looks like a key', () => {
    const hashed = appKey('shop v2');
    const names = [...NAMES, hashed, appKey(hashed)];
    expect(new Set(names.map(appKey)).size).toBe(names.length);
  });

  test('is the name itself where that is legal', () => {
    expect(appKey('shop.v2_x')).toBe('shop.v2_x');
  });
});

test.each([
  [undefined, 'cf-zero-downtime.github.io/app=shop'],
  [
    ['previous', 'failed'] as const,
    'cf-zero-downtime.github.io/app=shop,cf-zero-downtime.github.io/role in (previous,failed)',
  ],
])('selector for roles %j', (roles, selector) => {
  expect(selectorOf('shop', roles)).toBe(selector);
});

test('names of the kept apps say what they are', () => {
  expect(candidateName('shop')).toBe('shop-candidate');
  expect(previousName('shop', '20261120-100000-abcdef0')).toBe('shop-previous-20261120-100000-abcdef0');
  expect(failedName('shop', '20261120-100000-abcdef0')).toBe('shop-failed-20261120-100000-abcdef0');
});

test('a long app name is shortened below the limit, and stays told apart', () => {
  const version = '20261120-100000-abcdef0';
  for (const name of ['a'.repeat(255), '🐟'.repeat(127)]) {
    for (const derived of [candidateName(name), previousName(name, version), failedName(name, version)]) {
      expect(derived.length).toBeLessThanOrEqual(255);
      expect(Buffer.from(derived, 'utf8').toString('utf8')).toBe(derived);
    }
  }
  expect(candidateName(`${'a'.repeat(250)}b`)).not.toBe(candidateName(`${'a'.repeat(250)}c`));
});

test.each([
  ['shop', 'shop-candidate-x7k2p9'],
  ['Shop_API.v2', 'shop-api-v2-candidate-x7k2p9'],
  ['--shop--', 'shop-candidate-x7k2p9'],
  ['店', 'app-candidate-x7k2p9'],
  ['a'.repeat(80), `${'a'.repeat(46)}-candidate-x7k2p9`],
  [`${'a'.repeat(45)}--b`, `${'a'.repeat(45)}-candidate-x7k2p9`],
])('trial host of %s', (app, host) => {
  expect(trialHost(app, 'x7k2p9')).toBe(host);
  expect(host).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
});

test.each([
  ['0123456789abcdef', '20261120-100509-0123456'],
  ['ABCDEF0123', '20261120-100509-abcdef0'],
  [undefined, '20261120-100509-0000000'],
  ['main', '20261120-100509-0000000'],
  ['abc', '20261120-100509-0000000'],
])('version of commit %s', (commit, version) => {
  expect(versionOf(Date.parse('2026-11-20T10:05:09.999Z'), commit)).toBe(version);
  expect(version).toMatch(LABEL_VALUE);
});

test('an owner is a legal label value whatever the run is called', () => {
  expect(ownerLabel('12345', '1', 'abc')).toBe('12345-1-abc');
  expect(ownerLabel('my run/ä', '1', 'abc')).toMatch(LABEL_VALUE);
});

test('keys are prefixed, and none stands for two things', () => {
  const keys = Object.values(ANNOTATION);
  expect(new Set(keys).size).toBe(keys.length);
  for (const key of [...keys, ...Object.values(LABEL)])
    expect(key).toMatch(/^cf-zero-downtime\.github\.io\/[a-z-]{1,63}$/);
});

describe('a text in annotations', () => {
  test.each([
    ['nothing', '', 1],
    ['just fits', 'x'.repeat(5_000), 1],
    ['one more', 'x'.repeat(5_001), 2],
    ['a whole number of parts', 'x'.repeat(15_000), 3],
    ['pairs at the border', `x${'🐟'.repeat(5_000)}`, 3],
  ])('%s: is split and joined', (_, text, parts) => {
    const split = splitAnnotation(ANNOTATION.manifestRoutes, text);
    expect(Object.keys(split)).toHaveLength(parts);
    for (const part of Object.values(split)) {
      expect(part.length).toBeLessThanOrEqual(5_000);
      expect(Buffer.from(part, 'utf8').toString('utf8')).toBe(part);
    }
    expect(joinAnnotation(ANNOTATION.manifestRoutes, split)).toBe(text);
  });

  test('none there: undefined', () => {
    expect(joinAnnotation(ANNOTATION.manifestRoutes, { [ANNOTATION.app]: 'shop' })).toBeUndefined();
  });

  test.each([
    ['a long one by a short one', 'x'.repeat(12_000), 'short'],
    ['a short one by a long one', 'short', 'x'.repeat(12_000)],
    ['three parts by two', 'x'.repeat(12_000), 'y'.repeat(6_000)],
  ])('replaces %s without leftovers', (_, old, text) => {
    const neighbour = { [`${ANNOTATION.manifestRoutes}-of`]: 'kept' };
    const before = { ...neighbour, ...splitAnnotation(ANNOTATION.manifestRoutes, old) };
    const change = splitAnnotation(ANNOTATION.manifestRoutes, text, before);
    const after = Object.fromEntries(
      Object.entries({ ...before, ...change }).filter(
        (entry): entry is [string, string] => entry[1] !== null,
      ),
    );
    expect(joinAnnotation(ANNOTATION.manifestRoutes, after)).toBe(text);
    expect(after).toEqual({ ...neighbour, ...splitAnnotation(ANNOTATION.manifestRoutes, text) });
  });
});

test.each([
  [ownerLabel('123', '2', 'abcd1234'), { id: '123', attempt: 2 }],
  [ownerLabel('local', '1', 'abcd1234'), undefined],
  ['unknown', undefined],
])('%s is of the run %j', (owner, run) => {
  expect(runOfOwner(owner)).toEqual(run);
});
