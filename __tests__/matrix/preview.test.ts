/** The life of previews, on the virtual clock: each has what is its own, and nothing of it stays behind. */
import { afterAll, describe, expect, jest, test } from '@jest/globals';

import { inSpace, pulls, removeWorkspaces, type Space, settle, went } from './preview-space.js';

jest.setTimeout(120_000);

afterAll(removeWorkspaces);

describe('a preview', () => {
  test('is small, at its own address, labelled as one, and brought up to date there', async () => {
    await inSpace(async (space) => {
      const first = went(await space.run({}), 'previewed');
      await settle(space);
      expect(first['preview-url']).toContain('//shop-pr-12.apps.localhost');
      expect(await space.apps()).toEqual(['shop-pr-12']);
      expect(await space.routes()).toEqual(['shop-pr-12.apps.localhost']);
      expect(space.at('shop-pr-12')).toBe('v1');
      const [app] = (await space.ask('GET', '/v3/apps')).resources;
      const [web] = (await space.ask('GET', `/v3/apps/${app.guid}/processes`)).resources;
      expect(web.instances).toBe(1);
      const label = (name: string) => app.metadata.labels[`cf-zero-downtime.github.io/${name}`];
      expect([label('role'), label('number')]).toEqual(['preview', '12']);
      const now = space.platform.clock.now() / 1000;
      expect(Number(label('expires')) - now).toBeGreaterThan(13 * 86_400);

      const next = went(await space.run({ version: 'v2' }), 'previewed');
      await settle(space);
      expect(next['preview-url']).toBe(first['preview-url']);
      expect(await space.apps()).toEqual(['shop-pr-12']);
      expect(space.at('shop-pr-12')).toBe('v2');

      const gone = went(await space.run({ command: 'preview-delete' }), 'deleted');
      expect(JSON.parse(gone.removed ?? '')).toEqual([
        { kind: 'app', name: 'shop-pr-12' },
        { kind: 'route', name: 'shop-pr-12.apps.localhost' },
      ]);
      expect([await space.apps(), await space.routes()]).toEqual([[], []]);
      expect(
        JSON.parse(went(await space.run({ command: 'preview-delete' }), 'deleted').removed ?? ''),
      ).toEqual([]);
    });
  });

  test('is there soon after its instances run: of a push and its first start it waits for nothing else', async () => {
    await inSpace(async (space) => {
      const startMs = space.platform.clock.now();
      const first = await space.run({});
      went(first, 'previewed');
      const text = first.lines.join('\n');
      const needed = [/push the bits/, /stage the droplet/, /wait for all instances/].map((step) => {
        const [, ms] = new RegExp(`${step.source}[\\s\\S]*?done after ([\\d.]+ m?s)`).exec(text) ?? [];
        return Number.parseFloat(ms ?? 'NaN') * (ms?.endsWith('ms') ? 1 : 1000);
      });
      const ownMs = first.endedAtMs - startMs - needed.reduce((sum, ms) => sum + ms, 0);
      expect(ownMs).toBeLessThan(2_000);
      expect(space.at('shop-pr-12')).toBe('v1');
    });
  });

  test('takes nothing of live, and live stays as it is', async () => {
    await inSpace(async (space) => {
      went(await space.run({ command: 'deploy', version: 'live' }), 'deployed');
      await settle(space);
      const [live] = (await space.ask('GET', '/v3/apps?names=shop')).resources;
      await space.ask('PATCH', `/v3/apps/${live.guid}/environment_variables`, { var: { BY_HAND: 'x' } });
      const before = await space.ask('GET', `/v3/apps/${live.guid}`);
      for (const number of [1, 12, 120])
        went(await space.run({ number, version: `p${number}` }), 'previewed');
      await settle(space);
      expect(await space.apps()).toEqual(['shop', 'shop-pr-1', 'shop-pr-12', 'shop-pr-120']);
      expect(['shop', 'shop-pr-1', 'shop-pr-12', 'shop-pr-120'].map(space.at)).toEqual([
        ...['live', 'p1', 'p12', 'p120'],
      ]);
      const [preview] = (await space.ask('GET', '/v3/apps?names=shop-pr-12')).resources;
      const { var: variables } = await space.ask('GET', `/v3/apps/${preview.guid}/environment_variables`);
      expect(variables).toEqual({ MODE: 'small' });
      went(await space.run({ number: 12, command: 'preview-delete' }), 'deleted');
      expect(await space.apps()).toEqual(['shop', 'shop-pr-1', 'shop-pr-120']);
      expect(await space.ask('GET', `/v3/apps/${live.guid}`)).toEqual(before);
    });
  });

  test('that fails leaves nothing of its first version behind, and keeps the one before', async () => {
    await inSpace(async (space) => {
      const bad = { version: 'bad', inputs: { 'smoke-test': '/health' } };
      went(await space.run(bad), 'reverted');
      expect([await space.apps(), await space.routes()]).toEqual([[], []]);
      went(await space.run({ version: 'v1' }), 'previewed');
      went(await space.run(bad), 'reverted');
      await settle(space);
      expect(await space.apps()).toEqual(['shop-pr-12']);
      expect(space.at('shop-pr-12')).toBe('v1');
    });
  });

  test('is not made over an app that is none', async () => {
    await inSpace(async (space) => {
      await space.ask('POST', '/v3/apps', {
        name: 'shop-pr-12',
        relationships: {
          space: { data: { guid: (await space.ask('GET', '/v3/spaces')).resources[0].guid } },
        },
      });
      const { outputs } = await space.run({});
      expect(outputs).toMatchObject({ result: 'refused', error: 'not-a-preview' });
      expect(went(await space.run({ command: 'preview-delete' }), 'deleted').removed).toBe('[]');
      expect(await space.apps()).toEqual(['shop-pr-12']);
    });
  });
});

