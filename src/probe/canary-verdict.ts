/**
 * Whether a canary is as good as live, by probes of both that were asked side by side. Pure.
 *
 * A healthy canary that is taken for a bad one costs a deploy, and a lone lost request is nobody's fault: so a difference must be
 * too large for chance and large enough to matter. Three signs tell against it, each of all its instances together and of each
 * one alone (one bad instance of nine hides in the sum):
 * - more than half of the probes of an instance fail, whatever live does: such a version serves nobody;
 * - at least three probes fail, and so many would fail by chance in less than 2 of 100 pauses if it failed as rarely as live (the
 *   binomial tail, with live's rate taken half a failure higher: of few probes that none failed does not prove that none would);
 * - its median answer takes half as long again as live's and 100 ms more, and its answers are slower than live's by more than
 *   chance (Mann-Whitney, 1 of 1,000). Medians, since first requests of a new process and lone slow ones say little.
 * The more groups are looked at, the stricter each one is judged (Bonferroni).
 */

/** One probe of one instance. */
export interface Sample {
  side: 'canary' | 'live';
  index: number;
  /** Why it counts as failed; undefined: the answer was as it should be. Untrusted text. */
  error?: string;
  durationMs: number;
}

export interface Figures {
  probes: number;
  errors: number;
  /** Of the probes that did not fail, milliseconds; undefined: all failed, or there were none. */
  medianMs?: number;
}

export interface CanaryVerdict {
  canary: Figures;
  live: Figures;
  /** What tells against the canary; undefined: it is as good as live. Untrusted text. */
  bad?: string;
}

const LEAST_ERRORS = 3;
const ERROR_CHANCE = 0.02;
const SLOWER_BY = 1.5;
const SLOWER_BY_MS = 100;
const LATENCY_CHANCE = 0.001;
/** Of an instance, without one that did not fail: to go on asking is to go on sending users there. */
const HOPELESS = 5;

/** Without samples of live (all instances are new) only the failures of most probes, and those by chance, are judged. */
export function judgeCanary(samples: readonly Sample[]): CanaryVerdict {
  const ofCanary = samples.filter(({ side }) => side === 'canary');
  const ofLive = samples.filter(({ side }) => side === 'live');
  const [canary, live] = [figuresOf(ofCanary), figuresOf(ofLive)];
  const indexes = [...new Set(ofCanary.map(({ index }) => index))].sort((one, other) => one - other);
  const each = indexes.map((index) => ({
    name: `instance ${index}`,
    samples: ofCanary.filter((one) => one.index === index),
  }));
  const all = { name: 'its instances together', samples: ofCanary };
  const groups = indexes.length > 1 ? [...each, all] : each;
  const bad =
    first(each, (group) => mostFail(group.samples)) ??
    first(groups, (group) => failsMore(group.samples, live, groups.length)) ??
    first(groups, (group) => isSlower(group.samples, ofLive, groups.length));
  return { canary, live, ...(bad === undefined ? {} : { bad }) };
}

/** An instance that answered nothing so far but failures. */
export function isHopeless(samples: readonly Sample[]): boolean {
  const byIndex = new Map<number, Sample[]>();
  for (const one of samples.filter(({ side }) => side === 'canary'))
    byIndex.set(one.index, [...(byIndex.get(one.index) ?? []), one]);
  return [...byIndex.values()].some(
    (own) => own.length >= HOPELESS && own.every(({ error }) => error !== undefined),
  );
}

interface Group {
  name: string;
  samples: readonly Sample[];
}

function first(groups: readonly Group[], why: (group: Group) => string | undefined): string | undefined {
  for (const group of groups) {
    const text = why(group);
    if (text !== undefined) return `${group.name}: ${text}`;
  }
  return undefined;
}

function mostFail(samples: readonly Sample[]): string | undefined {
  const { probes, errors } = figuresOf(samples);
  if (errors < LEAST_ERRORS || errors * 2 <= probes) return undefined;
  return `${errors} of ${probes} probes failed (${lastError(samples)})`;
}

function failsMore(samples: readonly Sample[], live: Figures, groups: number): string | undefined {
  const { probes, errors } = figuresOf(samples);
  if (errors < LEAST_ERRORS) return undefined;
  // Where nobody is there to be compared with, no failure counts as usual.
  const rate = live.probes > 0 ? (live.errors + 0.5) / (live.probes + 1) : 0.5 / (probes + 1);
  if (binomialTail(errors, probes, rate) >= ERROR_CHANCE / groups) return undefined;
  return `${errors} of ${probes} probes failed (${lastError(samples)}), of live ${live.errors} of ${live.probes}`;
}

function isSlower(samples: readonly Sample[], ofLive: readonly Sample[], groups: number): string | undefined {
  const [mine, lives] = [durationsOf(samples), durationsOf(ofLive)];
  const [own, usual] = [medianOf(mine), medianOf(lives)];
  if (own === undefined || usual === undefined) return undefined;
  if (own < usual * SLOWER_BY || own < usual + SLOWER_BY_MS) return undefined;
  if (chanceOfSlower(mine, lives) >= LATENCY_CHANCE / groups) return undefined;
  return `half of its answers take ${Math.round(own)} ms or longer, of live's ${Math.round(usual)} ms`;
}

function figuresOf(samples: readonly Sample[]): Figures {
  const medianMs = medianOf(durationsOf(samples));
  const errors = samples.filter(({ error }) => error !== undefined).length;
  return { probes: samples.length, errors, ...(medianMs === undefined ? {} : { medianMs }) };
}

function durationsOf(samples: readonly Sample[]): readonly number[] {
  return samples.filter(({ error }) => error === undefined).map(({ durationMs }) => durationMs);
}

function lastError(samples: readonly Sample[]): string {
  return samples.findLast(({ error }) => error !== undefined)?.error ?? '';
}

function medianOf(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((one, other) => one - other);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

/** The chance of at least `least` of `count` where each comes with the chance `rate`. */
export function binomialTail(least: number, count: number, rate: number): number {
  let below = 0;
  let logWays = 0;
  for (let hits = 0; hits < least; hits++) {
    below += Math.exp(logWays + hits * Math.log(rate) + (count - hits) * Math.log1p(-rate));
    logWays += Math.log(count - hits) - Math.log(hits + 1);
  }
  return Math.max(0, 1 - below);
}

/** The chance that `mine` rank as high as they do, or higher, when they are drawn from where `others` are (normal approximation). */
export function chanceOfSlower(mine: readonly number[], others: readonly number[]): number {
  const [m, n] = [mine.length, others.length];
  if (m === 0 || n === 0) return 1;
  const sorted = [...others].sort((one, other) => one - other);
  const wins = mine.reduce((sum, value) => {
    const below = countBelow(sorted, value, false);
    return sum + (below + countBelow(sorted, value, true)) / 2;
  }, 0);
  const deviation = Math.sqrt((m * n * (m + n + 1)) / 12);
  return upperTail((wins - (m * n) / 2) / deviation);
}

/** How many are below the value, or with `orEqual` at most the value. */
function countBelow(sorted: readonly number[], value: number, orEqual: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = sorted[middle] ?? 0;
    if (one < value || (orEqual && one === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Of the standard normal distribution: a series near the middle, a continued fraction beyond. */
function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 0.5) return 0.5 - density * z * (1 + (z * z) / 3 + z ** 4 / 15);
  let fraction = z;
  for (let term = 60; term > 0; term--) fraction = z + term / fraction;
  return density / fraction;
}
