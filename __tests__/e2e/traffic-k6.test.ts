import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { k6 } from '../../runner/tools.js';
import type { Figures } from '../../traffic/figures.js';
import { startLoad } from '../../traffic/load.js';
import { deadUrl, EVERY, type Flaky, PATHS, startFlaky } from '../traffic/flaky.js';

/** On a busy machine processes start slowly. */
jest.setTimeout(60_000);

const REQUESTS = 9;
const TIMEOUT_MS = 800;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'k6-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

interface Count {
  ok: number;
  failed: number;
  refused: number;
  timeout: number;
  byStatus: Record<string, number>;
}

/**
 * k6's own account: a request is good when its answer came whole, with 200 and not from the router. Connections are not
 * reused: Go repeats by itself what was lost on a reused one, and a user's client may not.
 */
const script = (url: string, paths: readonly string[], scenario: string): string => `
import http from 'k6/http';
import { Counter } from 'k6/metrics';
const counters = {};
for (const name of ['ok', 'failed', 'refused', 'timeout', 's200', 's404', 's500', 's502']) counters[name] = new Counter('n_' + name);
export const options = { scenarios: { all: ${scenario} },
  noConnectionReuse: true, systemTags: ['status'] };
export default function () {
  const asked = ${JSON.stringify(paths)}.map((path) => ['GET', ${JSON.stringify(url)} + path, null, { timeout: '${TIMEOUT_MS}ms' }]);
  for (const answer of http.batch(asked)) {
    const good = answer.status === 200 && !answer.error && !answer.headers['X-Cf-Routererror'];
    counters[good ? 'ok' : 'failed'].add(1);
    if (answer.error_code === 1212) counters.refused.add(1);
    if (answer.error_code === 1050) counters.timeout.add(1);
    else if (counters['s' + answer.status]) counters['s' + answer.status].add(1);
  }
}
export function handleSummary(data) {
  const counted = {};
  for (const [name, metric] of Object.entries(data.metrics)) if (name.startsWith('n_')) counted[name.slice(2)] = metric.values.count;
  return { stdout: JSON.stringify(counted) };
}
`;

const ONE_BY_ONE = `{ executor: 'per-vu-iterations', vus: 1, iterations: ${REQUESTS}, maxDuration: '2m' }`;
const steadily = (rate: number, seconds: number): string =>
  `{ executor: 'constant-arrival-rate', rate: ${rate}, duration: '${seconds}s', preAllocatedVUs: 10, maxVUs: 20 }`;

async function countedByK6(url: string, paths: readonly string[], scenario = ONE_BY_ONE): Promise<Count> {
  const file = join(dir, 'load.js');
  await writeFile(file, script(url, paths, scenario));
  const { stdout } = await promisify(execFile)(await k6(), ['run', '--quiet', '--no-usage-report', file], {
    env: { HOME: dir, K6_LOG_OUTPUT: 'none' },
  });
  const counted = JSON.parse(stdout) as Record<string, number>;
  const byStatus: Record<string, number> = {};
  for (const [name, count] of Object.entries(counted)) {
    if (name.startsWith('s')) byStatus[name.slice(1)] = count;
  }
  const { ok = 0, failed = 0, refused = 0, timeout = 0 } = counted;
  return { ok, failed, refused, timeout, byStatus };
}

async function countedByTraffic(
  url: string,
  paths: readonly string[],
  rate = 100,
  requests = paths.length * REQUESTS,
): Promise<[Count, Figures]> {
  const figures = await startLoad({
    router: url,
    routes: paths.map((path) => ({ host: '127.0.0.1', path })),
    rate,
    requests,
    timeoutMs: TIMEOUT_MS,
    keepAliveShare: 0,
    postShare: 0,
  }).ended;
  const { ok, failed, byKind, byStatus } = figures;
  return [{ ok, failed, refused: byKind.connect ?? 0, timeout: byKind.timeout ?? 0, byStatus }, figures];
}

describe('traffic/ and k6 count the same', () => {
  let flaky: Flaky;
  beforeAll(async () => {
    flaky = await startFlaky();
  });
  afterAll(() => flaky.close());

  test('against a server that resets, cuts, stalls and errs', async () => {
    const [ours, figures] = await countedByTraffic(flaky.url, PATHS);
    // The server's turn to fail comes round after a whole number of rounds: both clients meet the same.
    expect(REQUESTS % EVERY).toBe(0);
    const k6s = await countedByK6(flaky.url, PATHS);
    expect(ours).toMatchObject({
      ok: k6s.ok,
      failed: k6s.failed,
      refused: k6s.refused,
      timeout: k6s.timeout,
    });
    const wrong = REQUESTS / EVERY;
    expect(ours.failed).toBe((PATHS.length - 1) * wrong);
    expect(figures.byKind).toEqual({
      reset: 2 * wrong,
      cut: 2 * wrong,
      status: 2 * wrong,
      router: wrong,
      timeout: 2 * wrong,
    });
    for (const status of ['404', '500', '502'])
      expect([status, k6s.byStatus[status]]).toEqual([status, wrong]);
    for (const path of PATHS) expect([path, flaky.seen.get(path)]).toEqual([path, 2 * REQUESTS]);
  });

  test('against a door that is shut', async () => {
    const url = await deadUrl();
    const [ours] = await countedByTraffic(url, ['/ok']);
    const k6s = await countedByK6(url, ['/ok']);
    expect(ours).toMatchObject({ ok: 0, failed: REQUESTS, refused: REQUESTS, timeout: 0 });
    expect(k6s).toMatchObject({ ok: 0, failed: REQUESTS, refused: REQUESTS, timeout: 0 });
  });

  test('against a door that shuts for a while: what did not come in was refused, and nothing else', async () => {
    for (const count of [
      async (url: string) => (await countedByTraffic(url, ['/ok'], 50, 100))[0],
      (url: string) => countedByK6(url, ['/ok'], steadily(50, 2)),
    ]) {
      const door = await startFlaky();
      door.shut(20, 500);
      const { ok, failed, refused } = await count(door.url).finally(() => door.close());
      expect(ok).toBe(door.seen.get('/ok'));
      expect(failed).toBe(refused);
      // Half a second of fifty a second, and what a busy machine shifts.
      expect(refused).toBeGreaterThanOrEqual(15);
      expect(refused).toBeLessThanOrEqual(35);
    }
  });
});
