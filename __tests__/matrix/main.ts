/**
 * `npm run matrix`: every point of every scenario. `npm run matrix -- WORDS` takes those whose name has all the words.
 * The last line is `matrix: N points tried, N held`.
 */
import { attempt, nameOf, record } from './matrix.js';
import { Folders, SCENARIOS } from './scenarios.js';

const words = process.argv.slice(2);
const folders = new Folders();
let [tried, held] = [0, 0];
try {
  for (const scenario of SCENARIOS) {
    const { trials, traces } = await record(scenario, folders);
    const chosen = trials.filter((trial) => {
      const name = `${scenario.name}: ${nameOf(trial)}`;
      return words.every((word) => name.includes(word));
    });
    console.log(`${scenario.name}: ${chosen.length} points`);
    for (const trial of chosen) {
      tried += 1;
      const wrong = await attempt(scenario, folders, trial, traces).catch((error: Error) => [
        String(error.stack),
      ]);
      if (wrong.length === 0) held += 1;
      else
        console.log(
          `LOST ${scenario.name}: ${nameOf(trial)}\n  ${wrong.join('\n  ').replaceAll('\n', '\n  ')}`,
        );
    }
  }
} finally {
  folders.remove();
}
console.log(`matrix: ${tried} points tried, ${held} held`);
process.exitCode = tried > 0 && held === tried ? 0 : 1;
