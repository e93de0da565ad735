/** Commands for a person to run: whatever stands in a name, a POSIX shell takes each word as it is. Pure. */

/** @returns one line `cf WORD…` */
export function cfLine(...words: readonly string[]): string {
  return ['cf', ...words.map(quoted)].join(' ');
}

/** Bare as long as no shell heeds anything in it. */
function quoted(word: string): string {
  return /^[A-Za-z0-9_.,:=+@%/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
