/** `plan: true`, for each command and strategy: not one call that changes anything, whatever stands there, also for who may only read. */
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { type RunResult, runAction } from './action.js';
import type { Platform } from './platform.js';
import { inSpace, pulls, removeWorkspaces, went } from './preview-space.js';
import { commandOf, Folders, SCENARIOS, type Scenario } from './scenarios.js';
import { onPlatform } from './setup.js';

jest.setTimeout(120_000);

const folders = new Folders();
afterAll(() => {
  folders.remove();
  removeWorkspaces();
});

/** Of each command, strategy and way with workers one. */
const PLANNED: readonly Scenario[] = [
  'first deploy',
  'second deploy',
  'adoption',
  'three apps that switch in turn, one of them for the first time',
  'a bake, and another version is held',
  'restart in place, with another variable',
  'restart beside live, with another variable',
  'restage in place, of what was rolled',
  'rollback',
  'rollback in place, to other variables',
  'rollback to a revision',
  'deploy, held',
  'promote of two apps',
  'abort of two apps',
  'workers handed over',
  'rolling, a route comes and one is dropped',
  'zdt-push of cf v6, with other variables and memory',
  'canary, with other variables and memory',
  'promote of a canary',
  'abort of a canary',
  'promote of a rolling deploy',
].map((name) => SCENARIOS.find((one) => one.name === name) as Scenario);

/** Signing in is a POST, and so is asking what a manifest would change; neither changes anything. */
const ASKING = ['POST /oauth/token', 'POST /v3/spaces/*/manifest_diff'];

/** Calls of a run that may change something, by the action and by the CLI. */
function mutating({ calls }: RunResult): string[] {
  return calls
    .filter(({ kind, name }) => kind === 'write' && !ASKING.includes(name))
    .map(({ by, name }) => `${by} ${name}`);
}

/** Inputs of who may only read. */
async function auditorOf({ call }: Platform): Promise<Readonly<Record<string, string>>> {
  const { body } = await call({ method: 'GET', path: '/__foundry/auditor' });
  const { id, secret } = JSON.parse(body);
  return { username: '', password: '', 'client-id': id, 'client-secret': secret };
}

/** What there is, without what routers count. */
async function space(platform: Platform): Promise<unknown> {
  const { apps, routes } = await platform.clock.drive(platform.state());
  return { apps, routes };
}

test.each(PLANNED)('$name', async (scenario) =>
  onPlatform(scenario, folders, async (platform) => {
    const before = await space(platform);
    const inputs = { ...scenario.inputs, plan: 'true' };
    const plan = async (who: Readonly<Record<string, string>>) => {
      const asked = { ...scenario, inputs: { ...inputs, ...who } };
      const planned = await runAction(platform, commandOf(asked, folders, 2));
      expect([planned.code, went(planned, 'planned').error]).toEqual([0, '']);
      expect(mutating(planned)).toEqual([]);
      expect(JSON.parse(planned.outputs.plan ?? '[]').length).toBeGreaterThan(2);
    };
    await plan({});
    await plan(await platform.clock.drive(auditorOf(platform)));
    expect(await space(platform)).toEqual(before);

    // The calls are seen: what was planned is done.
    const done = await runAction(platform, commandOf(scenario, folders, 3));
    expect(done.outputs.result).toBe(scenario.ends);
    expect(mutating(done).length).toBeGreaterThan(2);
  }),
);

describe('of previews', () => {
  const CLOSED = pulls({ 12: 'closed' });

  test.each([
    ['preview', { version: 'v2' }],
    ['preview-delete', {}],
    ['sweep', { gitHub: CLOSED }],
    ['status', {}],
    ['setup', {}],
  ])('%s', (command, how) =>
    inSpace(async (platform) => {
      went(await platform.run({ command: 'deploy', version: 'live' }), 'deployed');
      went(await platform.run({}), 'previewed');
      await platform.platform.clock.sleep(10_000);
      const seen = async () => [await platform.apps(), await platform.routes(), await platform.services()];
      const before = await seen();
      for (const who of [{}, await auditorOf(platform.platform)]) {
        const planned = await platform.run({ command, ...how, inputs: { plan: 'true', ...who } });
        expect([planned.code, mutating(planned)]).toEqual([0, []]);
        const named = { status: 'shown', setup: 'ready' }[command];
        expect(planned.outputs.result).toBe(named ?? 'planned');
      }
      expect(await seen()).toEqual(before);
      const done = await platform.run({ command, ...how });
      expect(mutating(done).length > 2).toBe(!['status', 'setup'].includes(command));
    }),
  );
});
