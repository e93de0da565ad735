import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { VersionFault } from '../../src/model/errors.js';
import { COMMANDS, RESULTS } from '../../src/model/words.js';
import { outputsOf } from '../../src/report/outputs.js';
import { appOutcome, deployed, NEW, OLD } from './support.js';

type Described = Record<string, { description: string }>;
interface Action {
  inputs: Described;
  outputs: Described;
}

describe('outputs', () => {
  test('are those of action.yml, all of them and no other', async () => {
    const action = load(await readFile('action.yml', 'utf8')) as { outputs: object };
    const known = Object.keys(action.outputs).sort();
    expect(known.length).toBeGreaterThan(10);
    expect(Object.keys(outputsOf(deployed(), 1)).sort()).toEqual(known);
    expect(Object.keys(outputsOf({ result: 'refused', apps: [] }, 1)).sort()).toEqual(known);
  });

  test.each([
    ['the results', RESULTS, ({ outputs }: Action) => outputs.result],
    ['the commands', COMMANDS, ({ inputs }: Action) => inputs.command],
  ])('%s are all told in action.yml', async (_, all, of) => {
    const told = of(load(await readFile('action.yml', 'utf8')) as Action)?.description ?? '';
    expect(all.filter((one) => !told.includes(`\`${one}\``))).toEqual([]);
  });

  test('of a deploy', () => {
    expect(outputsOf(deployed(), 61_234.5)).toEqual({
      result: 'deployed',
      app: 'shop',
      'app-guid': 'guid-of-shop',
      url: 'https://shop.example.com',
      'trial-url': 'https://shop-candidate-abc123.example.com',
      version: NEW,
      'previous-version': OLD,
      'previous-app-guid': 'guid-of-old',
      'droplet-guid': 'droplet-1',
      'deployment-guid': '',
      live: JSON.stringify(appOutcome().live),
      requests: '412',
      'failed-requests': '0',
      'longest-gap-ms': '0',
      'duration-ms': '61235',
      'cf-version': '8.18.4',
      plan: '',
      'preview-url': '',
      removed: '',
      report: '',
      error: '',
      apps: expect.any(String),
    });
  });

  test('of several apps: those of the first, and all as JSON', () => {
    const apps = [appOutcome(), appOutcome({ app: 'api', url: 'https://api.example.com' })];
    const outputs = outputsOf(deployed({ apps }), 1);
    expect(outputs.app).toBe('shop');
    const all = JSON.parse(outputs.apps ?? '') as { app: string; url: string; live: string }[];
    expect(all.map(({ app }) => app)).toEqual(['shop', 'api']);
    expect(all[1]?.url).toBe('https://api.example.com');
    expect(JSON.parse(all[1]?.live ?? '')).toEqual(appOutcome().live);
  });

  test('say that nothing is known by being empty', () => {
    const { result, apps, 'duration-ms': lasted, ...others } = outputsOf({ result: 'refused', apps: [] }, 3);
    expect([result, apps, lasted]).toEqual(['refused', '[]', '3']);
    expect([...new Set(Object.values(others))]).toEqual(['']);
  });

  test('have the first error, not what came of it', () => {
    const error = new VersionFault('no', 'smoke');
    expect(outputsOf({ result: 'failed', error, second: new Error('x'), apps: [] }, 1).error).toBe('smoke');
  });
});
