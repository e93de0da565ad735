import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { projectRoot } from '../../runner/tools.js';

const dist = join(projectRoot(), 'dist');

/** Each run loads all of `index.js`: what a deploy does without is in a file of its own. */
test.each([
  ['the exporter of OpenTelemetry', 'opentelemetry'],
  ['the download of the cf CLI', 'Caching tool'],
])('%s is loaded only by who needs it', (_, words) => {
  const has = (name: string) => readFileSync(join(dist, name), 'utf8').includes(words);
  const others = readdirSync(dist).filter((name) => /^\d+\.index\.js$/.test(name));
  expect({ index: has('index.js'), others: others.some(has) }).toEqual({ index: false, others: true });
});
