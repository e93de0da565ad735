import { existsSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { become } from './child.mjs';
import { at } from './paths.mjs';
import { say } from './say.mjs';

const GRACE_MS = 20_000;

/** Which tests they are, by what the closing line calls them. */
const SUITES = {
  // The end-to-end tests wait for the CLI and the platform most of the time: with four of them two cores have little left to do.
  tests: [
    `--maxWorkers=${Math.max(5, availableParallelism())}`,
    '--testPathIgnorePatterns=/__tests__/browser/',
  ],
  browser: ['--maxWorkers=1', '--testPathIgnorePatterns=/__tests__/(?!browser/)'],
};

/**
 * Runs jest over the build once and prints the closing line `NAME: N passed, N failed`.
 * @param name of the suite
 * @param args passed on to jest
 * @param env the programs that tests run; jest is run by `NODE24`
 * @returns exit code
 */
export async function test(name, args, env) {
  const results = at('.cache', `${name}-results.json`);
  rmSync(results, { force: true });
  const jest = [at('node_modules', 'jest', 'bin', 'jest.js'), '--json', ...SUITES[name]];
  jest.push(`--outputFile=${results}`, ...args);
  let lingering = false;
  const code = await become(
    // The action's own runtime: the matrix, which runs it in jest's process, takes a third less time than on the oldest Node.
    env.NODE24,
    ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning', ...jest],
    { ...process.env, ...env },
    (child) => {
      void endWhenLingering(child, results, () => {
        lingering = true;
      });
    },
  );
  const { passed, failed } = count(
    existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : undefined,
  );
  const more = lingering || (code !== 0 && failed === 0) ? 1 : 0;
  if (lingering) say('Tests have left something running: counted as a failure.');
  console.log(`${name}: ${passed} passed, ${failed + more} failed`);
  return failed + more > 0 ? 1 : 0;
}

/** Jest waits for ever when a test leaves a timer, a server or a child behind. */
async function endWhenLingering(child, results, told) {
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  while (!ended && !existsSync(results)) await sleep(500, undefined, { ref: false });
  await sleep(GRACE_MS, undefined, { ref: false });
  if (ended) return;
  told();
  child.kill('SIGKILL');
}

/**
 * A test that was skipped or is still to be written has not passed; a suite that did not run is a failure, no tests are one.
 * @param results jest's JSON report; undefined when jest wrote none
 */
export function count(results) {
  if (!results) return { passed: 0, failed: 1 };
  const passed = results.numPassedTests;
  const failed =
    results.numFailedTests +
    results.numPendingTests +
    results.numTodoTests +
    results.numRuntimeErrorTestSuites;
  return { passed, failed: passed + failed === 0 ? 1 : failed };
}
