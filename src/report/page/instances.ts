/** How the instances of one version replace those of the one before, where live is changed in place. */
import uPlot from 'uplot';
import { duration } from '../duration.js';
import type { RunRecord } from '../record.js';
import type { StoryInstances } from '../story.js';
import type { Colours } from './colours.js';
import { el, folded, section, table } from './dom.js';
import { legend, plot } from './plot.js';

export function instances(record: RunRecord): HTMLElement | undefined {
  const apps = [...new Set(record.instances.map(({ app }) => app))];
  if (apps.length === 0) return undefined;
  return section(
    'instances',
    'Instances over time',
    legend([
      { name: 'of the version before', colour: 'var(--group-1)' },
      { name: 'of the new version, ready', colour: 'var(--group-2)' },
      { name: 'of the new version, wanted', colour: 'var(--group-3)', dashed: true },
    ]),
    ...apps.flatMap((app) => {
      const seen = record.instances.filter((one) => one.app === app);
      return [...(apps.length > 1 ? [el('h3', {}, app)] : []), ...ofApp(record, app, seen)];
    }),
  );
}

function ofApp(record: RunRecord, app: string, seen: readonly StoryInstances[]): HTMLElement[] {
  const [first, last] = [seen[0]?.atMs ?? 0, seen.at(-1)?.atMs ?? 0];
  // What is seen last lasts.
  const toMs = last + Math.max(2_000, (last - first) / 12);
  const { element } = plot({
    record,
    label: `Web instances of ${app} over time. The figures are in the table below.`,
    height: 220,
    range: () => ({ fromMs: Math.max(0, first - 1_000), toMs }),
    drawing: (_, now) => drawing(seen, toMs, now),
  });
  const rows = seen.map(({ atMs, before, ready, wanted }) => [duration(atMs), before, ready, wanted]);
  const head = ['after', 'of the version before', 'new, ready', 'new, wanted'];
  return [element, folded('Figures', () => table(`Instances of ${app} over time`, head, rows))];
}

function drawing(seen: readonly StoryInstances[], toMs: number, now: Colours) {
  const last = seen.at(-1);
  const all = last ? [...seen, { ...last, atMs: toMs }] : seen;
  const [before = now.text, ready = now.text, wanted = now.text] = now.groups;
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  const paths = stepped ? { paths: stepped } : {};
  return {
    x: all.map(({ atMs }) => atMs / 1_000),
    series: [
      { label: 'before', stroke: before, width: 2.5, value: String, ...paths },
      { label: 'new, wanted', stroke: wanted, width: 2, dash: [5, 4], value: String, ...paths },
      { label: 'new, ready', stroke: ready, width: 2.5, value: String, ...paths },
    ],
    values: [all.map((one) => one.before), all.map((one) => one.wanted), all.map((one) => one.ready)],
    y: { label: 'instances', text: String, whole: true },
  };
}
