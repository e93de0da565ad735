import type { Listener, ProbeEnd } from '../model/ports.js';
import { inShort, isAnswer, isFailed, type Outcome } from './answer.js';
import { PROBE_TIMEOUT_MS, type ProbeContext, type Tell } from './context.js';
import { askOn } from './tcp.js';
import {
  asksAgain,
  type BadSign,
  badSignOf,
  closed,
  figuresOf,
  type Limits,
  openAccount,
  PLATFORM_SILENCE_MS,
  probesPerSecond,
  type RouteAccount,
  record,
  type WatchFigures,
} from './watch-account.js';

export type { BadSign, WatchFigures } from './watch-account.js';
export { watchWindow } from './watch-account.js';

export interface WatchOptions {
  /** Production routes, `host.domain/path` without a scheme; on a TCP route, `domain:port`, connections are made. */
  routes: readonly { url: string }[];
  path: string;
  /** Failures in a row on one route that are borne; three times as many of its latest probes. */
  failureLimit: number;
  /** Over all routes, after the first round; default `probesPerSecond`. */
  perSecond?: number;
  /** Default `PROBE_TIMEOUT_MS`. */
  timeoutMs?: number;
  /** Default `PLATFORM_SILENCE_MS`. */
  silenceMs?: number;
  /** Asked only when a probe failed: does the platform's API answer at this time? */
  platformAnswers: () => boolean | Promise<boolean>;
  /** Hears of each request. */
  record?: Listener['record'];
}

export interface Watch {
  /** Resolves when every route was seen once, and what failed was seen to fail for good: before this, change nothing. */
  firstRound(): Promise<void>;
  /** Nobody shall serve this route from here on: what happened there stays counted, and it is looked at no more. */
  leave(url: string): void;
  figures(): WatchFigures;
  /** Routes that are looked at in turn. */
  routeCount(): number;
  /** @param sinceMs what failed before is no sign, such as before the moment of the switch; see `badSignOf` */
  badSign(sinceMs?: number): BadSign | undefined;
  /**
   * Calls `hear` whenever a failure gave a sign, also one that is known already and goes on.
   * @returns ends that
   */
  onSign(hear: () => void): () => void;
  /** Ends the watch; requests that are still open count for nothing. */
  stop(): Promise<WatchFigures>;
}

/** Routes of the first round that are asked at a time: nothing is changed before it is over. */
const LANES = 10;
const SLOW_MS = 300;

async function answersNow({ platformAnswers }: WatchOptions): Promise<boolean> {
  try {
    return await platformAnswers();
  } catch {
    return false;
  }
}

/** What became of the request that made one account of another. */
function endOf(old: RouteAccount, now: RouteAccount): ProbeEnd {
  if (now.failures > old.failures) return 'failed';
  if (now.inconclusive > old.inconclusive) return 'inconclusive';
  return now.failedBefore > old.failedBefore ? 'before' : 'passed';
}

