/** `npm run check`: everything that must hold beside the tests. Each check gives a list of faults. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bundle } from './bundle.mjs';
import { run } from './child.mjs';
import { wanted } from './docs.mjs';
import { importFaults, importsOf } from './imports.mjs';
import { at, ROOT } from './paths.mjs';
import { biome, tsc } from './setup.mjs';
import { wordFaults } from './words.mjs';

/** Tables of tests may be longer than what they test. */
const LINES = { tests: 500, others: 320 };
/** What a check shows of a program's output. */
const SHOWN_LINES = 60;

/** A promise of another file is dropped, and one stands where a value is expected. */
const FLOATING = {
  'later.ts': ['export async function later(): Promise<number> {', '  return 1;', '}', ''],
  'sample.ts': [
    "import { later } from './later.js';",
    '',
    'later();',
    'if (later()) later().then(String);',
    '',
  ],
};

const checks = {
  types: () => faultsOf(tsc('--noEmit', '-p', at('tsconfig.json'))),
  'import direction': imports,
  'lint and format': () => faultsOf(biome('check', '--error-on-warnings', '.')),
  'floating promises are refused': floatingPromises,
  dist,
  'no require in dist': requires,
  'README tables': readme,
  'no addresses in the lock file': lockFile,
  'length of files': lengths,
  'words of this machine': words,
};

/** @returns exit code */
export async function check() {
  let failed = 0;
  for (const [name, faults] of Object.entries(checks)) {
    const found = await faults().catch((error) => [error.message]);
    console.log(`${found.length === 0 ? 'ok' : 'failed'} ${name}`);
    if (found.length > 0) console.log(indented(found.join('\n')));
    if (found.length > 0) failed += 1;
  }
  console.log(`checks: ${Object.keys(checks).length - failed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

async function imports() {
  const { dependencies } = JSON.parse(text('package.json'));
  const sources = (await files()).filter((path) => /^(src|foundry)\/.*\.ts$/.test(path));
  if (sources.length === 0) return ['no sources found'];
  const read = sources.map((path) => ({ path, imports: importsOf(text(path)) }));
  return importFaults(read, Object.keys(dependencies));
}

/** The rules are young ones of Biome: that they fire here, with this configuration, is seen each time. */
async function floatingPromises() {
  const config = JSON.parse(text('biome.json'));
  const rules = ['noFloatingPromises', 'noMisusedPromises'];
  const faults = rules
    .filter((rule) => config.linter.rules.nursery[rule] !== 'error')
    .map((rule) => `${rule} is off`);
  const sample = mkdtempSync(at('tools', 'floating-'));
  try {
    for (const [name, lines] of Object.entries(FLOATING)) writeFileSync(join(sample, name), lines.join('\n'));
    const said = await biome('lint', '--reporter=json', sample).catch((error) => error.message);
    return [
      ...faults,
      ...rules.filter((rule) => !said.includes(rule)).map((rule) => `${rule} does not fire`),
    ];
  } finally {
    rmSync(sample, { recursive: true, force: true });
  }
}

async function dist() {
  const fresh = mkdtempSync(at('.cache', 'dist-'));
  try {
    await bundle(at('src'), fresh);
    const names = new Set([...readdirSync(fresh), ...readdirSync(at('dist'))]);
    const differs = (name) => {
      const [built, committed] = [join(fresh, name), at('dist', name)].map(bytes);
      return !built || !committed || !built.equals(committed);
    };
    return [...names].filter(differs).map((name) => `dist/${name} is not what src/ gives: npm run package`);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** In an ES module it throws, and only where it is reached: on the runner. */
async function requires() {
  return readdirSync(at('dist'))
    .filter((name) => text('dist', name).includes(`eval(${'"require"'})`))
    .map((name) => `dist/${name} has eval of require`);
}

async function readme() {
  const there = text('README.md');
  return (await wanted(there)) === there
    ? []
    : ['README.md has other tables than action.yml: npm run format'];
}

async function lockFile() {
  const { packages } = JSON.parse(text('package-lock.json'));
  return Object.keys(packages)
    .filter((path) => packages[path].resolved)
    .map((path) => `${path} has a download address`);
}

async function lengths() {
  const sources = (await files()).filter((path) => /\.(ts|mjs)$/.test(path));
  return sources.flatMap((path) => {
    const lines = text(path).split('\n').length - 1;
    const most = path.startsWith('__tests__/') ? LINES.tests : LINES.others;
    return lines > most ? [`${path} has ${lines} lines, ${most} at most`] : [];
  });
}

async function words() {
  const around = dirname(ROOT);
  // In the temporary folder anything may have any name.
  const beside = around === tmpdir() ? [ROOT] : readdirSync(around).map((name) => join(around, name));
  const all = (await files()).filter((path) => !/\.(png|sum)$/.test(path));
  return wordFaults(
    all.map((path) => ({ path, text: text(path) })),
    [...beside, hostname()].filter((word) => word.length > 5),
  );
}

/** All files of the project that are committed or could be. */
async function files() {
  const listed = await run(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'],
    { cwd: ROOT },
  );
  return listed.split('\0').filter((path) => path && bytes(at(path)));
}

function indented(fault) {
  const lines = fault.split('\n');
  const more = lines.length > SHOWN_LINES ? [`… ${lines.length - SHOWN_LINES} more lines`] : [];
  return [...lines.slice(0, SHOWN_LINES), ...more].map((line) => `  ${line}`).join('\n');
}

function text(...parts) {
  return readFileSync(at(...parts), 'utf8');
}

function bytes(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function faultsOf(program) {
  return program.then(
    () => [],
    (error) => [error.message],
  );
}
