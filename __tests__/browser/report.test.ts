/** The HTML report as a reader sees it, of every kind of result. Somebody looks at the screenshots, too. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { projectRoot, reportPage } from '../../runner/tools.js';
import type { RunRecord } from '../../src/report/record.js';
import { withRecord } from '../../src/report/written.js';
import { Folders } from '../matrix/scenarios.js';
import { launch, type Shown, screenshot, show, tooWide, WIDTHS } from './support/browser.js';
import { RESULTS } from './support/results.js';

jest.setTimeout(120_000);

const AXE = readFileSync(join(projectRoot(), 'node_modules', 'axe-core', 'axe.min.js'), 'utf8');

const folders = new Folders();
let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  folders.remove();
});

/** What axe finds, in a line each. */
async function faults(page: Page): Promise<string[]> {
  // The page's own policy lets no script in: axe is evaluated, not added.
  await page.evaluate(AXE);
  return page.evaluate(`axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] })
    .then(({ violations }) => violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary }) => [id, help, html.slice(0, 160), failureSummary].join(' | '))))`);
}

/** Of each canvas: how many of its dots have a colour. */
const drawn = (page: Page): Promise<number[]> =>
  page.evaluate(`[...document.querySelectorAll('canvas')].map((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 3; at < data.length; at += 4) if (data[at] > 0) count += 1;
    return count;
  })`);

async function expectSound({ page, asked, errors }: Shown): Promise<void> {
  expect([asked, errors]).toEqual([[], []]);
  expect(await faults(page)).toEqual([]);
}

const text = (page: Page, selector: string): Promise<string> => page.locator(selector).first().innerText();

/** The plots are drawn when the page is laid out. */
const settled = (page: Page) =>
  page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))');

/** A report of any record, as the action would write it. */
function reportOf(record: RunRecord): string {
  return withRecord(readFileSync(reportPage(), 'utf8'), record);
}

const BEGAN = Date.UTC(2026, 10, 21, 8, 0, 0);

/** A record of so many requests of the watch, ten a second, of two routes; the new version takes over in the middle. */
function recordWith(count: number, more: Partial<RunRecord> = {}): RunRecord {
  const every = (of: (at: number) => number) => Array.from({ length: count }, (_, at) => of(at));
  const middle = (count / 2) * 100;
  return {
    ...{ format: 1, startedAtMs: BEGAN, durationMs: count * 100, command: 'deploy', strategy: 'blue-green' },
    ...{ target: { api: 'https://api.example.com', org: 'shop', space: 'production' }, run: {} },
    ...{ result: 'deployed', meaning: 'The new version serves.', next: '', apps: [], instances: [] },
    ...{ leftOut: { calls: 0, log: 0 }, calls: [], log: [], steps: [] },
    switch: { startMs: middle, endMs: middle + 5_000 },
    watch: {
      ...{ requests: count, failures: Math.ceil(count / 100), inconclusive: 0, failedBefore: 0 },
      ...{ longestGapMs: 200, byVersion: { v1: count / 2, v2: count / 2 }, failingBefore: [] },
    },
    probes: {
      ...{ routes: ['a.example.com', 'b.example.com'], versions: ['v1', 'v2'], bucketMs: 1_000, buckets: [] },
      points: {
        startMs: every((at) => at * 100),
        durationMs: every((at) => 5 + (at % 40)),
        status: every((at) => (at % 100 === 0 ? 502 : 200)),
        route: every((at) => at % 2),
        version: every((at) => (at * 100 < middle ? 0 : 1)),
        end: every((at) => (at % 100 === 0 ? 1 : 0)),
        leftOut: 0,
      },
    },
    ...more,
  } as RunRecord;
}

/** Plots of each kind of result: of requests and of their time, and of instances. */
const PLOTS: Readonly<Record<string, number>> = {
  ...{ 'first deploy': 2, deploy: 2, canary: 3, held: 2, 'reverted in the switch': 2, rollback: 2 },
  ...{ 'version does not start': 2, 'refused by quota': 0, preview: 2, plan: 0 },
};

