/** What live was given by hand, or by its last manifest: each alone, and what its failure leaves. */
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { type OneApp, withOneApp, writesOf } from './one-app.js';
import { APP, Folders, USUAL } from './scenarios.js';

jest.setTimeout(120_000);

const folders = new Folders();
afterAll(() => folders.remove());

const V2 = { version: 'v2' };
const to = (guid: string) => ({ data: { guid } });

async function first({ ask }: OneApp, path: string): Promise<{ guid: string }> {
  return (await ask('GET', path)).resources[0];
}

/** A service instance, of a broker that answers at once unless it is told otherwise. */
async function made(one: OneApp, name: string): Promise<string> {
  const plan = await first(one, '/v3/service_plans?service_offering_names=database');
  const space = await first(one, '/v3/spaces');
  const relationships = { space: to(space.guid), service_plan: to(plan.guid) };
  await one.ask('POST', '/v3/service_instances', { type: 'managed', name, relationships });
  await one.until(`${name} to be made`, async () => {
    const { resources } = await one.ask('GET', `/v3/service_instances?names=${name}`);
    return resources[0]?.last_operation.state === 'succeeded';
  });
  return (await first(one, `/v3/service_instances?names=${name}`)).guid;
}

async function bound(one: OneApp, instance: string, more: object = {}): Promise<void> {
  const relationships = { app: to(one.live), service_instance: to(instance) };
  await one.ask('POST', '/v3/service_credential_bindings', { type: 'app', ...more, relationships });
  const path = `/v3/service_credential_bindings?service_instance_guids=${instance}&app_guids=${one.live}`;
  await one.until('the binding', async () => {
    const { resources } = await one.ask('GET', path);
    return resources[0]?.last_operation.state === 'succeeded';
  });
}

/** Names of bindings and services of the app that is called so, with the parameters of each. */
async function bindingsOf(one: OneApp, name = APP) {
  const { guid } = await first(one, `/v3/apps?names=${name}`);
  const { resources } = await one.ask('GET', `/v3/service_credential_bindings?app_guids=${guid}`);
  const instances = (await one.ask('GET', '/v3/service_instances')).resources as {
    guid: string;
    name: string;
  }[];
  return Promise.all(
    (
      resources as {
        guid: string;
        name: string | null;
        relationships: { service_instance: { data: unknown } };
      }[]
    ).map(async (binding) => {
      const { guid: of } = binding.relationships.service_instance.data as { guid: string };
      const parameters = await one.ask('GET', `/v3/service_credential_bindings/${binding.guid}/parameters`);
      return { service: instances.find((i) => i.guid === of)?.name, name: binding.name, parameters };
    }),
  );
}

