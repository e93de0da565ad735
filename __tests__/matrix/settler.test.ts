/** A run that settles what a killed one left may be killed as well, at each of its writes: the next one takes the lock from both. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { act } from './action.js';
import { judge } from './judge.js';
import { commandOf, Folders, SCENARIOS, type Scenario } from './scenarios.js';
import { onPlatformAgain } from './setup.js';
import type { Point } from './wire.js';

jest.setTimeout(240_000);

const folders = new Folders();
afterAll(() => folders.remove());

const named = (name: string) => SCENARIOS.find((one) => one.name === name) as Scenario;
/** Where the first run was killed, and whether the next one finishes its work or takes it back. */
const KILLED: readonly { scenario: Scenario; point: Point }[] = [
  {
    scenario: named('second deploy'),
    point: { by: 'action', name: 'POST /v3/apps/*/actions/start', number: 1 },
  },
  {
    scenario: named('second deploy'),
    point: { by: 'action', name: 'DELETE /v3/routes/*/destinations/*', number: 1 },
  },
  { scenario: named('rollback'), point: { by: 'action', name: 'POST /v3/routes/*/destinations', number: 2 } },
  {
    scenario: named('rolling, with other variables and memory'),
    point: { by: 'action', name: 'POST /v3/deployments', number: 1 },
  },
  {
    scenario: named('rolling, the version crashes in live only'),
    point: { by: 'action', name: 'POST /v3/deployments/*/actions/cancel', number: 1 },
  },
];

/** Each of the three runs in turn; the last one's command is done at the end. @returns the settler's calls, and what is wrong */
async function trial({ scenario, point }: (typeof KILLED)[number], settlers: Point | undefined) {
  return onPlatformAgain(scenario, folders, async (platform, known) => {
    const { clock } = platform;
    const forced = { ...scenario, inputs: { ...scenario.inputs, force: 'true' } };
    const run = (number: number, killedAt?: Point) => {
      const harm = killedAt && { point: killedAt, harm: 'kill after' as const };
      return clock.drive(act(platform, commandOf(forced, folders, number), harm));
    };
    expect((await run(10, point)).code).toBe('killed');
    const settler = await run(11, settlers);
    if (!settlers) return { calls: settler.calls, wrong: [] };
    if (!settler.reached) return { calls: [], wrong: ['the point was not reached'] };
    const last = await run(12);
    return { calls: [], wrong: await judge(scenario, platform, known, last, undefined) };
  });
}

test.each(KILLED)('$scenario.name, killed after $point.name', async (killed) => {
  const { calls } = await trial(killed, undefined);
  const writes = calls.filter(({ kind, by }) => kind === 'write' && by === 'action');
  const ended = writes.findLastIndex(({ step }) => /delete shop-candidate-lock-1/.test(step));
  expect(writes.slice(0, ended).some(({ name }) => name === 'POST /v3/apps')).toBe(true);
  const lost: string[] = [];
  for (const { by, name, number } of writes.slice(0, ended + 1)) {
    const { wrong } = await trial(killed, { by, name, number });
    if (wrong.length > 0) lost.push(`${name} #${number}: ${wrong.join('; ')}`);
  }
  expect(lost).toEqual([]);
});
