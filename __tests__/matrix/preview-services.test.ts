/** Service instances that are made for a preview: slow, failing, cut off in the making, and gone with it. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { inSpace, type Preview, pulls, removeWorkspaces, type Space, settle, went } from './preview-space.js';
import type { Harm } from './wire.js';

jest.setTimeout(120_000);

afterAll(removeWorkspaces);

const OWN: Preview = {
  manifest: ['services:', '- db'],
  inputs: { 'preview-services': '[{name: db, offering: queue, plan: small}]' },
};
const CLOSED = pulls({ 12: 'closed' });

const broken = (space: Space, fault: object) => space.ask('POST', '/__foundry/broker', fault);
const mended = (space: Space) => space.ask('DELETE', '/__foundry/broker');

async function expectNothing(space: Space): Promise<void> {
  await settle(space);
  expect([await space.apps(), await space.routes(), await space.services()]).toEqual([[], [], []]);
}

test('one that its broker does not make is told, made anew by the next run, and gone with the preview', async () => {
  await inSpace(async (space) => {
    await broken(space, { act: 'provision', fails: 'no room left', times: 1 });
    const failed = await space.run(OWN);
    expect(failed.outputs).toMatchObject({ result: 'failed', error: 'preview-services' });
    expect(failed.lines.join('\n')).toContain('no room left');
    expect(await space.apps()).toEqual([]);
    went(await space.run(OWN), 'previewed');
    expect(await space.services()).toEqual(['shop-pr-12-db']);
    went(await space.run({ command: 'preview-delete' }), 'deleted');
    await expectNothing(space);
  });
});

test('what is left of one that its broker did not make goes with the preview that never was', async () => {
  await inSpace(async (space) => {
    await broken(space, { act: 'provision', fails: 'no room left' });
    expect((await space.run(OWN)).outputs.result).toBe('failed');
    await mended(space);
    went(await space.run({ command: 'sweep', gitHub: CLOSED }), 'swept');
    await expectNothing(space);
  });
});

test('one that is made for ever ends the run in time, and is removed when its broker can', async () => {
  await inSpace(async (space) => {
    await broken(space, { act: 'provision', never: true, times: 1 });
    const failed = await space.run(OWN);
    expect(failed.outputs).toMatchObject({ result: 'failed', error: 'preview-services' });
    expect(failed.lines.join('\n')).toContain('is still being made after 30 minutes');
    await mended(space);
    went(await space.run({ command: 'sweep', gitHub: CLOSED }), 'swept');
    await expectNothing(space);
  });
});

test('a removal that its broker refuses is a failure, told as one, and done by the next', async () => {
  await inSpace(async (space) => {
    await broken(space, { act: 'provision', fails: 'no room left' });
    await space.run(OWN);
    await mended(space);
    await broken(space, { act: 'deprovision', fails: 'data is kept', times: 1 });
    const failed = await space.run({ command: 'preview-delete' });
    expect([failed.code, failed.outputs.result]).toEqual([1, 'failed']);
    expect(failed.lines.join('\n')).toContain('data is kept');
    went(await space.run({ command: 'preview-delete' }), 'deleted');
    await expectNothing(space);
  });
});

test('a deploy that dies while one is made leaves nothing that a sweep does not remove', async () => {
  const writes = await inSpace(async (space) => {
    const { calls } = await space.run(OWN);
    return calls.filter(({ kind, name }) => kind === 'write' && name.includes('/v3/service_'));
  });
  expect(writes.map(({ name }) => name)).toContain('POST /v3/service_instances');
  await inSpace(async (space) => {
    for (const point of writes)
      for (const harm of ['kill before', 'kill after'] satisfies Harm[]) {
        expect(await space.run({ ...OWN, trial: { point, harm } })).toMatchObject({ code: 'killed' });
        went(await space.run({ command: 'sweep', gitHub: CLOSED }), 'swept');
        await expectNothing(space);
      }
  });
});

test.each([100, 400])(
  'one of a preview by its own number is not taken for that of a closed pull request (%i ms)',
  async (afterMs) => {
    await inSpace(async (space) => {
      const numbered: Preview = { ...OWN, number: 99, inputs: { ...OWN.inputs, 'preview-id': '12' } };
      const [deployed, swept] = await Promise.all([
        space.run(numbered),
        space.platform.clock.sleep(afterMs).then(() => space.run({ command: 'sweep', gitHub: CLOSED })),
      ]);
      expect([deployed.outputs.result, swept.outputs.result]).toEqual(['previewed', 'swept']);
      expect([await space.apps(), await space.services()]).toEqual([['shop-pr-12'], ['shop-pr-12-db']]);
    });
  },
);

test('those that a deploy makes while a sweep is at work stay, and the preview with them', async () => {
  await inSpace(async (space) => {
    const short = { ...OWN.inputs, 'preview-ttl': '1h' };
    for (const number of [11, 12]) went(await space.run({ ...OWN, number, inputs: short }), 'previewed');
    await space.platform.clock.sleep(3_700_000);
    const make = '[{name: db, offering: queue, plan: small}, {name: cache, offering: queue, plan: small}]';
    const more = { manifest: [...(OWN.manifest ?? []), '- cache'], inputs: { 'preview-services': make } };
    await broken(space, { act: 'provision', service: 'shop-pr-12-cache', never: true, times: 1 });
    const [swept] = await Promise.all([
      space.run({ command: 'sweep', gitHub: pulls({ 11: 'open', 12: 'open' }) }),
      // While the other one is removed; it waits for its broker.
      space.platform.clock.sleep(500).then(() => space.run({ ...more, version: 'v2' })),
    ]);
    const lines = swept.lines.join('\n');
    expect(lines).toContain('shop-pr-12: goes, its time is over');
    expect(lines).toContain('shop-pr-12: kept, it is deployed, or removed, just now');
    expect([await space.apps(), await space.services()]).toEqual([
      ['shop-pr-12'],
      ['shop-pr-12-cache', 'shop-pr-12-db'],
    ]);
    expect(space.at('shop-pr-12')).toBe('v1');
  });
});

test('an address that nobody has goes before another app can get it, while a broker takes its time', async () => {
  await inSpace(async (space) => {
    went(await space.run({ command: 'deploy', version: 'live' }), 'deployed');
    went(await space.run(OWN), 'previewed');
    const guidOf = async (path: string) => (await space.ask('GET', path)).resources[0].guid;
    await space.ask(
      'DELETE',
      `/v3/service_credential_bindings/${await guidOf('/v3/service_credential_bindings')}`,
    );
    await settle(space);
    await space.ask('DELETE', `/v3/apps/${await guidOf('/v3/apps?names=shop-pr-12')}`);
    await settle(space);
    const app = { guid: await guidOf('/v3/apps?names=shop') };
    const route = await guidOf('/v3/routes?hosts=shop-pr-12');
    await broken(space, { act: 'deprovision', asynchronous: true });
    const mapping = space.platform.clock
      .sleep(600)
      .then(() => space.ask('POST', `/v3/routes/${route}/destinations`, { destinations: [{ app }] }));
    const [, mapped] = await Promise.all([
      space.run({ command: 'preview-delete' }),
      mapping.then(
        () => true,
        () => false,
      ),
    ]);
    expect(await space.services()).toEqual([]);
    // Gone before anybody could have it, or there for whom it was given to.
    expect((await space.routes()).includes('shop-pr-12.apps.localhost')).toBe(mapped);
  });
});
