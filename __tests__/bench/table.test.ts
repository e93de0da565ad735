import { expect, test } from '@jest/globals';
import { chart } from '../../bench/chart.js';
import { merged } from '../../bench/results.js';
import { shown, table, verdictOf } from '../../bench/table.js';
import { row } from './rows.js';

test('one line for each row, in columns', () => {
  const [head = '', line = '', first = '', second = ''] = table([
    row(),
    row({ figure: 'start', what: 'start', unit: 'ms', ours: { median: 120.4, spread: 3 }, reached: false }),
  ]);
  expect(first).toBe(
    'unchanged: unchanged deploy  0 ms per call, 3 times  3 ± 1 s     12 ± 0 s   0.25   <= 0.25  reached',
  );
  expect(second).toContain('120 ± 3 ms');
  expect(second.endsWith('missed')).toBe(true);
  expect(head.indexOf('ratio')).toBe(first.indexOf('0.25'));
  expect(line.startsWith('----')).toBe(true);
});

test('what has no other way and no target leaves its cells empty', () => {
  const { other: _other, ratio: _ratio, target: _target, reached: _reached, ...alone } = row();
  expect(table([alone])[2]).toBe('unchanged: unchanged deploy  0 ms per call, 3 times  3 ± 1 s');
  expect(verdictOf(alone)).toBe('');
});

test.each([
  [{ median: 12.345, spread: 0.5 }, 's', '12.3 ± 0.50 s'],
  [{ median: 1.234, spread: 0 }, 'times', '1.23 ± 0'],
  [{ median: 425.5, spread: 1.4 }, 'calls', '426 ± 1 calls'],
] as const)('%j %s', (spread, unit, text) => {
  expect(shown(spread, unit)).toBe(text);
});

test('some figures measured anew keep the others, and go in the order of the table', () => {
  const order = ['start', 'unchanged'];
  const before = [row({ latencyMs: 50 }), row({ figure: 'gone' }), row({ ratio: 9 })];
  const after = merged(before, [row(), row({ figure: 'start' })], order);
  expect(after.map(({ figure, latencyMs, ratio }) => [figure, latencyMs, ratio])).toEqual([
    ['start', 0, 0.25],
    ['unchanged', 0, 0.25],
    ['unchanged', 50, 0.25],
  ]);
});

test('the chart has a bar for each figure with another way, cut where it would not end', () => {
  const { ratio: _ratio, other: _other, ...alone } = row({ what: 'alone' });
  const svg = chart([
    row({ what: 'a <b> & c' }),
    row({ ratio: 40, what: 'far' }),
    row({ unit: 'failed', what: 'soak' }),
    alone,
  ]);
  expect(svg.match(/class="ours" x="\d+" y="\d\d\d*" width="[\d.]+" height="16"/g)).toHaveLength(2);
  expect(svg).toContain('a &lt;b&gt; &amp; c');
  expect(svg).toContain('40.00 ×');
  expect(svg).not.toContain('alone');
  const widths = [...svg.matchAll(/width="([\d.]+)" height="16"/g)].map(([, width]) => Number(width));
  expect(Math.max(...widths)).toBe(340);
});
