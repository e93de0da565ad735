/** Every figure, in the order of the table. Add one here; what it measures is a series in `series/`. */
import type { Figure, Sample, Samples, Taken, Unit } from './figure.js';
import { CROWD, MANY_ROUTES, SEVERAL, type Settings } from './settings.js';
import { quotients } from './statistics.js';

const SCRIPT = 'the documented steps, scripted with the same cf';
const PUSH = 'cf push';
const ROLLING_PUSH = 'cf push --strategy rolling';

export const BLUE_GREEN = { one: 'blue-green-1', many: `blue-green-${MANY_ROUTES}` } as const;
export const rollingSeries = (instances: number): string => `rolling-${instances}`;

type Of = (sample: Sample) => number | undefined;
const seconds: Of = ({ ms }) => ms / 1_000;
const switching: Of = ({ switchMs }) => switchMs;
const calls: Of = ({ calls: all }) => all;
/** Without one for each route: no route moves with less. */
const callsBeside =
  (routes: number): Of =>
  ({ calls: all }) =>
    all === undefined ? undefined : all - routes;
const memory: Of = ({ peakMb }) => peakMb;
const failures: Of = ({ failed }) => failed;

/** What was not measured is left out; a figure without values cannot be told. */
const each = (samples: Samples['ours'], of: Of): number[] => samples.flatMap((sample) => of(sample) ?? []);

type Told = Pick<Figure, 'name' | 'what'> & Partial<Figure>;

/** Ours beside another way of doing the same, both of one series. */
function beside(told: Told & { instead: string; of: Of; series: string; atMost: number }): Figure {
  const { of, series, atMost, ...rest } = told;
  return {
    unit: 's',
    needs: [series],
    ours: (taken) => each(taken(series).ours, of),
    insteadOf: (taken) => each(taken(series).instead, of),
    judged: 'ratio',
    target: () => atMost,
    byLatency: true,
    settings: '',
    ...rest,
  };
}

/** Until the first call of a cf, beside the least that an action can be. The series has the figure's name. */
function starting(name: string, what: string, settings: string): Figure {
  return beside({
    ...{ name, what, settings, series: name },
    instead: 'an empty bundle of @actions/core',
    of: ({ ms }) => ms,
    unit: 'ms',
    atMost: 1.2,
    byLatency: false,
  });
}

/** How many times as much one series takes as another, ours and the other way's. */
function growth(
  told: Told & { of: Of; from: string; to: string; atMost: number; insteadFrom?: string },
): Figure {
  const { of, from, to, atMost, insteadFrom = from, ...rest } = told;
  return {
    instead: '',
    unit: 'times',
    needs: [...new Set([from, to, insteadFrom])],
    ours: (taken) => quotients(each(taken(to).ours, of), each(taken(from).ours, of)),
    insteadOf: (taken) => quotients(each(taken(to).instead, of), each(taken(insteadFrom).instead, of)),
    judged: 'value',
    target: () => atMost,
    byLatency: true,
    settings: '',
    ...rest,
  };
}

/** Shown only. */
function listed(told: Told & { of: Of; series: string; unit: Unit }): Figure {
  return {
    ...beside({ instead: '', atMost: 0, ...told }),
    judged: 'listed',
    target: () => undefined,
    byLatency: false,
  };
}

