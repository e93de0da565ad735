/** Every link inside the project leads somewhere, down to the heading. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { page, pages, targetOf } from './pages.js';

const all = pages();

/** Links of a page that lead nowhere. */
function broken(path: string, links: readonly string[]): string[] {
  return links.filter((href) => {
    const target = targetOf(path, href);
    if (!target) return false;
    if (!existsSync(target.path)) return true;
    const to = all.find((one) => one.path === target.path);
    return target.anchor !== undefined && !to?.anchors.has(target.anchor);
  });
}

test.each(all.map(({ path, links }) => [path, links] as const))('%s', (path, links) => {
  expect(broken(path, links)).toEqual([]);
});

test('what is broken is seen', () => {
  const text =
    '# A `b`\n[1](#a-b) [2](#c) [3](docs/none.md) [4](docs/oidc.md#none) [5](https://example.com/#x)';
  const one = page('x.md', text);
  expect(one.anchors).toEqual(new Set(['a-b']));
  expect(broken('README.md', one.links)).toEqual(['#a-b', '#c', 'docs/none.md', 'docs/oidc.md#none']);
});

test('README leads to every page, and to every example some page', () => {
  const linked = (from: typeof all) =>
    new Set(from.flatMap(({ path, links }) => links.flatMap((href) => targetOf(path, href)?.path ?? [])));
  const readme = linked(all.filter(({ path }) => path === 'README.md'));
  const docs = readdirSync('docs').filter((name) => name.endsWith('.md'));
  expect(docs.map((name) => join('docs', name)).filter((path) => !readme.has(path))).toEqual([]);
  const anywhere = linked(all);
  const examples = readdirSync('examples').map((name) => join('examples', name));
  expect(examples.filter((path) => !anywhere.has(path))).toEqual([]);
});

describe('a page that is named outside of pages', () => {
  const sources = [
    'action.yml',
    ...typescript('src'),
    ...readdirSync('examples').map((one) => `examples/${one}`),
  ];
  const named = sources.flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/\bdocs\/[a-z][\w-]*\.md(#[\w-]+)?/g)].map(
      ([name]) => [path, name] as const,
    ),
  );

  test('is one of them', () => {
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter(([, name]) => broken('README.md', [name]).length > 0)).toEqual([]);
  });
});

function typescript(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}
