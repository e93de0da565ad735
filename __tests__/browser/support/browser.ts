/** A real Chromium without a network: pages are given to it as text. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { chromium as chromiumPath, projectRoot } from '../../../runner/tools.js';

/** Widths of a page in CSS pixels: a laptop's part of a job page, and a phone. */
export const WIDTHS = { desktop: 1012, phone: 390 } as const;

/** A machine that is busy may need long. */
const PATIENCE_MS = 100_000;

export interface Shown {
  page: Page;
  /** Addresses that the page asked for: none was answered. */
  asked: readonly string[];
  /** What scripts of the page failed with. */
  errors: readonly string[];
}

export interface ShowOptions {
  width?: number;
  colorScheme?: 'light' | 'dark';
}

/** Close it when the tests of a file are over. @throws Error when there is no Chromium */
export function launch(): Promise<Browser> {
  // Tests run as root in a container, where Chromium has no sandbox; it is given nothing but what the tests made.
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb'];
  return chromium.launch({
    executablePath: chromiumPath(),
    args,
    chromiumSandbox: false,
    timeout: PATIENCE_MS,
  });
}

/** A page of its own. Whoever asks for it closes `page.context()`. */
export async function show(
  browser: Browser,
  html: string,
  { width = WIDTHS.desktop, colorScheme = 'light' }: ShowOptions = {},
): Promise<Shown> {
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
  context.setDefaultTimeout(PATIENCE_MS);
  const asked: string[] = [];
  const errors: string[] = [];
  await context.route('**/*', (route) => {
    asked.push(route.request().url());
    return route.abort();
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.setContent(html, { waitUntil: 'load' });
  return { page, asked, errors };
}

/** @returns path of the PNG of the whole page, in a folder that is looked at by people */
export async function screenshot(page: Page, name: string): Promise<string> {
  const folder = join(projectRoot(), '.cache', 'screenshots');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path, fullPage: true, animations: 'disabled' });
  return path;
}

/** What is wider than the room that it has, as its tag and first words: a reader would have to scroll sideways. */
export function tooWide(page: Page): Promise<string[]> {
  // Evaluated in the page, whose types Node does not know.
  return page.evaluate(`[...document.querySelectorAll('html, body *')]
    .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0)
    .filter((one) => one.tagName === 'HTML' || /auto|scroll/.test(getComputedStyle(one).overflowX))
    .map((one) => one.tagName + ' ' + one.textContent.trim().slice(0, 60))`);
}
