/** Text that is not ours, made harmless for the log. Pure. */
import { stripVTControlCharacters } from 'node:util';
import type { Redact } from './redact.js';

/** Control characters but the line feed, other ends of lines, and what turns the direction of reading. */
const UNSEEN = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Without anything that moves a cursor, ends a line or turns the direction of reading. */
export function plain(text: string): string {
  return stripVTControlCharacters(text.replace(/\r\n?/g, '\n')).replace(UNSEEN, ' ');
}

/** Plain and without secrets: also without one that only cleaning makes whole, or takes apart. */
export function cleaned(text: string, redact: Redact): string {
  return redact(plain(redact(text)));
}

/**
 * Lines for the log. None can be a workflow command: the runner takes one at the beginning of a line (`::`), or anywhere in it
 * (`##[`).
 */
export function logLines(text: string, prefix: string, redact: Redact): string[] {
  return cleaned(text, redact)
    .split('\n')
    .map((line) => uncommanded(`${prefix}${line}`));
}

/** For the text of a command of ours: the runner shows it as lines of the log, where `##[` would be a command again. */
export function commandText(text: string, redact: Redact): string {
  return uncommanded(cleaned(text, redact));
}

function uncommanded(text: string): string {
  return text.replaceAll('##[', '## [');
}
