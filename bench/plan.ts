/** Which figures were asked for, and which measurements they need. Pure. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Figure } from './figure.js';
import { figures, soakFigures } from './figures.js';
import { FULL, QUICK, type Settings } from './settings.js';

export interface Asked {
  settings: Settings;
  figures: Figure[];
  /** Names of the figures whose rows from before stay where this run measures none. */
  keeps: string[];
  /** Of the project, for results and chart: what fewer repetitions measured is not to replace what is committed. */
  folder: string;
}

/** One series at one latency. */
export interface Job {
  series: string;
  latencyMs: number;
}

/**
 * @param argv `--quick`, `--repeats N`, `--lanes N`, and names of figures; `soak` names those of the soak
 * @throws TypeError for what is none of these
 */
export function readArguments(argv: readonly string[]): Asked {
  const names: string[] = [];
  let settings = argv.includes('--quick') ? QUICK : FULL;
  const rest = argv.filter((arg) => arg !== '--quick');
  for (let at = 0; at < rest.length; at += 1) {
    const arg = rest[at] ?? '';
    if (arg === '--repeats' || arg === '--lanes') {
      at += 1;
      settings = changed(settings, arg, rest[at]);
    } else names.push(arg);
  }
  const full = isDeepStrictEqual(settings, FULL);
  const folder = full ? 'bench' : join('.cache', 'bench');
  const all = figures(settings);
  const soak = soakFigures(settings);
  // The whole does not measure the soak.
  if (names.length === 0) return { settings, figures: all, keeps: soak.map(({ name }) => name), folder };
  const chosen = names.flatMap((name) => {
    const found = name === 'soak' ? soak : [...all, ...soak].filter((figure) => figure.name === name);
    if (found.length > 0) return found;
    const known = [...all.map((figure) => figure.name), 'soak'].join(', ');
    throw new TypeError(`${name} is no figure: ${known}; or --quick, --repeats N, --lanes N`);
  });
  const keeps = [...all, ...soak].map(({ name }) => name);
  return { settings, figures: [...new Set(chosen)], keeps, folder };
}

function changed(settings: Settings, flag: string, value: string | undefined): Settings {
  if (!/^[1-9]\d*$/.test(value ?? '')) throw new TypeError(`${flag} needs a number above 0`);
  const number = Number(value);
  if (flag === '--lanes') return { ...settings, lanes: number };
  const soak = { ...settings.soak, deploys: number, insteadDeploys: number };
  return { ...settings, repeats: number, starts: number, soak };
}

/** @returns the latencies at which the figure is measured */
export function latenciesOf(figure: Figure, { latenciesMs }: Settings): readonly number[] {
  return figure.byLatency ? latenciesMs : [0];
}

/** Each series once, however many figures are made of it, in the order of `series`. */
export function jobsOf({ figures: chosen, settings }: Asked, series: readonly string[]): Job[] {
  const wanted = new Set(
    chosen.flatMap((figure) =>
      figure.needs.flatMap((name) =>
        latenciesOf(figure, settings).map((latencyMs) => `${name} ${latencyMs}`),
      ),
    ),
  );
  return series.flatMap((name) =>
    settings.latenciesMs
      .filter((latencyMs) => wanted.has(`${name} ${latencyMs}`))
      .map((latencyMs) => ({ series: name, latencyMs })),
  );
}
