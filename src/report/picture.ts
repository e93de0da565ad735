/** The watch over time, drawn with letters: a page, a mail and a terminal show it alike. Pure. */
import type { StoryProbes, Switch } from './story.js';

/** Columns at most: as wide as a page shows without scrolling. */
const WIDEST = 60;
/** Fewer say nothing. */
const FEWEST = 3;
const LEVELS = '▁▂▃▄▅▆▇█';
const LONGEST_LABEL = 24;

/** None where there was hardly a request. @param switches the one forward and the one back, by what they are called */
export function watchPicture(
  { versions, bucketMs, buckets }: StoryProbes,
  switches: readonly (readonly [string, Switch | undefined])[],
): readonly string[] {
  const [first, last] = [buckets[0], buckets.at(-1)];
  if (!first || !last) return [];
  const spans = (last.startMs - first.startMs) / bucketMs + 1;
  if (spans < FEWEST) return [];
  const columnMs = bucketMs * Math.ceil(spans / WIDEST);
  const columns = Math.ceil((spans * bucketMs) / columnMs);
  const columnOf = (atMs: number) => Math.floor((atMs - first.startMs) / columnMs);
  const passed = versions.map(() => new Array<number>(columns).fill(0));
  const failed = new Array<number>(columns).fill(0);
  const others = new Array<number>(columns).fill(0);
  for (const bucket of buckets) {
    const column = columnOf(bucket.startMs);
    bucket.passed.forEach((count, version) => {
      const row = passed[version];
      if (row) row[column] = (row[column] ?? 0) + count;
    });
    failed[column] = (failed[column] ?? 0) + bucket.failed;
    others[column] = (others[column] ?? 0) + bucket.others;
  }
  const most = Math.max(1, ...passed.flat());
  const bar = (count: number) => (count === 0 ? ' ' : LEVELS[Math.ceil((count / most) * LEVELS.length) - 1]);
  const seen = passed
    .map((counts, version) => ({ counts, name: versions[version] ?? '' }))
    .filter(({ counts }) => counts.some((count) => count > 0));
  const rows: [string, string][] = [
    ...seen.map(({ counts, name }): [string, string] => [name, counts.map(bar).join('')]),
    ['failed', failed.map((count) => (count > 0 ? '×' : '·')).join('')],
    ...(others.some((count) => count > 0)
      ? [['not counted', others.map((count) => (count > 0 ? '○' : '·')).join('')] as [string, string]]
      : []),
    ...switches.flatMap(([name, one]): [string, string][] =>
      one ? [[name, under(columnOf(one.startMs), columnOf(one.endMs), columns)]] : [],
    ),
    ['', scale(columns, `${columnMs / 1_000} s each`)],
  ];
  const width = Math.min(LONGEST_LABEL, Math.max(...rows.map(([label]) => label.length)));
  return rows.map(([label, text]) => `${cut(label).padEnd(width)}  ${text}`.trimEnd());
}

function under(from: number, to: number, columns: number): string {
  const [start, end] = [from, to].map((column) => Math.min(Math.max(column, 0), columns - 1));
  if (start === undefined || end === undefined) return '';
  return `${' '.repeat(start)}${start === end ? '▲' : `└${'─'.repeat(end - start - 1)}┘`}`;
}

function scale(columns: number, each: string): string {
  return columns > each.length + 4 ? `├${'─'.repeat(columns - 2)}┤ ${each}` : each;
}

function cut(label: string): string {
  return label.length > LONGEST_LABEL ? `${label.slice(0, LONGEST_LABEL - 1)}…` : label;
}
