/** What a task needs is made here, when it is missing or out of date; what is there is left alone. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './child.mjs';
import { missing, once, touched } from './once.mjs';
import { at, ROOT } from './paths.mjs';
import { timed } from './say.mjs';

const BUILD = at('.build');
const SOURCES = JSON.parse(readFileSync(at('tsconfig.json'), 'utf8')).include.map((folder) => at(folder));

/** The packages that the lock file names: installed again when they are not those. */
export async function packages() {
  await missing('packages', installed, () =>
    timed('packages', () => run('npm', ['ci', '--loglevel=error'], { cwd: ROOT })),
  );
}

function installed() {
  const hidden = at('node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const there = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || there[path]?.version === version,
  );
}

/** TypeScript to `.build/`; output of a source that is gone goes too, so that no test outlives its source. */
export async function build() {
  await packages();
  const of = () => touched(SOURCES, [at('tsconfig.json'), at('package-lock.json')]);
  await once('build', of, BUILD, () =>
    timed('build', async () => {
      await tsc('-p', at('tsconfig.json'), '--outDir', BUILD);
      prune();
    }),
  );
}

/** @throws Error with the compiler's messages */
export function tsc(...args) {
  return run(process.execPath, [at('node_modules', 'typescript', 'bin', 'tsc'), ...args], { cwd: ROOT });
}

/** @throws Error with what Biome found */
export function biome(...args) {
  return run(process.execPath, [at('node_modules', '@biomejs', 'biome', 'bin', 'biome'), ...args], {
    cwd: ROOT,
  });
}

function prune() {
  for (const entry of readdirSync(BUILD, { recursive: true })) {
    const source = at(entry.replace(/\.js(\.map)?$/, '.ts'));
    if (/\.js(\.map)?$/.test(entry) && !existsSync(source)) rmSync(join(BUILD, entry));
  }
}
