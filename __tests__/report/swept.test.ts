import { expect, test } from '@jest/globals';
import type { Outcome } from '../../src/commands/outcome.js';
import { markdown } from '../../src/report/markdown.js';
import { sweptTable } from '../../src/report/swept.js';
import { rendered } from './support.js';

const md = markdown((text) => text);
const preview = (name: string) => ({ name, deployedAtMs: 0, hasApp: true });
const outcome = (swept?: Outcome['swept']): Outcome => ({
  ...{ result: 'swept', apps: [] },
  ...(swept ? { swept } : {}),
});

test('what goes comes first, each with its reason, and names are no Markdown', () => {
  const swept = [
    { preview: preview('a-pr-1'), what: 'keep' as const, why: 'pull request 1 is open' },
    { preview: preview('b|<b>-pr-2'), what: 'remove' as const, why: 'its time is over' },
  ];
  const text = sweptTable(outcome(swept), md, 10);
  expect(text.indexOf('b¦')).toBeLessThan(text.indexOf('a-pr-1'));
  expect(rendered(text)).not.toContain('<b>');
  expect(text).toContain('its time is over');
  expect(sweptTable(outcome(swept), md, 1)).toContain('… and 1 more');
});

test('there is none without a sweep, and a word where it found nothing', () => {
  expect(sweptTable(outcome(), md, 10)).toBe('');
  expect(sweptTable(outcome([]), md, 10)).toContain('none of this repository');
});
