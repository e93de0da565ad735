/** Docker images: apps, packages and droplets of them, with a folder that stands in for each image. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Reply, type Scripted, scripted, until, type World, world } from '../scripted.js';

const PRIVATE = 'registry.example.com:5000/team/shop:1.2';

let f: Scripted;
let w: World;
beforeEach(async () => {
  f = await scripted();
  w = await world(f);
});
afterEach(() => f.close());

const to = (guid: string) => ({ data: { guid } });
const refusal = (reply: Reply) => [reply.status, reply.body.errors[0].code, reply.body.errors[0].detail];
const control = (path: string, body: unknown) => f.call('POST', `/__foundry/${path}`, body);

const dockerApp = (name: string) =>
  f.call('POST', '/v3/apps', {
    name,
    lifecycle: { type: 'docker', data: {} },
    relationships: { space: to(w.spaceGuid) },
  });
const packageOf = (app: string, data: object) =>
  f.call('POST', '/v3/packages', { type: 'docker', data, relationships: { app: to(app) } });

async function switchOn(): Promise<void> {
  await f.call('PATCH', '/v3/feature_flags/diego_docker', { enabled: true });
}

async function built(app: string, data: object): Promise<Reply> {
  const { guid } = (await packageOf(app, data)).body;
  const build = (await f.call('POST', '/v3/builds', { package: { guid } })).body;
  return until(
    () => f.call('GET', `/v3/builds/${build.guid}`),
    (reply) => reply.body.state !== 'STAGING',
  );
}

test('nothing of an image while the platform has them switched off', async () => {
  expect(refusal(await dockerApp('web'))).toEqual([403, 330002, 'Feature Disabled: diego_docker']);
});

test('an app is of bits or of images for ever', async () => {
  await switchOn();
  const { guid } = (await dockerApp('web')).body;
  const bits = await f.call('POST', '/v3/packages', { type: 'bits', relationships: { app: to(guid) } });
  expect(refusal(bits)).toEqual([422, 10008, 'Cannot create bits package for a Docker app.']);
  const other = await packageOf(await w.app('other'), { image: 'a/b' });
  expect(refusal(other)).toEqual([422, 10008, 'Cannot create Docker package for a buildpack app.']);
  const changed = await f.call('PATCH', `/v3/apps/${guid}`, { lifecycle: { type: 'buildpack', data: {} } });
  expect(refusal(changed)[2]).toBe('Lifecycle type cannot be changed from docker to buildpack');
});

test('a registry gives a private image with its credentials alone, and nobody is shown the password', async () => {
  await switchOn();
  const { guid } = (await dockerApp('web')).body;
  await control('images', { image: PRIVATE, dir: '/nowhere', username: 'ci', password: 'open-sesame' });

  const refused = await built(guid, { image: PRIVATE });
  expect([refused.body.state, refused.body.error]).toEqual([
    'FAILED',
    'StagingError - Staging error: staging failed',
  ]);
  const made = await packageOf(guid, { image: PRIVATE, username: 'ci', password: 'open-sesame' });
  expect([made.body.state, made.body.data]).toEqual([
    'READY',
    { image: PRIVATE, username: 'ci', password: '***' },
  ]);
  expect((await built(guid, { image: PRIVATE, username: 'ci', password: 'open-sesame' })).body.state).toBe(
    'STAGED',
  );
  for (const path of ['packages', 'droplets', 'builds', 'audit_events'])
    expect((await f.call('GET', `/v3/${path}`)).text).not.toContain('open-sesame');
});

test('an image says where its processes listen, and its destinations are shown with that port', async () => {
  await switchOn();
  const { guid } = (await dockerApp('web')).body;
  await control('images', { image: 'team/shop', dir: '/first', ports: [3000, 3001] });
  const build = (await built(guid, { image: 'team/shop' })).body;
  const route = await w.route('web');
  const path = `/v3/routes/${route}/destinations`;
  const ports = async () =>
    (await f.call('GET', path)).body.destinations.map((d: { port: number }) => d.port);
  await f.call('POST', path, { destinations: [{ app: { guid } }] });
  expect(await ports()).toEqual([8080]);
  await f.call('PATCH', `/v3/apps/${guid}/relationships/current_droplet`, {
    data: { guid: build.droplet.guid },
  });
  expect(await ports()).toEqual([3000]);

  const droplet = (await f.call('GET', `/v3/droplets/${build.droplet.guid}`)).body;
  expect([droplet.image, droplet.checksum, droplet.links.download]).toEqual(['team/shop', null, undefined]);
  expect(JSON.parse(droplet.execution_metadata).ports[0]).toEqual({ Port: 3000, Protocol: 'tcp' });

  // The tag moves before the start.
  await control('images', { image: 'team/shop', dir: '/second', ports: [3000] });
  await f.call('POST', `/v3/apps/${guid}/actions/start`);
  const [started] = [...f.cells.desired.values()];
  expect([started?.ports, started?.dropletDir]).toEqual([[3000, 3001], '/second']);
});

test('the copy of its droplet is ready at once', async () => {
  await switchOn();
  const { guid } = (await dockerApp('web')).body;
  const build = (await built(guid, { image: 'team/shop' })).body;
  const other = (await dockerApp('other')).body.guid;
  const source = `source_guid=${build.droplet.guid}`;
  const copy = await f.call('POST', `/v3/droplets?${source}`, { relationships: { app: to(other) } });
  expect([copy.status, copy.body.state, copy.body.image]).toEqual([201, 'STAGED', 'team/shop']);
  const mixed = await f.call('POST', `/v3/droplets?${source}`, {
    relationships: { app: to(await w.app('bits')) },
  });
  expect(refusal(mixed)[2]).toBe('source and destination lifecycle types do not match');
});
