/** Previews on a pull request of the local GitHub, over HTTP. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Hub, type HubOptions, startHub } from '../../hub/index.js';
import type { Outcome } from '../../src/commands/outcome.js';
import { readInputs } from '../../src/inputs.js';
import type { RunContext } from '../../src/model/asked.js';
import { Refused } from '../../src/model/errors.js';
import { Log } from '../../src/report/log.js';
import { previewTeller } from '../../src/report/preview.js';
import { redactor } from '../../src/report/redact.js';
import { type ClosableHttp, createHttp } from '../../src/system/http.js';
import { appOutcome, rendered } from './support.js';

const SECRET = 'pass|word';
const HEAD = 'ab'.repeat(20);
const URL = 'https://shop-pr-12.example.com';
const READY: Outcome = { result: 'previewed', apps: [appOutcome({ app: 'shop-pr-12', url: URL })] };
const DELETED: Outcome = {
  result: 'deleted',
  apps: [appOutcome({ app: 'shop-pr-12' })],
  gone: ['shop-pr-12'],
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
  hub.setCommits([{ sha: HEAD, parents: [] }]);
  hub.setPullRequest({ number: 12, state: 'open', merged: false, branch: 'b', commits: [HEAD], base: HEAD });
}

interface Acts {
  inputs?: Readonly<Record<string, string>>;
  from?: string;
  event?: string;
}

function teller({ inputs = {}, from = hub.repository, event = 'pull_request' }: Acts = {}) {
  const lines: string[] = [];
  const clock = { now: () => 0, sleep: async () => undefined };
  const redact = redactor([SECRET, hub.token]);
  const log = new Log({ clock, write: (line) => lines.push(line), redact });
  const given = Object.entries({
    ...{ api: 'https://api.example.com', org: 'octo', space: 'previews', username: 'ann', password: 'x' },
    ...{ command: 'preview', 'github-token': hub.token, ...inputs },
  }).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  const context: RunContext = {
    ...{ runId: '7', attempt: '1', workspace: '/w', temp: '/t', repository: hub.repository },
    ...{ apiUrl: hub.apiUrl, runUrl: 'https://github.com/octo/shop/actions/runs/7', commit: 'f'.repeat(40) },
    event: { name: event, path: '/event.json' },
  };
  const payload = { pull_request: { number: 12, head: { sha: HEAD, repo: { full_name: from } } } };
  const files = { read: async () => Buffer.from(JSON.stringify(payload)) };
  const signal = new AbortController().signal;
  const ports = { http, clock, files, signal, redact };
  return { lines, ...previewTeller(readInputs(Object.fromEntries(given)), context, log, ports) };
}

const bodies = () => hub.comments(12).map(({ body }) => body);
const deployments = () =>
  hub.deployments().map(({ environment, sha, statuses }) => [environment, sha, statuses[0]?.state]);

describe('the pull request', () => {
  test('has one comment that follows the preview from its deploy to its end', async () => {
    await started();
    const deploying = teller();
    await deploying.begin();
    expect(bodies()[0]).toMatch(/^<!-- cf-zero-downtime preview [0-9a-f]{32} [0-9a-f]{12} -->\n⏳/);
    await deploying.end(READY);
    expect(bodies()).toHaveLength(1);
    expect(bodies()[0]).toContain(`<${URL}>`);
    expect(bodies()[0]).toContain('`abababa`');
    const [link] = rendered(bodies()[0] ?? '').match(/<a href="[^"]+"/g) ?? [];
    expect(link).toContain(URL);
    const removing = teller({ inputs: { command: 'preview-delete' } });
    await removing.end(DELETED);
    expect(bodies()).toHaveLength(1);
    expect(bodies()[0]).toContain('removed');
    expect(bodies()[0]).not.toContain(URL);
    expect([...deploying.lines, ...removing.lines]).toEqual([]);
  });

  test('is told why it failed, in our own words, and nobody is mentioned', async () => {
    await started();
    const error = new Refused(`@octo/all </table> fixes #1 ${SECRET} \`x\``, 'Look.', 'refused');
    await teller().end({ result: 'refused', error, apps: [appOutcome({ app: 'shop-pr-12' })] });
    const html = rendered(bodies()[0] ?? '');
    expect(html).toContain('could not be deployed');
    expect(bodies()[0]).not.toContain(SECRET);
    expect(html).not.toMatch(/@octo|fixes #1/);
    expect(deployments()).toEqual([['preview/shop-pr-12', HEAD, 'failure']]);
  });

  test('is not told of a failure where a newer commit is there: its address stays, and so does its deployment', async () => {
    await started();
    await teller().end(READY);
    const late = teller();
    await late.begin();
    const error = new Refused('Commit abababa is older than what is live.', 'Nothing.', 'older-commit');
    await late.end({ result: 'refused', error, apps: [appOutcome({ app: 'shop-pr-12', url: URL })] });
    expect(bodies()).toHaveLength(1);
    expect(bodies()[0]).toContain(`<${URL}>`);
    expect(bodies()[0]).toContain('newer commit');
    expect(bodies()[0]).not.toMatch(/could not be deployed|`abababa`/);
    expect(deployments()).toEqual([['preview/shop-pr-12', HEAD, 'success']]);
  });

  test('is told that the preview could not be removed, not that it could not be deployed', async () => {
    await started();
    await teller().end(READY);
    const error = new Refused('The broker keeps db.', 'Look.', 'refused');
    const failed: Outcome = { ...DELETED, result: 'failed', error };
    await teller({ inputs: { command: 'preview-delete' } }).end(failed);
    expect(bodies()[0]).toContain('could not be removed');
    expect(deployments()).toEqual([['preview/shop-pr-12', HEAD, 'success']]);
  });

  test('that never had a preview is not told of its end', async () => {
    await started();
    await teller({ inputs: { command: 'preview-delete' } }).end(DELETED);
    expect(bodies()).toEqual([]);
  });

  test('has a comment for each manifest, and all of them tell the end', async () => {
    await started();
    await teller().end(READY);
    const other: Outcome = {
      ...READY,
      apps: [appOutcome({ app: 'api-pr-12', url: 'https://api.example.com' })],
    };
    await teller({ inputs: { manifest: 'api/manifest.yml' } }).end(other);
    expect(bodies().map((body) => [body.includes('api-pr-12'), body.includes('shop-pr-12')])).toEqual([
      [false, true],
      [true, false],
    ]);
    await teller({ inputs: { command: 'preview-delete' } }).end(DELETED);
    expect(bodies().map((body) => body.includes('removed'))).toEqual([true, true]);
    // Each is found again by its own manifest.
    await teller({ inputs: { manifest: 'api/manifest.yml' } }).end(other);
    expect(bodies().map((body) => body.includes('ready'))).toEqual([false, true]);
  });

  test('gets a new comment where a person deleted it', async () => {
    await started();
    await teller().end(READY);
    hub.deleteComment(hub.comments(12)[0]?.id ?? 0);
    await teller().end(READY);
    expect(bodies()).toEqual([expect.stringContaining('ready')]);
  });

  test('is told that it sleeps, and how it wakes', async () => {
    await started();
    await teller().end(READY);
    const preview = { name: 'shop-pr-12', pull: 12, deployedAtMs: 0, hasApp: true };
    const swept = [{ preview, what: 'stop' as const, why: 'nobody asked it since 2026-11-21 08:00 UTC' }];
    await teller({ inputs: { command: 'sweep' }, event: 'schedule' }).end({
      result: 'swept',
      apps: [],
      swept,
    });
    expect(bodies()).toHaveLength(1);
    expect(rendered(bodies()[0] ?? '')).toMatch(/sleeps: nobody asked it since[\s\S]*cf start shop-pr-12/);
    expect(deployments()).toEqual([['preview/shop-pr-12', HEAD, 'success']]);
  });

  test('is told of a sweep, where it has a comment', async () => {
    await started();
    await teller().end(READY);
    const preview = { name: 'shop-pr-12', pull: 12, deployedAtMs: 0, hasApp: true };
    const swept = [
      { preview, what: 'remove' as const, why: 'its time is over' },
      { preview: { ...preview, name: 'shop-pr-13', pull: 13 }, what: 'keep' as const, why: 'it is open' },
    ];
    await teller({ inputs: { command: 'sweep' }, event: 'schedule' }).end({
      result: 'swept',
      apps: [],
      swept,
      removed: [{ kind: 'app', name: 'shop-pr-12' }],
      gone: ['shop-pr-12'],
    });
    expect(bodies()[0]).toContain('its time is over');
    expect(deployments()).toEqual([['preview/shop-pr-12', HEAD, 'inactive']]);
  });
});

describe("GitHub's deployment", () => {
  test('ends with a sweep whichever app of several gave the preview its name there', async () => {
    await started();
    await teller().end(READY);
    const preview = { name: 'api-pr-12', pull: 12, deployedAtMs: 0, hasApp: true };
    const removed = ['api-pr-12', 'shop-pr-12'].map((name) => ({ kind: 'app' as const, name }));
    const swept = [{ preview, what: 'remove' as const, why: 'its time is over' }];
    await teller({ inputs: { command: 'sweep' } }).end({
      result: 'swept',
      apps: [],
      swept,
      removed,
      gone: removed.map(({ name }) => name),
    });
    expect(deployments()).toEqual([['preview/shop-pr-12', HEAD, 'inactive']]);
  });

  test('has the address and the log, and is inactive in the end', async () => {
    await started();
    await teller().end(READY);
    expect(hub.deployments()[0]).toMatchObject({
      ...{ environment: 'preview/shop-pr-12', sha: HEAD, transient: true },
      statuses: [
        { state: 'success', environmentUrl: URL, logUrl: 'https://github.com/octo/shop/actions/runs/7' },
      ],
    });
    await teller({ inputs: { command: 'preview-delete' } }).end(DELETED);
    expect(deployments()).toEqual([['preview/shop-pr-12', HEAD, 'inactive']]);
  });
});

describe('nobody is told', () => {
  test.each<[string, Acts]>([
    ['by a plan', { inputs: { plan: 'true' } }],
    ['by a fork, whose run may only read', { from: 'stranger/shop' }],
    ['without a token', { inputs: { 'github-token': '' } }],
    ['where both are switched off', { inputs: { comment: 'false', deployment: 'false' } }],
    ['by another command', { inputs: { command: 'deploy' } }],
  ])('%s', async (_what, acts) => {
    await started();
    const { begin, end, lines } = teller(acts);
    await begin();
    await end(READY);
    expect(bodies()).toEqual([]);
    if (acts.from === undefined) expect(hub.deployments()).toEqual([]);
    expect(lines.filter((line) => line.startsWith('::'))).toEqual([]);
  });
});

test('missing permissions are told as the lines to add', async () => {
  await started({ permissions: ['contents', 'pull_requests', 'deployments'] });
  const { begin, end, lines } = teller();
  await begin();
  await end(READY);
  const text = lines.join('\n');
  expect(text).toContain('pull-requests: write');
  expect(text).toContain('deployments: write');
});
