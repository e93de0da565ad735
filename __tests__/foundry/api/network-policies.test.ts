/** The policy server's API. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { request, type Scripted, scripted, type World, world } from '../scripted.js';

let f: Scripted;
let w: World;
const PATH = '/networking/v1/external/policies';

beforeEach(async () => {
  f = await scripted();
  w = await world(f);
});
afterEach(() => f.close());

const policy = (source: string, destination: string, start = 8080, end = start) => ({
  source: { id: source },
  destination: { id: destination, protocol: 'tcp', ports: { start, end } },
});
const shown = async (query = '') => (await f.call('GET', PATH + query)).body;

test('policies are found from both ends, once each, and removed exactly', async () => {
  const [a, b, c] = [await w.app('a'), await w.app('b'), await w.app('c')];
  const given = [policy(a, b), policy(c, a, 9000, 9010), policy(c, b)];
  expect((await f.call('POST', PATH, { policies: given })).status).toBe(200);
  await f.call('POST', PATH, { policies: [policy(a, b)] });
  expect(await shown()).toEqual({ total_policies: 3, policies: given });
  expect((await shown(`?id=${a}`)).policies).toEqual(given.slice(0, 2));
  expect((await shown(`?source_id=${c}&dest_id=${b}`)).policies).toEqual([given[2]]);
  await f.call('POST', `${PATH}/delete`, { policies: [policy(c, a, 9000, 9010)] });
  expect((await shown(`?id=${a}`)).policies).toEqual([given[0]]);
});

test.each([
  [{ policies: [] }, 400, 'validate policies: missing policies'],
  [{ policies: [policy('nobody', 'nobody')] }, 403, 'one or more applications cannot be found or accessed'],
  [
    { policies: [policy('a', 'b', 9, 8)] },
    400,
    expect.stringContaining('invalid destination port range 9-8'),
  ],
])('what is refused is refused in its own words: %#', async (body, status, error) => {
  const reply = await f.call('POST', PATH, body);
  expect([reply.status, reply.body]).toEqual([status, { error }]);
});

test('an ordered refusal speaks as the policy server does', async () => {
  await request(`${f.api}/__foundry/faults`, 'POST', { method: 'POST', path: '/policies$', status: 403 });
  const app = await w.app('a');
  const reply = await f.call('POST', PATH, { policies: [policy(app, app)] });
  expect([reply.status, Object.keys(reply.body)]).toEqual([403, ['error']]);
  expect((await shown()).total_policies).toBe(0);
});

test('policies of a deleted app go a minute later', async () => {
  const [a, b] = [await w.app('a'), await w.app('b')];
  await f.call('POST', PATH, { policies: [policy(a, b)] });
  await w.finishJob(await f.call('DELETE', `/v3/apps/${a}`));
  expect((await shown()).total_policies).toBe(1);
  await request(`${f.api}/__foundry/advance`, 'POST', { ms: 60_000 });
  expect((await shown()).total_policies).toBe(0);
});
