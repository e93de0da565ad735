/** Text that is not ours, made harmless for Markdown as GitHub renders it. Pure. */
import type { Redact } from './redact.js';
import { cleaned } from './untrusted.js';

/** What a page is written with. Secrets are hidden before anything is escaped or cut: afterwards nobody would know them. */
export interface Markdown {
  /** Inline code: nothing in it is Markdown. Shortened to `most` characters. */
  code(text: string, most?: number): string;
  /** A block of code: its fence is longer than any inside. */
  codeBlock(lines: readonly string[], most?: number): string;
  /** Running text: every character that Markdown or HTML heeds there, links, mentions and numbers of issues lose their meaning. */
  prose(text: string, most?: number): string;
  /** Letters, digits and little else, for what is no Markdown: the text of a diagram. */
  label(text: string, most?: number): string;
  /** Markdown that a reader opens. */
  folded(title: string, text: string): string;
  /** Code, and a link where the address has nothing that Markdown or HTML would heed. */
  link(text: string, url: string): string;
}

export function markdown(redact: Redact): Markdown {
  const lineOf = (text: string, most: number) =>
    shortened(cleaned(text, redact).replaceAll('\n', ' ').trim(), most);
  return {
    code: (text, most = 300) => code(lineOf(text, most)),
    codeBlock: (lines, most = 400) => codeBlock(lines.flatMap((line) => blockLines(line, most, redact))),
    prose: (text, most = 1_000) => prose(lineOf(text, most)),
    label: (text, most = 100) => label(lineOf(text, most)),
    folded: (title, text) => `<details><summary>${prose(title)}</summary>\n\n${text}\n\n</details>`,
    link: (text, url) => {
      const name = code(lineOf(text, 200));
      // What is hidden leads nowhere.
      return isPlain(url) && redact(url) === url ? `[${name}](${url})` : name;
    },
  };
}

/** A table of what is Markdown already. A pipe ends a cell whatever stands around it, so a broken bar stands for it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '¦')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function isPlain(url: string): boolean {
  return /^https?:\/\/[\w.:/-]+$/.test(url);
}

/** '' for no text. */
export function section(title: string, text: string): string {
  return text === '' ? '' : `### ${title}\n\n${text}`;
}

/** Of what is written already. */
export function list(lines: readonly string[], most: number): string {
  const left = lines.length - most;
  const shown = lines.slice(0, most).map((line) => `- ${line}`);
  return [...shown, ...(left > 0 ? [`- and ${left} more: see the log`] : [])].join('\n');
}

function label(line: string): string {
  const kept = line
    .replace(/[^\p{L}\p{N} ()._/-]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
  return kept === '' ? '–' : kept;
}

function code(line: string): string {
  if (line === '') return '–';
  const fence = '`'.repeat(longestRun(line) + 1);
  const pad = fence.length > 1 ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

function blockLines(text: string, most: number, redact: Redact): string[] {
  return cleaned(text, redact)
    .split('\n')
    .map((line) => shortened(line.trimEnd(), most));
}

function codeBlock(lines: readonly string[]): string {
  const text = lines.join('\n');
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}text\n${text}\n${fence}`;
}

/** Seen by nobody; a renderer makes no link and no mention across it, which it does across escapes. */
const GAP = '\u200b';

function prose(line: string): string {
  return line
    .replace(/[\\`*_{}[\]()#+!|~>]|^-/g, '\\$&')
    .replace(/^\d+(?=\.)/, '$&\\')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('$', '<span>$</span>')
    .replaceAll('@', `@${GAP}`)
    .replaceAll('#', `#${GAP}`)
    .replace(/\bGH-/gi, `$&${GAP}`)
    .replaceAll('://', `:${GAP}//`)
    .replace(/www\./gi, `$&${GAP}`);
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 0);
}

/** Never inside a character that is two units of text. */
function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
