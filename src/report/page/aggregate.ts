/** Requests of the watch, as so many spans of time as there is room for. Pure. */
import { PROBE_ENDS, type StoryPoints, type StoryProbes } from '../story.js';

export interface Wanted {
  fromMs: number;
  toMs: number;
  /** Spans at most. */
  most: number;
  by: 'version' | 'status';
  /** Index of a route; undefined: all. */
  route?: number;
  /** Indexes of versions that are left out. */
  without: ReadonlySet<number>;
  onlyFailed: boolean;
}

export interface Spans {
  spanMs: number;
  /** Beginning of each span, in milliseconds since the run began. */
  startMs: number[];
  groups: { name: string; failed: boolean; counts: number[] }[];
  /** Of requests that were answered; null where there is none. */
  medianMs: (number | null)[];
  slowestMs: (number | null)[];
  requests: number;
  failed: number;
}

/** Lengths of a span that people count in. */
const LENGTHS_MS = [
  ...[100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000],
  ...[1, 2, 5, 10, 15, 30, 60, 120, 240, 720].map((minutes) => minutes * 60_000),
];
/** Requests in a span, on average. */
const SOME = 4;
const FAILED = PROBE_ENDS.indexOf('failed');

export function spansOf(probes: StoryProbes, points: StoryPoints, wanted: Wanted): Spans {
  const { fromMs, toMs, by, route, without, onlyFailed } = wanted;
  const spanMs = lengthOf(toMs - fromMs, points, wanted);
  const first = Math.floor(fromMs / spanMs);
  const count = Math.max(1, Math.ceil(toMs / spanMs) - first);
  const groups = new Map<string, { name: string; failed: boolean; counts: number[] }>();
  const times: number[][] = Array.from({ length: count }, () => []);
  let [requests, failed] = [0, 0];
  for (let at = 0; at < points.startMs.length; at += 1) {
    const startMs = points.startMs[at] ?? 0;
    const [version, end] = [points.version[at] ?? 0, points.end[at] ?? 0];
    if (startMs < fromMs || startMs > toMs || without.has(version)) continue;
    if (route !== undefined && points.route[at] !== route) continue;
    if (onlyFailed && end === 0) continue;
    const span = Math.min(count - 1, Math.floor(startMs / spanMs) - first);
    const status = points.status[at] ?? 0;
    const name = by === 'status' ? statusName(status) : versionName(probes.versions[version], end);
    const isFailed = end === FAILED || (by === 'status' && end !== 0);
    const key = `${name}${isFailed}`;
    let group = groups.get(key);
    if (!group) {
      group = { name, failed: isFailed, counts: new Array(count).fill(0) };
      groups.set(key, group);
    }
    group.counts[span] = (group.counts[span] ?? 0) + 1;
    requests += 1;
    if (end === FAILED) failed += 1;
    if (status !== 0 || end === 0) times[span]?.push(points.durationMs[at] ?? 0);
  }
  for (const list of times) list.sort((one, other) => one - other);
  return {
    spanMs,
    startMs: Array.from({ length: count }, (_, at) => (first + at) * spanMs),
    groups: [...groups.values()].sort(byName),
    medianMs: times.map((list) => list[Math.floor(list.length / 2)] ?? null),
    slowestMs: times.map((list) => list.at(-1) ?? null),
    requests,
    failed,
  };
}

/** As short as there is room for, and long enough for some requests: of one alone there is nothing to see. */
function lengthOf(wholeMs: number, { startMs }: StoryPoints, { fromMs, toMs, most }: Wanted): number {
  let inside = 0;
  for (let at = 0; at < startMs.length; at += 1) {
    const ms = startMs[at] ?? 0;
    if (ms >= fromMs && ms <= toMs) inside += 1;
  }
  const least = Math.max(wholeMs / most, (wholeMs * SOME) / Math.max(1, inside));
  return LENGTHS_MS.find((ms) => ms >= least) ?? Math.ceil(least);
}

function versionName(version: string | undefined, end: number): string {
  return end === 0 ? (version ?? 'unknown') : (ENDS[end] ?? '');
}

/** As `PROBE_ENDS`. */
const ENDS = ['', 'failed', 'inconclusive', 'failed before'];

function statusName(status: number): string {
  return status === 0 ? 'no HTTP answer' : String(status);
}

/** What failed is on top. */
function byName(one: Spans['groups'][number], other: Spans['groups'][number]): number {
  return Number(one.failed) - Number(other.failed) || (one.name < other.name ? -1 : 1);
}
