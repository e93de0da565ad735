import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { deleteOld, type Platform, scriptedBlueGreen } from '../../bench/baselines.js';
import type { Shell } from '../../bench/shell.js';

const named = process.env.CF_CLI;
beforeAll(() => {
  process.env.CF_CLI = 'cf';
});
afterAll(() => {
  if (named === undefined) delete process.env.CF_CLI;
  else process.env.CF_CLI = named;
});

/** Notes what it is told, and does none of it. */
function noting(): { shell: Shell; steps: string[] } {
  const steps: string[] = [];
  const shell: Shell = {
    async run(program, args) {
      steps.push([program, ...args].filter((word) => !word.startsWith('--')).join(' '));
      return '';
    },
    async wait(ms) {
      steps.push(`wait ${ms}`);
    },
  };
  return { shell, steps };
}

const platform = {
  ...{ api: 'http://api', router: 'http://router', apps_domain: 'apps' },
  ...{ org: 'o', space: 's', username: 'u', password: 'p' },
} as Platform;

test('the documented steps are those that are timed, and no version from before is deleted among them', async () => {
  const { shell, steps } = noting();
  const asked = {
    app: 'shop',
    greenManifest: 'green.yml',
    trialHost: 'trial',
    hosts: ['a', 'b'],
    drainMs: 7,
  };
  await scriptedBlueGreen(shell, platform, asked);
  expect(steps.map((step) => step.replace(/^curl .*(http:\S+)$/, 'curl $1'))).toEqual([
    'cf api http://api',
    'cf auth',
    'cf target -o o -s s',
    'cf push shop-green -f green.yml',
    'curl http://router/health',
    'cf map-route shop-green apps a',
    'cf map-route shop-green apps b',
    'cf unmap-route shop apps a',
    'cf unmap-route shop apps b',
    'wait 7',
    'cf stop shop',
    'cf rename shop shop-old',
    'cf rename shop-green shop',
    'cf delete-route -f apps trial',
  ]);
});

test('the version from before is deleted by itself', async () => {
  const { shell, steps } = noting();
  await deleteOld(shell, 'shop');
  expect(steps).toEqual(['cf delete -f shop-old']);
});
