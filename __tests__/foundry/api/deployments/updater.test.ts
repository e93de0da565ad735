/** What the deployment updater does at each of its looks (platform facts A1.3 to A1.6). */
import { afterEach, describe, expect, test } from '@jest/globals';
import { DEFAULTS } from '../../../../foundry/start.js';
import { type Rollout, rollout, TICK_MS } from './rollout.js';

let r: Rollout;
afterEach(() => r.close());

const processOf = (deployment: { new_processes: { guid: string }[] }) =>
  deployment.new_processes[0]?.guid ?? '';
const act = (guid: string, action: string) => r.ok('POST', `/v3/deployments/${guid}/actions/${action}`);
const error = async (guid: string) => (await r.deployment(guid)).status.details.error;
const healthy = async (guid: string) => (await r.deployment(guid)).status.details.last_successful_healthcheck;

describe('rolling', () => {
  const ROWS: [string, number, object, number[][]][] = [
    ['one by one, old ones before new ones', 3, {}, [[3, 1], [2, 2], [1, 3], [3]]],
    ['two in flight', 5, { max_in_flight: 2 }, [[5, 2], [3, 4], [1, 5], [5]]],
    ['more in flight than there are', 2, { max_in_flight: 9 }, [[2, 2], [2]]],
    ['to more instances', 2, { web_instances: 4 }, [[2, 1], [2, 2], [2, 3], [1, 4], [4]]],
    ['to fewer instances', 4, { web_instances: 2 }, [[4, 1], [1, 2], [2]]],
    ['one instance', 1, {}, [[1, 1], [1]]],
    ['no instance', 0, {}, [[0, 0], [0]]],
  ];
  test.each(ROWS)('%s: %i instances, %j', async (_what, instances, options, counts) => {
    r = await rollout(instances, {});
    const made = await r.deploy({ options });
    expect(await r.roll(made.guid)).toEqual(counts);
    expect((await r.webs()).map((p) => p.guid)).toEqual([processOf(made)]);
  });

  test('it is over at once when all that is wanted runs, and shows what became of it', async () => {
    r = await rollout(1);
    const made = await r.deploy();
    await r.roll(made.guid);
    const over = await r.deployment(made.guid);
    expect([over.status.value, over.status.reason, Object.keys(over.links)]).toEqual([
      'FINALIZED',
      'DEPLOYED',
      ['self', 'app'],
    ]);
    expect(await r.refused('GET', `/v3/processes/${r.app}`)).toEqual([404, 10010, 'Process not found']);
    expect(await r.refused('POST', `/v3/deployments/${made.guid}/actions/cancel`)).toEqual([
      422,
      10008,
      'Cannot cancel a deployment with status: FINALIZED and reason: DEPLOYED',
    ]);
    // The next one clones the process that this one made.
    const next = await r.deploy();
    expect((await r.roll(next.guid)).at(-1)).toEqual([1]);
    expect((await r.webs())[0]?.guid).toBe(processOf(next));
  });

  test('nothing happens between two looks', async () => {
    r = await rollout(2);
    const made = await r.deploy();
    r.run(processOf(made));
    await r.ok('POST', '/__foundry/advance', { ms: TICK_MS / 2 });
    expect(await r.counts()).toEqual([2, 1]);
    await r.tick();
    expect(await r.counts()).toEqual([1, 2]);
  });

  test('the old process gives the new one room first: never more than wanted and in flight', async () => {
    r = await rollout(3);
    const made = await r.deploy();
    r.run(processOf(made));
    r.f.cells.calls.length = 0;
    await r.tick();
    expect(r.f.cells.calls.filter((call) => call.startsWith('desire web'))).toEqual([
      'desire web 2',
      'desire web 2',
    ]);
    const [first] = [...r.f.cells.desired].filter(([, p]) => p.type === 'web');
    expect([first?.[0].startsWith(r.app), first?.[1].instances]).toEqual([true, 2]);
  });

  test.each([
    ['STARTING', false],
    ['RUNNING', false],
  ] as const)('an instance that is %s and not routable holds it', async (state, routable) => {
    r = await rollout(3);
    const made = await r.deploy();
    r.f.cells.become(processOf(made), { state, routable });
    await r.tick(3);
    expect([await r.counts(), await healthy(made.guid)]).toEqual([[3, 1], null]);
  });

  test.each(['CRASHED', 'DOWN'] as const)(
    'an instance that is %s holds it for ever, without an error',
    async (state) => {
      r = await rollout(3);
      const made = await r.deploy();
      r.f.cells.become(processOf(made), { state, routable: false });
      await r.tick(40);
      expect([
        await r.status(made.guid),
        await r.counts(),
        await healthy(made.guid),
        await error(made.guid),
      ]).toEqual(['ACTIVE/DEPLOYING', [3, 1], null, undefined]);
      expect(
        r.f.cells.instances([...r.f.cells.desired.keys()].find((key) => key.startsWith(r.app)) ?? ''),
      ).toHaveLength(3);
    },
  );

  test('one bad instance of several: what runs still takes the place of old ones, no new one is added', async () => {
    r = await rollout(4);
    const made = await r.deploy({ options: { max_in_flight: 2 } });
    r.run(processOf(made));
    r.f.cells.become(processOf(made), { state: 'CRASHED', routable: false }, 1);
    await r.tick(3);
    expect([await r.counts(), await r.status(made.guid), await healthy(made.guid)]).toEqual([
      [3, 2],
      'ACTIVE/DEPLOYING',
      null,
    ]);
  });

  test('with two in flight one starting instance does not hold the next one', async () => {
    r = await rollout(4);
    const made = await r.deploy({ options: { max_in_flight: 2 } });
    r.f.cells.become(processOf(made), { state: 'RUNNING', routable: true }, 0);
    await r.tick();
    expect(await r.counts()).toEqual([3, 3]);
  });

  test('the last health is the time of the last look that found nothing in the way', async () => {
    r = await rollout(2);
    const made = await r.deploy();
    r.run(processOf(made));
    await r.tick();
    expect(await healthy(made.guid)).toMatch(/^\d{4}-.*Z$/);
  });

  test('workers are restarted at the end, with the commands of the revision, and not before', async () => {
    r = await rollout(2);
    const worker = (await r.ok('GET', `/v3/apps/${r.app}/processes/worker`)).guid;
    await r.ok('POST', `/v3/processes/${worker}/actions/scale`, { instances: 2 });
    const first = (await r.ok('GET', `/v3/apps/${r.app}/revisions`)).resources[0].guid;
    await r.ok('PATCH', `/v3/processes/${worker}`, { command: 'other' });
    await r.roll((await r.deploy()).guid);
    const key = () => [...r.f.cells.desired.keys()].find((k) => k.startsWith(worker));
    const [before, made] = [key(), await r.deploy({ revision: { guid: first } })];
    r.f.cells.calls.length = 0;
    r.run(processOf(made));
    await r.tick();
    expect(key()).toBe(before);
    expect(r.f.cells.desired.get(before ?? '')?.command).toBe('other');
    await r.roll(made.guid);
    expect(key()).not.toBe(before);
    expect(r.f.cells.desired.get(key() ?? '')).toEqual(
      expect.objectContaining({ instances: 2, command: 'node worker.js' }),
    );
    const { calls } = r.f.cells;
    expect(calls[calls.indexOf('desire worker 2') - 1]).toBe('retire');
    expect((await r.ok('GET', `/v3/processes/${worker}`)).relationships.revision.data.guid).toBe(
      made.revision.guid,
    );
  });

  test('a stop in the middle is allowed: it stays DEPLOYING and goes on after a start', async () => {
    r = await rollout(2);
    const made = await r.deploy();
    await r.ok('POST', `/v3/apps/${r.app}/actions/stop`);
    await r.tick(3);
    expect([await r.status(made.guid), await r.counts()]).toEqual(['ACTIVE/DEPLOYING', [2, 1]]);
    await r.ok('POST', `/v3/apps/${r.app}/actions/start`);
    expect((await r.roll(made.guid)).at(-1)).toEqual([2]);
  });

  test('the deletion of the app takes its deployments with it', async () => {
    r = await rollout(2);
    const made = await r.deploy();
    await r.w.finishJob(await r.f.call('DELETE', `/v3/apps/${r.app}`));
    expect(await r.refused('GET', `/v3/deployments/${made.guid}`)).toEqual([
      404,
      10010,
      'Deployment not found',
    ]);
    await r.tick();
    expect(r.f.cells.desired.size).toBe(0);
  });
});

