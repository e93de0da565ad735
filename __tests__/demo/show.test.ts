import { expect, test } from '@jest/globals';
import { checkLine, duration, stepLine, switchMs, trafficTable } from '../../demo/show.js';
import { Account } from '../../traffic/figures.js';

function figures() {
  const account = new Account(0);
  const end = (atMs: number, outcome: Parameters<Account['end']>[1]): void => {
    account.send('a/', 0, false);
    account.end('a/', outcome, atMs, 1);
  };
  end(100, { status: 200, version: 'v1' });
  end(300, { status: 200, version: 'v2' });
  end(800, { status: 200, version: 'v1' });
  end(900, { failure: { kind: 'reset', reason: 'ECONNRESET' } });
  return account.figures(1_000);
}

test.each([
  ['##[group]Map', '  ▸ Map'],
  ['##[endgroup]', undefined],
  ['', undefined],
  ['##[error]no\nway', '    error: no\n    way'],
  ['2 of 3 run', '    2 of 3 run'],
])('the line %j is shown as %j', (line, shown) => {
  expect(stepLine(line)).toBe(shown);
});

test('the switch lasts from the first new answer to the last old one', () => {
  expect(switchMs(figures(), 'v1', 'v2')).toBe(500);
  expect(switchMs(figures(), 'v1', 'v9')).toBeUndefined();
});

test('the table has versions, failures by kind, gap and switch', () => {
  expect(trafficTable(figures(), 500)).toEqual([
    '  +----------------+-------------+',
    '  | requests       |           4 |',
    '  | answered by v1 |           2 |',
    '  | answered by v2 |           1 |',
    '  | failed         | 1 (1 reset) |',
    '  | longest gap    |      500 ms |',
    '  | switch         |      500 ms |',
    '  +----------------+-------------+',
  ]);
});

test('a check that fails says what was seen', () => {
  expect(checkLine({ what: 'v1 is live', ok: false, seen: 'nothing' })).toBe('  FAILED  v1 is live: nothing');
  expect(checkLine({ what: 'v1 is live', ok: true, seen: 'nothing' })).toBe('  ok      v1 is live');
  expect(duration(12_340)).toBe('12.3 s');
});
