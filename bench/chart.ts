/** The chart of the README: two bars for each time that is compared with another way. Pure. */
import type { Row } from './figure.js';
import type { Spread } from './statistics.js';
import { shown } from './table.js';

const WIDTH = 760;
const LABEL = 320;
const VALUE = 150;
const ROW = 36;
const BAR = 9;
const TOP = 50;
/** How many times as much as the other way still fits; what is beyond is cut, and told as a number. */
const MOST = 1.5;
/** A bar of the other way. */
const ONE = (WIDTH - LABEL - VALUE) / MOST;

/** Colours that are readable on light and on dark; where a viewer tells which one it has, the text follows. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #57606a }
  .small { font-size: 11px }
  .other { fill: #8c959f; opacity: .6 }
  .ours { fill: #2f81f7 }
  .target { stroke: #d29922; stroke-width: 2 }
  @media (prefers-color-scheme: dark) { text { fill: #9da7b3 } }
`;

/** @returns the text of an SVG file */
export function chart(rows: readonly Row[]): string {
  const drawn = rows.filter(({ ratio, unit }) => ratio !== undefined && (unit === 's' || unit === 'ms'));
  const height = TOP + drawn.length * ROW + 12;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title">`,
    '<title id="title">How long the action takes beside what one would do instead</title>',
    `<style>${STYLE}</style>`,
    ...legend(),
    ...drawn.flatMap((row, at) => bar(row, TOP + at * ROW)),
    '</svg>',
    '',
  ].join('\n');
}

function legend(): string[] {
  return [
    `<rect class="ours" x="${LABEL}" y="12" width="12" height="12" rx="2"/>`,
    `<text class="small" x="${LABEL + 18}" y="22">this action</text>`,
    `<rect class="other" x="${LABEL + 100}" y="12" width="12" height="12" rx="2"/>`,
    `<text class="small" x="${LABEL + 118}" y="22">instead</text>`,
    `<line class="target" x1="${LABEL + 186}" y1="10" x2="${LABEL + 186}" y2="26"/>`,
    `<text class="small" x="${LABEL + 194}" y="22">to reach, at most</text>`,
  ];
}

function bar(row: Row, y: number): string[] {
  const { ratio = 0, target, other } = row;
  const latency = row.latencyMs > 0 ? `, ${row.latencyMs} ms per call` : '';
  const length = Math.max(2, Math.min(ratio, MOST) * ONE);
  const aim = round(LABEL + (target ?? 0) * ONE);
  const values = `${shown(row.ours, row.unit)}; ${row.instead}: ${other ? shown(other, row.unit) : ''}`;
  return [
    `<g><title>${escaped(values)}</title>`,
    `<text x="${LABEL - 12}" y="${y + 14}" text-anchor="end">${escaped(`${row.what}${latency}`)}</text>`,
    `<rect class="ours" x="${LABEL}" y="${y}" width="${round(length)}" height="${BAR}" rx="2"/>`,
    `<rect class="other" x="${LABEL}" y="${y + BAR + 1}" width="${round(ONE)}" height="${BAR}" rx="2"/>`,
    ...(target === undefined
      ? []
      : [`<line class="target" x1="${aim}" y1="${y - 3}" x2="${aim}" y2="${y + 2 * BAR + 4}"/>`]),
    `<text x="${WIDTH - 8}" y="${y + 14}" text-anchor="end">${ratio.toFixed(2)} of ${other ? median(row, other) : ''}</text></g>`,
  ];
}

function median({ unit }: Row, { median: value }: Spread): string {
  return unit === 's' ? `${value.toFixed(1)} s` : `${Math.round(value)} ${unit}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
