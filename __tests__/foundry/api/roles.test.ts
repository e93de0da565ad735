import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Scripted, scripted, type World, world } from '../scripted.js';

let f: Scripted;
let w: World;
let authorization: string;
let app: string;

beforeEach(async () => {
  f = await scripted();
  w = await world(f);
  const body = {
    name: 'shop',
    environment_variables: { A: 'secret' },
    relationships: { space: { data: { guid: w.spaceGuid } } },
  };
  app = (await f.call('POST', '/v3/apps', body)).body.guid as string;
  const { id, secret } = (await (await fetch(`${f.api}/__foundry/auditor`)).json()) as Record<string, string>;
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: id ?? '',
    client_secret: secret ?? '',
  });
  const answer = await fetch(`${f.api}/oauth/token`, { method: 'POST', body: form });
  authorization = `bearer ${((await answer.json()) as { access_token: string }).access_token}`;
});
afterEach(() => f.close());

const asAuditor = async (method: string, path: string, body?: object) => {
  const headers = { authorization, 'content-type': 'application/json' };
  const answer = await fetch(`${f.api}${path}`, {
    method,
    headers,
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: answer.status, text: await answer.text() };
};

describe('a space auditor', () => {
  test('reads apps, processes, routes', async () => {
    for (const path of ['/v3/apps', `/v3/apps/${app}`, `/v3/apps/${app}/features`, '/v3/routes'])
      expect((await asAuditor('GET', path)).status).toBe(200);
    const { status, text } = await asAuditor('GET', `/v3/apps/${app}/processes/web`);
    expect(status).toBe(200);
    expect(JSON.parse(text).command).toBe('[PRIVATE DATA HIDDEN]');
  });

  test.each(['env', 'environment_variables', 'manifest'])('reads no %s', async (what) => {
    const { status, text } = await asAuditor('GET', `/v3/apps/${app}/${what}`);
    expect(status).toBe(403);
    expect(JSON.parse(text).errors).toEqual([
      {
        code: 10003,
        title: 'CF-NotAuthorized',
        detail: 'You are not authorized to perform the requested action',
      },
    ]);
  });

  test('writes nothing', async () => {
    const bodies: [string, string, object?][] = [
      ['POST', '/v3/apps', { name: 'x' }],
      ['PATCH', `/v3/apps/${app}`, { name: 'x' }],
      ['POST', `/v3/apps/${app}/actions/start`],
      ['DELETE', `/v3/apps/${app}`],
    ];
    for (const [method, path, body] of bodies) expect((await asAuditor(method, path, body)).status).toBe(403);
    expect((await f.call('GET', `/v3/apps/${app}`)).body).toMatchObject({ name: 'shop', state: 'STOPPED' });
  });

  test('and the others do all of it', async () => {
    expect((await f.call('GET', `/v3/apps/${app}/environment_variables`)).body.var).toEqual({ A: 'secret' });
  });
});
