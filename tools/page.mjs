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
      // The bundler asks where its file lies, and a page may lie nowhere.
      script: readFileSync(join(work, 'out', 'index.js'), 'utf8').replaceAll('import.meta.url', '"file:///"'),
      style: [at('node_modules', 'uplot', 'dist', 'uPlot.min.css'), join(source, 'style.css')]
        .map((path) => readFileSync(path, 'utf8').trim())
        .join('\n'),
    };
    return frame(parts);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Nothing but these two runs or styles, and nothing is fetched: whatever a record says. */
function frame({ script, style }) {
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${hash(script)}'`,
    `style-src 'sha256-${hash(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy.join('; ')}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<title>Report of a run</title>',
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    '<main><p>This page is drawn by the script in it.</p></main>',
    '<script type="application/json" id="record">{{record}}</script>',
    `<script type="module">${script}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function hash(text) {
  return createHash('sha256').update(text).digest('base64');
}
