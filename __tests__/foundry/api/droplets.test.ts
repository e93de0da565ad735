/** Copies, expiry and assignment of droplets, and copies of packages (platform facts A2). */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Reply, type Scripted, scripted, until, type World, world } from '../scripted.js';

let f: Scripted;
let w: World;
let source: Awaited<ReturnType<World['staged']>>;
let target: string;
const to = (guid: string) => ({ data: { guid } });

beforeEach(async () => {
  f = await scripted();
  w = await world(f);
  source = await w.staged('source');
  target = await w.app('target');
});
afterEach(() => f.close());

const copy = (kind: 'droplets' | 'packages', guid: string, app: string): Promise<Reply> =>
  f.call('POST', `/v3/${kind}?source_guid=${guid}`, { relationships: { app: to(app) } });
const assign = (app: string, guid: string) =>
  f.call('PATCH', `/v3/apps/${app}/relationships/current_droplet`, { data: { guid } });
const refusal = (reply: Reply) => [reply.status, reply.body.errors[0].code, reply.body.errors[0].detail];
const settled = (path: string) =>
  until(
    () => f.call('GET', path),
    (r) => r.body.state !== 'COPYING',
  );

describe('a copy of a droplet', () => {
  test('is under way at the first look, then staged, with the bits of its source and without a package', async () => {
    const made = await copy('droplets', source.droplet, target);
    expect([made.status, made.body.state, made.body.checksum]).toEqual([201, 'COPYING', null]);
    const path = `/v3/droplets/${made.body.guid}`;
    await new Promise((resolve) => setTimeout(resolve, 100)); // Longer than a job: it is done, and nobody has looked.
    expect((await f.call('GET', path)).body.state).toBe('COPYING');
    const { body } = await f.call('GET', path);
    const from = (await f.call('GET', `/v3/droplets/${source.droplet}`)).body;
    expect(body.state).toBe('STAGED');
    for (const key of ['checksum', 'process_types', 'buildpacks', 'stack', 'lifecycle']) {
      expect([key, body[key]]).toEqual([key, from[key]]);
    }
    expect(body.relationships.app).toEqual(to(target));
    expect(body.links.package).toBeUndefined();
  });

  test('runs in the other app, and outlives its source', async () => {
    const { guid } = (await copy('droplets', source.droplet, target)).body;
    await settled(`/v3/droplets/${guid}`);
    await w.finishJob(await f.call('DELETE', `/v3/apps/${source.app}`));
    expect((await assign(target, guid)).status).toBe(200);
    expect((await f.call('POST', `/v3/apps/${target}/actions/start`)).status).toBe(200);
  });

  const REFUSED: [string, () => Promise<Reply>, [number, number, string]][] = [
    ['no such source', () => copy('droplets', 'no', target), [404, 10010, 'Droplet not found']],
    ['no such app', () => copy('droplets', source.droplet, 'no'), [404, 10010, 'App not found']],
    [
      'no app at all',
      () => f.call('POST', `/v3/droplets?source_guid=${source.droplet}`, {}),
      [422, 10008, 'App must be an object, App guid must be a string'],
    ],
    [
      'an unknown field',
      () => f.call('POST', `/v3/droplets?source_guid=${source.droplet}`, { app: target }),
      [422, 10008, "Unknown field(s): 'app'"],
    ],
    [
      'of a copy that is under way',
      async () => copy('droplets', (await copy('droplets', source.droplet, target)).body.guid, source.app),
      [422, 10008, 'source droplet is not staged'],
    ],
  ];

  test.each(REFUSED)('%s: refused', async (_what, act, wanted) => {
    expect(refusal(await act())).toEqual(wanted);
  });
});

describe('the current droplet', () => {
  const FOREIGN = 'Unable to assign current droplet. Ensure the droplet exists and belongs to this app.';

  test.each([
    ['of another app', () => source.droplet, FOREIGN],
    ['that does not exist', () => 'no', FOREIGN],
  ])('one %s is refused', async (_what, droplet, text) => {
    expect(refusal(await assign(target, droplet()))).toEqual([422, 10008, text]);
    expect(
      (await f.call('GET', `/v3/apps/${target}`)).body.relationships.current_droplet.data.guid,
    ).toBeNull();
  });

  test('one that is not staged is refused: a copy under way, one that has expired', async () => {
    const under = (await copy('droplets', source.droplet, source.app)).body.guid;
    expect(refusal(await assign(source.app, under))).toEqual([422, 10008, 'droplet must be in staged state']);
    await settled(`/v3/droplets/${under}`);
    for (let n = 0; n < 6; n += 1) await w.stage(source.pack);
    expect((await f.call('GET', `/v3/droplets/${under}`)).body.state).toBe('EXPIRED');
    expect(refusal(await assign(source.app, under))).toEqual([422, 10008, 'droplet must be in staged state']);
    expect(refusal(await copy('droplets', under, target))).toEqual([
      422,
      10008,
      'source droplet is not staged',
    ]);
    expect((await f.call('GET', `/v3/droplets/${under}/download`)).status).toBe(422);
  });

  test('it is not deleted', async () => {
    expect(refusal(await f.call('DELETE', `/v3/droplets/${source.droplet}`))).toEqual([
      422,
      10008,
      `The droplet is currently used by app with guid "${source.app}".`,
    ]);
  });
});

