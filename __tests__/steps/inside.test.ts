/** Checks that a task asks, over a platform whose tasks a test plays. */
import { describe, expect, test } from '@jest/globals';
import type { SmokeCheck } from '../../src/model/asked.js';
import type { LogLine, NetworkPolicy, Task } from '../../src/model/cloud.js';
import { PlatformFault, Refused, VersionFault } from '../../src/model/errors.js';
import type { Platform } from '../../src/platform/calls.js';
import { checksInside } from '../../src/steps/inside.js';
import { check } from '../probe/support.js';
import { candidateAt, process, route, to } from '../strategies/support.js';
import { worldOf } from './scripted.js';

const URL = 'trial.apps.internal';
const OWN: NetworkPolicy = { source: 'new', destination: 'new', protocol: 'tcp', start: 8_080, end: 8_080 };
const CANDIDATE = candidateAt('made', { processes: [process('web', 2, { diskMb: 512 })] });

interface Played {
  ends: Task['state'];
  /** What the task writes. */
  says: readonly string[];
  policies?: readonly NetworkPolicy[];
  calls?: Partial<Platform>;
}

function checking(
  { ends, says, policies = [], calls = {} }: Played,
  more: Partial<SmokeCheck> = {},
  candidate = CANDIDATE,
) {
  const wrote: unknown[] = [];
  let looks = 0;
  const world = worldOf({
    policies: async () => policies,
    addPolicies: async (added) => void wrote.push(['add', ...added]),
    removePolicies: async (gone) => void wrote.push(['remove', ...gone]),
    createTask: async (_guid, { command: _, ...task }) => {
      wrote.push(task);
      return { guid: 't', name: task.name, state: 'PENDING', createdAtMs: 0 };
    },
    task: async () => {
      looks += 1;
      return {
        guid: 't',
        name: 'check-xxxxxx',
        createdAtMs: 0,
        state: looks < 3 ? 'RUNNING' : ends,
        failure: 'Exited with status 1',
      };
    },
    recentLogs: async () =>
      says.map((text): LogLine => ({ atMs: 0, source: 'APP/TASK/check-xxxxxx', instance: '0', text })),
    ...calls,
  });
  const one = { ...check(more), target: { path: '/health' } };
  const trial = route(URL, [to('new', { port: 8_080 })]);
  return { wrote, run: () => checksInside([one], trial, candidate, world) };
}

/** As the task writes the answer of an instance. */
const line = (index: number, status: string, body = '') =>
  `zero-downtime-check ${index} ${status} 0 ${Buffer.from(body).toString('base64')}`;
const FINE = [line(0, '200'), line(1, '200')];

describe('checks inside', () => {
  test('are asked of every instance, and the policy for it goes again', async () => {
    const { run, wrote } = checking({ ends: 'SUCCEEDED', says: FINE });
    expect(await run()).toEqual([
      { label: 'GET /health', asked: `${URL}/health`, shows: 'every-instance', requests: 6 },
    ]);
    const task = { name: 'check-xxxxxx', memoryMb: 128, diskMb: 512 };
    expect(wrote).toEqual([['add', OWN], task, ['remove', OWN]]);
  });

  test('are asked with a limit of log lines where the app has one: a quota may allow no task without', async () => {
    const limited = candidateAt('made', { processes: [process('web', 1, { logRateBps: 2_048 })] });
    const { run, wrote } = checking({ ends: 'SUCCEEDED', says: FINE }, {}, limited);
    await run();
    expect(wrote).toContainEqual(expect.objectContaining({ logRateBps: 2_048 }));
  });

  test('leave a policy that was there', async () => {
    const wide = { ...OWN, start: 8_000, end: 9_000 };
    const { run, wrote } = checking({ ends: 'SUCCEEDED', says: FINE, policies: [wide] });
    await run();
    expect(wrote).toHaveLength(1);
  });

  test('are judged by the end of the task where nobody tells what it wrote', async () => {
    await checking({ ends: 'SUCCEEDED', says: [] }).run();
    const failed = checking({ ends: 'FAILED', says: [] }).run();
    await expect(failed).rejects.toMatchObject({
      code: 'smoke',
      message: expect.stringContaining('status 1'),
    });
    // A body is known by what was written alone.
    const untold = checking({ ends: 'SUCCEEDED', says: [line(0, '200', 'fine')] }, { body: 'fine' }).run();
    await expect(untold).rejects.toBeInstanceOf(PlatformFault);
  });

  test.each<[string, Played, Partial<SmokeCheck>, RegExp]>([
    ['a status', { ends: 'FAILED', says: [line(0, '200'), line(1, '500', 'no db')] }, {}, /instance 1: 500/],
    ['a body', { ends: 'SUCCEEDED', says: FINE }, { body: 'fine' }, /instance 0: .*does not match/],
    ['JSON', { ends: 'SUCCEEDED', says: FINE }, { json: { up: true } }, /not JSON/],
    ['no curl', { ends: 'FAILED', says: ['zero-downtime-check no curl'] }, {}, /there is no curl/],
  ])('fail by %s', async (_, played, more, why) => {
    const { run, wrote } = checking(played, more);
    const error = await run().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(VersionFault);
    expect(error).toMatchObject({ code: 'smoke', message: expect.stringMatching(why) });
    // It goes with the version.
    expect(wrote.flat()).not.toContain('remove');
  });

  test('say nothing against the version where no instance was reached', async () => {
    const lost = checking({ ends: 'FAILED', says: [line(0, '000'), line(1, '200')] }).run();
    await expect(lost).rejects.toBeInstanceOf(PlatformFault);
  });

  test('are refused where the app cannot reach itself', async () => {
    const none = checking({ ends: 'SUCCEEDED', says: [], calls: { policies: async () => undefined } });
    await expect(none.run()).rejects.toBeInstanceOf(Refused);
    expect(none.wrote).toEqual([]);
  });
});
