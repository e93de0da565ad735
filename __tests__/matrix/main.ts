/**
 * `npm run matrix`: every point of every scenario on the platform in memory, then one point for each kind of step on real
 * processes. `npm run matrix -- WORDS` takes those whose name has all the words (`real` is in the names of the latter);
 * `--verbose` names those that took a second run.
 * The last line is `matrix: N points tried, N held`.
 */
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { attempt, nameOf, record, type Verdict } from './matrix.js';
import { Folders, SCENARIOS } from './scenarios.js';
import { tryOnProcesses } from './steps/ground.js';
import { nameOf as nameOfReal, TRIALS } from './steps/points.js';

interface Share {
  words: readonly string[];
  /** Takes each point whose number leaves this rest. */
  rest: number;
  of: number;
}

/** What a worker tells: one point. */
interface Tried extends Verdict {
  name: string;
}

/** Apps whose deploys are interrupted side by side on real processes: they wait most of the time. */
const LANES = 4;

const verbose = process.argv.includes('--verbose');
if (isMainThread)
  process.exitCode = await tryAll(process.argv.slice(2).filter((word) => word !== '--verbose'));
else await tryShare(workerData as Share);

async function tryAll(words: readonly string[]): Promise<number> {
  const of = availableParallelism();
  const counts = { tried: 0, held: 0, again: 0 };
  const tell = ({ name, wrong }: Pick<Tried, 'name' | 'wrong'>) => {
    counts.tried += 1;
    if (wrong.length === 0) counts.held += 1;
    else console.log(`LOST ${name}\n  ${wrong.join('\n').replaceAll('\n', '\n  ')}`);
    if (counts.tried % 100 === 0) console.log(`${counts.tried} points tried`);
  };
  const ends = await Promise.allSettled(
    Array.from({ length: of }, (_, rest) => {
      const worker = new Worker(new URL(import.meta.url), { workerData: { words, rest, of } });
      worker.on('message', ({ again, ...tried }: Tried) => {
        if (again) counts.again += 1;
        if (again && verbose) console.log(`again: ${tried.name}`);
        tell(tried);
      });
      return new Promise<void>((resolve, reject) => {
        worker.once('error', reject);
        worker.once('exit', () => resolve());
      });
    }),
  );
  const broken = ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason?.stack)] : []));
  await tryReal(words, tell).catch((error: Error) => broken.push(String(error.stack)));
  for (const text of broken) console.log(text);
  console.log(`${counts.again} runs were neither killed nor cancelled, and took a second one`);
  console.log(`matrix: ${counts.tried} points tried, ${counts.held} held`);
  return broken.length === 0 && counts.tried > 0 && counts.held === counts.tried ? 0 : 1;
}

async function tryReal(
  words: readonly string[],
  tell: (tried: Pick<Tried, 'name' | 'wrong'>) => void,
): Promise<void> {
  const trials = TRIALS.filter((trial) => words.every((word) => nameOfReal(trial).includes(word)));
  if (trials.length > 0) await tryOnProcesses(trials, LANES, tell);
}

async function tryShare({ words, rest, of }: Share): Promise<void> {
  const folders = new Folders();
  try {
    for (const scenario of SCENARIOS) {
      const { trials, traces } = await record(scenario, folders);
      for (const [number, trial] of trials.entries()) {
        const name = `${scenario.name}: ${nameOf(trial)}`;
        if (number % of !== rest || !words.every((word) => name.includes(word))) continue;
        const verdict = await attempt(scenario, folders, trial, traces).catch((error: Error) => ({
          wrong: [String(error.stack)],
          again: false,
        }));
        parentPort?.postMessage({ name, ...verdict } satisfies Tried);
      }
    }
  } finally {
    folders.remove();
  }
}
