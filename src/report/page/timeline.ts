/** Every step, and every call in it, where it was in time. */
import { duration } from '../duration.js';
import type { RunRecord } from '../record.js';
import { isFailedCall, isProgram, type StoryCall, type StoryStep } from '../story.js';
import { el, search, section, svg, table, tick } from './dom.js';

/** Parts of a bar: what is nearer than that is one. */
const PARTS = 1_000;
const MOST_CALLS = 1_000;

interface Row {
  step?: StoryStep;
  calls: readonly StoryCall[];
}

interface Filter {
  text: string;
  writes: boolean;
  failed: boolean;
}

export function timeline(record: RunRecord): HTMLElement | undefined {
  const { calls, leftOut, durationMs } = record;
  const steps = [...record.steps].sort((one, other) => one.startMs - other.startMs);
  if (steps.length === 0 && calls.length === 0) return undefined;
  const rows = rowsOf(steps, calls);
  const filter: Filter = { text: '', writes: false, failed: false };
  const body = el('tbody', {});
  const told = el('p', { role: 'status' });
  const open = new Set<Row>();
  const draw = () => {
    const seen = rows.map((row) => ({ row, calls: row.calls.filter((call) => passes(call, filter)) }));
    const count = seen.reduce((sum, one) => sum + one.calls.length, 0);
    const kinds = [...(calls.length > 0 ? [`${count} of ${calls.length} calls are shown`] : [])];
    told.textContent = [`${steps.length} steps`, ...kinds].join(', ');
    const isFiltered = filter.text !== '' || filter.writes || filter.failed;
    const shown = isFiltered ? seen.filter((one) => one.calls.length > 0) : seen;
    body.replaceChildren(...shown.map((one) => rowOf(one.row, one.calls, Math.max(1, durationMs), open)));
  };
  draw();
  const change = (what: Partial<Filter>) => {
    Object.assign(filter, what);
    draw();
  };
  const head = ['step', 'after', 'took', 'when'].map((name) => el('th', { scope: 'col' }, name));
  const caption = el('caption', { class: 'unseen' }, 'Steps in the order of time, with their calls');
  const whole = el('table', { class: 'timeline' }, caption, el('thead', {}, el('tr', {}, ...head)), body);
  return section(
    'timeline',
    'Timeline',
    calls.length > 0 &&
      el(
        'div',
        { class: 'controls' },
        search('Calls with', (text) => change({ text })),
        tick('only what changes something', false, (writes) => change({ writes })),
        tick('only what failed', false, (failed) => change({ failed })),
      ),
    told,
    el('div', { class: 'wide', tabindex: 0, role: 'group', 'aria-label': 'Timeline' }, whole),
    leftOut.calls > 0 &&
      el('p', {}, `${leftOut.calls} calls in the middle were not kept: there were too many.`),
  );
}

/** Steps follow each other; what is called between them, to look or to sign in, stands in a row of its own before the next. */
function rowsOf(steps: readonly StoryStep[], calls: readonly StoryCall[]): Row[] {
  const left = [...calls].sort((one, other) => one.startMs - other.startMs);
  const rows: Row[] = [];
  const before = (ms: number) => {
    const end = left.findIndex(({ startMs }) => startMs >= ms);
    return left.splice(0, end === -1 ? left.length : end);
  };
  const between = (found: readonly StoryCall[]) => {
    if (found.length > 0) rows.push({ calls: found });
  };
  for (const step of steps) {
    between(before(step.startMs));
    rows.push({ step, calls: before(step.startMs + step.durationMs + 1) });
  }
  between(left);
  return rows;
}

function passes(call: StoryCall, { text, writes, failed }: Filter): boolean {
  const said = `${call.method} ${call.path} ${call.status}`.toLowerCase();
  return said.includes(text) && (!writes || isWrite(call)) && (!failed || isFailedCall(call));
}

function isWrite({ method }: StoryCall): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

