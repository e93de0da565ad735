/** What the watch saw, and what that means. Pure: the loop that probes is in watch.ts. */
import { inShort, isAnswer, isFailed, isUnknownToRouter, type Outcome } from './answer.js';
import { ROUTERS_LEARN_MS } from './context.js';

const PROBES_PER_SECOND = 10;
/** Of many routes together: they are one app's mostly, and these requests come on top of its users'. */
const MOST_PER_SECOND = 25;
/** How long one round may take before probes come faster. */
const ROUND_S = 2;

/**
 * How long probes may fail while the platform's API is silent too, before that is a reason to go back after all: gorouter keeps
 * what it last heard for 120 s (its stale threshold), so a router cut off from the platform has shown by then what it does.
 */
export const PLATFORM_SILENCE_MS = 120_000;

/**
 * Routers take the instances of a route in turn: where one of two is bad, every second probe fails, and hardly ever two in a row.
 * Of this many probes of a route, more than `SCATTERED_FACTOR` times the failures that are borne in a row are a sign, too.
 */
const RECENT_PROBES = 30;
const SCATTERED_FACTOR = 3;

/**
 * Good probes in a row after which a route that was absent, or failed, is taken for passing in every router: nothing counts before.
 * Each turn of the watch is a chance to meet the same routers only: where one of three learns a route 2 s after the others, six in
 * a row come too early in two of five deploys, and so many in one of a thousand.
 */
export const SETTLED_PROBES = 20;

/**
 * `unseen`: its first round is not over. `passing`: what fails from here on counts. `absent`: no router knew the route before the
 * deploy; `failing`: it failed before the deploy began. Failures of these two say nothing until they were seen to pass.
 */
export type Before = 'unseen' | 'passing' | 'absent' | 'failing';

/** A route failed more often, in a row or scattered over its latest probes, than is borne. */
export interface BadSign {
  route: string;
  /** Untrusted text. */
  why: string;
  /** When the first of these failures was there. A probe that was asked before a change may have met what came with it. */
  sinceMs: number;
  /** When the last one was there. */
  untilMs: number;
  /** Scattered failures only: see `RouteAccount`. */
  scatteredSinceMs?: number;
}

export interface RouteAccount {
  route: string;
  before: Before;
  /** It was `failing` at first, whatever it did later. */
  failedAtFirst: boolean;
  requests: number;
  /** Counted against the deploy. */
  failures: number;
  /** Failed while the platform's API did not answer either. */
  inconclusive: number;
  /** Failed in the first round, or on a route that failed or was absent before. */
  failedBefore: number;
  passedInARow: number;
  failedInARow: number;
  /** Those of `failedInARow` that came while the platform's API answered. */
  conclusiveInARow: number;
  /** When the first probe of `failedInARow` was asked for: a gap counts from here. */
  failingSinceMs?: number;
  /** When that probe had failed. */
  failedSinceMs?: number;
  longestGapMs: number;
  /** The latest conclusive probes since it was passing, oldest first; begins anew at a scattered sign: when each had failed, if so. */
  recent: readonly (number | undefined)[];
  /** When scattered failures were a sign for the first time; over after `RECENT_PROBES` good probes in a row. */
  scatteredSinceMs?: number;
  /** Answers by `X-App-Version`. */
  byVersion: ReadonlyMap<string, number>;
  signs: readonly BadSign[];
}

export interface Limits {
  /** Failures in a row that are borne. */
  failureLimit: number;
  /** See `PLATFORM_SILENCE_MS`. */
  silenceMs: number;
}

export interface WatchFigures {
  requests: number;
  failures: number;
  inconclusive: number;
  failedBefore: number;
  /** Longest time in which a route gave no good answer: from the first failed probe until the next good answer. */
  longestGapMs: number;
  byVersion: Readonly<Record<string, number>>;
  /** Routes that failed before the deploy began, also where they healed since. */
  failingBefore: readonly string[];
}

/** Over all routes: one that failed for a while must be seen, however many there are. */
export function probesPerSecond(routeCount: number): number {
  return Math.min(MOST_PER_SECOND, Math.max(PROBES_PER_SECOND, routeCount / ROUND_S));
}

