import { describe, expect, test } from '@jest/globals';
import { PREVIEW_ID } from '../../src/model/words.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import {
  previewAppName,
  previewFacts,
  previewHost,
  previewLabels,
  selectorOfPreview,
} from '../../src/platform/preview-names.js';

const LONG = 'a'.repeat(70);

describe('the app', () => {
  test('is called by the pull request, and by its repository where the name is taken', () => {
    expect(previewAppName('shop', '12')).toBe('shop-pr-12');
    const apart = previewAppName('shop', '12', 'octo/shop');
    expect(apart).toMatch(/^shop-pr-12-x[0-9a-f]{6}$/);
    expect(previewAppName('shop', '12', 'Octo/Shop')).toBe(apart);
    expect(previewAppName('shop', '12', 'octo/store')).not.toBe(apart);
  });
});

describe('the host', () => {
  test.each(['shop-pr-1', 'shop-pr-12', 'shop-pr-120'])('of %s is its name', (name) => {
    expect(previewHost(name)).toBe(name);
  });

  test.each([
    ['too long', `${LONG}-pr-1`, `${LONG}-pr-12`],
    ['with other letters', 'shop_one-pr-1', 'shop.one-pr-1'],
    ['that would be cut into another', `${'b'.repeat(58)}-pr-1`, `${'b'.repeat(58)}-pr-12`],
    ['of none that a host may have', '___', '...'],
  ])('%s is legal and tells names apart', (_what, one, other) => {
    for (const host of [previewHost(one), previewHost(other)])
      expect(host).toMatch(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);
    expect(previewHost(one)).not.toBe(previewHost(other));
    expect(previewHost(one)).toBe(previewHost(one));
  });
});

describe('labels', () => {
  const OF = { repository: 'octo/shop', id: '12', pull: 12 };

  test('are legal, and what they stand for is in the annotations', () => {
    const labels = previewLabels(OF, 1_763_740_800_999);
    expect(labels[LABEL.expires]).toBe('1763740800');
    for (const value of Object.values(labels))
      expect(value).toMatch(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/);
    expect(previewFacts(OF)).toEqual({
      [ANNOTATION.repository]: 'octo/shop',
      [ANNOTATION.previewId]: '12',
      [ANNOTATION.pull]: '12',
    });
  });

  test('select one pull request of one repository: not 1 for 12, nor one without a repository', () => {
    const selector = selectorOfPreview(OF);
    expect(selector).toContain(`${LABEL.number}=12,`);
    expect(selectorOfPreview({ ...OF, repository: 'OCTO/shop' })).toBe(selector);
    expect(selectorOfPreview({ ...OF, id: '1' })).not.toBe(selector);
    expect(selectorOfPreview({ id: '12' })).toBe(`${LABEL.number}=12,!${LABEL.repository}`);
  });
});

test.each([
  ['12', true],
  ['feature-a', true],
  ['-a', false],
  ['a-', false],
  ['A', false],
  ['$(touch x)', false],
  ['a'.repeat(33), false],
  ['', false],
])('preview-id "%s" may be one: %s', (id, may) => expect(PREVIEW_ID.test(id)).toBe(may));
