import { describe, expect, test } from '@jest/globals';
import { parsePairs } from '../../runner/file-commands.js';

describe('parsePairs', () => {
  test.each([
    ['a=1\nb=x=y<<z\n\n', { a: '1', b: 'x=y<<z' }],
    ['a<<END\none\n\ntwo\nEND\nb=2', { a: 'one\n\ntwo', b: '2' }],
    ['a<<END\nEND\n', { a: '' }],
    ['a<<END\r\none\r\ntwo\r\nEND\r\n', { a: 'one\r\ntwo' }],
    ['a<<END=\nb=c\nEND=\n', { a: 'b=c' }],
    ['a=1\na=2', { a: '2' }],
    ['', {}],
  ])('%j', (text, pairs) => {
    expect(parsePairs(text)).toEqual(pairs);
  });

  test.each([
    ['nothing', "Invalid format 'nothing'"],
    ['a<<END\none\n', "Matching delimiter not found 'END'"],
    ['<<END\nEND', 'Name must not be empty'],
    ['a<<\n', 'delimiter must not be empty'],
  ])('%j is refused', (text, message) => {
    expect(() => parsePairs(text)).toThrow(message);
  });
});
