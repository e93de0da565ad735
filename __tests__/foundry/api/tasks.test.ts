/** Tasks: what they run with, how they end, what is refused. */
import { afterEach, expect, test } from '@jest/globals';
import { DEFAULTS } from '../../../foundry/start.js';
import { type Scripted, scripted, until, type World, world } from '../scripted.js';

let f: Scripted;
let w: World;

async function begin(options: Parameters<typeof scripted>[0] = {}): Promise<string> {
  f = await scripted(options);
  w = await world(f);
  return (await w.staged('a')).app;
}
afterEach(() => f.close());

const run = (app: string, body: object) => f.call('POST', `/v3/apps/${app}/tasks`, body);
const ended = (guid: string) =>
  until(
    () => f.call('GET', `/v3/tasks/${guid}`),
    (r) => !['RUNNING', 'CANCELING'].includes(r.body.state),
  );

test('a task runs with the environment of its app, is seen running and keeps its end', async () => {
  const app = await begin();
  await f.call('PATCH', `/v3/apps/${app}/environment_variables`, { var: { COLOUR: 'blue' } });
  const { status, body } = await run(app, { name: 'migrate', command: 'make' });
  expect([status, body.state, body.sequence_id, body.command]).toEqual([202, 'RUNNING', 1, undefined]);
  expect(f.cells.tasks.get('migrate')).toMatchObject({
    command: 'make',
    env: { COLOUR: 'blue', VCAP_SERVICES: '{}' },
    vcapApplication: { application_name: 'a' },
  });
  f.cells.endTask.get('migrate')?.({});
  expect((await ended(body.guid)).body).toMatchObject({
    state: 'SUCCEEDED',
    command: 'make',
    result: { failure_reason: null },
  });
  const failing = (await run(app, { name: 'bad', command: 'false' })).body;
  f.cells.endTask.get('bad')?.({ failure: 'APP/TASK/bad: Exited with status 1' });
  expect((await ended(failing.guid)).body).toMatchObject({
    state: 'FAILED',
    sequence_id: 2,
    result: { failure_reason: 'APP/TASK/bad: Exited with status 1' },
  });
  const listed = await f.call('GET', `/v3/apps/${app}/tasks?states=FAILED`);
  expect(listed.body.resources.map((t: { name: string }) => t.name)).toEqual(['bad']);
  const events = await f.call('GET', `/v3/audit_events?types=audit.app.task.create&target_guids=${app}`);
  expect(events.body.pagination.total_results).toBe(2);
});

test('a cancelled task fails, once', async () => {
  const app = await begin();
  const { guid } = (await run(app, { name: 'long', command: 'sleep 100' })).body;
  const cancelled = await f.call('POST', `/v3/tasks/${guid}/actions/cancel`);
  expect([cancelled.status, cancelled.body.state]).toEqual([202, 'CANCELING']);
  expect((await ended(guid)).body.result).toEqual({ failure_reason: 'task was cancelled' });
  const again = await f.call('POST', `/v3/tasks/${guid}/actions/cancel`);
  expect([again.status, again.body.errors[0].detail]).toEqual([
    422,
    'Task state is FAILED and therefore cannot be canceled',
  ]);
});

test('no command, no droplet, no room: refused', async () => {
  const app = await begin({ quota: { ...DEFAULTS.quota, totalMemoryMb: 100 } });
  const detail = async (of: string, body: object) => (await run(of, body)).body.errors[0].detail;
  expect(await detail(app, {})).toBe('No command or template provided');
  expect(await detail(app, { command: 'x', memory_in_mb: 101 })).toBe(
    'memory_in_mb exceeds organization memory quota',
  );
  expect(await detail(await w.app('b'), { command: 'x' })).toBe(
    'Task must have a droplet. Specify droplet or assign current droplet to app.',
  );
});

test('the tasks of a deleted app are cancelled', async () => {
  const app = await begin();
  const { guid } = (await run(app, { name: 'long', command: 'sleep 100' })).body;
  await w.finishJob(await f.call('DELETE', `/v3/apps/${app}`));
  expect((await f.call('GET', `/v3/tasks/${guid}`)).status).toBe(404);
});
