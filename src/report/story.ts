/** What happened in one run, as pure data: what the summary, the report, its JSON and telemetry are made of. */
import type { ProbeEnd } from '../model/ports.js';

/** One group of steps. Times are milliseconds since the run began, in all of this file. */
export interface StoryStep {
  title: string;
  startMs: number;
  durationMs: number;
  ok: boolean;
  /** Of strategies (steps/step.ts), and which way it led: `forward`, `back` or `held`. */
  stage?: string;
  way?: string;
}

/** A call of the platform's API or of another one, or a program that was run (`cf`, `run`). Without the query: it may hold what is secret. */
export interface StoryCall {
  method: string;
  /** The path alone at the platform's own API, elsewhere with the origin; of a program its first words. */
  path: string;
  /** 0: no answer came. Of a program its exit code, -1 where a signal ended it. */
  status: number;
  startMs: number;
  durationMs: number;
}

export function isProgram({ method }: StoryCall): boolean {
  return method === 'cf' || method === 'run';
}

export function isFailedCall(call: StoryCall): boolean {
  return isProgram(call) ? call.status !== 0 : call.status === 0 || call.status >= 400;
}

/** A line of the log. `foreign`: of another program, `source`. */
export interface StoryLine {
  atMs: number;
  type: 'step' | 'note' | 'warning' | 'foreign';
  text: string;
  source?: string;
}

/** The requests of the watch in one span of time, as long as each other one. */
export interface StoryBucket {
  startMs: number;
  /** Passed, by the index of `versions`. */
  passed: readonly number[];
  /** Counted against the deploy. */
  failed: number;
  /** Neither: see `WatchFigures`. */
  others: number;
  slowestMs: number;
}

/** Every request of the watch, in columns of one length; at most `MOST_POINTS` (probe-points.ts). */
export interface StoryPoints {
  startMs: ArrayLike<number>;
  durationMs: ArrayLike<number>;
  status: ArrayLike<number>;
  /** Indexes of `routes` and `versions`. */
  route: ArrayLike<number>;
  version: ArrayLike<number>;
  /** Index of `PROBE_ENDS`. */
  end: ArrayLike<number>;
  /** Requests that are not in the columns: there were too many. */
  leftOut: number;
}

export const PROBE_ENDS: readonly ProbeEnd[] = ['passed', 'failed', 'inconclusive', 'before'];

/** What the watch saw over time. */
export interface StoryProbes {
  routes: readonly string[];
  /** As apps tell them, `unknown` among them. */
  versions: readonly string[];
  bucketMs: number;
  /** In order of time; a span without a request has none. At most `MOST_BUCKETS` (probe-points.ts). */
  buckets: readonly StoryBucket[];
  /** Only where somebody asked for them. */
  points?: StoryPoints;
}

/** Web instances of live while its version is replaced in place. */
export interface StoryInstances {
  app: string;
  atMs: number;
  /** Of the new version: that can serve, and that are wanted by now. */
  ready: number;
  wanted: number;
  /** Of the version before, wanted by now. */
  before: number;
}

/** What was seen and done, while it was. */
export interface Story {
  /** Milliseconds since the epoch. */
  startedAtMs: number;
  steps: readonly StoryStep[];
  probes: StoryProbes;
  instances: readonly StoryInstances[];
  /** Both only where somebody asked for them. */
  calls: readonly StoryCall[];
  log: readonly StoryLine[];
  /** Of `calls` and `log`, in their middle: there were too many. */
  leftOut: { calls: number; log: number };
}

/** Production routes gain the candidate and lose live, or live's instances are replaced; several where apps switch in turn. */
export interface Switch {
  startMs: number;
  endMs: number;
}

const BEGINS = ['map', 'roll'];
const ENDS = ['map', 'roll', 'await', 'prove', 'unmap'];

/** The switch forward, and the one back; undefined: there was none. Pure. */
export function switchOf(steps: readonly StoryStep[], back = false): Switch | undefined {
  const ours = steps.filter(({ way }) => (way === 'back') === back);
  const first = ours.find(({ stage = '' }) => BEGINS.includes(stage));
  if (!first) return undefined;
  const last = ours.filter(({ stage = '' }) => ENDS.includes(stage)).at(-1) ?? first;
  return { startMs: first.startMs, endMs: last.startMs + last.durationMs };
}
