/** The pages that readers see, taken apart as GitHub shows them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { marked, type Token, type Tokens } from 'marked';

export interface Page {
  /** From the top of the project. */
  path: string;
  links: readonly string[];
  /** What a link may name behind `#`. */
  anchors: ReadonlySet<string>;
  blocks: readonly { lang: string; text: string }[];
  /** Code in the middle of a sentence. */
  spans: readonly string[];
}

/** Every page of the project that is Markdown, but for the packages' own. */
export function pages(): Page[] {
  const folders = ['.', 'docs', '.github', 'bench', 'demo'].filter((folder) => existsSync(folder));
  const paths = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.md'))
      .map((name) => normalize(join(folder, name))),
  );
  return paths.map((path) => page(path, readFileSync(path, 'utf8')));
}

export function page(path: string, text: string): Page {
  const tokens: Token[] = [];
  void marked.walkTokens(marked.lexer(text), (token) => {
    tokens.push(token);
  });
  const all = <T extends Token>(type: T['type']) => tokens.filter((token): token is T => token.type === type);
  return {
    path,
    links: [...all<Tokens.Link>('link'), ...all<Tokens.Image>('image')].map(({ href }) => href),
    anchors: slugs(all<Tokens.Heading>('heading').map((heading) => shown(heading))),
    blocks: all<Tokens.Code>('code').map(({ lang, text: code }) => ({ lang: lang ?? '', text: code })),
    spans: all<Tokens.Codespan>('codespan').map(({ text: code }) => unescaped(code)),
  };
}

/** Where a link inside the project leads; undefined for one that leads out of it. */
export function targetOf(
  from: string,
  href: string,
): { path: string; anchor: string | undefined } | undefined {
  if (/^[a-z]+:/i.test(href)) return undefined;
  const [file = '', anchor] = href.split('#');
  return { path: file === '' ? from : normalize(join(dirname(from), file)), anchor };
}

/** A heading as text: of `code` and links what stands in them. */
function shown({ tokens }: Tokens.Heading): string {
  let text = '';
  void marked.walkTokens(tokens, (token) => {
    if (token.type === 'codespan' || (token.type === 'text' && !('tokens' in token && token.tokens)))
      text += unescaped(token.text);
  });
  return text;
}

/** As GitHub makes them: lower case, no signs, a number behind what was there already. */
function slugs(headings: readonly string[]): ReadonlySet<string> {
  const seen = new Map<string, number>();
  return new Set(
    headings.map((heading) => {
      const slug = heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-');
      const times = seen.get(slug) ?? 0;
      seen.set(slug, times + 1);
      return times === 0 ? slug : `${slug}-${times}`;
    }),
  );
}

function unescaped(html: string): string {
  return html
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
