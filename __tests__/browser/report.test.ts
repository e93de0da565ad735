/** The HTML report as a reader sees it, of every kind of result. Somebody looks at the screenshots, too. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { projectRoot } from '../../runner/tools.js';
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

const text = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText();

/** Plots of each kind of result: of requests and of their time, and of instances. */
const PLOTS: Readonly<Record<string, number>> = {
  ...{ 'first deploy': 2, deploy: 2, canary: 3, held: 2, 'reverted in the switch': 2, rollback: 2 },
  ...{ 'version does not start': 2, 'refused by quota': 2, preview: 2, plan: 0 },
};

describe('the report', () => {
  test.each(Object.entries(RESULTS))('%s', async (name, { result, play }) => {
    const { outputs, reports, lines } = await play(folders);
    if (outputs.result !== result) throw new Error(lines.join('\n'));
    const html = reports['report.html'] ?? '';
    for (const colorScheme of ['light', 'dark'] as const) {
      const shown = await show(browser, html, { width: 1200, colorScheme });
      const { page } = shown;
      expect(await text(page, 'h1')).toContain(result);
      expect(await drawn(page)).toHaveLength(PLOTS[name] ?? -1);
      expect((await drawn(page)).filter((dots) => dots < 1_000)).toEqual([]);
      await expectSound(shown);
      await screenshot(page, `report-${name.replaceAll(' ', '-')}-${colorScheme}`);
      await page.context().close();
    }
    const narrow = await show(browser, html, { width: WIDTHS.phone });
    expect((await tooWide(narrow.page)).filter((one) => one.startsWith('HTML'))).toEqual([]);
    await narrow.page.context().close();
  });
});
