/**
 * `npm run matrix`: every point of every scenario on the platform in memory, then one point for each kind of step on real
 * processes. `npm run matrix -- WORDS` takes those whose name has all the words (`real` is in the names of the latter);
 * `--verbose` names those that took a second run.
 * The last line is `matrix: N points tried, N held`.
 */
import { existsSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { attempt, nameOf, record, type Unharmed, type Verdict } from './matrix.js';
import { Folders, SCENARIOS, type Scenario } from './scenarios.js';
import { type Share, Shares } from './shares.js';
import { tryOnProcesses } from './steps/ground.js';
import { nameOf as nameOfReal, TRIALS } from './steps/points.js';
import type { Trial } from './wire.js';

/** What a worker tells: how many points a scenario has, one that it tried, or that it asks for more. */
type Told =
  | { kind: 'points'; scenario: number; points: number }
  | ({ kind: 'tried'; name: string } & Verdict)
  | { kind: 'broken'; text: string }
  | { kind: 'free'; scenario?: number };

/** Apps whose deploys are interrupted side by side on real processes: they wait most of the time. */
const LANES = 4;
/** What a run leaves behind is thrown away young, if there is room for it until its end. */
const LIMITS = { maxYoungGenerationSizeMb: 64 };
/** What is in no file for longer than a moment need not come to a disk. */
const TEMPORARY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

const verbose = process.argv.includes('--verbose');
if (isMainThread)
  process.exitCode = await tryAll(process.argv.slice(2).filter((word) => word !== '--verbose'));
else work(workerData as readonly string[]);

async function tryAll(words: readonly string[]): Promise<number> {
  const counts = { tried: 0, held: 0, again: 0 };
  const broken: string[] = [];
  const tell = ({ name, wrong }: { name: string } & Pick<Verdict, 'wrong'>) => {
    counts.tried += 1;
    if (wrong.length === 0) counts.held += 1;
    else console.log(`LOST ${name}\n  ${wrong.join('\n').replaceAll('\n', '\n  ')}`);
    if (counts.tried % 100 === 0) console.log(`${counts.tried} points tried`);
  };
  const shares = new Shares(SCENARIOS.length);
  const hear = (worker: Worker, told: Told) => {
    if (told.kind === 'points') shares.tell(told.scenario, told.points);
    if (told.kind === 'broken') broken.push(told.text);
    if (told.kind === 'free') worker.postMessage(shares.next(told.scenario) ?? 'done');
    if (told.kind !== 'tried') return;
    if (told.again) counts.again += 1;
    if (told.again && verbose) console.log(`again: ${told.name}`);
    tell(told);
  };
  // One more than the machine has processors: each waits for files now and then.
  const workers = Array.from({ length: availableParallelism() + 1 }, () => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: words,
      resourceLimits: LIMITS,
      env: { ...process.env, TMPDIR: TEMPORARY },
    });
    worker.on('message', (told: Told) => hear(worker, told));
    return new Promise<void>((resolve) => {
      worker.once('error', (error) => broken.push(String(error.stack)));
      worker.once('exit', () => resolve());
    });
  });
  await Promise.all(workers);
  console.log(timeText());
  await tryReal(words, tell).catch((error: Error) => broken.push(String(error.stack)));
  for (const text of broken) console.log(text);
  console.log(`${counts.again} runs were neither killed nor cancelled, and took a second one`);
  console.log(`matrix: ${counts.tried} points tried, ${counts.held} held`);
  return broken.length === 0 && counts.tried > 0 && counts.held === counts.tried ? 0 : 1;
}

function timeText(): string {
  const { user, system } = process.cpuUsage();
  const minutes = (s: number) => `${(s / 60).toFixed(1)} minutes`;
  return `in memory: ${minutes(process.uptime())}, and ${minutes((user + system) / 1e6)} of processors`;
}

async function tryReal(
  words: readonly string[],
  tell: (tried: { name: string } & Pick<Verdict, 'wrong'>) => void,
): Promise<void> {
  const trials = TRIALS.filter((trial) => words.every((word) => nameOfReal(trial).includes(word)));
  if (trials.length > 0) await tryOnProcesses(trials, LANES, tell);
}

/** A worker: tries what it is given until nothing is left. */
function work(words: readonly string[]): void {
  const folders = new Folders();
  const tell = (told: Told) => parentPort?.postMessage(told);
  const named = (scenario: Scenario, trial: Trial) => `${scenario.name}: ${nameOf(trial)}`;
  const known = new Map<number, Unharmed>();
  const pointsOf = async (number: number, scenario: Scenario) => {
    const unharmed = known.get(number) ?? (await record(scenario, folders));
    known.set(number, unharmed);
    const { trials, traces } = unharmed;
    const wanted = trials.filter((trial) => words.every((word) => named(scenario, trial).includes(word)));
    tell({ kind: 'points', scenario: number, points: wanted.length });
    return { wanted, traces };
  };
  const tryShare = async ({ scenario: number, from, to }: Share) => {
    const scenario = SCENARIOS[number] as Scenario;
    const { wanted, traces } = await pointsOf(number, scenario);
    for (const trial of wanted.slice(from, to)) {
      const verdict = await attempt(scenario, folders, trial, traces).catch((error: Error) => ({
        wrong: [String(error.stack)],
        again: false,
      }));
      tell({ kind: 'tried', name: named(scenario, trial), ...verdict });
    }
  };
  parentPort?.on('message', async (share: Share | 'done') => {
    if (share === 'done') {
      folders.remove();
      parentPort?.close();
      return;
    }
    await tryShare(share).catch((error: Error) => {
      tell({ kind: 'broken', text: String(error.stack) });
      tell({ kind: 'points', scenario: share.scenario, points: 0 });
    });
    tell({ kind: 'free', scenario: share.scenario });
  });
  tell({ kind: 'free' });
}
