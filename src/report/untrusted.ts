/** Text that is not ours, made harmless for the two places where it is shown: the log and Markdown. Pure. */
import { stripVTControlCharacters } from 'node:util';

/** Control characters but the line feed, other ends of lines, and what turns the direction of reading. */
const UNSEEN = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Without anything that moves a cursor, ends a line or turns the direction of reading. */
export function plain(text: string): string {
  return stripVTControlCharacters(text.replace(/\r\n?/g, '\n')).replace(UNSEEN, ' ');
}

/**
 * Lines for the log. None can be a workflow command: the runner takes one at the beginning of a line (`::`), or anywhere in it
 * (`##[`).
 */
export function logLines(text: string, prefix: string): string[] {
  return plain(text)
    .split('\n')
    .map((line) => `${prefix}${line.replaceAll('##[', '## [')}`);
}

/** Inline code: nothing in it is Markdown. Shortened to `most` characters. */
export function code(text: string, most = 300): string {
  const line = shortened(plain(text).replaceAll('\n', ' ').trim(), most);
  if (line === '') return '–';
  const fence = '`'.repeat(longestRun(line) + 1);
  const pad = fence.length > 1 || line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  // In a table even code ends at a pipe.
  return `${fence}${pad}${line.replaceAll('|', '\\|')}${pad}${fence}`;
}

/** A block of code: its fence is longer than any inside. */
export function codeBlock(lines: readonly string[], most = 400): string {
  const text = lines.map((line) => shortened(plain(line), most)).join('\n');
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}text\n${text}\n${fence}`;
}

/** Running text: every character that Markdown or HTML heeds, and mentions, lose their meaning. */
export function prose(text: string, most = 2_000): string {
  return shortened(plain(text).replaceAll('\n', ' ').trim(), most)
    .replace(/[\\`*_{}[\]()#+!|~>-]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('@', '&#64;')
    .replace(/:\/\//g, '&#58;//')
    .replace(/www\./gi, 'www&#46;');
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
