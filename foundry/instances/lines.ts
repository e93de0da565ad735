import type { Readable } from 'node:stream';

/** The log agent cuts longer lines. */
const MAX_LINE_BYTES = 61_440;

/** Calls `line` for each line of the stream, without its end; a last line without an end counts too. */
export function eachLine(stream: Readable, line: (text: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) line(part.endsWith('\r') ? part.slice(0, -1) : part);
    while (rest.length > MAX_LINE_BYTES) {
      line(rest.slice(0, MAX_LINE_BYTES));
      rest = rest.slice(MAX_LINE_BYTES);
    }
  });
  stream.on('close', () => {
    if (rest !== '') line(rest);
    rest = '';
  });
}
