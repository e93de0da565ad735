import { describe, expect, test } from '@jest/globals';
import { order } from '../../src/inputs/order.js';
import { turnsOf, turnsText } from '../../src/strategies/turns.js';

const textOf = (names: readonly string[], lines: string, reversed = false) => {
  const turns = turnsOf(names, order(lines), reversed);
  return turns && turnsText(turns);
};

describe('turns', () => {
  test.each([
    ['a line', 'api before web', 'api; then web'],
    ['a chain', 'db before api before web', 'db; then api; then web'],
    ['commas', 'db before api, api before web', 'db; then api; then web'],
    ['the longest way counts', 'db before web\ndb before api\napi before web', 'db; then api; then web'],
    ['who is not named switches first', 'api before web', 'api, worker; then web'],
    ['the same said twice', 'api before web\napi before web', 'api; then web'],
  ])('%s', (_, lines, text) => {
    const names = ['db', 'api', 'worker', 'web'].filter((name) => text.includes(name));
    expect(textOf(names, lines)).toBe(text);
  });

  test('a rollback goes the other way round', () => {
    expect(textOf(['db', 'api', 'web'], 'db before api before web', true)).toBe('web; then api; then db');
  });

  test('of apps between which none is deployed they still wait', () => {
    expect(textOf(['web', 'db'], 'db before api before web')).toBe('db; then web');
  });

  test('of one app, or of those that wait for nobody, there are none', () => {
    expect(turnsOf(['web'], order('api before web'))).toBeUndefined();
    expect(turnsOf(['web', 'worker'], order('api before cache'))).toBeUndefined();
  });
});