describe('while it is under way', () => {
  test('the web process can be neither scaled nor updated, other processes can', async () => {
    r = await rollout(2);
    const made = await r.deploy();
    const worker = (await r.ok('GET', `/v3/apps/${r.app}/processes/worker`)).guid;
    for (const guid of [r.app, processOf(made)]) {
      expect(await r.refused('POST', `/v3/processes/${guid}/actions/scale`, { instances: 3 })).toEqual([
        422,
        10008,
        'Cannot scale this process while a deployment is in flight.',
      ]);
      expect(
        await r.refused('PATCH', `/v3/processes/${guid}`, { command: 'x', metadata: { labels: { a: 'b' } } }),
      ).toEqual([422, 10008, 'Cannot update this process while a deployment is in flight.']);
      expect((await r.ok('GET', `/v3/processes/${guid}`)).metadata.labels).toEqual({});
    }
    await r.ok('POST', `/v3/processes/${worker}/actions/scale`, { instances: 1 });
    await r.ok('PATCH', `/v3/processes/${worker}`, { command: 'x' });
    await act(made.guid, 'cancel');
    await r.ok('POST', `/v3/processes/${r.app}/actions/scale`, { memory_in_mb: 64 });
  });

  test('the app takes no other droplet', async () => {
    r = await rollout(2);
    const made = await r.deploy();
    const path = `/v3/apps/${r.app}/relationships/current_droplet`;
    const body = { data: { guid: r.droplet } };
    expect(await r.refused('PATCH', path, body)).toEqual([
      422,
      10008,
      'Unable to assign current droplet while the app has a deployment in progress. Wait for the deployment to complete or cancel it.',
    ]);
    await r.roll(made.guid);
    await r.ok('PATCH', path, body);
  });

  test.each([
    ['instances: 3', 'Cannot scale this process while a deployment is in flight.'],
    ['command: x', 'Cannot update this process while a deployment is in flight.'],
  ])('a manifest with %s fails', async (line, text) => {
    r = await rollout(2);
    await r.deploy();
    const reply = await r.f.call(
      'POST',
      `/v3/spaces/${r.w.spaceGuid}/actions/apply_manifest`,
      `applications:\n- name: a\n  ${line}\n`,
      { 'content-type': 'application/x-yaml' },
    );
    const job = (await r.w.finishJob(reply)).body;
    expect([job.state, job.errors[0]?.detail]).toEqual(['FAILED', expect.stringContaining(text)]);
    expect(await r.counts()).toEqual([2, 1]);
  });

  test('a quota that no longer holds the next instance: nothing of that look is done', async () => {
    r = await rollout(1, { quota: { ...DEFAULTS.quota, totalInstances: 4 } });
    const thief = await r.w.staged('thief');
    await r.ok('POST', `/v3/processes/${thief.app}/actions/scale`, { instances: 2 });
    const made = await r.deploy({ options: { web_instances: 3 } });
    await r.ok('POST', `/v3/apps/${thief.app}/actions/start`);
    r.run(processOf(made));
    const before = r.f.cells.calls.length;
    await r.tick(2);
    expect([await r.status(made.guid), await error(made.guid), await r.counts()]).toEqual([
      'ACTIVE/DEPLOYING',
      'app_instance_limit app_instance_limit_exceeded',
      [1, 1],
    ]);
    expect(r.f.cells.calls.slice(before)).toEqual([]);
    await r.ok('POST', `/v3/apps/${thief.app}/actions/stop`);
    await r.tick();
    expect([await error(made.guid), await r.counts()]).toEqual([undefined, [1, 2]]);
  });

  test('what a refused look had taken from the old process is given back', async () => {
    r = await rollout(2, { quota: { ...DEFAULTS.quota, totalMemoryMb: 4 * 1024 } });
    const made = await r.deploy({ options: { memory_in_mb: 2048 } });
    r.run(processOf(made));
    const before = r.f.cells.calls.length;
    await r.tick(2);
    expect([await error(made.guid), await r.counts()]).toEqual(['memory quota_exceeded', [2, 1]]);
    expect(r.f.cells.calls.slice(before)).toEqual([]);
  });
});

