/** How the demo looks in a terminal. Pure. */
import type { Figures } from '../traffic/figures.js';

/** What the runner's log shows at once (an error has several lines), as the demo shows it; undefined: nothing. */
export function stepLine(line: string): string | undefined {
  if (line.startsWith('##[group]')) return `  ▸ ${line.slice('##[group]'.length)}`;
  if (line.startsWith('##[endgroup]') || line.trim() === '') return undefined;
  const marked = /^##\[(error|warning|notice)\](.*)$/s.exec(line);
  const text = marked ? `${marked[1]}: ${marked[2]}` : line;
  return text.replace(/^/gm, '    ');
}

/** Milliseconds as a person reads them. */
export function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/**
 * How long users met both versions: from the first answer of the new one to the last one of the old. undefined when one of
 * them never answered.
 */
export function switchMs(figures: Figures, from: string, to: string): number | undefined {
  const [before, after] = [figures.byVersion[from], figures.byVersion[to]];
  return before && after ? Math.max(0, before.lastAtMs - after.firstAtMs) : undefined;
}

/** Requests by version, failed ones, the longest gap: what users met. */
export function trafficTable(figures: Figures, tookMs?: number): string[] {
  const versions = Object.entries(figures.byVersion).map(
    ([version, { ok }]) => [`answered by ${version}`, String(ok)] as const,
  );
  const kinds = Object.entries(figures.byKind).map(([kind, count]) => `${count} ${kind}`);
  return table([
    ['requests', String(figures.sent)],
    ...versions,
    ['failed', kinds.length > 0 ? `${figures.failed} (${kinds.join(', ')})` : String(figures.failed)],
    ['longest gap', duration(figures.longestGapMs)],
    ...(tookMs === undefined ? [] : [['switch', duration(tookMs)] as const]),
  ]);
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  const left = Math.max(...rows.map(([name]) => name.length));
  const right = Math.max(...rows.map(([, value]) => value.length));
  const line = `  +${'-'.repeat(left + 2)}+${'-'.repeat(right + 2)}+`;
  return [
    line,
    ...rows.map(([name, value]) => `  | ${name.padEnd(left)} | ${value.padStart(right)} |`),
    line,
  ];
}

/** One thing that must be so. */
export interface Check {
  what: string;
  ok: boolean;
  /** What was seen, when it is not so. */
  seen?: string;
}

export function checkLine({ what, ok, seen }: Check): string {
  return ok ? `  ok      ${what}` : `  FAILED  ${what}${seen === undefined ? '' : `: ${seen}`}`;
}
