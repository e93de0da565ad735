/** Previews that nobody asks: stopped by a sweep, never by a guess, and awake with the next deploy. */
import { afterAll, expect, jest, test } from '@jest/globals';
import type { RunResult } from './action.js';
import { inSpace, type Preview, pulls, removeWorkspaces, type Space, settle, went } from './preview-space.js';
import type { Harm } from './wire.js';

jest.setTimeout(120_000);

afterAll(removeWorkspaces);

const MINUTE_MS = 60_000;
const OPEN = pulls({ 11: 'open', 12: 'open' });
const SWEEP: Preview = { command: 'sweep', gitHub: OPEN, inputs: { 'preview-idle': '90m' } };

async function stateOf(space: Space, name: string): Promise<string> {
  return (await space.ask('GET', `/v3/apps?names=${name}`)).resources[0]?.state;
}

const said = ({ lines }: RunResult, name: string) =>
  lines.find((line) => line.includes(`${name}: `))?.replace(/^.*?: /, '');

/** One that was asked within its time, and one that was not, both deployed long ago. */
async function twoOf(space: Space): Promise<void> {
  for (const number of [11, 12]) went(await space.run({ number }), 'previewed');
  await settle(space);
  await space.platform.clock.sleep(60 * MINUTE_MS);
  expect(space.at('shop-pr-11')).toBe('v1');
  await space.platform.clock.sleep(60 * MINUTE_MS);
}

test('one that nobody asked for its time is stopped with all it has, and wakes with the next deploy', async () => {
  await inSpace(async (space) => {
    await twoOf(space);
    const [apps, routes] = [await space.apps(), await space.routes()];
    const planned = await space.run({ ...SWEEP, inputs: { ...SWEEP.inputs, plan: 'true' } });
    expect(planned.outputs.result).toBe('planned');
    expect(said(planned, 'shop-pr-12')).toMatch(/^stops, nobody asked it since 2026-11-21 08:\d\d UTC$/);
    expect(said(planned, 'shop-pr-11')).toMatch(/^kept, pull request 11 is open/);
    expect(await stateOf(space, 'shop-pr-12')).toBe('STARTED');

    const swept = await space.run(SWEEP);
    went(swept, 'swept');
    await settle(space);
    expect([await stateOf(space, 'shop-pr-11'), await stateOf(space, 'shop-pr-12')]).toEqual([
      'STARTED',
      'STOPPED',
    ]);
    expect([await space.apps(), await space.routes()]).toEqual([apps, routes]);
    expect(swept.outputs.removed).toBe('[]');
    expect(space.at('shop-pr-12')).toBe('404');
    expect(said(await space.run(SWEEP), 'shop-pr-12')).toMatch(/^kept, .*; it sleeps$/);

    went(await space.run({ number: 12 }), 'previewed');
    await settle(space);
    expect(space.at('shop-pr-12')).toBe('v1');
    expect(await space.apps()).toEqual(apps);
  });
});

test('one runs on that was deployed or started within its time', async () => {
  await inSpace(async (space) => {
    went(await space.run({ number: 12 }), 'previewed');
    went(await space.run({ ...SWEEP, inputs: { 'preview-idle': '30s' } }), 'swept');
    await settle(space);
    expect(await stateOf(space, 'shop-pr-12')).toBe('STARTED');
    await space.platform.clock.sleep(120 * MINUTE_MS);
    went(await space.run(SWEEP), 'swept');
    const [{ guid }] = (await space.ask('GET', '/v3/apps?names=shop-pr-12')).resources;
    await space.ask('POST', `/v3/apps/${guid}/actions/start`);
    await space.platform.clock.sleep(MINUTE_MS);
    went(await space.run(SWEEP), 'swept');
    expect(await stateOf(space, 'shop-pr-12')).toBe('STARTED');
  });
});

test('one runs on where nobody can say when it was asked, or without the input', async () => {
  await inSpace(async (space) => {
    await twoOf(space);
    went(await space.run({ ...SWEEP, inputs: {} }), 'swept');
    const fault = { method: 'GET', path: '^/api/v1/read/', times: 1000, status: 500 };
    await space.ask('POST', '/__foundry/faults', fault);
    const swept = await space.run(SWEEP);
    went(swept, 'swept');
    expect(said(swept, 'shop-pr-12')).toMatch(/^kept, .*; when it was asked last is not known$/);
    expect([await stateOf(space, 'shop-pr-11'), await stateOf(space, 'shop-pr-12')]).toEqual([
      'STARTED',
      'STARTED',
    ]);
  });
});

test.each([
  ['a TCP route', 'tcp.localhost', { port: 1024 }],
  ['an internal route', 'apps.internal', { host: 'shop-of-a-person' }],
])('one runs on that a person gave %s, whose requests nobody sees', async (_what, domainName, name) => {
  await inSpace(async (space) => {
    await twoOf(space);
    const found = async (path: string) => (await space.ask('GET', path)).resources[0].guid;
    const [app, domain, place] = await Promise.all([
      found('/v3/apps?names=shop-pr-12'),
      found(`/v3/domains?names=${domainName}`),
      found('/v3/spaces'),
    ]);
    const relationships = { domain: { data: { guid: domain } }, space: { data: { guid: place } } };
    const route = await space.ask('POST', '/v3/routes', { ...name, relationships });
    const destinations = [{ app: { guid: app } }];
    await space.ask('POST', `/v3/routes/${route.guid}/destinations`, { destinations });
    const swept = await space.run(SWEEP);
    went(swept, 'swept');
    expect(said(swept, 'shop-pr-12')).toMatch(/^kept, .*; when it was asked last is not known$/);
    expect(await stateOf(space, 'shop-pr-12')).toBe('STARTED');
  });
});

test('a sweep that dies while it stops one leaves nothing that the next deploy does not settle', async () => {
  const writes = await inSpace(async (space) => {
    await twoOf(space);
    const { calls } = await space.run(SWEEP);
    return calls.filter(({ kind, name }) => kind === 'write' && name.includes(' /v3/'));
  });
  expect(writes.map(({ name }) => name)).toContain('POST /v3/apps/*/actions/stop');
  for (const point of writes)
    for (const harm of ['kill before', 'kill after'] satisfies Harm[])
      await inSpace(async (space) => {
        await twoOf(space);
        expect(await space.run({ ...SWEEP, trial: { point, harm } })).toMatchObject({ code: 'killed' });
        await settle(space);
        went(await space.run({ number: 12, version: 'v2' }), 'previewed');
        await settle(space);
        expect([
          point.name,
          harm,
          await space.apps(),
          space.at('shop-pr-12'),
          space.at('shop-pr-11'),
        ]).toEqual([...[point.name, harm, ['shop-pr-11', 'shop-pr-12'], 'v2', 'v1']]);
      });
});
