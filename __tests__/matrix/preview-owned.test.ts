/** What previews leave alone, and what they keep: apps of others, addresses, and what was deployed a moment ago. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { inSpace, pulls, removeWorkspaces, type Space, settle, went } from './preview-space.js';
import { commitOf } from './scenarios.js';
import type { Trial } from './wire.js';

jest.setTimeout(120_000);

afterAll(removeWorkspaces);

const PREFIX = 'cf-zero-downtime.github.io';

async function appNamed(space: Space, name: string) {
  return (await space.ask('GET', `/v3/apps?names=${name}`)).resources[0];
}

async function makeApp(space: Space, name: string, labels: Readonly<Record<string, string>>) {
  const [{ guid }] = (await space.ask('GET', '/v3/spaces')).resources;
  const relationships = { space: { data: { guid } } };
  return space.ask('POST', '/v3/apps', { name, metadata: { labels }, relationships });
}

/** A first deploy that died before it served. */
async function deadDeploy(): Promise<Trial> {
  return inSpace(async (space) => {
    const { calls } = await space.run({});
    const writes = calls.filter(({ kind, name }) => kind === 'write' && name.includes(' /v3/'));
    const point = writes[Math.floor(writes.length / 3)];
    if (!point) throw new Error('it wrote nothing');
    return { point, harm: 'kill before' };
  });
}

test.each(['preview-delete', 'sweep'])(
  '%s leaves an app alone that was made under the name, beside what a dead deploy left',
  async (command) => {
    const trial = await deadDeploy();
    await inSpace(async (space) => {
      expect(await space.run({ trial })).toMatchObject({ code: 'killed', reached: true });
      expect(await space.apps()).toEqual(['shop-pr-12-candidate']);
      await makeApp(space, 'shop-pr-12', {});
      const result = command === 'sweep' ? 'swept' : 'deleted';
      went(await space.run({ command, gitHub: pulls({ 12: 'closed' }) }), result);
      expect(await space.apps()).toEqual(['shop-pr-12']);
    });
  },
);

test('one keeps its address when the name that another repository had is free', async () => {
  await inSpace(async (space) => {
    const other = { repository: 'octo/store' };
    went(await space.run({}), 'previewed');
    const first = went(await space.run(other), 'previewed');
    went(await space.run({ command: 'preview-delete' }), 'deleted');
    const next = went(await space.run({ ...other, version: 'v2' }), 'previewed');
    expect(next['preview-url']).toBe(first['preview-url']);
    await settle(space);
    expect(await space.apps()).toEqual([expect.stringMatching(/^shop-pr-12-x/)]);
  });
});

test.each([0, 500, 4_000])('one that is brought up to date while it is swept stays (%i)', async (startMs) => {
  await inSpace(async (space) => {
    for (const number of [11, 12])
      went(await space.run({ number, inputs: { 'preview-ttl': '1h' } }), 'previewed');
    await space.platform.clock.sleep(3_700_000);
    const gitHub = pulls({ 11: 'open', 12: 'open' });
    const [swept, deployed] = await Promise.all([
      space.run({ command: 'sweep', gitHub }),
      space.platform.clock.sleep(startMs).then(() => space.run({ version: 'v2' })),
    ]);
    expect(deployed.outputs.result).toBe('previewed');
    expect(swept.outputs.result).toBe('swept');
    expect(await space.apps()).toEqual(['shop-pr-12']);
  });
});

test('one that is unchanged is kept for its time from now on, and says where it is', async () => {
  await inSpace(async (space) => {
    const first = went(await space.run({}), 'previewed');
    await space.platform.clock.sleep(10_800_000);
    const again = went(await space.run({}), 'unchanged');
    expect(again['preview-url']).toBe(first['preview-url']);
    const { metadata } = await appNamed(space, 'shop-pr-12');
    const expires = Number(metadata.labels[`${PREFIX}/expires`]);
    expect(expires - space.platform.clock.now() / 1000).toBeGreaterThan(13.95 * 86_400);
  });
});

test.each([
  ['has that one, pushed back to it', 'v1', 'previewed'],
  ['keeps a newer one from a late run', 'v2', 'refused'],
])('a pull request with an earlier commit %s', async (_what, head, result) => {
  await inSpace(async (space) => {
    went(await space.run({ version: 'v2' }), 'previewed');
    await settle(space);
    const compare = () => 'behind' as const;
    const pull = { number: 12, state: 'open', head: { sha: commitOf(head) } };
    const gitHub = (path: string) => (path.includes('/pulls?') ? { status: 200, json: [pull] } : undefined);
    went(await space.run({ version: 'v1', compare, gitHub }), result);
  });
});

test('one that was deployed in place a moment ago is not the longest without a deploy', async () => {
  await inSpace(async (space) => {
    went(await space.run({ number: 1 }), 'previewed');
    await space.platform.clock.sleep(600_000);
    went(await space.run({ number: 2 }), 'previewed');
    await space.platform.clock.sleep(600_000);
    went(await space.run({ number: 1, version: 'v2', inputs: { strategy: 'rolling' } }), 'previewed');
    await settle(space);
    const gitHub = pulls({ 1: 'open', 2: 'open' });
    went(await space.run({ command: 'sweep', gitHub, inputs: { 'preview-max': '1' } }), 'swept');
    expect(await space.apps()).toEqual(['shop-pr-1']);
  });
});

test('one that another app has the address of leaves it there, and does not tell that it went', async () => {
  await inSpace(async (space) => {
    for (const number of [11, 12]) went(await space.run({ number }), 'previewed');
    await settle(space);
    const { guid } = await appNamed(space, 'shop-pr-12');
    const [route] = (await space.ask('GET', '/v3/routes?hosts=shop-pr-11')).resources;
    await space.ask('POST', `/v3/routes/${route.guid}/destinations`, { destinations: [{ app: { guid } }] });
    const { removed } = went(await space.run({ command: 'preview-delete', number: 12 }), 'deleted');
    expect(await space.routes()).toEqual(['shop-pr-11.apps.localhost']);
    expect(JSON.parse(removed ?? '').map(({ name }: { name: string }) => name)).toEqual([
      'shop-pr-12',
      'shop-pr-12.apps.localhost',
    ]);
  });
});
