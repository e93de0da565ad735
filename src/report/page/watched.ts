/** Did anybody notice? The requests of the watch: by version or status, and how long they took. */
import uPlot from 'uplot';
import { duration } from '../duration.js';
import type { RunRecord } from '../record.js';
import type { StoryPoints } from '../story.js';
import { type Spans, spansOf, type Wanted } from './aggregate.js';
import { type Colours, colours } from './colours.js';
import { button, el, facts, folded, section, select, table, tick } from './dom.js';
import { legend, plot, type Range } from './plot.js';

/** A bar needs room for its eye. */
const BAR_PIXELS = 5;
const ROWS = 200;
/** Fewer requests are no picture. */
const FEWEST = 5;
const TITLE = 'Did anybody notice?';
const SHORTEST_MS = 500;

export function watched(record: RunRecord): HTMLElement | undefined {
  const { watch, probes } = record;
  const { points } = probes;
  if (!watch) return undefined;
  if (!points || points.startMs.length < FEWEST) return section('watch', TITLE, answer(record));
  const story = columns(points);
  const whole = wholeOf(story);
  const state: Omit<Wanted, 'most' | 'fromMs' | 'toMs'> & Range = {
    ...whole,
    by: 'version',
    without: new Set<number>(),
    onlyFailed: false,
  };
  const told = el('p', { role: 'status' });
  const legends = el('div', {});
  const figures = el('div', {});
  const range = () => ({ fromMs: state.fromMs, toMs: state.toMs });
  const spans = (most: number) => spansOf(probes, story, { ...state, most });
  const roomFor = (element: HTMLElement) => Math.max(20, Math.floor((element.clientWidth - 64) / BAR_PIXELS));
  const zoom = ({ fromMs, toMs }: Range) => {
    const middle = (fromMs + toMs) / 2;
    const half = Math.max(SHORTEST_MS, toMs - fromMs) / 2;
    state.fromMs = Math.max(whole.fromMs, middle - half);
    state.toMs = Math.min(whole.toMs, middle + half);
    drawAll();
  };
  const shape = { record, range, zoom };
  const requests = plot({
    ...shape,
    label: 'Requests of the watch over time. The figures are in the table below.',
    height: 260,
    drawing: (_, now) => stacked(spans(roomFor(requests.element)), now),
  });
  const latency = plot({
    ...shape,
    label: 'How long the answers took over time. The figures are in the table below.',
    height: 180,
    drawing: (_, now) => latencies(spans(roomFor(requests.element)), now),
  });
  const drawAll = () => {
    requests.draw();
    latency.draw();
    const seen = spans(roomFor(requests.element));
    told.textContent = `${seen.requests} requests from ${duration(state.fromMs)} to ${duration(state.toMs)}, ${seen.failed} of them failed.`;
    const now = colours();
    legends.replaceChildren(
      legend(
        seen.groups.map((group, at) => ({
          name: group.name,
          colour: colourOf(group, at, now),
          note: String(group.counts.reduce((sum, one) => sum + one, 0)),
        })),
      ),
    );
    figures.replaceChildren(folded('Figures', () => figuresOf(seen)));
  };
  const change = (what: Partial<typeof state>) => {
    Object.assign(state, what);
    drawAll();
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  addEventListener('load', drawAll);
  return section(
    'watch',
    TITLE,
    answer(record),
    el('div', { class: 'controls' }, ...filters(record, state, change), ...steps(record, range, whole, zoom)),
    told,
    legends,
    requests.element,
    el('h3', {}, 'How long answers took'),
    legend([
      { name: 'median', colour: 'var(--group-1)' },
      { name: 'slowest', colour: 'var(--group-2)', dashed: true },
    ]),
    latency.element,
    points.leftOut > 0 &&
      el(
        'p',
        {},
        `${points.leftOut} requests that passed are counted above and not drawn: there were too many.`,
      ),
    figures,
  );
}

function answer({ watch }: RunRecord): HTMLElement {
  const { requests = 0, failures = 0, longestGapMs = 0, inconclusive = 0, failedBefore = 0 } = watch ?? {};
  const some = (count: number) => (count > 0 ? count : '');
  return el(
    'div',
    {},
    el(
      'p',
      { class: failures > 0 ? 'bad' : 'good' },
      failures > 0
        ? `Yes: ${failures} of ${requests} requests of the watch on the production routes failed.`
        : `No request of the watch on the production routes failed, of ${requests}.`,
    ),
    facts([
      ['longest gap', duration(longestGapMs)],
      ['inconclusive: the platform did not answer either', some(inconclusive)],
      ['failed where a route failed, or was not there, before', some(failedBefore)],
    ]),
  );
}

type State = Omit<Wanted, 'most'>;

function filters({ probes }: RunRecord, state: State, change: (what: Partial<State>) => void): HTMLElement[] {
  const routes = probes.routes.map((route, at) => [String(at), route] as const);
  const without = new Set(state.without);
  return [
    select(
      'Colour by',
      [
        ['version', 'version'],
        ['status', 'status'],
      ],
      (by) => change({ by: by === 'status' ? 'status' : 'version' }),
    ),
    ...(routes.length > 1
      ? [
          select('Route', [['', 'all'], ...routes], (route) => {
            const { route: _, ...rest } = state;
            if (route === '') delete (state as { route?: number }).route;
            change(route === '' ? rest : { route: Number(route) });
          }),
        ]
      : []),
    el(
      'fieldset',
      {},
      el('legend', {}, 'Show'),
      ...probes.versions.map((version, at) =>
        tick(version, true, (shown) => {
          if (shown) without.delete(at);
          else without.add(at);
          change({ without });
        }),
      ),
      tick('only what failed', false, (onlyFailed) => change({ onlyFailed })),
    ),
  ];
}

/** What a mouse does by drawing a box, for whoever has none. */
function steps(
  record: RunRecord,
  range: () => Range,
  whole: Range,
  zoom: (to: Range) => void,
): HTMLElement[] {
  const around = record.switch ?? record.switchBack;
  const by = (factor: number, shift: number) => {
    const { fromMs, toMs } = range();
    const [middle, half] = [(fromMs + toMs) / 2 + shift * (toMs - fromMs), ((toMs - fromMs) * factor) / 2];
    zoom({ fromMs: middle - half, toMs: middle + half });
  };
  return [
    el(
      'fieldset',
      {},
      el('legend', {}, 'Time'),
      button('whole watch', () => zoom(whole)),
      ...(around
        ? [button('the switch', () => zoom({ fromMs: around.startMs - 5_000, toMs: around.endMs + 5_000 }))]
        : []),
      button('+', () => by(0.5, 0), 'nearer'),
      button('−', () => by(2, 0), 'farther'),
      button('←', () => by(1, -0.25), 'earlier'),
      button('→', () => by(1, 0.25), 'later'),
    ),
  ];
}

/** Each bar stands on those below it: the highest is drawn first. */
function stacked({ startMs, spanMs, groups }: Spans, now: Colours) {
  const sums: number[][] = [];
  for (const { counts } of groups) {
    const below = sums.at(-1);
    sums.push(counts.map((count, at) => count + (below?.[at] ?? 0)));
  }
  const bars = uPlot.paths.bars?.({ size: [0.9, 60], align: 1 });
  const series = groups.map((group, at) => ({
    ...{ label: group.name, stroke: colourOf(group, at, now), fill: colourOf(group, at, now), width: 0 },
    ...(bars ? { paths: bars } : {}),
    value: String,
  }));
  return {
    x: startMs.map((ms) => ms / 1_000),
    series: series.reverse(),
    values: sums.reverse(),
    y: { label: `requests in ${duration(spanMs)}`, text: String, whole: true },
  };
}

function latencies({ startMs, spanMs, medianMs, slowestMs }: Spans, now: Colours) {
  const least = (list: readonly (number | null)[]) =>
    list.map((ms) => (ms === null ? null : Math.max(1, ms)));
  const [first = now.text, second = now.text] = now.groups;
  return {
    x: startMs.map((ms) => (ms + spanMs / 2) / 1_000),
    series: [
      { label: 'slowest', stroke: second, dash: [4, 3], width: 1.5, value: duration },
      { label: 'median', stroke: first, width: 2, value: duration },
    ],
    values: [least(slowestMs), least(medianMs)],
    y: { label: 'took', text: duration, log: true },
  };
}

function colourOf({ failed }: Spans['groups'][number], at: number, now: Colours): string {
  return failed ? now.failed : (now.groups[at % now.groups.length] ?? now.text);
}

function figuresOf({ startMs, groups, medianMs, slowestMs }: Spans): HTMLElement {
  const head = ['after', ...groups.map(({ name }) => name), 'median', 'slowest'];
  const ms = (value: number | null | undefined) =>
    value === null || value === undefined ? '–' : duration(value);
  const rows = startMs.map((start, at) => [
    duration(start),
    ...groups.map(({ counts }) => counts[at] ?? 0),
    ms(medianMs[at]),
    ms(slowestMs[at]),
  ]);
  const busy = rows.filter((_, at) => medianMs[at] !== null || groups.some(({ counts }) => counts[at]));
  const left = busy.length - ROWS;
  return el(
    'div',
    {},
    table('Requests of the watch over time', head, busy.slice(0, ROWS)),
    left > 0 && el('p', {}, `and ${left} more rows: look nearer`),
  );
}

function wholeOf({ startMs }: StoryPoints): Range {
  const last = startMs[startMs.length - 1] ?? 0;
  return { fromMs: startMs[0] ?? 0, toMs: Math.max(last, (startMs[0] ?? 0) + SHORTEST_MS) };
}

function columns(points: StoryPoints): StoryPoints {
  return {
    startMs: Float64Array.from(points.startMs),
    durationMs: Uint32Array.from(points.durationMs),
    status: Uint16Array.from(points.status),
    route: Uint16Array.from(points.route),
    version: Uint8Array.from(points.version),
    end: Uint8Array.from(points.end),
    leftOut: points.leftOut,
  };
}
