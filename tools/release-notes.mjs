/** `node tools/release-notes.mjs v1.2.3`: prints what the changelog says of that version. Runs without any package. */
import { readFileSync } from 'node:fs';
import { at } from './paths.mjs';

/**
 * @param changelog with a heading `## 1.2.3`, or `## 1.2.3 - 2026-11-21`, for each version
 * @param tag `v1.2.3`
 * @returns what stands below the version's heading
 * @throws Error when there is no such heading, or nothing below it
 */
export function notesOf(changelog, tag) {
  const version = tag.replace(/^v/, '');
  const [, ...sections] = changelog.split(/^## /m);
  const found = sections.find((section) => section.split(/\s/, 1)[0] === version);
  const notes = found?.split('\n').slice(1).join('\n').trim();
  if (!notes)
    throw new Error(`CHANGELOG.md says nothing of ${version}: move what is unreleased below "## ${version}"`);
  return notes;
}

if (process.argv[1] === at('tools', 'release-notes.mjs')) {
  try {
    console.log(notesOf(readFileSync(at('CHANGELOG.md'), 'utf8'), process.argv[2] ?? ''));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
