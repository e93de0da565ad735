/** The page of a report: its script with the library that draws, its style and its frame in one text, which lacks the record alone. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './child.mjs';
import { once, touched } from './once.mjs';
import { at } from './paths.mjs';
import { tsc } from './setup.mjs';

const SOURCES = ['src', 'report', 'page'];
/** Where tests find it. */
const PAGE = at('.cache', 'report.html');

/** Makes the page for tests, when it is missing or of other sources. */
export async function page() {
  const beside = ['duration.ts', 'story.ts', 'record.ts'].map((name) => at('src', 'report', name));
  const fingerprint = () =>
    touched([at(...SOURCES)], [...beside, at('package-lock.json'), at('tools', 'page.mjs')]);
  await once('page', fingerprint, PAGE, async () => writeFileSync(PAGE, await pageText()));
}

/**
 * The same sources give the same text.
 * @returns HTML with `{{record}}` where the record belongs
 * @throws Error with the compiler's or the bundler's messages
 */
export async function pageText() {
  mkdirSync(at('.cache'), { recursive: true });
  const work = mkdtempSync(at('.cache', 'page-'));
  try {
    const source = at(...SOURCES);
    await tsc('-p', source, '--noEmit', 'false', '--outDir', join(work, 'lib'));
    writeFileSync(join(work, 'package.json'), '{ "type": "module" }');
    const ncc = at('node_modules', '@vercel', 'ncc', 'dist', 'ncc', 'cli.js');
    const options = ['--no-cache', '--target', 'es2022', '--quiet', '--minify'];
    const entry = 'lib/report/page/main.js';
    await run(process.execPath, [ncc, 'build', entry, '--out', 'out', ...options], { cwd: work });
    const parts = {
      script: readFileSync(join(work, 'out', 'index.js'), 'utf8'),
      style: [at('node_modules', 'uplot', 'dist', 'uPlot.min.css'), join(source, 'style.css')]
        .map((path) => readFileSync(path, 'utf8').trim())
        .join('\n'),
    };
    const values = {
      ...parts,
      'script-hash': hash(parts.script),
      'style-hash': hash(parts.style),
      record: '{{record}}',
    };
    const frame = readFileSync(join(source, 'page.html'), 'utf8');
    return frame.replaceAll(/\{\{([\w-]+)\}\}/g, (_, name) => values[name]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function hash(text) {
  return createHash('sha256').update(text).digest('base64');
}