/**
 * How long the time after the switch must be, so that every route is looked at twice in it.
 * @param routeCount routes that the watch looks at in turn, of all apps; 0 where nothing is watched
 * @returns milliseconds: the longer of bake and drain, or more where so many routes need it
 */
export function watchWindow(routeCount: number, bakeMs: number, drainMs: number): number {
  const roundMs = (routeCount * 1_000) / probesPerSecond(routeCount);
  return Math.max(bakeMs, drainMs, 2 * roundMs);
}

export function openAccount(route: string): RouteAccount {
  return {
    route,
    before: 'unseen',
    failedAtFirst: false,
    requests: 0,
    failures: 0,
    inconclusive: 0,
    failedBefore: 0,
    passedInARow: 0,
    failedInARow: 0,
    conclusiveInARow: 0,
    longestGapMs: 0,
    recent: [],
    byVersion: new Map(),
    signs: [],
  };
}

/** @param platformAnswers whether the platform's API did, at the time of this probe; counts only when the probe failed */
export function record(
  account: RouteAccount,
  outcome: Outcome,
  platformAnswers: boolean,
  limits: Limits,
): RouteAccount {
  const seen = { ...account, requests: account.requests + 1, byVersion: counted(account.byVersion, outcome) };
  return isFailed(outcome)
    ? recordFailed(seen, outcome, platformAnswers, limits)
    : recordPassed(seen, outcome);
}

function recordPassed(account: RouteAccount, outcome: Outcome): RouteAccount {
  const { failingSinceMs, failedSinceMs: _, scatteredSinceMs, ...rest } = account;
  const passedInARow = account.passedInARow + 1;
  const counts = account.before === 'passing' && failingSinceMs !== undefined;
  // A route that is new is there only when every router knows it, one that failed is healed only when all who serve it are.
  const arrived = passedInARow >= SETTLED_PROBES;
  return {
    ...rest,
    ...(scatteredSinceMs === undefined || passedInARow >= RECENT_PROBES ? {} : { scatteredSinceMs }),
    before: account.before === 'unseen' || arrived ? 'passing' : account.before,
    recent: account.before === 'passing' ? latest(account.recent, undefined) : account.recent,
    passedInARow,
    failedInARow: 0,
    conclusiveInARow: 0,
    longestGapMs: counts
      ? Math.max(account.longestGapMs, outcome.startedMs + outcome.durationMs - failingSinceMs)
      : account.longestGapMs,
  };
}

function recordFailed(
  account: RouteAccount,
  outcome: Outcome,
  platformAnswers: boolean,
  limits: Limits,
): RouteAccount {
  const failedInARow = account.failedInARow + 1;
  const failingSinceMs = account.failingSinceMs ?? outcome.startedMs;
  const untilMs = outcome.startedMs + outcome.durationMs;
  const sinceMs = account.failedSinceMs ?? untilMs;
  const failed: RouteAccount = {
    ...account,
    passedInARow: 0,
    failedInARow,
    failingSinceMs,
    failedSinceMs: sinceMs,
  };
  if (account.before !== 'passing') {
    failed.failedBefore += 1;
    if (account.before !== 'unseen' || failedInARow <= limits.failureLimit) return failed;
    const absent = isUnknownToRouter(outcome);
    return { ...failed, before: absent ? 'absent' : 'failing', failedAtFirst: !absent };
  }
  if (platformAnswers) {
    failed.failures += 1;
    failed.conclusiveInARow += 1;
    failed.recent = latest(account.recent, untilMs);
  } else failed.inconclusive += 1;
  const silentTooLong = failedInARow > limits.failureLimit && untilMs - failingSinceMs > limits.silenceMs;
  const earlier = account.signs.filter((sign) => sign.sinceMs !== sinceMs);
  const known = earlier.length < account.signs.length;
  if (!known && failed.conclusiveInARow <= limits.failureLimit && !silentTooLong)
    return withScattered(failed, outcome, untilMs, limits);
  const why = `${failedInARow} probes in a row failed, the last with ${inShort(outcome)}`;
  return { ...failed, signs: [...earlier, { route: account.route, why, sinceMs, untilMs }] };
}

function latest(recent: RouteAccount['recent'], failedMs: number | undefined): RouteAccount['recent'] {
  return [...recent, failedMs].slice(-RECENT_PROBES);
}

