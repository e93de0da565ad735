import { describe, expect, test } from '@jest/globals';
import type { Root } from '../../src/cli/root.js';
import { assertPushesBits, assertServesV6, hasZdtPush, isNoiseOfV6, isV6 } from '../../src/cli/v6.js';

const ROOT: Root = {
  api: 'https://api',
  apiVersion: '3.200.0',
  hasV2: true,
  login: 'https://l',
  uaa: 'https://u',
};

describe('which cf is one of v6', () => {
  test.each([
    ['6.53.0', true, true],
    ['6.40.0', true, true],
    ['6.39.1', true, false],
    ['7.8.0', false, false],
    ['8.18.4', false, false],
    ['0.0.0', false, false],
  ])('%s: %s, with v3-zdt-push: %s', (version, old, zdt) => {
    expect([isV6(version), hasZdtPush(version)]).toEqual([old, zdt]);
  });
});

describe('where v6 cannot work, it is refused with the reason', () => {
  test.each([
    ['version 2 is off', { hasV2: false }, /needs version 2 of the platform's API, which is switched off/],
    ['version 3 is too old', { apiVersion: '3.62.0' }, /needs version 3\.63\.0 .* this one has 3\.62\.0/],
  ])('%s', (_, change, text) => {
    expect(() => assertServesV6('6.53.0', { ...ROOT, ...change })).toThrow(
      expect.objectContaining({ name: 'Refused', code: 'cf-cli', message: expect.stringMatching(text) }),
    );
    expect(() => assertServesV6('8.18.4', { ...ROOT, ...change })).not.toThrow();
  });

  test('and nowhere else', () => {
    expect(() => assertServesV6('6.53.0', ROOT)).not.toThrow();
  });
});

test('what its libraries warn of is not shown', () => {
  const said = [
    '2026/11/21 17:27:05 WARNING: proto:\u00a0 file "egress.proto" is already registered',
    'A future release will panic on registration conflicts. See:',
    'https://developers.google.com/protocol-buffers/docs/reference/go/faq#namespace-conflict',
  ];
  expect(said.map(isNoiseOfV6)).toEqual([true, true, true]);
  expect(isNoiseOfV6('FAILED')).toBe(false);
});

test('images are refused by name', () => {
  const apps = [{ name: 'shop' }, { name: 'web', docker: { image: 'registry.example/web' } }];
  expect(() => assertPushesBits('6.53.0', apps)).toThrow('web: docker images are not pushed with cf 6.53.0.');
  expect(() => assertPushesBits('8.18.4', apps)).not.toThrow();
});