/** @param settings say which sizes are measured */
export function figures(settings: Settings): Figure[] {
  const drain = `drain ${settings.drainMs / 1_000} s`;
  const crowd = `${CROWD.apps} other apps and ${CROWD.routes} other routes in the space`;
  const several = `${SEVERAL.routes} routes in the space`;
  return [
    beside({
      name: 'blue-green-1',
      what: 'blue-green, 1 route',
      instead: SCRIPT,
      of: seconds,
      series: BLUE_GREEN.one,
      atMost: 0.8,
      settings: drain,
    }),
    beside({
      name: 'blue-green-50',
      what: 'blue-green, 50 routes',
      instead: SCRIPT,
      of: seconds,
      series: BLUE_GREEN.many,
      atMost: 0,
      target: (latencyMs) => (latencyMs === 0 ? 0.6 : 0.3),
      settings: drain,
    }),
    beside({
      name: 'switch-50',
      what: 'the switch alone, 50 routes',
      instead: SCRIPT,
      of: switching,
      series: BLUE_GREEN.many,
      unit: 'ms',
      atMost: 0.1,
    }),
    growth({
      name: 'switch-growth',
      what: 'the switch, 50 routes / 1 route',
      instead: SCRIPT,
      of: switching,
      from: BLUE_GREEN.one,
      to: BLUE_GREEN.many,
      atMost: 1.5,
    }),
    ...settings.rolling.map(({ instances, maxInFlight }) =>
      beside({
        name: `rolling-${instances}`,
        what: `rolling with proof, ${instances === 1 ? '1 instance' : `${instances} instances`}`,
        instead: ROLLING_PUSH,
        of: seconds,
        series: rollingSeries(instances),
        atMost: 1,
        settings: `max-in-flight ${maxInFlight}, no drain`,
      }),
    ),
    growth({
      name: 'several-apps',
      what: `manifest with ${SEVERAL.apps} apps / with 1`,
      instead: `${PUSH} of the same manifest`,
      of: seconds,
      from: BLUE_GREEN.one,
      to: 'several-apps',
      insteadFrom: 'unchanged',
      atMost: 2.5,
      settings: `${drain}, ${several}`,
    }),
    beside({
      name: 'unchanged',
      what: 'unchanged deploy',
      instead: `${PUSH} of the same`,
      of: seconds,
      series: 'unchanged',
      atMost: 0.25,
    }),
    beside({
      name: 'preview',
      what: 'preview of a pull request',
      instead: `${PUSH} of a new app`,
      of: seconds,
      series: 'preview',
      atMost: 1.1,
      settings: 'with comment and GitHub Deployment',
    }),
    starting('start', 'start until the first cf call', 'CLI named by CF_CLI'),
    starting(
      'start-cached',
      'start, CLI from the tool cache',
      'archive of a release in the tool cache; the empty bundle with CF_CLI',
    ),
    listed({
      name: 'memory-1',
      what: 'peak memory, 1 app',
      of: memory,
      series: BLUE_GREEN.one,
      unit: 'MB',
      insteadOf: () => [],
    }),
    growth({
      name: 'memory',
      what: `peak memory, ${SEVERAL.apps} apps / 1 app`,
      of: memory,
      from: BLUE_GREEN.one,
      to: 'several-apps',
      atMost: 1.5,
      byLatency: false,
      insteadOf: () => [],
      settings: several,
    }),
    listed({
      name: 'calls-1',
      what: 'API calls, 1 route',
      instead: SCRIPT,
      of: calls,
      series: BLUE_GREEN.one,
      unit: 'calls',
    }),
    listed({
      name: 'calls-50',
      what: 'API calls, 50 routes',
      instead: SCRIPT,
      of: calls,
      series: BLUE_GREEN.many,
      unit: 'calls',
    }),
    listed({
      name: 'calls-crowded',
      what: 'API calls, 1 route in a crowded space',
      of: calls,
      series: 'crowded',
      unit: 'calls',
      settings: crowd,
    }),
    growth({
      name: 'calls-growth',
      what: `API calls beside one per route, ${MANY_ROUTES} routes / 1 in a crowded space`,
      of: calls,
      from: 'crowded',
      to: BLUE_GREEN.many,
      atMost: 1.2,
      byLatency: false,
      ours: (taken) =>
        quotients(
          each(taken(BLUE_GREEN.many).ours, callsBeside(MANY_ROUTES)),
          each(taken('crowded').ours, callsBeside(1)),
        ).map((times) => Math.max(times, 1 / times)),
      insteadOf: () => [],
      settings: crowd,
    }),
  ];
}

/** Not part of the whole run: it takes an hour and more. */
export function soakFigures({ soak }: Settings): Figure[] {
  const how = `${soak.rate} requests a second, in-flight requests of ${soak.slowMs / 1_000} s, router lag ${soak.routerLagMs / 1_000} s, drain ${soak.drainMs / 1_000} s`;
  const against = (name: string, series: string, instead: string): Figure =>
    beside({
      name,
      what: `failed requests in ${soak.deploys} deploys (${soak.insteadDeploys} instead)`,
      instead,
      of: failures,
      series,
      unit: 'failed',
      ours: (taken: Taken) => each(taken('soak-ours').ours, failures),
      needs: ['soak-ours', series],
      judged: 'value',
      atMost: 0,
      byLatency: false,
      settings: how,
    });
  return [
    against('soak-script', 'soak-script', SCRIPT),
    against('soak-rolling-push', 'soak-rolling-push', ROLLING_PUSH),
  ];
}
