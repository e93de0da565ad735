/** Plans on a pull request of the local GitHub, over HTTP. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Hub, type HubOptions, startHub } from '../../hub/index.js';
import type { Outcome } from '../../src/commands/outcome.js';
import { readInputs } from '../../src/inputs.js';
import type { RunContext } from '../../src/model/asked.js';
import { tellPullRequest } from '../../src/report/comment.js';
import { Log } from '../../src/report/log.js';
import { redactor } from '../../src/report/redact.js';
import { type ClosableHttp, createHttp } from '../../src/system/http.js';
import { appOutcome, rendered } from './support.js';

const SECRET = 'pass|word';
const HEAD = 'ab'.repeat(20);
const PLAN: Outcome = {
  result: 'planned',
  apps: [appOutcome()],
  plan: [{ app: 'shop', title: 'make the candidate', calls: ['cf push shop-candidate --no-start'] }],
};

let http: ClosableHttp;
let hub: Hub;
beforeEach(() => {
  http = createHttp({ skipSslValidation: false });
});
afterEach(async () => {
  http.close();
  await hub.close();
});

async function started(options?: HubOptions): Promise<void> {
  hub = await startHub(options);
  hub.setPullRequest({ number: 12, state: 'open', merged: false, branch: 'b', commits: [HEAD], base: HEAD });
}

interface Acts {
  outcome?: Outcome;
  inputs?: Readonly<Record<string, string>>;
  event?: string;
  payload?: unknown;
  signal?: AbortSignal;
}

const from = (fullName: string) => ({
  pull_request: { number: 12, head: { sha: HEAD, repo: { full_name: fullName } } },
});

/** @returns the lines of the log */
async function tell(acts: Acts = {}): Promise<string[]> {
  const { outcome = PLAN, event = 'pull_request', payload = from(hub.repository) } = acts;
  const signal = acts.signal ?? new AbortController().signal;
  const lines: string[] = [];
  const clock = { now: () => 0, sleep: async () => undefined };
  const redact = redactor([SECRET, hub.token]);
  const log = new Log({ clock, write: (line) => lines.push(line), redact });
  const given = Object.entries({
    ...{ api: 'https://api.example.com', org: 'octo', space: 'production', username: 'ann', password: 'x' },
    ...{ plan: 'true', 'github-token': hub.token, ...acts.inputs },
  }).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  const context: RunContext = {
    ...{ runId: '7', attempt: '1', workspace: '/w', temp: '/t', repository: hub.repository },
    ...{ apiUrl: hub.apiUrl, runUrl: 'https://github.com/octo/shop/actions/runs/7' },
    event: { name: event, path: '/event.json' },
  };
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const files = {
    read: async (path: string) => (path === '/event.json' && text !== '' ? Buffer.from(text) : undefined),
  };
  const inputs = readInputs(Object.fromEntries(given));
  await tellPullRequest(outcome, inputs, context, log, { http, clock, files, signal, redact });
  return lines;
}

const bodies = () => hub.comments(12).map(({ body }) => body);

test('the plan is there once, as the newest run made it', async () => {
  await started();
  expect(await tell()).toEqual([]);
  expect(
    await tell({ outcome: { ...PLAN, plan: [{ app: 'shop', title: 'now another', calls: [] }] } }),
  ).toEqual([]);
  expect(bodies()).toHaveLength(1);
  expect(bodies()[0]).toMatch(
    /^<!-- cf-zero-downtime plan [0-9a-f]{32} -->\nPlan for `octo\/production`, commit /,
  );
  expect(bodies()[0]).toContain('`abababa`, `https://github.com/octo/shop/actions/runs/7`');
  expect(bodies()[0]).toContain('now another');
  expect(bodies()[0]).not.toContain('make the candidate');
});

test('a plan that failed takes the place of one that is no longer true', async () => {
  await started();
  await tell();
  await tell({ outcome: { result: 'refused', error: new Error('no room'), apps: [appOutcome()] } });
  expect(bodies()).toHaveLength(1);
  expect(bodies()[0]).toContain('no room');
});