describe('the report', () => {
  test.each(Object.entries(RESULTS))('%s', async (name, { result, play }) => {
    const { outputs, reports, lines } = await play(folders);
    if (outputs.result !== result) throw new Error(lines.join('\n'));
    const html = reports['report.html'] ?? '';
    for (const colorScheme of ['light', 'dark'] as const) {
      const shown = await show(browser, html, { width: 1200, colorScheme });
      const { page } = shown;
      await settled(page);
      expect(await text(page, 'h1')).toContain(result);
      expect(await drawn(page)).toHaveLength(PLOTS[name] ?? -1);
      expect((await drawn(page)).filter((dots) => dots < 1_000)).toEqual([]);
      await expectSound(shown);
      await screenshot(page, `report-${name.replaceAll(' ', '-')}-${colorScheme}`);
      await page.context().close();
    }
    const narrow = await show(browser, html, { width: WIDTHS.phone });
    await settled(narrow.page);
    expect((await tooWide(narrow.page)).filter((one) => one.startsWith('HTML'))).toEqual([]);
    await narrow.page.context().close();
  });
});

test('two hundred thousand requests are drawn in less than two seconds', async () => {
  const html = reportOf(recordWith(200_000));
  const shown = await show(browser, '<p>nothing yet</p>', { width: 1200 });
  const { page } = shown;
  const inside = await page.context().newCDPSession(page);
  // Time of its own thread: what else the machine does is no matter.
  await inside.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.setContent(html, { waitUntil: 'load' });
  await settled(page);
  const { metrics } = await inside.send('Performance.getMetrics');
  const tookS = metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
  expect((await drawn(page)).filter((dots) => dots > 1_000)).toHaveLength(2);
  // Less than this nobody reads so many figures in.
  expect(tookS).toBeGreaterThan(0.02);
  expect(tookS).toBeLessThan(2);
  await expectSound(shown);
  await screenshot(page, 'report-200000');
  await page.context().close();
});

test('requests can be chosen by route, version and time, and calls and lines by their words', async () => {
  const call = (path: string, method: string, status: number, startMs: number) => ({
    ...{ path, method, status, startMs, durationMs: 20 },
  });
  const record = recordWith(600, {
    steps: [{ title: 'shop: map', startMs: 1_000, durationMs: 500, ok: true, stage: 'map', way: 'forward' }],
    calls: [
      call('/v3/apps', 'GET', 200, 10),
      call('/v3/routes/a', 'POST', 201, 1_010),
      call('/v3/routes/b', 'POST', 422, 1_020),
    ],
    log: [
      { atMs: 5, type: 'note', text: 'one note' },
      { atMs: 9, type: 'foreign', source: 'app', text: 'a word of the app' },
    ],
  });
  const shown = await show(browser, reportOf(record), { width: 1200 });
  const { page } = shown;
  page.setDefaultTimeout(10_000);
  await settled(page);
  const told = () => text(page, '#watch [role=status]');
  expect(await told()).toContain('600 requests');
  await page.getByLabel('Route').selectOption('a.example.com');
  expect(await told()).toContain('300 requests');
  expect(await told()).toContain('6 of them failed');
  await page.getByLabel('v1', { exact: true }).uncheck();
  expect(await told()).toContain('150 requests');
  await page.getByLabel('only what failed').first().check();
  expect(await told()).toContain('3 requests');
  await page.getByLabel('v1', { exact: true }).check();
  await page.getByLabel('only what failed').first().uncheck();
  await page.getByLabel('Route').selectOption('all');
  await page.getByRole('button', { name: 'the switch' }).press('Enter');
  expect(await told()).toContain('151 requests');
  await page.getByRole('button', { name: 'whole watch' }).click();
  await page.getByLabel('Colour by').selectOption('status');
  expect(await text(page, '#watch .legend')).toMatch(/200: 594\s+502: 6/);
  await page.locator('#watch summary').first().click();
  // What is folded is filled in when it is opened, a moment after the click.
  await page.locator('#watch table tbody tr').nth(10).waitFor();

  const timeline = page.locator('#timeline');
  await timeline.getByLabel('only what changes something').check();
  expect(await text(page, '#timeline [role=status]')).toContain('2 of 3 calls');
  await timeline.getByLabel('only what failed').check();
  await timeline.locator('summary').first().click();
  await timeline.locator('table table tbody tr').first().waitFor();
  expect(await timeline.locator('table table tbody tr').allInnerTexts()).toEqual([
    expect.stringContaining('/v3/routes/b'),
  ]);
  await page.locator('#log').getByLabel('Entries with').fill('WORD');
  expect(await page.locator('#log li').allInnerTexts()).toEqual([
    expect.stringContaining('a word of the app'),
  ]);
  await expectSound(shown);
  await page.context().close();
});

