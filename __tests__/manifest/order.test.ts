import { expect, test } from '@jest/globals';
import { readManifest } from '../../src/manifest/manifest.js';
import { orderProblems } from '../../src/manifest/order.js';
import type { Order } from '../../src/model/asked.js';
import { InputError, type Problem } from '../../src/model/errors.js';

const text = 'applications:\n- name: api\n- name: web\n';

/** Problems as `line:column text`. */
function problems(order: Order, app?: string): readonly string[] {
  const source = { file: 'manifest.yml', text, varsFiles: [], vars: {}, workspace: '/w', order };
  try {
    readManifest(app === undefined ? source : { ...source, app });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.problems.map(told);
  }
  return [];
}

function told({ text: what, at }: Problem): string {
  return `${at?.line}:${at?.column} ${what}`;
}

test('an order names apps of the manifest only: each other one is refused', () => {
  const order = [
    { before: 'api', after: 'wbe' },
    { before: 'cache', after: 'wbe' },
  ];
  expect(problems(order)).toEqual([
    '2:1 The manifest has no app "wbe" (the input "order"); it has "api", "web".',
    '2:1 The manifest has no app "cache" (the input "order"); it has "api", "web".',
  ]);
});

test.each<[Order, string, string]>([
  [[{ before: 'web', after: 'web' }], '3:9', 'web before web'],
  [
    [
      { before: 'api', after: 'web' },
      { before: 'web', after: 'api' },
    ],
    '2:9',
    'api before web before api',
  ],
])('%j goes round: no app could be the first', (circle, at, round) => {
  const refusal = `${at} The input "order" goes round in a circle: ${round}.`;
  expect(problems(circle)).toEqual([refusal]);
  expect(problems(circle, 'web')).toEqual([refusal]);
});

test('it may name one that is not deployed now', () => {
  expect(problems([{ before: 'api', after: 'web' }], 'web')).toEqual([]);
});

test('the circle of a longer order is told without what only leads to it', () => {
  const place = (line: number) => ({ file: 'manifest.yml', line, column: 9 });
  const apps = new Map([
    ['db', place(2)],
    ['api', place(3)],
    ['web', place(4)],
  ]);
  const order = [
    { before: 'db', after: 'api' },
    { before: 'api', after: 'web' },
    { before: 'web', after: 'api' },
  ];
  expect(orderProblems(order, apps, place(2)).map(told)).toEqual([
    '3:9 The input "order" goes round in a circle: api before web before api.',
  ]);
});
