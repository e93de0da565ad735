import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { projectRoot } from '../../runner/tools.js';

interface SequencerModule {
  LONG: readonly string[];
  inOrder<T>(tests: readonly T[], pathOf: (test: T) => string): T[];
}

const { LONG, inOrder } = (await import(
  pathToFileURL(join(projectRoot(), 'tools', 'sequencer.mjs')).href
)) as SequencerModule;
const path = (name: string) => `/build/__tests__/${name}.test.js`;
const order = (...names: string[]) => inOrder(names.map(path), (one) => one);

test('each file that is known to be long is there', () => {
  expect(LONG.filter((name) => !existsSync(join(projectRoot(), '__tests__', `${name}.test.ts`)))).toEqual([]);
});

test('what is long begins first, computing among waiting, and what is short comes last', () => {
  const [first = '', second = '', third = ''] = LONG.filter((name) => name.startsWith('e2e/'));
  const [matrix = ''] = LONG.filter((name) => name.startsWith('matrix/'));
  expect(
    order('inputs/short', 'e2e/any', third, 'matrix/any', second, matrix, 'steps/short', first, 'e2e/other'),
  ).toEqual(
    [first, second, matrix, third, 'e2e/any', 'matrix/any', 'e2e/other', 'inputs/short', 'steps/short'].map(
      path,
    ),
  );
});
