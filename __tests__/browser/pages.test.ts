/** Every diagram of the pages is one that GitHub can draw. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { pages } from '../docs/pages.js';
import { launch, screenshot } from './support/browser.js';
import { showMarkdown } from './support/github.js';

jest.setTimeout(120_000);

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const drawn = pages().flatMap(({ path, blocks }) => {
  const diagrams = blocks.filter(({ lang }) => lang === 'mermaid');
  return diagrams.length > 0 ? [[path, diagrams.map(({ text }) => text)] as const] : [];
});

test('the pages have diagrams', () => {
  expect(drawn.map(([path]) => path)).toEqual(expect.arrayContaining(['README.md', 'docs/strategies.md']));
});

test.each(drawn)('%s', async (path, texts) => {
  const shown = await showMarkdown(
    browser,
    texts.map((text) => `\`\`\`mermaid\n${text}\n\`\`\``).join('\n\n'),
  );
  expect(shown.diagrams.map(({ error }) => error)).toEqual(texts.map(() => ''));
  for (const { svg } of shown.diagrams) expect(svg).toContain('<svg');
  await screenshot(shown.page, `page-${path.replaceAll('/', '-')}`);
  await shown.page.context().close();
});
