import { expect, test } from '@jest/globals';
import { type Share, Shares } from './shares.js';

/** Workers in turn, each knowing a scenario's points from the first time it has a share of it. */
function handOut(points: readonly number[], workers: number): { of: number; share: Share }[] {
  const shares = new Shares(points.length);
  const current: (number | undefined)[] = Array.from({ length: workers });
  const given: { of: number; share: Share }[] = [];
  const working = new Set(current.keys());
  while (working.size > 0)
    for (const of of [...working]) {
      const share = shares.next(current[of]);
      if (!share) {
        working.delete(of);
        continue;
      }
      shares.tell(share.scenario, points[share.scenario] ?? 0);
      current[of] = share.scenario;
      given.push({ of, share });
    }
  return given;
}

const POINTS = [500, 3, 40, 0, 16];

test.each([1, 2, 7])('each point is tried once by %d workers', (workers) => {
  const tried = handOut(POINTS, workers).flatMap(({ share: { scenario, from, to } }) =>
    Array.from({ length: Math.min(to, POINTS[scenario] ?? 0) - from }, (_, at) => `${scenario} ${from + at}`),
  );
  const all = POINTS.flatMap((points, scenario) =>
    Array.from({ length: points }, (_, at) => `${scenario} ${at}`),
  );
  expect([...tried].sort()).toEqual(all.sort());
});

test('a worker stays with what it has set up, and helps the one that has most left at the end', () => {
  const given = handOut([100, 20, 400], 2);
  const scenariosOf = (worker: number) => [
    ...new Set(given.filter(({ of }) => of === worker).map(({ share }) => share.scenario)),
  ];
  expect(scenariosOf(0)).toEqual([0, 2]);
  expect(scenariosOf(1)).toEqual([1, 2]);
});