/** Watches the production routes until `stop()`, or until `ctx.signal` is aborted. Never throws by itself. */
export function startWatch(ctx: ProbeContext, options: WatchOptions, tell: Tell): Watch {
  const limits: Limits = {
    failureLimit: options.failureLimit,
    silenceMs: options.silenceMs ?? PLATFORM_SILENCE_MS,
  };
  const stopping = new AbortController();
  const signal = ctx.signal ? AbortSignal.any([stopping.signal, ctx.signal]) : stopping.signal;
  const urls = [...new Set(options.routes.map(({ url }) => url))];
  const accounts = new Map<string, RouteAccount>(urls.map((url) => [url, openAccount(url)]));
  const looking = new Map<string, Promise<void>>();
  const left = new Set<string>();
  const hearers = new Set<() => void>();
  const watched = () => urls.filter((url) => !left.has(url));
  let endRound = () => {};
  let failRound: (reason: unknown) => void = () => {};
  const round = new Promise<void>((resolve, reject) => {
    endRound = resolve;
    failRound = reject;
  });
  let stoppedMs: number | undefined;

  const look = async (url: string): Promise<void> => {
    for (;;) {
      const outcome = await askOn(ctx, url, options.path, {
        timeoutMs: options.timeoutMs ?? PROBE_TIMEOUT_MS,
        signal,
      });
      const answers = !isFailed(outcome) || (await answersNow(options));
      if (signal.aborted || left.has(url)) return;
      const old = accounts.get(url) ?? openAccount(url);
      const now = record(old, outcome, answers, limits);
      accounts.set(url, now);
      recordProbe(old, now, outcome);
      tellChange(old, now, outcome, answers);
      if (now.signs !== old.signs) for (const hear of hearers) hear();
      if (!asksAgain(now, limits)) break;
    }
    if ([...accounts.values()].every(({ before }) => before !== 'unseen')) endRound();
  };

  const recordProbe = (old: RouteAccount, now: RouteAccount, outcome: Outcome) => {
    const { startedMs, durationMs } = outcome;
    const { status = 0, version } = isAnswer(outcome) ? outcome : {};
    options.record?.({
      ...{ type: 'probe', route: now.route, startedMs, durationMs, status, end: endOf(old, now) },
      ...(version === undefined ? {} : { version }),
    });
  };

  const tellChange = (old: RouteAccount, now: RouteAccount, outcome: Outcome, answers: boolean) => {
    if (now.before !== old.before && now.before === 'failing') {
      tell(`${now.route} was failing before this run began: ${inShort(outcome, ctx)}`);
    } else if (now.before === 'passing' && old.before === 'failing') {
      tell(`${now.route} answers now: what fails there from here on counts`);
    } else if (now.before === 'passing' && old.failedInARow === 0 && now.failedInARow === 1) {
      tell(
        `${now.route} failed: ${inShort(outcome, ctx)}${answers ? '' : "; the platform's API does not answer either"}`,
      );
    } else if (now.before === 'passing' && old.failedInARow > 0 && now.failedInARow === 0) {
      tell(`${now.route} answers again`);
    }
  };

  /** A route that is slow to answer is not asked twice at a time; it loses its turn. */
  const begin = (url: string): Promise<void> => {
    const done =
      looking.get(url) ??
      look(url)
        .catch(() => undefined)
        .finally(() => looking.delete(url));
    looking.set(url, done);
    return done;
  };

  /** Each lane waits for its route, but not for one that hangs: the others are looked at meanwhile. */
  const first = async (): Promise<void> => {
    const left = [...urls];
    const lane = async () => {
      for (let url = left.shift(); url !== undefined && !signal.aborted; url = left.shift())
        await Promise.race([begin(url), ctx.clock.sleep(SLOW_MS, signal)]);
    };
    await Promise.all(Array.from({ length: Math.min(LANES, urls.length) }, lane));
  };

  const turns = async (): Promise<void> => {
    await first();
    const everyMs = () => 1_000 / (options.perSecond ?? probesPerSecond(watched().length));
    for (let turn = 0; urls.length > 0; turn += 1) {
      await ctx.clock.sleep(everyMs(), signal);
      const inTurn = watched();
      const url = inTurn[turn % inTurn.length];
      if (url !== undefined) void begin(url);
    }
  };

  if (urls.length === 0) endRound();
  const running = turns().catch(() => undefined);
  // Whoever waits for the first round learns of an end; whoever does not is not disturbed by it.
  round.catch(() => undefined);
  signal.addEventListener('abort', () => failRound(signal.reason), { once: true });

  return {
    firstRound: () => round,
    leave(url) {
      const account = accounts.get(url);
      if (!account || left.has(url)) return;
      left.add(url);
      accounts.set(url, closed(account, ctx.clock.now()));
    },
    routeCount: () => watched().length,
    figures: () => figuresOf(accounts.values(), stoppedMs ?? ctx.clock.now()),
    badSign: (sinceMs = Number.NEGATIVE_INFINITY) => badSignOf(accounts.values(), sinceMs),
    onSign(hear) {
      hearers.add(hear);
      return () => void hearers.delete(hear);
    },
    async stop() {
      stopping.abort(new Error('the watch has ended'));
      await running;
      await Promise.all(looking.values());
      stoppedMs ??= ctx.clock.now();
      return figuresOf(accounts.values(), stoppedMs);
    },
  };
}
