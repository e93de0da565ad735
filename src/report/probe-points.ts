/** The requests of a watch, kept small however long it lasts: spans of time always, each request where somebody asked for it. */
import type { Fact } from '../model/ports.js';
import { PROBE_ENDS, type StoryBucket, type StoryPoints, type StoryProbes } from './story.js';

export const MOST_POINTS = 2 ** 18;
export const MOST_BUCKETS = 240;
const MOST_NAMES = { routes: 1_000, versions: 20 };
const FIRST_POINTS = 2 ** 12;
const FIRST_BUCKET_MS = 1_000;

type Probe = Fact & { type: 'probe' };

interface Columns {
  startMs: Uint32Array;
  durationMs: Uint32Array;
  status: Uint16Array;
  route: Uint16Array;
  version: Uint8Array;
  end: Uint8Array;
}

type Bucket = { -readonly [Key in keyof StoryBucket]: StoryBucket[Key] } & { passed: number[] };

export class ProbePoints {
  private readonly routes: string[] = [];
  private readonly versions: string[] = [];
  private bucketMs = FIRST_BUCKET_MS;
  private buckets: Bucket[] = [];
  private columns: Columns | undefined;
  private count = 0;
  private leftOut = 0;

  /** @param startedAtMs beginning of the run, milliseconds since the epoch */
  constructor(private readonly startedAtMs: number) {}

  /** From here on each request is kept. */
  keepAll(): void {
    this.columns ??= columns(FIRST_POINTS);
  }

  add(probe: Probe): void {
    const startMs = Math.max(0, probe.startedMs - this.startedAtMs);
    const version = indexOf(this.versions, versionOf(probe.version), MOST_NAMES.versions);
    this.intoBucket(probe, startMs, version);
    if (!this.columns) return;
    if (this.count === this.columns.startMs.length) this.makeRoom(this.columns);
    const at = this.count;
    this.columns.startMs[at] = startMs;
    this.columns.durationMs[at] = probe.durationMs;
    this.columns.status[at] = probe.status;
    this.columns.route[at] = indexOf(this.routes, probe.route, MOST_NAMES.routes);
    this.columns.version[at] = version;
    this.columns.end[at] = PROBE_ENDS.indexOf(probe.end);
    this.count += 1;
  }

  seen(): StoryProbes {
    const { routes, versions, bucketMs, buckets } = this;
    const points: { points?: StoryPoints } = this.columns
      ? { points: { ...resized(this.columns, this.count), leftOut: this.leftOut } }
      : {};
    return { routes, versions, bucketMs, buckets, ...points };
  }

  private intoBucket({ end, durationMs }: Probe, startMs: number, version: number): void {
    const from = () => Math.floor(startMs / this.bucketMs) * this.bucketMs;
    let bucket = this.bucketAt(from());
    if (!bucket && this.buckets.length === MOST_BUCKETS) {
      this.widen();
      bucket = this.bucketAt(from());
    }
    if (!bucket) {
      bucket = { startMs: from(), passed: [], failed: 0, others: 0, slowestMs: 0 };
      this.buckets.push(bucket);
      this.buckets.sort((one, other) => one.startMs - other.startMs);
    }
    if (end === 'passed') bucket.passed[version] = (bucket.passed[version] ?? 0) + 1;
    else if (end === 'failed') bucket.failed += 1;
    else bucket.others += 1;
    // No hole in the list: it becomes JSON.
    for (let at = 0; at < bucket.passed.length; at += 1) bucket.passed[at] ??= 0;
    bucket.slowestMs = Math.max(bucket.slowestMs, durationMs);
  }

  /** A slow request comes late: it is mostly the last one, and never far from it. */
  private bucketAt(startMs: number): Bucket | undefined {
    return this.buckets.findLast((bucket) => bucket.startMs === startMs);
  }

  /** Spans of twice the length. */
  private widen(): void {
    this.bucketMs *= 2;
    const wide = new Map<number, Bucket>();
    for (const { startMs, passed, failed, others, slowestMs } of this.buckets) {
      const from = Math.floor(startMs / this.bucketMs) * this.bucketMs;
      const into = wide.get(from) ?? { startMs: from, passed: [], failed: 0, others: 0, slowestMs: 0 };
      passed.forEach((count, version) => {
        into.passed[version] = (into.passed[version] ?? 0) + count;
      });
      into.failed += failed;
      into.others += others;
      into.slowestMs = Math.max(into.slowestMs, slowestMs);
      wide.set(from, into);
    }
    this.buckets = [...wide.values()];
  }

  /** Beyond the most that is kept every second request that passed goes; where nearly all of them failed, every second one. */
  private makeRoom(full: Columns): void {
    if (this.count < MOST_POINTS) {
      this.columns = resized(full, this.count * 2);
      return;
    }
    const failed = full.end.reduce((sum, end) => sum + (end === 0 ? 0 : 1), 0);
    const spares = failed < MOST_POINTS / 2;
    let to = 0;
    for (let at = 0, seen = 0; at < this.count; at += 1) {
      const passed = full.end[at] === 0;
      if (!passed && spares) move(full, at, to++);
      else if (seen++ % 2 === 0) move(full, at, to++);
    }
    this.leftOut += this.count - to;
    this.count = to;
  }
}

function move(columns: Columns, from: number, to: number): void {
  for (const column of Object.values(columns)) column[to] = column[from];
}

function columns(length: number): Columns {
  return {
    startMs: new Uint32Array(length),
    durationMs: new Uint32Array(length),
    status: new Uint16Array(length),
    route: new Uint16Array(length),
    version: new Uint8Array(length),
    end: new Uint8Array(length),
  };
}

function resized(old: Columns, length: number): Columns {
  const next = columns(length);
  for (const name of Object.keys(next) as (keyof Columns)[])
    next[name].set(old[name].subarray(0, Math.min(length, old[name].length)));
  return next;
}

/** What an app calls its version is untrusted: what does not look like one is unknown. */
function versionOf(told: string | undefined): string {
  return told !== undefined && /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(told) ? told : 'unknown';
}

/** Names that are too many are all the last one. */
function indexOf(names: string[], name: string, most: number): number {
  const known = names.indexOf(name);
  if (known >= 0) return known;
  if (names.length === most - 1) names.push('others');
  if (names.length === most) return most - 1;
  return names.push(name) - 1;
}