/** What an app, a branch or an answer may hold. */
const ATTACKS = [
  '</script><script>document.title = "taken"</script>',
  '<img src="http://evil.example.com/x" onerror="document.title = \'taken\'">',
  '<!--<script>',
  '{{record}} {{script}}',
  '"><svg onload="document.title=\'taken\'">',
  'javascript:document.title="taken"',
];

test('whatever a text holds, it stays text: nothing runs, nothing is asked for', async () => {
  const evil = ATTACKS.join(' ');
  const explained = { what: evil, next: evil, commands: ATTACKS, evidence: ATTACKS, problems: [] };
  const record = recordWith(100, {
    ...{ result: 'failed', meaning: evil, next: evil, error: { ...explained, code: 'smoke' } },
    run: { runId: evil, runUrl: 'javascript:document.title="taken"', actor: evil, commit: evil },
    apps: [
      {
        ...{ app: evil, url: 'javascript:document.title="taken"', previous: [evil], failed: [evil] },
        live: { app: evil, instances: { running: 1, wanted: 1 }, routes: [{ url: evil, by: [evil] }] },
      },
    ],
    steps: [{ title: evil, startMs: 0, durationMs: 10, ok: false }],
    calls: [{ method: 'GET', path: evil, status: 500, startMs: 1, durationMs: 2 }],
    instances: [{ app: evil, atMs: 5, ready: 0, wanted: 1, before: 1 }],
    plan: [{ app: evil, title: evil, calls: ATTACKS }],
    log: ATTACKS.map((text, at) => ({ atMs: at, type: 'foreign', source: text, text })),
  });
  const told = { ...record, probes: { ...record.probes, versions: ATTACKS, routes: ATTACKS } };
  const shown = await show(browser, reportOf(told), { width: 1200 });
  const { page } = shown;
  page.setDefaultTimeout(10_000);
  await settled(page);
  for (const summary of await page.locator('summary').all()) await summary.click();
  await page.locator('#timeline table table tbody tr').first().waitFor();
  expect(await page.title()).toBe(`failed: ${evil}`);
  expect(await page.locator('script').count()).toBe(0);
  expect(await page.locator('img, iframe, svg[onload], a[href^=javascript]').count()).toBe(0);
  expect(await page.locator('#log .what').allInnerTexts()).toEqual(ATTACKS);
  await expectSound(shown);
  await page.context().close();
});

test('on paper all is unfolded, and nothing is to be pressed', async () => {
  const record = recordWith(300, {
    calls: [{ method: 'GET', path: '/v3/apps', status: 200, startMs: 1, durationMs: 2 }],
  });
  const { page } = await show(browser, reportOf(record), { width: 1200, colorScheme: 'dark' });
  await settled(page);
  await page.emulateMedia({ media: 'print' });
  await settled(page);
  expect(await page.locator('.controls').first().isVisible()).toBe(false);
  expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
  const pdf = await page.pdf({ format: 'A4' });
  expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  expect(await page.locator('details:not([open])').count()).toBe(0);
  expect(await page.locator('#timeline table table').count()).toBe(1);
  await page.context().close();
});
