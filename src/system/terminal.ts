/**
 * The log where no runner reads it: by hand, and in other CI. What is a command of the runner's (docs.github.com, workflow commands)
 * becomes a line for people. Lines of others are none: the log begins each of them with its time. Pure.
 */

export interface Place {
  title?: string;
  file?: string;
  startLine?: number;
  startColumn?: number;
}

/** @returns the lines to show for one of the log */
export function inTerminal(line: string): readonly string[] {
  const [, name, properties = '', text = ''] =
    /^::(group|endgroup|warning)([^:]*)::([\s\S]*)$/.exec(line) ?? [];
  if (name === undefined) return [line];
  if (name === 'endgroup') return [''];
  if (name === 'group') return [`> ${unescaped(text)}`];
  const place = Object.fromEntries(
    properties
      .trim()
      .split(',')
      .map((one) => one.split('='))
      .map(([key = '', value = '']) => [key, unescaped(value)]),
  );
  const at = place.file ? ` (${place.file}:${place.line}:${place.col})` : '';
  return lines(`Warning${at}`, unescaped(text));
}

/** An annotation, as lines. */
export function errorLines(text: string, { title, file, startLine, startColumn }: Place): readonly string[] {
  const at = file ? ` (${file}:${startLine}:${startColumn})` : '';
  return lines(`Error${title ? ` ${title}` : ''}${at}`, text);
}

/** Each line after the first one stands under it. */
function lines(head: string, text: string): readonly string[] {
  const [first = '', ...rest] = text.split('\n');
  return [`${head}: ${first}`, ...rest.map((line) => `  ${line}`)];
}

function unescaped(text: string): string {
  return text
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%25', '%');
}
