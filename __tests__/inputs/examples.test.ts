/** The workflows that users copy name inputs that there are, nothing that the action would refuse, and no right that is not needed. */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readInputs } from '../../src/inputs.js';

interface Concurrency {
  group: string;
  'cancel-in-progress': unknown;
}

interface Job {
  permissions?: Record<string, string>;
  concurrency?: Concurrency;
  uses?: string;
  steps?: { uses?: string; with?: Record<string, string> }[];
}

interface Asked {
  type?: string;
  options?: string[];
  required?: boolean;
}

interface Workflow {
  on: { workflow_dispatch?: { inputs?: Record<string, Asked> } };
  permissions?: Record<string, string>;
  concurrency?: Concurrency;
  jobs: Record<string, Job>;
}

const FOLDER = resolve(process.cwd(), 'examples');
const OURS = 'OWNER/cf-zero-downtime@v1';
/** Rights to write that a job may have, and the commands that need them. */
const WRITES: Readonly<Record<string, RegExp>> = {
  'id-token': /^\s+oidc: true/m,
  'pull-requests': /command: (preview|preview-delete|sweep)$/m,
  deployments: /command: (preview|preview-delete|sweep)$/m,
};
/** What expressions stand for that are no secret. */
const VALUES: Readonly<Record<string, string>> = {
  'matrix.foundation.api': 'https://api.eu10.example.com',
  'inputs.space': 'production',
  'needs.staging.outputs.droplet-guid': '1b671a64-40d5-491e-99b0-da01ff1f3341',
};

describe.each(readdirSync(FOLDER))('%s', (file) => {
  const text = readFileSync(resolve(FOLDER, file), 'utf8');
  const workflow = parse(text) as Workflow;
  const jobs = Object.values(workflow.jobs);
  const steps = jobs.flatMap((job) => job.steps ?? []);
  const ours = steps.filter(({ uses }) => uses === OURS);

  test('gives inputs that the action takes', () => {
    expect(ours.length + jobs.filter(({ uses }) => uses).length).toBeGreaterThan(0);
    // What a person may leave out is empty then.
    const choices = Object.entries(workflow.on.workflow_dispatch?.inputs ?? {}).map(
      ([name, asked]) => [`inputs.${name}`, valuesOf(asked)] as const,
    );
    const most = Math.max(1, ...choices.map(([, { length }]) => length));
    for (let turn = 0; turn < most; turn += 1) {
      const chosen = Object.fromEntries(choices.map(([name, all]) => [name, all[turn % all.length] ?? '']));
      const fill = (_: string, expression: string) =>
        chosen[expression] ?? VALUES[expression] ?? (/^secrets\./.test(expression) ? 'a-secret' : '');
      for (const step of ours) {
        const env = Object.entries(step.with ?? {}).map(([input, value]) => [
          `INPUT_${input.toUpperCase()}`,
          String(value).replace(/\$\{\{\s*(.*?)\s*\}\}/g, fill),
        ]);
        expect(readInputs(Object.fromEntries(env))).toMatchObject({ org: 'shop', warnings: [] });
      }
    }
  });

  test('names this action by its tag, and every other one by its commit', () => {
    for (const { uses } of steps.filter(({ uses }) => uses !== undefined))
      expect(uses === OURS || /^[\w.-]+\/[\w.-]+@[0-9a-f]{40}$/.test(uses ?? '')).toBe(true);
    expect(text).not.toMatch(/@[0-9a-f]{40}(?! # v\d+\.\d+\.\d+\n)/);
  });

  test('cuts no deploy off', () => {
    // A workflow that only calls another one leaves it to that one.
    const all = [workflow, ...jobs].flatMap(({ concurrency }) => concurrency ?? []);
    expect(all.map((one) => one['cancel-in-progress'])).toEqual(all.map(() => false));
    expect(all.length > 0 || jobs.every(({ uses }) => uses)).toBe(true);
  });

  test('has no right that it does not need', () => {
    expect(workflow.permissions).toBeDefined();
    // On top a right is every job's.
    expect(Object.values(workflow.permissions ?? {}).filter((right) => right !== 'read')).toEqual([]);
    const writes = jobs.flatMap(({ permissions }) =>
      Object.entries(permissions ?? {}).flatMap(([name, right]) => (right === 'write' ? [name] : [])),
    );
    for (const name of writes) expect(text).toMatch(WRITES[name] ?? /no job needs it/);
  });

  test('is run by act', () => {
    const folder = resolve(process.cwd(), '__tests__', 'e2e');
    const tests = readdirSync(folder).filter((name) => /^act.*\.test\.ts$/.test(name));
    const run = tests.map((name) => readFileSync(resolve(folder, name), 'utf8')).join('\n');
    expect(run).toContain(`'${file.replace('.yml', '')}'`);
  });
});

function valuesOf({ type, options, required }: Asked): readonly string[] {
  if (type === 'boolean') return ['true', 'false'];
  return options ?? (required ? ['shop'] : ['', '20261121-081500-bbbbbbb']);
}
