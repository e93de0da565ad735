/** `npm run lint:workflows`: actionlint and zizmor over the project's workflows, and over those that users copy. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { actionlint, zizmor } from './binaries.mjs';
import { run } from './child.mjs';
import { at } from './paths.mjs';

const WORKFLOWS = join('.github', 'workflows');

/** An unknown key, and an action that is not pinned. */
const BAD = `on: push
permissions: {}
jobs:
  bad:
    runs-on: ubuntu-latest
    step: []
    steps:
      - uses: octo/other@v1
`;

/** @returns exit code */
export async function lintWorkflows() {
  // Both programs look for workflows in one folder alone, and know a repository by its `.git`.
  const copies = mkdtempSync(join(tmpdir(), 'examples-'));
  try {
    mkdirSync(join(copies, '.git'));
    cpSync(at('examples'), join(copies, WORKFLOWS), { recursive: true });
    const counts = [await told('a bad workflow is found', () => missedIn(join(copies, 'bad')))];
    for (const [name, folder] of [
      ['.github', at()],
      ['examples', copies],
    ]) {
      counts.push(await told(`actionlint of ${name}`, () => actionlintFaults(folder)));
      counts.push(await told(`zizmor of ${name}`, () => zizmorFaults(folder)));
    }
    const failed = counts.filter((faults) => faults > 0).length;
    console.log(`workflows: ${counts.length - failed} passed, ${failed} failed`);
    return failed > 0 ? 1 : 0;
  } finally {
    rmSync(copies, { recursive: true, force: true });
  }
}

/** @param folder one with `.github/workflows/` @returns faults */
export async function actionlintFaults(folder) {
  const names = workflowsOf(folder).map((name) => join(WORKFLOWS, name));
  const program = await actionlint();
  return run(program, ['-no-color', '-shellcheck=', '-pyflakes=', ...names], { cwd: folder }).then(
    () => [],
    (error) => [error.message],
  );
}

/** What zizmor finds, and each workflow that it has not read: one that it passes over it is content with. */
export async function zizmorFaults(folder) {
  const files = workflowsOf(folder).map((name) => join(folder, WORKFLOWS, name));
  const options = ['--offline', '--no-progress', '--color=never', '--strict-collection'];
  const args = [...options, '--config', at('.github', 'zizmor.yml'), ...files];
  // What it has read it tells on standard error.
  const said = run('sh', ['-c', 'exec "$@" 2>&1', 'sh', await zizmor(), ...args]);
  const [log, faults] = await said.then(
    (output) => [output, []],
    (error) => [error.message, [error.message]],
  );
  return [
    ...faults,
    ...files.filter((file) => !log.includes(`completed ${file}`)).map((file) => `${file} was not read`),
  ];
}

/** @returns what did not see a workflow's faults, for either program */
async function missedIn(folder) {
  mkdirSync(join(folder, '.git'), { recursive: true });
  mkdirSync(join(folder, WORKFLOWS), { recursive: true });
  writeFileSync(join(folder, WORKFLOWS, 'bad.yml'), BAD);
  const seen = { actionlint: await actionlintFaults(folder), zizmor: await zizmorFaults(folder) };
  return Object.keys(seen).filter((name) => !seen[name].join().includes('bad.yml:'));
}

function workflowsOf(folder) {
  return readdirSync(join(folder, WORKFLOWS)).filter((name) => /\.ya?ml$/.test(name));
}

async function told(name, check) {
  const faults = await check().catch((error) => [error.message]);
  console.log(`${faults.length === 0 ? 'ok' : 'failed'} ${name}`);
  for (const fault of faults) console.log(fault);
  return faults.length;
}
