/** Canary deployments: the steps, the pauses between them, and who may go on (platform facts A1.3 to A1.6). */
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Rollout, rollout } from './rollout.js';

let r: Rollout;
afterEach(() => r.close());

const processOf = (deployment: { new_processes: { guid: string }[] }) =>
  deployment.new_processes[0]?.guid ?? '';
const steps = (...weights: number[]) => ({
  canary: { steps: weights.map((instance_weight) => ({ instance_weight })) },
});
const act = (guid: string, action: string) => r.ok('POST', `/v3/deployments/${guid}/actions/${action}`);

describe('canary', () => {
  test('without steps: one beside all, a pause, then rolling', async () => {
    r = await rollout(3);
    const made = await r.deploy({ strategy: 'canary', options: { max_in_flight: 2 } });
    expect(made.options).toEqual({ max_in_flight: 2 });
    expect(await r.roll(made.guid, 'ACTIVE/PAUSED')).toEqual([
      [3, 1],
      [3, 1],
    ]);
    const paused = await r.deployment(made.guid);
    expect([paused.status.canary, Object.keys(paused.links)]).toEqual([
      { steps: { current: 1, total: 1 } },
      ['self', 'app', 'cancel', 'continue'],
    ]);
    await r.tick(5);
    expect([await r.status(made.guid), await r.counts()]).toEqual(['ACTIVE/PAUSED', [3, 1]]);
    const reply = await r.f.call('POST', `/v3/deployments/${made.guid}/actions/continue`);
    expect([reply.status, reply.text, await r.status(made.guid)]).toEqual([200, '', 'ACTIVE/DEPLOYING']);
    expect(await r.refused('POST', `/v3/deployments/${made.guid}/actions/continue`)).toEqual([
      422,
      10008,
      'Cannot continue a deployment with status: ACTIVE and reason: DEPLOYING',
    ]);
    expect(await r.roll(made.guid)).toEqual([[3, 1], [2, 3], [3]]);
  });

  test('each step, with one instance more than there were until 100', async () => {
    r = await rollout(10);
    const options = { max_in_flight: 10, ...steps(1, 20, 45, 80, 100) };
    const made = await r.deploy({ strategy: 'canary', options });
    expect(made.options).toEqual(options);
    const seen: unknown[] = [];
    for (let step = 1; step <= 5; step += 1) {
      await r.roll(made.guid, 'ACTIVE/PAUSED');
      seen.push([(await r.deployment(made.guid)).status.canary.steps.current, await r.counts()]);
      await act(made.guid, 'continue');
    }
    expect(seen).toEqual([
      [1, [10, 1]],
      [2, [9, 2]],
      [3, [6, 5]],
      [4, [3, 8]],
      [5, [0, 10]],
    ]);
    expect((await r.roll(made.guid)).at(-1)).toEqual([10]);
    expect((await r.deployment(made.guid)).status.canary).toEqual({ steps: { current: 5, total: 5 } });
  });

  test('a crashing canary never pauses', async () => {
    r = await rollout(2);
    const made = await r.deploy({ strategy: 'canary' });
    r.f.cells.become(processOf(made), { state: 'CRASHED', routable: false });
    await r.tick(20);
    expect([await r.status(made.guid), await r.counts()]).toEqual(['ACTIVE/DEPLOYING', [2, 1]]);
  });

  test('a paused one can be cancelled, though the process can still be neither scaled nor updated', async () => {
    r = await rollout(2);
    const made = await r.deploy({ strategy: 'canary' });
    await r.roll(made.guid, 'ACTIVE/PAUSED');
    expect((await r.refused('POST', `/v3/processes/${r.app}/actions/scale`, { instances: 9 }))[2]).toBe(
      'Cannot scale this process while a deployment is in flight.',
    );
    await act(made.guid, 'cancel');
    await r.tick();
    expect([await r.status(made.guid), await r.webs()]).toEqual([
      'FINALIZED/CANCELED',
      [{ guid: r.app, instances: 2 }],
    ]);
  });

  test('what was told of it', async () => {
    r = await rollout(1);
    const made = await r.deploy({ strategy: 'canary' });
    await r.roll(made.guid, 'ACTIVE/PAUSED');
    await act(made.guid, 'continue');
    await act(made.guid, 'cancel');
    const { resources } = await r.ok('GET', `/v3/audit_events?target_guids=${r.app}`);
    const types = resources.map((e: { type: string }) => e.type);
    expect(types.filter((type: string) => type.includes('deployment'))).toEqual([
      'audit.app.deployment.create',
      'audit.app.deployment.continue',
      'audit.app.deployment.cancel',
    ]);
  });
});
