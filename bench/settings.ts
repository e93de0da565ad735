/** Everything that a figure depends on and that is not the platform's own default. One place: a row names what it ran with. */

export interface Settings {
  name: 'full' | 'quick';
  /** How often each thing is measured. */
  repeats: number;
  /** How often a start is measured: it is short and the machine's noise is not. */
  starts: number;
  /** Milliseconds that the platform adds to each API call. */
  latenciesMs: readonly number[];
  /** Instances of the rolling deploys, and how many of them may be replaced at a time. */
  rolling: readonly { instances: number; maxInFlight: number }[];
  /** The wait between unmapping a version and stopping it, on both sides: the demo's. A longer one hides what is compared. */
  drainMs: number;
  /** Measured side by side, each on a platform of its own: most of the time is spent waiting for the platform. */
  lanes: number;
  soak: SoakSettings;
}

export interface SoakSettings {
  /** Deploys in a row, of the action and of each of the other ways. */
  deploys: number;
  insteadDeploys: number;
  /** Requests a second, half of them on fresh connections. */
  rate: number;
  /** Of `rate`, requests that take `slowMs`: some are always under way. */
  slowRate: number;
  slowMs: number;
  /** What a request may take beyond what it takes by itself. */
  limitMs: number;
  /** At most, from a change of a route until a router knows it. */
  routerLagMs: number;
  drainMs: number;
}

const SOAK: SoakSettings = {
  deploys: 100,
  insteadDeploys: 10,
  rate: 200,
  slowRate: 4,
  slowMs: 5_000,
  limitMs: 5_000,
  routerLagMs: 2_000,
  drainMs: 10_000,
};

export const FULL: Settings = {
  name: 'full',
  repeats: 5,
  starts: 15,
  latenciesMs: [0, 50],
  rolling: [
    { instances: 1, maxInFlight: 1 },
    { instances: 4, maxInFlight: 1 },
    { instances: 16, maxInFlight: 4 },
  ],
  drainMs: 5_000,
  lanes: 2,
  soak: SOAK,
};

export const QUICK: Settings = {
  ...FULL,
  name: 'quick',
  repeats: 3,
  latenciesMs: [0],
  rolling: FULL.rolling.filter(({ instances }) => instances < 16),
  soak: { ...SOAK, deploys: 5, insteadDeploys: 2 },
};

/** Of the crowded space: apps and routes that are not part of the deploy. */
export const CROWD = { apps: 5_000, routes: 20_000 };
/** Of the deploy of several apps: how many, and the routes in their space, their own among them. */
export const SEVERAL = { apps: 10, routes: 500 };
export const MANY_ROUTES = 50;