describe('cancel', () => {
  test('the previous droplet is back at once, the processes at the next look; variables stay', async () => {
    r = await rollout(3);
    const next = await r.w.stage(r.pack);
    await r.ok('PATCH', `/v3/apps/${r.app}/environment_variables`, { var: { COLOUR: 'green' } });
    const made = await r.deploy({ droplet: { guid: next } });
    r.run(processOf(made));
    await r.tick();
    expect(await r.counts()).toEqual([2, 2]);
    const reply = await r.f.call('POST', `/v3/deployments/${made.guid}/actions/cancel`);
    expect([reply.status, reply.text]).toEqual([200, '']);
    expect((await r.ok('GET', `/v3/apps/${r.app}/droplets/current`)).guid).toBe(r.droplet);
    expect([await r.status(made.guid), await r.counts()]).toEqual(['ACTIVE/CANCELING', [2, 2]]);
    // Again and again, as long as it is being cancelled.
    await act(made.guid, 'cancel');
    r.f.cells.calls.length = 0;
    await r.tick();
    expect([await r.status(made.guid), await r.webs()]).toEqual([
      'FINALIZED/CANCELED',
      [{ guid: r.app, instances: 3 }],
    ]);
    // No instance of the new process waits for one of the old to run: there is a dip.
    const old = [...r.f.cells.desired.keys()].filter((key) => key.startsWith(r.app));
    expect(old.map((key) => r.f.cells.instances(key).map((i) => i.state))).toEqual([
      ['RUNNING', 'RUNNING', 'STARTING'],
    ]);
    expect(r.f.cells.desired.get(old[0] ?? '')?.env.COLOUR).toBeUndefined();
    expect((await r.ok('GET', `/v3/apps/${r.app}/environment_variables`)).var).toEqual({ COLOUR: 'green' });
    expect(await r.refused('POST', `/v3/deployments/${made.guid}/actions/cancel`)).toEqual([
      422,
      10008,
      'Cannot cancel a deployment with status: FINALIZED and reason: CANCELED',
    ]);
  });

  test('a crashing version is left that way', async () => {
    r = await rollout(2);
    const made = await r.deploy({ droplet: { guid: await r.w.stage(r.pack) } });
    r.f.cells.become(processOf(made), { state: 'CRASHED', routable: false });
    await r.tick(2);
    await act(made.guid, 'cancel');
    await r.tick();
    expect(await r.webs()).toEqual([{ guid: r.app, instances: 2 }]);
  });

  test('it is refused when the previous droplet expired meanwhile: the deployment goes on', async () => {
    r = await rollout(2);
    const next = await r.w.stage(r.pack);
    const made = await r.deploy({ droplet: { guid: next } });
    for (let i = 0; i < 5; i += 1) await r.w.stage(r.pack);
    expect((await r.ok('GET', `/v3/droplets/${r.droplet}`)).state).toBe('EXPIRED');
    expect(await r.refused('POST', `/v3/deployments/${made.guid}/actions/cancel`)).toEqual([
      422,
      10008,
      'droplet must be in staged state',
    ]);
    expect([await r.status(made.guid), (await r.roll(made.guid)).at(-1)]).toEqual(['ACTIVE/DEPLOYING', [2]]);
  });

  test('it is refused when the previous droplet was deleted', async () => {
    r = await rollout(2);
    const made = await r.deploy({ droplet: { guid: await r.w.stage(r.pack) } });
    await r.w.finishJob(await r.f.call('DELETE', `/v3/droplets/${r.droplet}`));
    expect(await r.refused('POST', `/v3/deployments/${made.guid}/actions/cancel`)).toEqual([
      422,
      10008,
      'Unable to assign current droplet. Ensure the droplet exists and belongs to this app.',
    ]);
  });

  test('workers are not restarted', async () => {
    r = await rollout(2);
    const made = await r.deploy();
    await act(made.guid, 'cancel');
    r.f.cells.calls.length = 0;
    await r.tick();
    expect(r.f.cells.calls.filter((call) => call.includes('worker'))).toEqual([]);
  });
});