const control = (one: OneApp, path: string, body: object) =>
  one.platform.call({
    method: 'POST',
    path: `/__foundry/${path}`,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
const appsOf = async ({ platform }: OneApp) => (await platform.state()).apps.map(({ name }) => name).sort();

describe('a binding that a hand gave live', () => {
  test('of a service that the manifest names has its name and parameters after the deploy, too', () =>
    withOneApp(folders, {}, async (one) => {
      const db = await made(one, 'db');
      await bound(one, db, { name: 'main', parameters: { role: 'reader' } });
      const named = { ...USUAL, more: ['  services: [db]'] };
      const done = await one.run(V2, {}, named);
      expect(done.outputs).toMatchObject({ result: 'deployed', error: '' });
      const kept = [{ service: 'db', name: 'main', parameters: { role: 'reader' } }];
      expect(await bindingsOf(one)).toEqual(kept);
      const said = { ...USUAL, more: ['  services:', '  - name: db', '    parameters: {role: writer}'] };
      expect((await one.run({ version: 'v3' }, {}, said)).outputs.result).toBe('deployed');
      expect(await bindingsOf(one)).toEqual([{ ...kept[0], parameters: { role: 'writer' } }]);
      expect(await one.missed()).toEqual([]);
    }));

  test('since the last deploy comes along on a rollback, and is there still when that is rolled back, too', () =>
    withOneApp(folders, {}, async (one) => {
      expect((await one.run(V2)).outputs.result).toBe('deployed');
      const { guid: live } = await first(one, `/v3/apps?names=${APP}`);
      await bound({ ...one, live }, await made(one, 'db'), { name: 'main', parameters: { role: 'reader' } });
      for (const version of ['v1', 'v2']) {
        const back = await one.run(V2, { command: 'rollback', app: APP });
        expect(back.outputs).toMatchObject({ result: 'rolled-back', error: '' });
        expect(one.met()).toEqual(new Set([version]));
        expect(await bindingsOf(one)).toEqual([
          { service: 'db', name: 'main', parameters: { role: 'reader' } },
        ]);
      }
      expect(await one.missed()).toEqual([]);
    }));

  test.each<[string, object]>([
    ['fails', { act: 'bind', fails: 'the broker is tired' }],
    ['never comes', { act: 'bind', never: true }],
  ])(
    'and %s on the new version stops the deploy: nothing is switched, nothing is left in the way',
    (_, fault) =>
      withOneApp(folders, {}, async (one) => {
        await bound(one, await made(one, 'db'));
        await control(one, 'broker', { ...fault, times: 1 });
        const done = await one.run(V2);
        expect(done.outputs).toMatchObject({ result: 'reverted', error: 'carry' });
        expect(done.lines.join('\n')).toContain('binding to service instance db');
        expect(one.met()).toEqual(new Set(['v1']));
        expect(await appsOf(one)).not.toContain(`${APP}-candidate`);
        expect((await bindingsOf(one)).map(({ service }) => service)).toEqual(['db']);
        const again = await one.run({ version: 'v3' });
        expect(again.outputs).toMatchObject({ result: 'deployed', error: '' });
        expect((await bindingsOf(one)).map(({ service }) => service)).toEqual(['db']);
        expect(await one.missed()).toEqual([]);
      }),
  );

  test('that is still coming is waited for by nobody; one that is being taken off is not bound anew', () =>
    withOneApp(folders, {}, async (one) => {
      await bound(one, await made(one, 'db'));
      const { guid } = await first(one, `/v3/service_credential_bindings?app_guids=${one.live}`);
      await control(one, 'broker', { act: 'unbind', never: true, times: 1 });
      await one.ask('DELETE', `/v3/service_credential_bindings/${guid}`);
      const jobs = await made(one, 'jobs');
      await control(one, 'broker', { act: 'bind', service: 'jobs', never: true, times: 1 });
      const relationships = { app: to(one.live), service_instance: to(jobs) };
      await one.ask('POST', '/v3/service_credential_bindings', { type: 'app', relationships });
      await one.until('the broker to be at work', async () => {
        const path = `/v3/service_credential_bindings?service_instance_guids=${jobs}`;
        return (await one.ask('GET', path)).resources[0]?.last_operation.state === 'in progress';
      });
      const early = await one.run(V2);
      expect(early.outputs.result).toBe('refused');
      expect(early.lines.join('\n')).toContain('still binding shop to service instance jobs');
      expect(writesOf(early)).toEqual([]);
      const named = { ...USUAL, more: ['  services: [jobs]'] };
      expect((await one.run(V2, {}, named)).outputs).toMatchObject({ result: 'deployed', error: '' });
      expect((await bindingsOf(one)).map(({ service }) => service)).toEqual(['jobs']);
      expect(await one.missed()).toEqual([]);
    }));

  test('whose broker cannot be asked for its parameters: refused before anything is changed', () =>
    withOneApp(folders, {}, async (one) => {
      await bound(one, await made(one, 'db'), { parameters: { role: 'reader' } });
      const body = { errors: [{ code: 10_001, title: 'CF-ServiceBrokerBadResponse', detail: 'no' }] };
      await control(one, 'faults', { method: 'GET', path: '/parameters$', status: 502, body });
      const done = await one.run(V2);
      expect(done.outputs).toMatchObject({ result: 'refused', error: 'platform' });
      expect(writesOf(done)).toEqual([]);
    }));
});

test('a network policy that is refused stops the deploy: nothing is switched, nothing is left', () =>
  withOneApp(folders, {}, async (one) => {
    const destination = { id: one.live, protocol: 'tcp', ports: { start: 80, end: 80 } };
    await one.ask('POST', '/networking/v1/external/policies', {
      policies: [{ source: { id: one.live }, destination }],
    });
    const body = { error: 'provided scopes [] do not include allowed scopes [network.write]' };
    await control(one, 'faults', { method: 'POST', path: '/external/policies$', status: 403, body });
    const done = await one.run(V2);
    expect(done.outputs).toMatchObject({ result: 'reverted', error: 'carry' });
    expect(done.lines.join('\n')).toContain('network policies');
    expect(one.met()).toEqual(new Set(['v1']));
    expect(await appsOf(one)).toEqual([APP]);
    expect(await one.missed()).toEqual([]);
  }));

describe('in place, what the last manifest named and this one does not', () => {
  const NAMED = {
    ...USUAL,
    more: [
      '  services: [db]',
      '  timeout: 90',
      '  health-check-type: http',
      '  metadata: {labels: {team: shop}}',
      '  sidecars: [{name: agent, process_types: [web], command: ./agent}]',
    ],
  };
  const rolling = { strategy: 'rolling' };
  /** Of the app that keeps its GUID. */
  const settings = async (one: OneApp) => {
    const { metadata } = await one.ask('GET', `/v3/apps/${one.live}`);
    const web = await one.web();
    const sidecars = (await one.ask('GET', `/v3/apps/${one.live}/sidecars`)).resources as { name: string }[];
    return {
      services: (await bindingsOf(one)).map(({ service }) => service),
      team: metadata.labels.team,
      check: [web.health_check.type, web.health_check.data.timeout],
      sidecars: sidecars.map(({ name }) => name),
    };
  };
  const GIVEN = { services: ['db'], team: 'shop', check: ['http', 90], sidecars: ['agent'] };

  test('is taken off live, and nothing else', () =>
    withOneApp(folders, {}, async (one) => {
      await made(one, 'db');
      expect((await one.run(V2, rolling, NAMED)).outputs.result).toBe('deployed');
      expect(await settings(one)).toEqual(GIVEN);
      await bound(one, await made(one, 'by-hand'));
      const done = await one.run({ version: 'v3' }, rolling);
      expect(done.outputs).toMatchObject({ result: 'deployed', error: '' });
      expect(done.lines.join('\n')).toMatch(/Taken from live.*binding to service instance db/);
      expect(await settings(one)).toEqual({
        ...{ services: ['by-hand'], team: undefined, check: ['port', null], sidecars: [] },
      });
      expect((await one.run({ version: 'v3' }, rolling)).outputs.result).toBe('unchanged');
      expect(await one.missed()).toEqual([]);
    }));

  test('is there again where the deploy went back, with what another hand gave live meanwhile', () =>
    withOneApp(folders, {}, async (one) => {
      await made(one, 'db');
      expect((await one.run(V2, rolling, NAMED)).outputs.result).toBe('deployed');
      const other = await made(one, 'by-hand');
      const deploy = one.run({ version: 'v3', crashes: true, badAs: APP }, rolling);
      await one.untilPhase('switching');
      const metadata = { annotations: { scanned: 'today' } };
      await Promise.all([
        one.ask('PATCH', `/v3/apps/${one.live}/environment_variables`, { var: { BY_HAND: 'yes' } }),
        one.ask('PATCH', `/v3/apps/${one.live}`, { metadata }),
        bound(one, other),
      ]);
      expect((await deploy).outputs).toMatchObject({ result: 'reverted', error: 'start' });
      const now = await settings(one);
      expect({ ...now, services: [...now.services].sort() }).toEqual({
        ...GIVEN,
        services: ['by-hand', 'db'],
      });
      const { var: env } = await one.ask('GET', `/v3/apps/${one.live}/environment_variables`);
      expect(env).toMatchObject({ BY_HAND: 'yes' });
      const app = await one.ask('GET', `/v3/apps/${one.live}`);
      expect(app.metadata.annotations).toMatchObject(metadata.annotations);
      expect(await one.missed()).toEqual([]);
    }));
});
