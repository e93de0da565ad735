/** Every line and row of the platform facts A1 to A8 is in the table, or among what cannot be seen. */
import { expect, test } from '@jest/globals';
import { atOnce } from './a1-at-once.js';
import { reactions } from './a1-reactions.js';
import { refusals } from './a1-refusals.js';
import { shown } from './a1-shown.js';
import { cancels, states } from './a1-states.js';
import { updater } from './a1-updater.js';
import { dropletRows, metadataRows } from './a2-droplets.js';
import { revisionRows } from './a2-revisions.js';
import { destinationRows, nameRows } from './a3-destinations.js';
import { creation } from './a3-routes.js';
import { instanceRows } from './a4-instances.js';
import { orderRows } from './a4-order.js';
import { routeRows } from './a4-router.js';
import { checkRows } from './a5.js';
import { cellRows } from './a5-cells.js';
import { quotaRows } from './a6.js';
import { hygieneRows } from './a7.js';
import { trustRows } from './a8.js';
import { UNSEEN } from './unseen.js';

/** How many there are of each kind, from the first to the last as they are written. */
const WRITTEN: Readonly<Record<string, number>> = {
  'A1.1 line': 6,
  'A1.2 line': 6,
  'A1.2 row': 15,
  'A1.3 line': 3,
  'A1.4 line': 3,
  'A1.5 line': 9,
  'A1.6 row': 14,
  'A1.6 line': 1,
  'A2 line': 11,
  'A3 routes': 8,
  'A3 destinations': 9,
  'A3 domains': 1,
  'A3 names': 2,
  'A4 defaults': 1,
  'A4 row': 14,
  'A4 line': 3,
  'A4 liveness': 1,
  'A4 order': 4,
  'A5 line': 7,
  'A6 line': 7,
  'A7 line': 9,
  'A8 line': 4,
};

const PLACES = Object.entries(WRITTEN).flatMap(([kind, count]) =>
  Array.from({ length: count }, (_, at) => `${kind} ${at + 1}`),
);

const ROWS: readonly { source: string; fact: string }[] = [
  ...[...shown, ...refusals, ...atOnce, ...states, ...cancels, ...updater, ...reactions],
  ...[...revisionRows, ...dropletRows, ...metadataRows, ...creation, ...destinationRows, ...nameRows],
  ...[...routeRows, ...instanceRows, ...orderRows, ...checkRows, ...cellRows, ...quotaRows],
  ...[...hygieneRows, ...trustRows],
];

test('each place is seen, or it is said why not', () => {
  const named = new Set([...ROWS, ...UNSEEN].map(({ source }) => source));
  expect(PLACES.filter((place) => !named.has(place))).toEqual([]);
});

test('no row names a place that there is not', () => {
  expect([...ROWS, ...UNSEEN].filter(({ source }) => !PLACES.includes(source))).toEqual([]);
});

test('no fact is told twice', () => {
  const told = ROWS.map(({ source, fact }) => `${source}: ${fact}`);
  expect(told.filter((one, at) => told.indexOf(one) !== at)).toEqual([]);
});