describe('services', () => {
  const BOUND = ['services:', '- db'];

  async function withService(space: Space, name: string, offering: string): Promise<void> {
    const first = async (path: string) => (await space.ask('GET', path)).resources[0].guid;
    const plan = await first(`/v3/service_plans?service_offering_names=${offering}`);
    await space.ask('POST', '/v3/service_instances', {
      ...{ type: 'managed', name },
      relationships: {
        space: { data: { guid: await first('/v3/spaces') } },
        service_plan: { data: { guid: plan } },
      },
    });
    await space.platform.clock.sleep(60_000);
  }

  test('of live are shared only where that is said, or made anew, or left out', async () => {
    await inSpace(async (space) => {
      await withService(space, 'db', 'queue');
      went(await space.run({ command: 'deploy', manifest: BOUND }), 'deployed');
      const refused = await space.run({ manifest: BOUND });
      expect(refused.outputs).toMatchObject({ result: 'refused', error: 'preview-services' });
      expect(refused.lines.join('\n')).toContain("preview-services: '[db]'");
      went(await space.run({ manifest: BOUND, inputs: { 'preview-services': '[db]' } }), 'previewed');
      went(
        await space.run({ number: 13, manifest: BOUND, inputs: { 'preview-services': 'none' } }),
        'previewed',
      );
      const own = '[{name: db, offering: queue, plan: standard}]';
      const plans = (await space.ask('GET', '/v3/service_plans?service_offering_names=queue')).resources;
      const asked = { 'preview-services': own.replace('standard', plans[0].name) };
      went(await space.run({ number: 14, manifest: BOUND, inputs: asked }), 'previewed');
      expect(await space.services()).toEqual(['db', 'shop-pr-14-db']);
      const gone = went(await space.run({ number: 14, command: 'preview-delete' }), 'deleted');
      expect(gone.removed).toContain('shop-pr-14-db');
      went(await space.run({ number: 12, command: 'preview-delete' }), 'deleted');
      expect(await space.services()).toEqual(['db']);
    });
  });
});

