/** The job summary as a reader sees it, of every kind of result. Somebody looks at the screenshots, too. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { summaryOf } from '../../src/report/summary.js';
import { Folders } from '../matrix/scenarios.js';
import { asIs, hostile, MARKDOWN_ATTACKS, storyOf } from '../report/support.js';
import { launch, screenshot, tooWide, WIDTHS } from './support/browser.js';
import { type GithubPage, showMarkdown } from './support/github.js';
import { RESULTS } from './support/results.js';

jest.setTimeout(120_000);

const folders = new Folders();
let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  folders.remove();
});

/** What a summary is made of; an element of any other kind came out of somebody's text. */
const OURS = 'A CODE DETAILS H2 H3 LI OL P PRE SPAN STRONG SUMMARY TABLE TBODY TD TH THEAD TR UL'.split(' ');

/** Evaluated in the page, whose types Node does not know. */
const elements = (page: Page): Promise<string[]> =>
  page.evaluate(
    "[...new Set([...document.querySelectorAll('main *')].filter((one) => !one.closest('.mermaid')).map((one) => one.tagName))]",
  );
const links = (page: Page): Promise<string[]> =>
  page.evaluate("[...document.querySelectorAll('main a')].map((one) => one.getAttribute('href'))");

async function expectSound(shown: GithubPage): Promise<void> {
  const { page, diagrams, asked, errors } = shown;
  expect(diagrams.map(({ error }) => error).filter((error) => error !== '')).toEqual([]);
  expect(diagrams.filter(({ svg }) => !svg.includes('<svg') || svg.includes('Syntax error'))).toEqual([]);
  expect([asked, errors, await tooWide(page)]).toEqual([[], [], []]);
  expect((await elements(page)).filter((name) => !OURS.includes(name))).toEqual([]);
  expect((await links(page)).filter(isElsewhere)).toEqual([]);
}

/** Neither at GitHub nor the app's own address. */
function isElsewhere(href: string): boolean {
  return !/^https:\/\/github\.com\/octo\/shop\/[\w./-]+$|^http:\/\/shop[\w.-]*\.apps\.localhost:1$/.test(
    href,
  );
}

async function play(name: string) {
  const { result, play: played } = RESULTS[name] as (typeof RESULTS)[string];
  const run = await played(folders);
  if (run.outputs.result !== result) throw new Error(run.lines.join('\n'));
  return run;
}

describe('the summary', () => {
  test.each(Object.keys(RESULTS))('%s', async (name) => {
    const { summary } = await play(name);
    const shown = await showMarkdown(browser, summary);
    await expectSound(shown);
    await screenshot(shown.page, `summary-${name.replaceAll(' ', '-')}`);
    await shown.page.context().close();
  });

  test('on a phone, and in the dark', async () => {
    const { summary } = await play('deploy');
    const phone = await showMarkdown(browser, summary, { width: WIDTHS.phone, colorScheme: 'dark' });
    // Tables and the picture of the watch scroll by themselves there; the page does not.
    expect((await tooWide(phone.page)).filter((one) => one.startsWith('HTML'))).toEqual([]);
    expect(phone.diagrams.map(({ error }) => error)).toEqual(phone.diagrams.map(() => ''));
    await screenshot(phone.page, 'summary-phone-dark');
    await phone.page.context().close();
  });

  test('made of the worst texts: no element, no link and no address of theirs, and every diagram is drawn', async () => {
    const steps = MARKDOWN_ATTACKS.slice(0, 38).map((title, at) => ({
      ...{ title, startMs: at * 1_000, durationMs: 900, ok: true },
      ...(at % 2 === 0 ? {} : { way: 'back' }),
    }));
    const worst = MARKDOWN_ATTACKS.filter((text) => /script|mermaid|<a /.test(text));
    expect(worst.length).toBeGreaterThan(3);
    for (const text of [MARKDOWN_ATTACKS.join(' '), ...worst]) {
      const { outcome, probes } = hostile(text);
      const pages = { repository: 'https://github.com/octo/shop', run: '' };
      const markdown = summaryOf(outcome, storyOf(steps, { probes }), 1, asIs, { pages });
      const shown = await showMarkdown(browser, markdown);
      expect([shown.asked, shown.errors]).toEqual([[], []]);
      expect((await elements(shown.page)).filter((name) => !OURS.includes(name))).toEqual([]);
      expect((await links(shown.page)).filter(isElsewhere)).toEqual([]);
      expect(shown.diagrams.map(({ error }) => error)).toEqual(['']);
      const drawn = await shown.page.evaluate("document.querySelectorAll('svg rect.task').length");
      expect(drawn).toBe(steps.length);
      await shown.page.context().close();
    }
  });
});
