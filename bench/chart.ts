/** The chart of the README: one bar for each figure that is compared with another way. Pure. */
import type { Row } from './figure.js';
import { shown } from './table.js';

const WIDTH = 760;
const LABEL = 330;
const VALUE = 90;
const ROW = 34;
const BAR = 16;
const TOP = 54;
/** A bar of the whole length: as much as the other way takes. */
const FULL = WIDTH - LABEL - VALUE;
/** What is beyond is cut, and told as a number. */
const MOST = 1.25;

/** Colours that are readable on light and on dark; where a viewer tells which one it has, the text follows. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #57606a }
  .small { font-size: 11px }
  .other { fill: #8c959f; opacity: .35 }
  .ours { fill: #2f81f7 }
  .target { stroke: #d29922; stroke-width: 2 }
  @media (prefers-color-scheme: dark) { text { fill: #9da7b3 } }
`;

/** @returns the text of an SVG file */
export function chart(rows: readonly Row[]): string {
  const drawn = rows.filter(
    ({ ratio, unit }) => ratio !== undefined && unit !== 'failed' && unit !== 'times',
  );
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
  const { ratio = 0, target } = row;
  const unit = FULL / MOST;
  const latency = row.latencyMs > 0 ? `, ${row.latencyMs} ms per call` : '';
  const length = Math.max(2, Math.min(ratio, MOST) * unit);
  const aim = LABEL + (target ?? 0) * unit;
  return [
    `<g><title>${escaped(`${shown(row.ours, row.unit)}; ${row.instead}: ${row.other ? shown(row.other, row.unit) : ''}`)}</title>`,
    `<text x="${LABEL - 12}" y="${y + 13}" text-anchor="end">${escaped(`${row.what}${latency}`)}</text>`,
    `<rect class="other" x="${LABEL}" y="${y}" width="${round(unit)}" height="${BAR}" rx="2"/>`,
    `<rect class="ours" x="${LABEL}" y="${y}" width="${round(length)}" height="${BAR}" rx="2"/>`,
    ...(target === undefined || row.unit === 'calls'
      ? []
      : [`<line class="target" x1="${round(aim)}" y1="${y - 3}" x2="${round(aim)}" y2="${y + BAR + 3}"/>`]),
    `<text x="${WIDTH - 8}" y="${y + 13}" text-anchor="end">${ratio.toFixed(2)} ×</text></g>`,
  ];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
