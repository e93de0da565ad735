/** The table that a run prints. Pure. */
import type { Row, Unit } from './figure.js';
import type { Spread } from './statistics.js';

const HEAD = ['figure', 'settings', 'ours', 'instead', 'ratio', 'target', ''];

/** Lines of text: one row for each figure, and below it what is done instead. */
export function table(rows: readonly Row[]): string[] {
  const cells = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [
    line(HEAD),
    widths
      .map((width) => '-'.repeat(width))
      .join('  ')
      .trimEnd(),
    ...cells.slice(1).map(line),
  ];
}

function cellsOf(row: Row): string[] {
  return [
    `${row.figure}: ${row.what}`,
    row.settings,
    shown(row.ours, row.unit),
    row.other ? shown(row.other, row.unit) : '',
    row.ratio === undefined ? '' : number(row.ratio),
    row.target === undefined ? '' : `<= ${number(row.target)}`,
    verdictOf(row),
  ];
}

export function verdictOf({ reached }: Row): '' | 'reached' | 'missed' {
  if (reached === undefined) return '';
  return reached ? 'reached' : 'missed';
}

/** `12.3 ± 0.4 s`. */
export function shown({ median, spread }: Spread, unit: Unit): string {
  const digits = unit === 's' || unit === 'times' ? undefined : 0;
  return `${number(median, digits)} ± ${number(spread, digits)}${unit === 'times' ? '' : ` ${unit}`}`;
}

function number(value: number, digits = value >= 10 ? 1 : 2): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(digits);
}
