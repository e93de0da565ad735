/** A plot over the time of the run: axes, marks of the switch, and a width that follows the page's. */
import uPlot from 'uplot';
import { duration } from '../duration.js';
import type { RunRecord } from '../record.js';
import { type Colours, colours, onColours } from './colours.js';
import { el } from './dom.js';

export interface Series {
  label: string;
  stroke: string;
  fill?: string;
  dash?: number[];
  paths?: uPlot.Series.PathBuilder;
  width?: number;
  value(value: number): string;
}

export interface Drawing {
  /** Seconds since the run began. */
  x: number[];
  series: readonly Series[];
  /** One list for each of `series`. */
  values: readonly (number | null)[][];
  y: { label: string; text(value: number): string; log?: boolean; whole?: boolean };
}

export interface Range {
  fromMs: number;
  toMs: number;
}

export interface PlotOptions {
  record: RunRecord;
  /** What is in the picture, for whoever does not see it. */
  label: string;
  height: number;
  range(): Range;
  drawing(range: Range, colours: Colours): Drawing;
  /** Somebody drew a box around a time. */
  zoom?(range: Range): void;
}

const FONT = '12px system-ui, sans-serif';

/** @returns the plot, and what draws it anew */
export function plot(options: PlotOptions): { element: HTMLElement; draw(): void } {
  const element = el('div', { class: 'plot', role: 'img', 'aria-label': options.label });
  let drawn: uPlot | undefined;
  const draw = () => {
    const width = element.clientWidth;
    if (width === 0) return;
    const range = options.range();
    const now = colours();
    const drawing = options.drawing(range, now);
    drawn?.destroy();
    drawn = new uPlot(
      uplotOptions(options, drawing, range, now, width),
      [drawing.x, ...drawing.values] as uPlot.AlignedData,
      element,
    );
  };
  let width = 0;
  new ResizeObserver(() => {
    if (element.clientWidth === width) return;
    width = element.clientWidth;
    draw();
  }).observe(element);
  onColours(draw);
  return { element, draw };
}

function uplotOptions(
  { record, height, zoom }: PlotOptions,
  { series, y }: Drawing,
  { fromMs, toMs }: Range,
  now: Colours,
  width: number,
): uPlot.Options {
  const axis = {
    stroke: now.text,
    font: FONT,
    grid: { stroke: now.line, width: 1 },
    ticks: { stroke: now.line },
  };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: zoom !== undefined, y: false, setScale: false }, points: { show: false } },
    scales: {
      x: { time: false, range: [fromMs / 1_000, toMs / 1_000] },
      y: y.log
        ? { distr: 3, range: (_, min, max) => [Math.max(1, min / 1.5), Math.max(10, max * 1.5)] }
        : { range: (_, __, max) => [0, Math.max(1, max * 1.16)] },
    },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map((at) => duration(at * 1_000)), space: 90 },
      {
        ...axis,
        label: y.label,
        labelFont: FONT,
        size: 64,
        ...(y.whole
          ? { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000] }
          : {}),
        values: (_, ticks) => ticks.map((value) => (value === null ? '' : y.text(value))),
      },
    ],
    series: [
      {},
      ...series.map(({ label, stroke, fill, dash, paths, width: thick = 1 }) => ({
        ...{ label, stroke, width: thick, points: { show: false } },
        ...(fill ? { fill } : {}),
        ...(dash ? { dash } : {}),
        ...(paths ? { paths } : {}),
      })),
    ],
    hooks: {
      drawClear: [(chart) => mark(chart, record, now)],
      setSelect: [
        (chart) => {
          const { left, width: wide } = chart.select;
          if (wide < 4) return;
          const at = (pixels: number) => chart.posToVal(pixels, 'x') * 1_000;
          zoom?.({ fromMs: at(left), toMs: at(left + wide) });
        },
      ],
    },
  };
}

/** The switch, and the one back: a band with its name. */
function mark(chart: uPlot, record: RunRecord, now: Colours): void {
  const marks = [
    ['switch', record.switch],
    ['back', record.switchBack],
  ] as const;
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const [name, span] of marks) {
    if (!span) continue;
    const [from, to] = [span.startMs, span.endMs].map((ms) => chart.valToPos(ms / 1_000, 'x', true));
    if (from === undefined || to === undefined) continue;
    ctx.globalAlpha = 0.18;
    ctx.fillStyle = now.mark;
    ctx.fillRect(from, bbox.top, Math.max(2, to - from), bbox.height);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = now.mark;
    ctx.lineWidth = devicePixelRatio;
    ctx.strokeRect(from, bbox.top, Math.max(2, to - from), bbox.height);
    ctx.fillStyle = now.text;
    ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textBaseline = 'top';
    ctx.fillText(name, from + 4 * devicePixelRatio, bbox.top + 3 * devicePixelRatio);
  }
  ctx.restore();
}

/** @param shape a line that is dashed, or a filled box */
export function legend(
  entries: readonly { name: string; colour: string; dashed?: boolean; note?: string }[],
): HTMLElement {
  return el(
    'ul',
    { class: 'legend' },
    ...entries.map(({ name, colour, dashed, note }) => {
      const sign = el('span', { class: dashed ? 'sign dashed' : 'sign', 'aria-hidden': 'true' });
      sign.style.color = colour;
      return el('li', {}, sign, ` ${name}${note ? `: ${note}` : ''}`);
    }),
  );
}
