import type { Row } from '../../bench/figure.js';

/** A row of the table in which everything is as usual. */
export function row(more: Partial<Row> = {}): Row {
  return {
    figure: 'unchanged',
    what: 'unchanged deploy',
    instead: 'cf push of the same',
    unit: 's',
    settings: '0 ms per call, 3 times',
    latencyMs: 0,
    values: { ours: [2, 3, 4], instead: [12, 12, 12] },
    ours: { median: 3, spread: 1 },
    other: { median: 12, spread: 0 },
    ratio: 0.25,
    target: 0.25,
    reached: true,
    measuredAt: '2026-01-01T00:00:00.000Z',
    machine: { platform: 'linux', cpus: 2, node: 'v24.0.0' },
    ...more,
  };
}
