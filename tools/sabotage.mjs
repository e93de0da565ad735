/**
 * Bundles of the action that break one rule on purpose, built from `src/` into `.cache/`: the proof that demo and tests see
 * what they say they see. `node tools/sabotage.mjs KIND` prints the bundle's path.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';
import { once, touched } from './once.mjs';
import { at } from './paths.mjs';

/** Kind -> the one place that is changed. `find` stands there exactly once, or nothing is built. */
export const SABOTAGES = {
  /** Live loses its routes before the candidate is checked and has them: long enough for every router to notice. */
  'unmap-first': {
    file: 'steps/step.ts',
    find: "  'check',\n  'switch',\n  'map',\n  'roll',\n  'await',\n  'prove',\n  'unmap',\n",
    replace: "  'unmap',\n  'check',\n  'switch',\n  'map',\n  'roll',\n  'await',\n  'prove',\n",
  },
  /** The candidate's destination takes the place of all others. */
  'replace-destinations': {
    file: 'platform/routes.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: text of a source file
    find: "requests.write('POST', `/v3/routes/${routeGuid}/destinations`",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: text of a source file
    replace: "requests.write('PATCH', `/v3/routes/${routeGuid}/destinations`",
  },
  /** Live is stopped as soon as it is unmapped. */
  'no-drain': {
    file: 'strategies/blue-green.ts',
    find: 'if (handover.length === 0) return { steps: [drain, ...trials], after: [drained] };',
    replace: 'if (handover.length === 0) return { steps: trials, after: [drained] };',
  },
  /** The credentials are printed. */
  'leak-secret': {
    file: 'cli/session.ts',
    find: 'const { skipSslValidation, credentials } = this.options.inputs;',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: text of a source file
    replace: '$&\n    process.stdout.write(`${JSON.stringify(credentials)}\\n`);',
  },
};

/**
 * Builds one, when `src/` has changed since.
 * @returns path of the bundle
 * @throws Error when the place to change is not found exactly once, with the compiler's messages when it does not compile
 */
export async function buildSabotage(kind) {
  const sabotage = SABOTAGES[kind];
  if (!sabotage) throw new Error(`No sabotage ${kind}: one of ${Object.keys(SABOTAGES).join(', ')}`);
  const out = at('.cache', `sabotage-${kind}`);
  const made = join(out, 'index.js');
  const of = () => touched([at('src')], [fileURLToPath(import.meta.url), at('package-lock.json')]);
  await once(`sabotage-${kind}`, of, made, () => build(sabotage, out));
  return made;
}

async function build({ file, find, replace }, out) {
  mkdirSync(at('.cache'), { recursive: true });
  const work = mkdtempSync(at('.cache', 'sabotage-src-'));
  try {
    const source = join(work, 'src');
    cpSync(at('src'), source, { recursive: true });
    const path = join(source, file);
    const text = readFileSync(path, 'utf8');
    const times = text.split(find).length - 1;
    if (times !== 1) throw new Error(`src/${file} has ${times} times instead of once: ${find}`);
    // Not String.replace: its patterns would read `$` in what is put there.
    writeFileSync(path, text.split(find).join(replace.replace('$&', () => find)));
    await bundle(source, out);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    console.log(await buildSabotage(process.argv[2]));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