describe('expiry', () => {
  const states = async () =>
    (await f.call('GET', `/v3/apps/${source.app}/droplets`)).body.resources.map(
      (d: { state: string }) => d.state,
    );

  test('beside the current one the newest five stay', async () => {
    for (let n = 0; n < 5; n += 1) await w.stage(source.pack);
    expect(await states()).toEqual(Array.from({ length: 6 }, () => 'STAGED'));
    await w.stage(source.pack);
    expect(await states()).toEqual(['STAGED', 'EXPIRED', ...Array.from({ length: 5 }, () => 'STAGED')]);
  });

  test('a failed staging takes a place, but ends no other droplet itself', async () => {
    for (let n = 0; n < 5; n += 1) await w.stage(source.pack);
    f.failStaging('it broke');
    const build = (await f.call('POST', '/v3/builds', { package: { guid: source.pack } })).body.guid;
    await until(
      () => f.call('GET', `/v3/builds/${build}`),
      (r) => r.body.state === 'FAILED',
    );
    expect((await states()).filter((s: string) => s === 'EXPIRED')).toHaveLength(0);
    await w.stage(source.pack);
    expect((await states()).filter((s: string) => s === 'EXPIRED')).toHaveLength(2);
  });
});

describe('the droplets of an app', () => {
  test('by state, and the current one', async () => {
    const other = await w.stage(source.pack);
    const guids = async (query: string) =>
      (await f.call('GET', `/v3/apps/${source.app}/droplets${query}`)).body.resources.map(
        (d: { guid: string }) => d.guid,
      );
    expect(await guids('')).toEqual([source.droplet, other]);
    expect(await guids('?order_by=-created_at')).toEqual([other, source.droplet]);
    expect(await guids(`?states=STAGED&guids=${other}`)).toEqual([other]);
    expect(await guids('?states=EXPIRED')).toEqual([]);
    expect(await guids('?current=true')).toEqual([source.droplet]);
  });

  test.each([
    ['/v3/apps/APP/droplets?current=false', "Current only accepts the value 'true'"],
    ['/v3/apps/APP/droplets?app_guids=x', "Unknown query parameter(s): 'app_guids'"],
    ['/v3/droplets?current=true', "Unknown query parameter(s): 'current'"],
  ])('%s is refused', async (path, text) => {
    const reply = await f.call('GET', path.replace('APP', source.app));
    expect([reply.status, reply.body.errors[0].code]).toEqual([400, 10005]);
    expect(reply.body.errors[0].detail).toContain(text);
  });
});

describe('a copy of a package', () => {
  test('is under way at the first look, then ready to be staged', async () => {
    const made = await copy('packages', source.pack, target);
    expect([made.status, made.body.state]).toEqual([201, 'COPYING']);
    const path = `/v3/packages/${made.body.guid}`;
    expect((await f.call('GET', path)).body.state).toBe('COPYING');
    const done = (await settled(path)).body;
    expect(done.state).toBe('READY');
    expect(done.data).toEqual((await f.call('GET', `/v3/packages/${source.pack}`)).body.data);
    expect(await w.stage(done.guid)).toMatch(/^[0-9a-f-]{36}$/);
  });

  const REFUSED: [string, () => Promise<Reply>, string][] = [
    [
      'to the same app',
      () => copy('packages', source.pack, source.app),
      'Source and destination app cannot be the same',
    ],
    [
      'of nothing',
      () => copy('packages', 'no', target),
      'Source package is invalid. Ensure it exists and you have access to it.',
    ],
    [
      'to nowhere',
      () => copy('packages', source.pack, 'no'),
      'App is invalid. Ensure it exists and you have access to it.',
    ],
  ];

  test.each(REFUSED)('%s: refused', async (_what, act, text) => {
    expect(refusal(await act())).toEqual([422, 10008, text]);
  });
});
