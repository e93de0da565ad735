/** Nothing asynchronous is done at the first look; tokens end. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { basic, bitsForm, request, type Scripted, scripted, until, world } from '../scripted.js';

let f: Scripted;
afterEach(() => f.close());

const longAfter = () => new Promise((resolve) => setTimeout(resolve, 60));
const to = (guid: string) => ({ data: { guid } });

describe('what takes time', () => {
  test('a job is seen processing, however late one looks; its work is done all the same', async () => {
    f = await scripted({ jobMs: 1 });
    const w = await world(f);
    const app = await w.app('gone');
    const reply = await f.call('DELETE', `/v3/apps/${app}`);
    expect(reply.status).toBe(202);
    await longAfter();
    expect((await f.call('GET', `/v3/apps/${app}`)).status).toBe(404);
    const path = new URL(reply.headers.get('location') ?? '').pathname;
    expect((await f.call('GET', path)).body.state).toBe('PROCESSING');
    expect((await f.call('GET', path)).body.state).toBe('COMPLETE');
  });

  test('until the job is done the app is there', async () => {
    f = await scripted({ jobMs: 60_000 });
    const w = await world(f);
    const app = await w.app('staying');
    await f.call('DELETE', `/v3/apps/${app}`);
    expect((await f.call('GET', `/v3/apps/${app}`)).status).toBe(200);
    await request(`${f.api}/__foundry/advance`, 'POST', { ms: 60_000 });
    await until(
      () => f.call('GET', `/v3/apps/${app}`),
      (r) => r.status === 404,
    );
  });

  test('an upload is processed after it was answered, and no build is made before', async () => {
    f = await scripted({ jobMs: 60_000 });
    const w = await world(f);
    const app = await w.app('a');
    const made = await f.call('POST', '/v3/packages', { type: 'bits', relationships: { app: to(app) } });
    const pack = made.body.guid;
    const early = await f.call('POST', '/v3/builds', { package: { guid: pack } });
    expect([early.status, early.body.errors[0].detail]).toEqual([
      400,
      'Bad request: Cannot stage package whose state is not ready.',
    ]);
    const reply = await f.call('POST', `/v3/packages/${pack}/upload`, bitsForm());
    expect([reply.status, reply.body.state]).toEqual([200, 'PROCESSING_UPLOAD']);
    expect((await f.call('GET', `/v3/packages/${pack}`)).body.state).toBe('PROCESSING_UPLOAD');
    await request(`${f.api}/__foundry/advance`, 'POST', { ms: 60_000 });
    const ready = await until(
      () => f.call('GET', `/v3/packages/${pack}`),
      (r) => r.body.state === 'READY',
    );
    expect(ready.body.data.checksum.value).toMatch(/^[0-9a-f]{64}$/);
  });

  test('bits that are no archive fail', async () => {
    f = await scripted();
    const w = await world(f);
    const app = await w.app('a');
    const made = await f.call('POST', '/v3/packages', { type: 'bits', relationships: { app: to(app) } });
    const form = new FormData();
    form.set('bits', new Blob(['no archive']), 'bits.zip');
    await f.call('POST', `/v3/packages/${made.body.guid}/upload`, form);
    const failed = await until(
      () => f.call('GET', `/v3/packages/${made.body.guid}`),
      (r) => r.body.state === 'FAILED',
    );
    expect(failed.body.data.error).toContain('End of central directory');
  });

  test('a build is seen staging, however late one looks', async () => {
    f = await scripted();
    const w = await world(f);
    const { pack } = await w.staged('a');
    const build = await f.call('POST', '/v3/builds', { package: { guid: pack } });
    await longAfter();
    const path = `/v3/builds/${build.body.guid}`;
    const first = await f.call('GET', path);
    expect([first.body.state, first.body.droplet]).toEqual(['STAGING', null]);
    const second = await f.call('GET', path);
    expect(second.body.state).toBe('STAGED');
    expect(second.body.droplet.guid).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('a failed build says why, and its log is there', async () => {
    f = await scripted();
    const w = await world(f);
    const { app, pack } = await w.staged('a');
    f.failStaging('NoAppDetectedError - An app was not successfully detected by any available buildpack');
    const build = await f.call('POST', '/v3/builds', { package: { guid: pack } });
    const failed = await until(
      () => f.call('GET', `/v3/builds/${build.body.guid}`),
      (r) => r.body.state === 'FAILED',
    );
    expect(failed.body.error).toContain('NoAppDetectedError');
    expect(failed.body.droplet).toBeNull();
    const log = await f.call('GET', `/api/v1/read/${app}?envelope_types=LOG&descending=true&limit=1`);
    const [line] = log.body.envelopes.batch;
    expect(Buffer.from(line.log.payload, 'base64').toString()).toBe('-----> staging');
    expect(line.tags.source_type).toBe('STG');
    expect(line.timestamp).toMatch(/^\d{19}$/);
  });

  test('of the droplets the newest five stay beside the current one', async () => {
    f = await scripted();
    const w = await world(f);
    const { app, pack, droplet } = await w.staged('a');
    for (let i = 0; i < 6; i += 1) {
      const build = await f.call('POST', '/v3/builds', { package: { guid: pack } });
      await until(
        () => f.call('GET', `/v3/builds/${build.body.guid}`),
        (r) => r.body.state === 'STAGED',
      );
    }
    const { body } = await f.call('GET', `/v3/apps/${app}/droplets?order_by=created_at`);
    const states = body.resources.map((d: { state: string }) => d.state);
    expect(states).toEqual(['STAGED', 'EXPIRED', 'STAGED', 'STAGED', 'STAGED', 'STAGED', 'STAGED']);
    expect(body.resources[0].guid).toBe(droplet);
    const assign = await f.call(
      'PATCH',
      `/v3/apps/${app}/relationships/current_droplet`,
      to(body.resources[1].guid),
    );
    expect(assign.status).toBe(422);
  });

  test('a copied droplet is seen copying', async () => {
    f = await scripted();
    const w = await world(f);
    const { droplet } = await w.staged('a');
    const other = await w.app('b');
    const made = await f.call('POST', `/v3/droplets?source_guid=${droplet}`, {
      relationships: { app: to(other) },
    });
    expect([made.status, made.body.state]).toEqual([201, 'COPYING']);
    await until(
      () => f.call('GET', `/v3/droplets/${made.body.guid}`),
      (r) => r.body.state === 'STAGED',
    );
  });
});

describe('tokens', () => {
  test('end with their time; a refresh token gives a new one; a client signs in anew', async () => {
    f = await scripted({ tokenTtlMs: 20 * 60_000 });
    const token = (form: Record<string, string>, authorization?: string) =>
      request(
        `${f.api}/oauth/token`,
        'POST',
        new URLSearchParams(form),
        authorization ? { authorization } : {},
      );
    const user = await token(
      { grant_type: 'password', username: f.username, password: f.password },
      basic('cf', ''),
    );
    expect(user.body.expires_in).toBe(1200);
    const claims = JSON.parse(Buffer.from(user.body.access_token.split('.')[1], 'base64url').toString());
    expect(claims.exp - claims.iat).toBe(1200);
    expect(claims).toMatchObject({ user_name: 'admin', origin: 'uaa', user_id: expect.any(String) });
    const get = (access: string) =>
      request(`${f.api}/v3/apps`, 'GET', undefined, { authorization: `bearer ${access}` });
    expect((await get(user.body.access_token)).status).toBe(200);
    await request(`${f.api}/__foundry/advance`, 'POST', { ms: 20 * 60_000 - 5000 });
    expect((await get(user.body.access_token)).status).toBe(200);
    await request(`${f.api}/__foundry/advance`, 'POST', { ms: 5000 });
    const late = await get(user.body.access_token);
    expect([late.status, late.body.errors[0].title]).toEqual([401, 'CF-InvalidAuthToken']);
    const refreshed = await token(
      { grant_type: 'refresh_token', refresh_token: user.body.refresh_token },
      basic('cf', ''),
    );
    expect((await get(refreshed.body.access_token)).status).toBe(200);
    const client = { grant_type: 'client_credentials', client_id: f.clientId, client_secret: f.clientSecret };
    const ours = await token(client);
    expect(ours.body.refresh_token).toBeUndefined();
    expect((await get(ours.body.access_token)).status).toBe(200);
  });

  test.each([
    [{ grant_type: 'password', username: 'admin', password: 'wrong' }, 'cf', 'unauthorized'],
    [
      { grant_type: 'client_credentials', client_id: 'pipeline', client_secret: '' },
      undefined,
      'unauthorized',
    ],
    [{ grant_type: 'refresh_token', refresh_token: 'no' }, 'cf', 'invalid_token'],
  ])('%j is refused', async (form, client, error) => {
    f = await scripted();
    const headers = client === undefined ? {} : { authorization: basic(client, '') };
    const reply = await request(`${f.api}/oauth/token`, 'POST', new URLSearchParams(form), headers);
    expect([reply.status, reply.body.error]).toEqual([401, error]);
  });
});
