import { readFileSync, writeFileSync } from 'node:fs';
import { wanted } from './docs.mjs';
import { at } from './paths.mjs';
import { biome } from './setup.mjs';

/** `npm run format`: formats all sources, fixes what can be fixed safely, and writes README's tables. */
export async function format() {
  const readme = at('README.md');
  writeFileSync(readme, await wanted(readFileSync(readme, 'utf8')));
  await biome('check', '--write', '.');
}
