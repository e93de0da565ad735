/** The job summary as a reader sees it, of every kind of result. Somebody looks at the screenshots, too. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { Folders } from '../matrix/scenarios.js';
import { launch, screenshot, tooWide } from './support/browser.js';
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
  const elsewhere = (href: string) => !/^https:\/\/github\.com\/octo\/shop\/[\w./-]+$/.test(href);
  expect((await links(page)).filter(elsewhere)).toEqual([]);
}

describe('the summary', () => {
  test.each(Object.entries(RESULTS))('%s', async (name, { result, play }) => {
    const { outputs, summary, lines } = await play(folders);
    if (outputs.result !== result) throw new Error(lines.join('\n'));
    const shown = await showMarkdown(browser, summary);
    await expectSound(shown);
    await screenshot(shown.page, `summary-${name.replaceAll(' ', '-')}`);
    await shown.page.context().close();
  });
});