test('each target and set of apps has its own, whatever the order of the apps', async () => {
  await started();
  const two = [appOutcome(), appOutcome({ app: 'web' })];
  await tell();
  await tell({ inputs: { space: 'staging' } });
  await tell({ outcome: { ...PLAN, apps: two } });
  await tell({ outcome: { ...PLAN, apps: [...two].reverse() } });
  expect(bodies()).toHaveLength(3);
});

describe('nothing is asked of GitHub', () => {
  test.each<[string, Acts]>([
    ['on another event', { event: 'push' }],
    ['on the event that runs with the rights of the base', { event: 'pull_request_target' }],
    ['where comments are switched off', { inputs: { comment: 'false' } }],
    ['without a token', { inputs: { 'github-token': '' } }],
    ['when it is no plan', { inputs: { plan: 'false' } }],
    ['for a status', { outcome: { result: 'shown', apps: [appOutcome()] } }],
    ['when no app was looked at', { outcome: { result: 'refused', error: new Error('x'), apps: [] } }],
    ['when the run was cancelled', { signal: AbortSignal.abort(new Error('cancelled')) }],
  ])('%s', async (_when, acts) => {
    await started();
    expect(await tell(acts)).toEqual([]);
    expect(hub.requests()).toEqual([]);
  });

  test.each([
    ['from a fork', from('mona/shop')],
    ['from a fork that is gone', { pull_request: { number: 12, head: { sha: HEAD, repo: null } } }],
  ])('%s: it is noted once', async (_from, payload) => {
    await started();
    expect(await tell({ payload })).toEqual([
      '00:00.0  The plan is not shown on the pull request: it is from a fork, whose runs may only read.',
    ]);
    expect(hub.requests()).toEqual([]);
  });

  test.each(['', '{', '{}', '[]'])('when the event is %j: it is warned of', async (payload) => {
    await started();
    expect(await tell({ payload })).toEqual([expect.stringMatching(/^::warning::The plan is not shown/)]);
    expect(hub.requests()).toEqual([]);
  });
});

test('what may not be written is one warning with what to add', async () => {
  await started({ permissions: ['contents', 'pull_requests'] });
  const lines = await tell();
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('::warning::The plan is not shown on the pull request: the token may not write');
  expect(lines[0]).toMatch(/%0Apermissions:%0A {2}contents: read%0A {2}pull-requests: write$/);
  expect(bodies()).toEqual([]);
});

test('foreign text moves nothing there, and no secret is in it', async () => {
  await started();
  const title = `closes #1 GH-2 @octocat <!-- x --> ${SECRET} [x](https://evil.example)`;
  await tell({ outcome: { ...PLAN, plan: [{ app: 'shop', title, calls: [`cf push ${SECRET} @octocat`] }] } });
  const shown = rendered(bodies()[0] ?? '')
    .replace(/<code>[^<]*<\/code>/g, '')
    .replaceAll('<a href="https://shop.example.com">', '');
  expect(shown).toContain('octocat');
  for (const text of ['#1', 'GH-2', '@octocat', '<!-- x', '<a ']) expect(shown).not.toContain(text);
  expect(bodies()[0]).not.toContain(SECRET);
});

test('of a plan that is too long as much is shown as GitHub takes, from its beginning', async () => {
  await started();
  const calls = Array.from({ length: 30 }, (_, at) => `call ${at} ${'€'.repeat(280)}`);
  const plan = Array.from({ length: 200 }, (_, at) => ({ app: 'shop', title: `step-${at}-`, calls }));
  expect(await tell({ outcome: { ...PLAN, plan } })).toEqual([]);
  const [body = ''] = bodies();
  expect(body.length).toBeLessThanOrEqual(65_536);
  expect(body).toContain('step-0-');
  expect(body).not.toContain('step-199-');
  expect(body).toMatch(/\n19\d more steps are in the log and in the output `plan`\./);
});
