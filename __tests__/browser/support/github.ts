/** Markdown as a page of GitHub shows it, mermaid drawn. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { projectRoot } from '../../../runner/tools.js';
import { rendered } from '../../report/support.js';
import { type Shown, type ShowOptions, show } from './browser.js';

const packaged = (...path: string[]) => readFileSync(join(projectRoot(), 'node_modules', ...path), 'utf8');
const STYLE = packaged('github-markdown-css', 'github-markdown.css');
const MERMAID = packaged('@mermaid-js', 'tiny', 'dist', 'mermaid.tiny.js');

/** A block of code in a language, as the renderer writes it. */
const DIAGRAM = /<pre><code class="language-mermaid">([\s\S]*?)<\/code><\/pre>/g;

export interface Diagram {
  /** Its SVG as text; '' when it was not drawn. */
  svg: string;
  /** What mermaid said against it; '' when nothing. */
  error: string;
}

export interface GithubPage extends Shown {
  diagrams: readonly Diagram[];
}

/** The page's HTML before mermaid is drawn. */
export function githubHtml(markdown: string): string {
  const body = rendered(markdown).replaceAll(DIAGRAM, '<pre class="mermaid">$1</pre>');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>summary</title><style>${STYLE}
body { margin: 0; background: var(--bgColor-default, #fff); }
main { box-sizing: border-box; max-width: 1012px; margin: 0 auto; padding: 24px; }
pre.mermaid { background: none; text-align: center; }
</style><body class="markdown-body"><main>${body}</main></body></html>`;
}

/** Rendered, and every diagram drawn or its error kept. Whoever asks for it closes `page.context()`. */
export async function showMarkdown(
  browser: Browser,
  markdown: string,
  options: ShowOptions = {},
): Promise<GithubPage> {
  const shown = await show(browser, githubHtml(markdown), options);
  await shown.page.addScriptTag({ content: MERMAID });
  // Evaluated in the page, whose types Node does not know.
  const diagrams: Diagram[] = await shown.page.evaluate(`(async () => {
    mermaid.initialize({ startOnLoad: false, securityLevel: 'strict', theme: '${options.colorScheme === 'dark' ? 'dark' : 'default'}' });
    const drawn = [];
    for (const node of document.querySelectorAll('pre.mermaid')) {
      let error = '';
      await mermaid.run({ nodes: [node] }).catch((thrown) => { error = String(thrown.message ?? thrown); });
      drawn.push({ svg: node.querySelector('svg')?.outerHTML ?? '', error });
    }
    return drawn;
  })()`);
  return { ...shown, diagrams };
}
