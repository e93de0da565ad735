/** What took how long, for the summary: a picture, and a table with the figures. Pure. */
import { duration } from './log.js';
import { list, type Markdown, section, table } from './markdown.js';
import type { Story, StoryStep } from './story.js';

/** Bars of the picture, and rows of the table at each of its ends. */
const MOST = { bars: 40, rows: 100 };
/** A bar that is shorter cannot be seen. */
const SHORTEST_MS = 50;

/** '' when there was no step. */
export function timelinePart(
  { steps, startedAtMs }: Pick<Story, 'steps' | 'startedAtMs'>,
  md: Markdown,
): string {
  if (steps.length === 0) return '';
  const picture = steps.length <= MOST.bars ? [gantt(steps, startedAtMs, md)] : [];
  const figures = timelineTable(steps, md);
  return section('Timeline', [...picture, md.folded('Figures', figures)].join('\n\n'));
}

/** What was done on the way back, and whether it came to its end. '' when nothing was. */
export function wayBackPart({ steps }: Pick<Story, 'steps'>, md: Markdown): string {
  const back = steps.filter(({ way }) => way === 'back');
  const lines = back.map(
    ({ title, ok, durationMs }) => `${ok ? '' : '**failed:** '}${md.prose(title)} (${duration(durationMs)})`,
  );
  return section('What was put back', lines.length > 0 ? list(lines, MOST.bars) : '');
}

/**
 * The times are those of the clock where the reader is: mermaid knows no others. What is not a letter or a digit has a meaning in
 * mermaid here or there; a number before each title keeps it from being a word of mermaid's.
 */
function gantt(steps: readonly StoryStep[], startedAtMs: number, md: Markdown): string {
  const app = onlyApp(steps);
  const ways = [
    ['', steps.filter(({ way }) => way !== 'back')],
    ['back', steps.filter(({ way }) => way === 'back')],
  ] as const;
  const bars = ways.flatMap(([way, some]) =>
    some.length === 0
      ? []
      : [
          ...(way ? [`  section ${way}`] : []),
          ...some.map(({ title, startMs, durationMs, ok }) => {
            const [from, to] = [startMs, startMs + Math.max(durationMs, SHORTEST_MS)];
            const number = steps.findIndex((step) => step.startMs === startMs && step.title === title) + 1;
            const tag = ok ? (way ? 'active, ' : '') : 'crit, ';
            const name = md.label(shortTitle(title.slice(app.length)), 70);
            const [start, end] = [from, to].map((ms) => Math.round(startedAtMs + ms));
            return `  ${number}. ${name} (${md.label(duration(durationMs), 20)}) :${tag}${start}, ${end}`;
          }),
        ],
  );
  const begin = ['gantt', '  dateFormat x', '  axisFormat %H:%M:%S', `  tickInterval ${tickOf(steps)}`];
  return ['```mermaid', ...begin, ...bars, '```'].join('\n');
}

const TICKS = [
  ['1second', 1_000],
  ['5second', 5_000],
  ['15second', 15_000],
  ['1minute', 60_000],
  ['5minute', 300_000],
  ['15minute', 900_000],
  ['1hour', 3_600_000],
] as const;
const MOST_TICKS = 9;

/** Labels of the axis lie on each other where they are too many. */
function tickOf(steps: readonly StoryStep[]): string {
  const ends = steps.map(({ startMs, durationMs }) => startMs + durationMs);
  const spanMs = Math.max(...ends) - Math.min(...steps.map(({ startMs }) => startMs));
  return (TICKS.find(([, ms]) => spanMs / ms <= MOST_TICKS) ?? ['6hour'])[0];
}

/** What is done, without the mark that is set when it was. */
function shortTitle(title: string): string {
  return title.replace(/, mark as [a-z]+$/, '').replaceAll(', ', ' / ');
}

/** What every title begins with: one app needs no name. */
function onlyApp(steps: readonly StoryStep[]): string {
  const begin = /^[^:]*: /.exec(steps[0]?.title ?? '')?.[0] ?? '';
  return steps.every(({ title }) => title.startsWith(begin)) ? begin : '';
}

function timelineTable(steps: readonly StoryStep[], md: Markdown): string {
  const row = ({ title, startMs, durationMs, ok }: StoryStep) => [
    duration(startMs),
    md.code(title),
    `${duration(durationMs)}${ok ? '' : ' ✗'}`,
  ];
  const left = steps.length - 2 * MOST.rows;
  const rows =
    left > 0
      ? [
          ...steps.slice(0, MOST.rows).map(row),
          ['…', `${left} more steps are in the log`, ''],
          ...steps.slice(-MOST.rows).map(row),
        ]
      : steps.map(row);
  return table(['after', 'step', 'took'], rows);
}
