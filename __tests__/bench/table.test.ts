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
  const after = merged(before, [row(), row({ figure: 'start' })], order, order);
  expect(after.map(({ figure, latencyMs, ratio }) => [figure, latencyMs, ratio])).toEqual([
    ['start', 0, 0.25],
    ['unchanged', 0, 0.25],
    ['unchanged', 50, 0.25],
  ]);
});

test('what is not to be kept goes, however little was measured', () => {
  const before = [row(), row({ figure: 'soak' }), row({ figure: 'preview' })];
  const after = merged(
    before,
    [row({ figure: 'start' })],
    ['soak'],
    ['start', 'unchanged', 'preview', 'soak'],
  );
  expect(after.map(({ figure }) => figure)).toEqual(['start', 'soak']);
});

test('the chart has two bars for each time with another way, cut where one would not end', () => {
  const { ratio: _ratio, other: _other, ...alone } = row({ what: 'alone' });
  const svg = chart([
    row({ what: 'a <b> & c' }),
    row({ ratio: 40, what: 'far' }),
    row({ unit: 'failed', what: 'alone, as no time' }),
    alone,
  ]);
  const widths = (side: string) =>
    [...svg.matchAll(new RegExp(`class="${side}" x="\\d+" y="\\d+" width="([\\d.]+)" height="9"`, 'g'))].map(
      ([, width]) => Number(width),
    );
  const [one = 0, other] = widths('other');
  expect(one).toBe(other);
  const [quarter = 0, far = 0] = widths('ours');
  expect(quarter / one).toBeCloseTo(0.25, 2);
  expect(far / one).toBeCloseTo(1.5, 2);
  expect(svg).toContain('a &lt;b&gt; &amp; c');
  expect(svg).toContain('40.00 of 12.0 s');
  expect(svg).not.toContain('alone');
});
