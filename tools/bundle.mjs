import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { run } from './child.mjs';
import { pageText } from './page.mjs';
import { at } from './paths.mjs';
import { tsc } from './setup.mjs';

/**
 * Bundles the action: compiled first, as ncc does not understand TypeScript 7, then one ESM file with `package.json` and
 * `licenses.txt` beside it. The same sources give the same bytes, whatever the folders are called: ncc writes paths
 * relative to where it runs, and that is always two folders below the project.
 *
 * What most deploys do not need (a report's page, a client of a foreign service) stays out of `index.js`, as each run loads all of
 * that: import it where it is used, `const { write } = await import('../report/page.js')`, and nowhere else but by `import type`.
 * It becomes a file `NUMBER.index.js` beside `index.js`, which is committed and compared with the rest of `dist/`.
 * @param source folder with `index.ts`, somewhere inside the project so that packages are found
 * @param out folder that is replaced
 * @throws Error with the compiler's or ncc's messages
 */
export async function bundle(source, out) {
  mkdirSync(at('.cache'), { recursive: true });
  const work = mkdtempSync(at('.cache', 'bundle-'));
  try {
    const compilerOptions = {
      ...{ rootDir: source, outDir: join(work, 'lib'), sourceMap: false },
      // What a reader of the bundle wants explained is explained in the sources; the runner loads every byte of it.
      removeComments: true,
    };
    // The page is of another world, and is made apart.
    const exclude = [join(source, 'report', 'page')];
    const config = { extends: at('tsconfig.json'), compilerOptions, include: [source], exclude };
    writeFileSync(join(work, 'tsconfig.json'), JSON.stringify(config));
    await tsc('-p', work);
    if (!existsSync(join(work, 'lib', 'index.js'))) throw new Error(`${source} has no index.ts`);
    withoutEffects('@actions', join(work, 'node_modules'));
    rmSync(out, { recursive: true, force: true });
    const ncc = at('node_modules', '@vercel', 'ncc', 'dist', 'ncc', 'cli.js');
    const options = ['--no-cache', '--target', 'es2022', '--quiet'];
    await run(process.execPath, [ncc, 'build', 'lib/index.js', '--out', out, ...options], { cwd: work });
    writeFileSync(join(out, 'licenses.txt'), licenses());
    writeFileSync(join(out, 'report.html'), await pageText());
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Copies the packages of a scope to where the bundler finds them first, and lets it leave out what is not used: their modules only
 * define things when they are loaded, and say so nowhere. Without it each run loads an HTTP client of a megabyte that none needs.
 */
function withoutEffects(scope, folder) {
  for (const name of readdirSync(at('node_modules', scope))) {
    const copy = join(folder, scope, name);
    cpSync(at('node_modules', scope, name), copy, { recursive: true });
    const file = join(copy, 'package.json');
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), sideEffects: false }));
  }
}

/**
 * The licenses of all packages that the bundle may hold. ncc's own option forgets every package that is not in the last one of
 * several chunks.
 */
function licenses() {
  const { packages } = JSON.parse(readFileSync(at('package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([folder, { dev }]) => folder !== '' && !dev)
    .map(([folder, { version, license }]) => {
      const file = readdirSync(at(folder)).find((name) => /^licen[cs]e/i.test(name));
      const text = file ? readFileSync(at(folder, file), 'utf8').replaceAll('\r\n', '\n').trim() : license;
      return `${folder.split('node_modules/').at(-1)} ${version}\n${license}\n\n${text}\n`;
    })
    .join('\n---\n\n');
}
