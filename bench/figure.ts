/** A figure is a row of the table: which measurements it needs, what it makes of them, and what it is to reach. Pure. */
import type { Settings } from './settings.js';
import { ratio, type Spread, spreadOf } from './statistics.js';

/** What was measured of one deploy, one start, or one row of deploys. What is not there was not asked. */
export interface Sample {
  ms: number;
  /** From the first destination inserted to the last one removed. */
  switchMs?: number;
  /** Requests to the platform. */
  calls?: number;
  /** Resident memory at its highest, of the action's process. */
  peakMb?: number;
  /** Requests of users. */
  sent?: number;
  failed?: number;
}

/** Both ways of one measurement, made in turns. */
export interface Samples {
  ours: readonly Sample[];
  instead: readonly Sample[];
}

/** As it came out, and when: its series ended then. */
export interface Measured extends Samples {
  endedAt: Date;
}

/** Where it was measured: what numbers of another machine cannot be compared with. */
export interface Machine {
  platform: string;
  cpus: number;
  /** Version of Node. */
  node: string;
}

export type Unit = 'ms' | 's' | 'calls' | 'MB' | 'times' | 'failed';

export interface Figure {
  name: string;
  what: string;
  /** What a user would do instead; '' where there is nothing of that kind. */
  instead: string;
  unit: Unit;
  /** Names of the series that it is made of. */
  needs: readonly string[];
  ours(of: Taken): number[];
  /** Empty where there is nothing of that kind. */
  insteadOf(of: Taken): number[];
  /** `ratio`: ours by the other way. `value`: ours itself. `listed`: shown only. */
  judged: 'ratio' | 'value' | 'listed';
  /** At most; undefined for what is listed. */
  target(latencyMs: number): number | undefined;
  /** false: a call's time does not count, and it is measured without any. */
  byLatency: boolean;
  /** Beside those of the run. */
  settings: string;
}

/** The samples of a series by its name. @throws Error when it was not measured */
export type Taken = (series: string) => Measured;

export interface Row {
  figure: string;
  what: string;
  instead: string;
  unit: Unit;
  settings: string;
  latencyMs: number;
  values: { ours: number[]; instead: number[] };
  ours: Spread;
  other?: Spread;
  ratio?: number;
  target?: number;
  reached?: boolean;
  /** End of the last series that it is made of. UTC, ISO 8601. */
  measuredAt: string;
  machine: Machine;
}

/** @throws Error when a series that it needs was not measured */
export function rowOf(
  figure: Figure,
  latencyMs: number,
  taken: Taken,
  settings: Settings,
  machine: Machine,
): Row {
  const values = { ours: figure.ours(taken), instead: figure.insteadOf(taken) };
  const ours = spreadOf(values.ours);
  const other = values.instead.length > 0 ? spreadOf(values.instead) : undefined;
  const times = other && ratio(ours.median, other.median);
  const target = figure.target(latencyMs);
  const judged = figure.judged === 'ratio' ? times : ours.median;
  return {
    figure: figure.name,
    what: figure.what,
    instead: figure.instead,
    unit: figure.unit,
    settings: [`${latencyMs} ms per call`, `${values.ours.length} times`, figure.settings]
      .concat(settings.name === 'quick' ? ['quick'] : [])
      .filter((part) => part !== '')
      .join(', '),
    latencyMs,
    values,
    ours,
    ...(other && { other }),
    ...(times !== undefined && { ratio: times }),
    ...(target !== undefined && { target }),
    ...(target !== undefined && judged !== undefined && { reached: judged <= target }),
    measuredAt: new Date(
      Math.max(...figure.needs.map((name) => taken(name).endedAt.getTime())),
    ).toISOString(),
    machine,
  };
}