describe('several at once', () => {
  test('two repositories with one number do not meet', async () => {
    await inSpace(async (space) => {
      const other = { repository: 'octo/store', version: 'v2' };
      went(await space.run({}), 'previewed');
      const second = went(await space.run(other), 'previewed');
      expect(second['preview-url']).toMatch(/\/\/shop-pr-12-x[0-9a-f]{6}\.apps/);
      went(await space.run({ ...other, version: 'v3' }), 'previewed');
      await settle(space);
      expect(await space.apps()).toEqual(['shop-pr-12', expect.stringMatching(/^shop-pr-12-x/)]);
      expect(space.at('shop-pr-12')).toBe('v1');
      went(await space.run({ ...other, command: 'preview-delete' }), 'deleted');
      expect(await space.apps()).toEqual(['shop-pr-12']);
    });
  });

  test('one that is closed while it is deployed goes when it is there', async () => {
    await inSpace(async (space) => {
      const [deployed, removed] = await Promise.all([
        space.run({}),
        space.platform.clock.sleep(7_000).then(() => space.run({ command: 'preview-delete' })),
      ]);
      expect([deployed.outputs.result, removed.outputs.result]).toEqual(['previewed', 'deleted']);
      expect([await space.apps(), await space.routes()]).toEqual([[], []]);
    });
  });
});

test('one that comes after its pull request was closed goes at once', async () => {
  await inSpace(async (space) => {
    went(await space.run({ gitHub: pulls({ 12: 'open' }) }), 'previewed');
    const { removed } = went(await space.run({ version: 'v2', gitHub: pulls({ 12: 'closed' }) }), 'deleted');
    expect(removed).toContain('"shop-pr-12"');
    expect([await space.apps(), await space.routes()]).toEqual([[], []]);
  });
});

describe('sweep', () => {
  test('removes what is closed, and nothing that is not known to be', async () => {
    await inSpace(async (space) => {
      went(await space.run({ command: 'deploy', version: 'live' }), 'deployed');
      for (const number of [1, 12, 120]) went(await space.run({ number }), 'previewed');
      went(await space.run({ number: 12, repository: 'octo/store' }), 'previewed');
      const before = await space.apps();
      const closed = { 1: 'open', 12: 'closed' };
      for (const gitHub of [
        () => ({ status: 500, json: {} }),
        () => ({ status: 404, json: { message: 'Not Found' } }),
        () => ({ status: 200, json: { message: 'no list' } }),
      ])
        went(await space.run({ command: 'sweep', gitHub, inputs: { 'preview-max': '1' } }), 'swept');
      expect(await space.apps()).toEqual(before);

      const plan = { command: 'sweep', gitHub: pulls(closed), inputs: { plan: 'true' } };
      const planned = await space.run(plan);
      expect(planned.outputs.result).toBe('planned');
      expect(planned.lines.join('\n')).toContain('shop-pr-12: goes, pull request 12 is closed');
      expect(await space.apps()).toEqual(before);

      const { removed } = went(await space.run({ ...plan, inputs: {} }), 'swept');
      expect(removed).toContain('"shop-pr-12"');
      expect(await space.apps()).toEqual(before.filter((name) => name !== 'shop-pr-12'));
      went(await space.run({ ...plan, inputs: {} }), 'swept');
    });
  });

  test('removes what was not deployed for its time, and what has lost its app', async () => {
    await inSpace(async (space) => {
      went(await space.run({ number: 1, inputs: { 'preview-ttl': '1h' } }), 'previewed');
      went(await space.run({ number: 2 }), 'previewed');
      const [app] = (await space.ask('GET', '/v3/apps?names=shop-pr-2')).resources;
      await space.ask('DELETE', `/v3/apps/${app.guid}`);
      await space.platform.clock.sleep(3_700_000);
      const gitHub = pulls({ 1: 'open', 2: 'closed' });
      went(await space.run({ command: 'sweep', gitHub }), 'swept');
      expect([await space.apps(), await space.routes()]).toEqual([[], []]);
    });
  });
});
