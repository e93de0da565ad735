/**
 * `npm run bench`: how long a deploy takes and what it costs, beside what a user would do instead, on the local Cloud Foundry.
 * It fails when something could not be measured, never because of a number. What it measured with the full settings is written
 * to `bench/results.json` and `bench/chart.svg`, with `--quick` or `--repeats` to those of `.cache/bench/`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../runner/tools.js';
import { chart } from './chart.js';
import { type Machine, type Measured, type Row, rowOf, type Samples } from './figure.js';
import { figures, soakFigures } from './figures.js';
import { type Asked, type Job, jobsOf, latenciesOf, readArguments } from './plan.js';
import { merged, type Results } from './results.js';
import { ALONE, allSeries } from './series/index.js';
import { table } from './table.js';

const MACHINE: Machine = { platform: process.platform, cpus: availableParallelism(), node: process.version };

const began = performance.now();

/** Progress goes where the table does not. */
function say(text: string): void {
  const seconds = Math.round((performance.now() - began) / 1_000);
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  process.stderr.write(`[${clock.padStart(5)}] ${text}\n`);
}

/** What was measured, and what could not be. */
class Taken {
  private readonly samples = new Map<string, Measured>();
  readonly faults: string[] = [];

  add({ series, latencyMs }: Job, samples: Samples): void {
    this.samples.set(`${series} ${latencyMs}`, { ...samples, endedAt: new Date() });
  }

  fail(job: Job, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.faults.push(`${nameOf(job)}: ${why}`);
  }

  at(latencyMs: number): (series: string) => Measured {
    return (series) => {
      const samples = this.samples.get(`${series} ${latencyMs}`);
      if (!samples) throw new Error(`${series} was not measured`);
      return samples;
    };
  }
}

function nameOf({ series, latencyMs }: Job): string {
  return `${series}, ${latencyMs} ms per call`;
}

async function measure(asked: Asked, taken: Taken, signal: AbortSignal, done: () => void): Promise<void> {
  const series = allSeries(asked.settings);
  const jobs = jobsOf(asked, Object.keys(series));
  const one = async (job: Job): Promise<void> => {
    const { latencyMs } = job;
    const context = {
      settings: asked.settings,
      latencyMs,
      signal,
      say: (text: string) => say(`${nameOf(job)}: ${text}`),
    };
    say(`${nameOf(job)}: begins`);
    try {
      const samples = await series[job.series]?.(context);
      if (samples) taken.add(job, samples);
    } catch (error) {
      signal.throwIfAborted();
      taken.fail(job, error);
      say(`${nameOf(job)}: cannot be measured`);
    }
    done();
  };
  for (const job of jobs.filter(({ series: name }) => ALONE.includes(name))) await one(job);
  const queue = jobs.filter(({ series: name }) => !ALONE.includes(name));
  const lane = async (): Promise<void> => {
    for (let job = queue.shift(); job; job = queue.shift()) await one(job);
  };
  await Promise.all(Array.from({ length: asked.settings.lanes }, lane));
}

/** Rows of all figures that can be told; `missing` hears of the others. */
function rowsOf(
  { figures: chosen, settings }: Asked,
  taken: Taken,
  missing: (what: string) => void = () => {},
): Row[] {
  return chosen.flatMap((figure) =>
    latenciesOf(figure, settings).flatMap((latencyMs) => {
      try {
        return rowOf(figure, latencyMs, taken.at(latencyMs), settings, MACHINE);
      } catch (error) {
        missing(`${figure.name}, ${latencyMs} ms per call: ${(error as Error).message}`);
        return [];
      }
    }),
  );
}

/** Written after each series: an interrupted run leaves what it has. */
async function write(asked: Asked, rows: readonly Row[]): Promise<void> {
  const folder = join(projectRoot(), asked.folder);
  const file = join(folder, 'results.json');
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results).rows : [];
  const order = [...figures(asked.settings), ...soakFigures(asked.settings)].map(({ name }) => name);
  const results: Results = { rows: merged(before, rows, asked.keeps, order) };
  await mkdir(folder, { recursive: true });
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
  await writeFile(join(folder, 'chart.svg'), chart(results.rows));
}

async function main(): Promise<number> {
  const asked = readArguments(process.argv.slice(2));
  const ending = new AbortController();
  const interrupted = (): void => {
    say('interrupted: ending what was started');
    ending.abort(new Error('interrupted'));
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  const taken = new Taken();
  let written = Promise.resolve();
  const save = (): void => {
    const rows = rowsOf(asked, taken);
    if (rows.length > 0) written = written.then(() => write(asked, rows));
  };
  try {
    await measure(asked, taken, ending.signal, save);
  } catch (error) {
    if (!ending.signal.aborted) throw error;
  }
  await written;
  const missing = [...taken.faults];
  const rows = rowsOf(asked, taken, (what) => missing.push(what));
  if (rows.length > 0) {
    process.stdout.write(`${table(rows).join('\n')}\n`);
    say(`results.json and chart.svg are in ${asked.folder}`);
  }
  for (const fault of missing) process.stderr.write(`not measured: ${fault}\n`);
  if (ending.signal.aborted) return 130;
  return missing.length > 0 ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
