import { statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { launch, screenshot, show, tooWide } from './support/browser.js';
import { showMarkdown } from './support/github.js';

jest.setTimeout(120_000);

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const diagram = (...lines: string[]) => ['```mermaid', ...lines, '```'].join('\n');

describe('what the tests in a browser see', () => {
  test('a diagram is drawn, one that is none has its error', async () => {
    const { page, diagrams } = await showMarkdown(
      browser,
      [
        '# Steps',
        diagram('gantt', 'dateFormat x', 'axisFormat %M:%S', 'stage :0, 4000'),
        diagram('gantt', '!!'),
      ].join('\n\n'),
    );
    expect(diagrams.map(({ svg, error }) => [svg.includes('stage'), error !== ''])).toEqual([
      [true, false],
      [false, true],
    ]);
    expect(statSync(await screenshot(page, 'support')).size).toBeGreaterThan(1_000);
    await page.context().close();
  });

  test('what reaches over the edge is named, and no address is reached', async () => {
    const { page, asked } = await show(
      browser,
      '<title>x</title><div style="width: 3000px">wide</div><img src="https://example.com/x.png">',
    );
    expect((await tooWide(page))[0]).toMatch(/^HTML/);
    expect(asked).toEqual(['https://example.com/x.png']);
    await page.context().close();
  });

  test('a page that fits is not too wide', async () => {
    const { page } = await showMarkdown(browser, '| a | b |\n| --- | --- |\n| 1 | 2 |');
    expect(await tooWide(page)).toEqual([]);
    await page.context().close();
  });
});