describe('superseding', () => {
  test('the deployment before is over, its process is scaled down after the original one and then destroyed', async () => {
    r = await rollout(3);
    const first = await r.deploy();
    r.run(processOf(first));
    await r.tick();
    expect(await r.counts()).toEqual([2, 2]);
    r.run(processOf(first));
    const second = await r.deploy();
    const over = await r.deployment(first.guid);
    expect([over.status.value, over.status.reason]).toEqual(['FINALIZED', 'SUPERSEDED']);
    const listed = (await r.ok('GET', '/v3/deployments?status_reasons=SUPERSEDED&states=DEPLOYED')).resources;
    expect(listed.map((d: { guid: string }) => d.guid)).toEqual([first.guid]);
    expect(await r.roll(second.guid)).toEqual([[2, 2, 1], [0, 2, 2], [0, 1, 3], [3]]);
  });

  test('a canary that is superseded counts as cancelled: its process ends at once, the original one pays', async () => {
    r = await rollout(3);
    const first = await r.deploy({ strategy: 'canary' });
    await r.roll(first.guid, 'ACTIVE/PAUSED');
    expect(await r.counts()).toEqual([3, 1]);
    const second = await r.deploy();
    expect(await r.status(first.guid)).toBe('FINALIZED/SUPERSEDED');
    const listed = (await r.ok('GET', '/v3/deployments?states=CANCELED')).resources;
    expect(listed.map((d: { guid: string }) => d.guid)).toEqual([first.guid]);
    await r.tick();
    expect(await r.counts()).toEqual([2, 0, 1]);
    expect((await r.roll(second.guid)).at(-1)).toEqual([3]);
  });

  test('a cancel goes back to the newest superseded process that runs', async () => {
    r = await rollout(3);
    const first = await r.deploy({ droplet: { guid: await r.w.stage(r.pack) } });
    r.run(processOf(first));
    await r.tick();
    const second = await r.deploy({ droplet: { guid: await r.w.stage(r.pack) } });
    await act(second.guid, 'cancel');
    expect((await r.ok('GET', `/v3/apps/${r.app}/droplets/current`)).guid).toBe(first.droplet.guid);
    await r.tick();
    expect(await r.webs()).toEqual([{ guid: processOf(first), instances: 3 }]);
  });

  test('a cancel goes back to the oldest process when the superseded one never ran', async () => {
    r = await rollout(3);
    const first = await r.deploy({ droplet: { guid: await r.w.stage(r.pack) } });
    r.f.cells.become(processOf(first), { state: 'CRASHED', routable: false });
    const second = await r.deploy();
    await act(second.guid, 'cancel');
    await r.tick();
    expect(await r.webs()).toEqual([{ guid: r.app, instances: 3 }]);
  });

  test('the count of the first of a chain is the one that the last one restores', async () => {
    r = await rollout(4);
    const first = await r.deploy({ options: { max_in_flight: 2 } });
    r.run(processOf(first));
    await r.tick();
    expect(await r.counts()).toEqual([2, 4]);
    expect((await r.roll((await r.deploy()).guid)).at(-1)).toEqual([4]);
  });
});
describe('routes of what a deployment ends', () => {
  test.each([true, false])(
    'route integrity %s: the routers have their time, or none',
    async (routeIntegrity) => {
      r = await rollout(1, { routeIntegrity, propagationMs: TICK_MS / 2 });
      const route = await r.w.route('shop', r.app);
      const made = await r.deploy();
      r.run(processOf(made));
      const isThere = () => [...r.f.cells.desired.keys()].some((key) => key.startsWith(r.app));
      await r.tick();
      expect(r.f.record(route)?.endpoints.map((e) => e.processGuid)).toEqual([processOf(made)]);
      expect(isThere()).toBe(routeIntegrity);
      await r.ok('POST', '/__foundry/advance', { ms: TICK_MS / 2 });
      expect(isThere()).toBe(false);
    },
  );
});
