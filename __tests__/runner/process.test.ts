import { expect, test } from '@jest/globals';
import { Lines } from '../../runner/process.js';

test.each([
  [['a\nb\n'], ['a', 'b']],
  [['a\r\nb'], ['a', 'b']],
  [['progress\r::error::x\n'], ['progress', '::error::x']],
  [
    ['a\r', '\nb\n'],
    ['a', 'b'],
  ],
  [
    ['a\r', '', '\nb\n'],
    ['a', 'b'],
  ],
  [
    ['a\r', 'b\n'],
    ['a', 'b'],
  ],
  [['::er', 'ror::x'], ['::error::x']],
  [['\n\n'], ['', '']],
])('%j has the lines %j', (chunks, expected) => {
  const lines: string[] = [];
  const cutter = new Lines((line) => lines.push(line));
  for (const chunk of chunks) cutter.write(chunk);
  cutter.end();
  expect(lines).toEqual(expected);
});