function rowOf({ step }: Row, calls: readonly StoryCall[], wholeMs: number, open: Set<Row>): HTMLElement {
  const [first, last] = [calls[0], calls.at(-1)];
  const startMs = step?.startMs ?? first?.startMs ?? 0;
  const took = step?.durationMs ?? (last ? last.startMs + last.durationMs - startMs : 0);
  const title = step?.title ?? 'between the steps';
  const back = step?.way === 'back';
  const name = el('span', { class: step ? '' : 'quiet' }, title);
  const words = [...(back ? ['way back'] : []), ...(step && !step.ok ? ['failed'] : [])];
  const row = { ...(step ? { step } : {}), calls };
  const cell = calls.length > 0 ? callsOf(name, row, open) : el('div', {}, name);
  const signs = words.map((word) =>
    el('strong', { class: word === 'failed' ? 'sign-bad' : 'sign-back' }, word),
  );
  if (signs.length > 0) cell.querySelector('summary')?.append(' ', ...signs);
  if (signs.length > 0 && calls.length === 0) cell.append(' ', ...signs);
  return el(
    'tr',
    {},
    el('th', { scope: 'row' }, cell),
    el('td', {}, duration(startMs)),
    el('td', {}, duration(took)),
    el('td', { class: 'bar' }, bar(step, calls, startMs, took, wholeMs)),
  );
}

function callsOf(name: HTMLElement, { calls }: Row, open: Set<Row>): HTMLElement {
  const count = calls.length === 1 ? '1 call' : `${calls.length} calls`;
  const details = el('details', {}, el('summary', {}, name, el('span', { class: 'quiet' }, ` (${count})`)));
  const key = [...open].find((row) => row.calls[0] === calls[0]);
  const fill = () => {
    if (details.children.length > 1) return;
    const rows = calls.slice(0, MOST_CALLS).map((call) => {
      const status = isProgram(call) ? `exit ${call.status}` : call.status || 'no answer';
      const sign = el('span', { class: isFailedCall(call) ? 'bad' : '' }, status);
      return [
        call.method,
        el('code', {}, call.path),
        sign,
        duration(call.startMs),
        duration(call.durationMs),
      ];
    });
    const left = calls.length - rows.length;
    const caption = `Calls of: ${name.textContent}, after ${duration(calls[0]?.startMs ?? 0)}`;
    details.append(table(caption, ['method', 'call', 'answer', 'after', 'took'], rows));
    if (left > 0) details.append(el('p', {}, `and ${left} more`));
  };
  details.addEventListener('toggle', () => {
    if (details.open) {
      fill();
      open.add({ calls });
    } else for (const row of [...open]) if (row.calls[0] === calls[0]) open.delete(row);
  });
  if (key) details.open = true;
  return details;
}

/** The step above, its calls below it. */
function bar(
  step: StoryStep | undefined,
  calls: readonly StoryCall[],
  startMs: number,
  took: number,
  wholeMs: number,
): SVGElement {
  const at = (ms: number) => Math.round((ms / wholeMs) * PARTS);
  const box = (from: number, ms: number, y: number, height: number, kind: string) =>
    svg('rect', { x: at(from), y, width: Math.max(3, at(ms)), height, class: kind });
  const kind = step === undefined ? 'between' : !step.ok ? 'failed' : step.way === 'back' ? 'back' : 'step';
  const seen = new Set<string>();
  const ticks = calls.flatMap((call) => {
    const look = isFailedCall(call) ? 'failed' : isWrite(call) ? 'write' : 'read';
    const place = `${at(call.startMs)} ${at(call.durationMs)} ${look}`;
    if (seen.has(place)) return [];
    seen.add(place);
    return [box(call.startMs, call.durationMs, 18, 6, look)];
  });
  const shape = { viewBox: `0 0 ${PARTS + 3} 26`, preserveAspectRatio: 'none', 'aria-hidden': 'true' };
  return svg('svg', shape, box(startMs, took, 2, 14, kind), ...ticks);
}
