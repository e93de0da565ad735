import { BLUE_GREEN, rollingSeries } from '../figures.js';
import { MANY_ROUTES, type Settings } from '../settings.js';
import { blueGreen } from './blue-green.js';
import { crowded } from './crowded.js';
import { preview } from './preview.js';
import { rolling } from './rolling.js';
import type { Series } from './series.js';
import { severalApps } from './several-apps.js';
import { SOAK } from './soak.js';
import { start, startCached } from './start.js';
import { unchanged } from './unchanged.js';

/** What takes longest comes first, so that no lane is left with it at the end. */
export function allSeries(settings: Settings): Readonly<Record<string, Series>> {
  return {
    start,
    'start-cached': startCached,
    [BLUE_GREEN.many]: blueGreen(MANY_ROUTES),
    'several-apps': severalApps,
    [BLUE_GREEN.one]: blueGreen(1),
    ...Object.fromEntries(
      settings.rolling
        .toReversed()
        .map(({ instances, maxInFlight }) => [rollingSeries(instances), rolling(instances, maxInFlight)]),
    ),
    crowded,
    preview,
    unchanged,
    ...SOAK,
  };
}

/** What is measured while nothing else is: what takes milliseconds, and what takes the machine. */
export const ALONE: readonly string[] = ['start', 'start-cached', ...Object.keys(SOAK)];
