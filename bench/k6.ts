/** Steady requests by k6 until they are stopped, and its account of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { k6 } from '../runner/tools.js';

export interface Load {
  /** `host.domain` of a route. */
  host: string;
  /** Where the platform's router listens. */
  router: string;
  /** Requests a second, and how many of them take `slowMs`. */
  rate: number;
  slowRate: number;
  slowMs: number;
  /** What a request may take beyond what it takes by itself. */
  limitMs: number;
  keepAlive: boolean;
}

export interface Account {
  sent: number;
  failed: number;
  /** The first ones, each as k6 tells it. */
  failures: string[];
}

export interface RunningLoad {
  /** Lets nothing new start, waits for k6's account. @throws Error when k6 gave none, or could not send what was asked */
  stop(): Promise<Account>;
}

/** More than any run takes; it is stopped before. */
const FOR_EVER = '24h';
/** Of the requests that were to be sent: how many k6 may have had no time for. */
const MISSED_AT_MOST = 0.05;
const TOLD_FAILURES = 20;
const MARK = 'failed request:';

/** A request is failed when it is not answered by 2xx, is cut, or takes over its limit. */
export function scriptOf(load: Load): string {
  const { host, router, rate, slowRate, slowMs, limitMs, keepAlive } = load;
  const scenario = (exec: string, perSecond: number, vus: number) => ({
    executor: 'constant-arrival-rate',
    exec,
    rate: perSecond,
    timeUnit: '1s',
    duration: FOR_EVER,
    gracefulStop: '0s',
    preAllocatedVUs: vus,
    maxVUs: vus * 10,
  });
  const options = {
    scenarios: {
      quick: scenario('quick', rate - slowRate, rate),
      slow: scenario('slow', slowRate, Math.ceil((slowRate * slowMs) / 1_000) * 2),
    },
    hosts: { [host]: new URL(router).host },
    noConnectionReuse: !keepAlive,
    // Each of a user's own: one that is kept by another user's client is no use.
    noVUConnectionReuse: !keepAlive,
    discardResponseBodies: false,
    systemTags: ['status'],
  };
  return `
import http from 'k6/http';
import { Counter } from 'k6/metrics';
export const options = ${JSON.stringify(options)};
const sent = new Counter('n_sent');
const failed = new Counter('n_failed');
const url = ${JSON.stringify(`http://${host}`)};
let told = 0;
function judge(what, answer) {
  // Cut by k6 itself, at its end.
  if (answer.error === 'context canceled') return;
  sent.add(1);
  const good = answer.status >= 200 && answer.status < 300 && !answer.error;
  if (good) return;
  failed.add(1);
  if (told++ < 5) console.error('${MARK} ' + new Date().toISOString() + ' ' + what + ' ' + answer.status + ' ' + answer.error);
}
// A POST is not sent again by itself where a kept connection turns out to be gone, as a GET is.
export function quick() {
  const params = { timeout: '${limitMs}ms' };
  if (__ITER % 2 === 0) judge('GET', http.get(url + '/', params));
  else judge('POST', http.post(url + '/', 'x'.repeat(1000), params));
}
export function slow() {
  judge('slow GET', http.get(url + '/slow?ms=${slowMs}', { timeout: '${slowMs + limitMs}ms' }));
}
export function handleSummary(data) {
  const count = (name) => (data.metrics[name] ? data.metrics[name].values.count : 0);
  return { stdout: JSON.stringify({ sent: count('n_sent'), failed: count('n_failed'), missed: count('dropped_iterations') }) };
}
`;
}

/** @param dir a folder for its script, and its home */
export async function startLoad(load: Load, dir: string, signal: AbortSignal): Promise<RunningLoad> {
  const file = join(dir, load.keepAlive ? 'kept.js' : 'fresh.js');
  await writeFile(file, scriptOf(load));
  const child = spawn(k6(), ['run', '--quiet', '--no-usage-report', '--address', '', file], {
    env: { HOME: dir, PATH: process.env.PATH ?? '', K6_LOG_OUTPUT: 'stderr' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let log = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = `${log}${text}`.slice(0, 1_000_000);
  });
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  const closed = once(child, 'close');
  closed.catch(() => undefined);
  return {
    async stop() {
      child.kill('SIGINT');
      await closed;
      signal.removeEventListener('abort', kill);
      signal.throwIfAborted();
      return accountOf(out, log);
    },
  };
}

/**
 * What was not sent where nothing failed was too much for the machine; where something failed, that may be why.
 * @throws Error when `out` is none, or when much of what was asked was not sent for no other reason
 */
export function accountOf(out: string, log: string): Account {
  let counted: { sent: number; failed: number; missed: number };
  try {
    counted = JSON.parse(out);
  } catch {
    throw new Error(`k6 gave no account: ${log.slice(-2_000)}`);
  }
  const { sent, failed, missed } = counted;
  if (sent === 0 || (failed === 0 && missed > sent * MISSED_AT_MOST))
    throw new Error(
      `k6 could not send ${missed} requests beside ${sent}: the machine is too busy to measure`,
    );
  const lines = log.split('\n').filter((line) => line.includes(MARK));
  return { sent, failed, failures: lines.slice(0, TOLD_FAILURES) };
}
