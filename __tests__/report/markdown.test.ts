import { describe, expect, test } from '@jest/globals';
import { markdown, table } from '../../src/report/markdown.js';
import { redactor } from '../../src/report/redact.js';
import { asIs, MARKDOWN_ATTACKS, rendered, skeleton } from './support.js';

const md = markdown(asIs);

const PLACES: Record<string, (text: string) => string> = {
  'code in a heading': (text) => `### ${md.code(text)} end`,
  'code in a list': (text) => `- before ${md.code(text)} after\n- next`,
  'code in a cell': (text) =>
    table(
      ['a', 'b'],
      [
        [md.code(text), 'x'],
        ['y', md.code(text)],
      ],
    ),
  'prose in a paragraph': (text) => `${md.prose(text)}\n\nnext`,
  'prose in a list': (text) => `- ${md.prose(text)}\n- next`,
  'prose in a cell': (text) => table(['a', 'b'], [[md.prose(text), md.prose(text)]]),
  'a block': (text) => `before\n\n${md.codeBlock([text, 'x', text])}\n\nafter`,
};

describe.each(Object.entries(PLACES))('%s', (_place, page) => {
  const harmless = skeleton(rendered(page('harmless')));

  test('has a structure of ours', () => expect(harmless.length).toBeGreaterThan(2));

  test.each(MARKDOWN_ATTACKS)('gets no structure from %j', (text) => {
    const elements = skeleton(rendered(page(text))).filter((tag) => !/^<\/?span>$/.test(tag));
    expect(elements).toEqual(harmless);
  });
});

describe('what is read is what was said', () => {
  const text = 'a*b_c [d](e) <f> & "g" #1 \\ h! ~i~ {j} 1.5 - k';
  const textOf = (html: string) =>
    html
      .replace(/<[^>]*>/g, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&amp;', '&')
      .replaceAll('\u200b', '')
      .trim();

  test.each([text, '1. 2. 3.', '2 instances', '-1', '100%'])('prose: %s', (said) =>
    expect(textOf(rendered(md.prose(said)))).toBe(said),
  );
  test.each([text, 'a|b', 'x`y', '``x``', '`', '\\', ' x '])('code: %s', (said) =>
    expect(textOf(rendered(md.code(said)))).toBe(said.trim()),
  );
  test('a block', () =>
    expect(textOf(rendered(md.codeBlock([text, '```', '  indented'])))).toBe(`${text}\n\`\`\`\n  indented`));
  test('what is empty is seen to be', () => expect(md.code(' \n ')).toBe('–'));
});

describe('mentions, bare links and numbers of issues', () => {
  // GitHub makes them of the text after rendering, so escapes do not help.
  test.each([
    ...['@octocat', 'a@evil.example', 'https://evil.example', 'www.evil.example'],
    ...['closes #1', 'fixes octo/shop#1', 'resolves GH-1', 'gh-1'],
  ])('%s', (text) => {
    const shown = rendered(md.prose(text)).replaceAll('&#64;', '@').replaceAll('&#58;', ':');
    expect(shown).not.toContain(text);
    expect(shown.replaceAll('\u200b', '')).toContain(text);
  });
});

describe('length', () => {
  test('is cut at the asked length, not inside of a character', () => {
    expect(md.code('x'.repeat(10), 4)).toBe('`xxxx…`');
    expect(md.code('xxx😀y', 4)).toBe('`xxx…`');
    expect(md.prose('*'.repeat(5), 3)).toBe('\\*\\*\\*…');
    expect(md.codeBlock(['x'.repeat(10)], 4)).toBe('```text\nxxxx…\n```');
  });

  test('a block of many backticks does not end us', () => {
    const block = md.codeBlock(Array.from({ length: 20_000 }, () => '` `` `'.repeat(20)));
    expect(block.startsWith('```text\n')).toBe(true);
  });
});

describe('secrets', () => {
  const secret = 'a*b_c|d<e>@f`g://h';
  const hiding = markdown(redactor([secret]));
  const shown = {
    code: hiding.code(`x ${secret} y`),
    prose: hiding.prose(`x ${secret} y`),
    block: hiding.codeBlock([`x ${secret} y`]),
  };

  test('are hidden before anything is escaped', () => {
    expect(shown.code).toBe('`x *** y`');
    expect(shown.prose).toBe('x \\*\\*\\* y');
    expect(shown.block).toBe('```text\nx *** y\n```');
  });

  test('are hidden before anything is cut', () => {
    expect(hiding.code(`x ${secret}`, 8)).toBe('`x ***`');
    expect(hiding.codeBlock([`x ${secret}`], 8)).toBe('```text\nx ***\n```');
  });
});
