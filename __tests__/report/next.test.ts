import { describe, expect, test } from '@jest/globals';
import { Cancelled, VersionFault } from '../../src/model/errors.js';
import { nextInputs, nextOf } from '../../src/report/next.js';
import { appOutcome, deployed, OLD } from './support.js';

function without(...keys: readonly string[]) {
  const kept = Object.entries(appOutcome()).filter(([key]) => !keys.includes(key));
  return Object.fromEntries(kept) as unknown as ReturnType<typeof appOutcome>;
}

describe('what to do next', () => {
  test('deployed: how to go back to the version before', () => {
    const next = nextOf(deployed());
    expect(next).toBe(`To go back: run this action with command: rollback, app: shop and to: ${OLD}.`);
    expect(nextOf(deployed({ apps: [appOutcome(), appOutcome({ app: 'api' })] }))).toContain('app: api and');
  });

  test('deployed, and the version before is not kept', () => {
    const apps = [without('previousApp', 'previousAppGuid')];
    expect(nextOf(deployed({ apps }))).toContain('no way back');
  });

  test('deployed by rolling: the commit before is deployed again', () => {
    const apps = [{ ...without('previousApp', 'previousAppGuid'), rolled: { deploymentGuid: 'd' } }];
    const next = nextOf(deployed({ apps }));
    expect(next).toContain(`command: rollback, app: shop and to: ${OLD}`);
    expect(next).not.toContain('no way back');
  });

  test('deployed for the first time', () => {
    const apps = [without('previousApp', 'previousAppGuid', 'previousVersion')];
    expect(nextOf(deployed({ apps }))).toBe('');
  });

  test('planned and ready', () => {
    expect(nextOf({ result: 'planned', apps: [] })).toContain('without the input "plan"');
    expect(nextOf({ result: 'ready', apps: [] })).toContain('later steps');
  });

  test('shown: only when something is under way', () => {
    expect(nextOf({ result: 'shown', apps: [appOutcome()] })).toBe('');
    const apps = [appOutcome({ candidate: { version: 'v2', phase: 'serving' } })];
    expect(nextOf({ result: 'shown', apps })).toContain('A change of shop to v2 (serving)');
  });

  test('after a failure: of what failed last', () => {
    const error = new VersionFault('It crashed.', 'start');
    expect(nextOf({ result: 'reverted', error, apps: [] })).toContain('last lines of the app');
    const second = new Cancelled('SIGINT');
    expect(nextOf({ result: 'failed', error, second, apps: [] })).toMatch(
      /post step of this job.*same command/,
    );
  });
});

describe('the inputs that do it', () => {
  test('deployed: those of the rollback, of each app', () => {
    expect(nextInputs(deployed())).toEqual([['command: rollback', 'app: shop', `to: ${OLD}`]]);
    const apps = [appOutcome({ app: 'a: b' }), appOutcome({ app: 'on' })];
    expect(nextInputs(deployed({ apps })).map(([, app]) => app)).toEqual(['app: "a: b"', 'app: "on"']);
    expect(nextInputs(deployed({ apps: [without('previousApp', 'previousAppGuid')] }))).toEqual([]);
  });

  test('held: one block for each choice; failed: none, as the words say what to do', () => {
    const apps = [appOutcome({ candidate: { version: OLD, phase: 'held' } })];
    expect(nextInputs({ result: 'held', apps })).toEqual([
      ['command: promote', 'app: shop'],
      ['command: abort', 'app: shop'],
    ]);
    expect(nextInputs({ result: 'refused', error: new Cancelled(), apps })).toEqual([]);
  });

  test('held, and one of its apps is gone: only the abort', () => {
    const held = {
      what: 'deploy',
      phase: 'held',
      owner: 'run-1',
      sinceMs: 0,
      lastSignMs: 0,
      lacks: ['api'],
    } as const;
    const nextDeploy = { settles: 'refuse', adopts: false, told: [], commands: [] } as const;
    const outlook = { held, nextDeploy, previous: [], earlier: [], failed: [], leftovers: [] };
    const apps = [appOutcome({ candidate: { version: OLD, phase: 'held' }, outlook })];
    expect(nextInputs({ result: 'shown', apps })).toEqual([['command: abort', 'app: shop']]);
    expect(nextOf({ result: 'shown', apps })).toMatch(/that of api is gone.* command: abort and app: shop/);
    expect(nextOf({ result: 'shown', apps })).not.toContain('promote');
  });
});
