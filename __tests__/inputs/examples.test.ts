/** The workflows that users copy name inputs that there are, and nothing that the action would refuse. */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readInputs } from '../../src/inputs.js';

interface Workflow {
  on: {
    workflow_dispatch?: {
      inputs?: Record<string, { type?: string; options?: string[]; required?: boolean }>;
    };
  };
  jobs: Record<string, { steps: { uses?: string; with?: Record<string, string> }[] }>;
}

const FOLDER = resolve(process.cwd(), 'examples');

test.each(readdirSync(FOLDER))('%s', (file) => {
  const { on, jobs } = parse(readFileSync(resolve(FOLDER, file), 'utf8')) as Workflow;
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  const ours = steps.filter(({ uses }) => uses?.startsWith('OWNER/cf-zero-downtime@'));
  expect(ours.length).toBeGreaterThan(0);
  // What a person may leave out is empty then.
  const choices = Object.entries(on.workflow_dispatch?.inputs ?? {}).map(
    ([name, { options, required }]) =>
      [`inputs.${name}`, options ?? (required ? ['shop'] : ['', '20261121-081500-bbbbbbb'])] as const,
  );
  const most = Math.max(1, ...choices.map(([, { length }]) => length));
  for (let turn = 0; turn < most; turn += 1) {
    const chosen = Object.fromEntries(choices.map(([name, all]) => [name, all[turn % all.length] ?? '']));
    const fill = (_: string, expression: string) => chosen[expression] ?? 'a-secret';
    for (const step of ours) {
      const env = Object.entries(step.with ?? {}).map(([input, value]) => [
        `INPUT_${input.toUpperCase()}`,
        String(value).replace(/\$\{\{\s*(.*?)\s*\}\}/g, fill),
      ]);
      expect(readInputs(Object.fromEntries(env))).toMatchObject({ org: 'shop', warnings: [] });
    }
  }
});