function withScattered(
  account: RouteAccount,
  outcome: Outcome,
  untilMs: number,
  limits: Limits,
): RouteAccount {
  const failures = account.recent.filter((failedMs) => failedMs !== undefined);
  const [sinceMs] = failures;
  if (sinceMs === undefined || failures.length <= SCATTERED_FACTOR * limits.failureLimit) return account;
  const why = `${failures.length} of ${account.recent.length} probes failed, the last with ${inShort(outcome)}`;
  const { scatteredSinceMs = untilMs } = account;
  const sign = { route: account.route, why, sinceMs, untilMs, scatteredSinceMs };
  return { ...account, recent: [], scatteredSinceMs, signs: [...account.signs, sign] };
}

/**
 * Whether the route is probed again at once, beyond the usual rate: to tell an accident from a fault, and to know soon that a
 * route is there, since nothing counts before.
 */
export function asksAgain(account: RouteAccount, limits: Limits): boolean {
  const { before, failedInARow, passedInARow } = account;
  return before === 'passing' || before === 'unseen'
    ? failedInARow > 0 && failedInARow <= limits.failureLimit
    : passedInARow > 0 && passedInARow < SETTLED_PROBES;
}

/** The account of a route at which nobody looks any more: a gap that is open ends here. */
export function closed(account: RouteAccount, nowMs: number): RouteAccount {
  const { failingSinceMs: _, failedSinceMs: __, ...rest } = account;
  return { ...rest, longestGapMs: Math.max(rest.longestGapMs, openGapMs(account, nowMs)) };
}

function openGapMs({ before, failingSinceMs }: RouteAccount, nowMs: number): number {
  return before === 'passing' && failingSinceMs !== undefined ? nowMs - failingSinceMs : 0;
}

/**
 * @param sinceMs failures that began earlier are no sign against the new version, unless they go on in one row for longer than
 * routers take to learn of it: then it fails as well
 */
export function badSignOf(accounts: Iterable<RouteAccount>, sinceMs: number): BadSign | undefined {
  return [...accounts]
    .flatMap(({ signs }) => signs)
    .filter((sign) => speaksOfWhatCame(sign, sinceMs))
    .sort((one, other) => one.sinceMs - other.sinceMs)[0];
}

/** As long as the old version serves too, which may be long in place, scattered failures that go on may all be its own. */
function speaksOfWhatCame(
  { sinceMs: beganMs, untilMs, scatteredSinceMs }: BadSign,
  sinceMs: number,
): boolean {
  if (scatteredSinceMs !== undefined) return beganMs >= sinceMs && scatteredSinceMs >= sinceMs;
  return beganMs >= sinceMs || untilMs - sinceMs > ROUTERS_LEARN_MS;
}

/** @param nowMs for a gap that is still open */
export function figuresOf(accounts: Iterable<RouteAccount>, nowMs: number): WatchFigures {
  const all = [...accounts];
  const sum = (pick: (account: RouteAccount) => number) => all.reduce((total, one) => total + pick(one), 0);
  const byVersion = new Map<string, number>();
  for (const [version, count] of all.flatMap((account) => [...account.byVersion])) {
    byVersion.set(version, (byVersion.get(version) ?? 0) + count);
  }
  return {
    requests: sum((account) => account.requests),
    failures: sum((account) => account.failures),
    inconclusive: sum((account) => account.inconclusive),
    failedBefore: sum((account) => account.failedBefore),
    longestGapMs: Math.max(
      0,
      ...all.map((account) => Math.max(account.longestGapMs, openGapMs(account, nowMs))),
    ),
    byVersion: Object.fromEntries(byVersion),
    failingBefore: all.filter(({ failedAtFirst }) => failedAtFirst).map(({ route }) => route),
  };
}

/** What the app calls its version is untrusted: what does not look like one is counted as unknown. */
function counted(byVersion: ReadonlyMap<string, number>, outcome: Outcome): ReadonlyMap<string, number> {
  if (!isAnswer(outcome) || isFailed(outcome)) return byVersion;
  const told = outcome.version ?? '';
  const known =
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(told) && (byVersion.has(told) || byVersion.size < 20);
  const version = known ? told : 'unknown';
  return new Map(byVersion).set(version, (byVersion.get(version) ?? 0) + 1);
}
