/** Whom the UAA believes, asked as an action asks it, with tokens of a real issuer. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Issuer, startIssuer } from '../../../hub/issuer.js';
import { request, type Scripted, scripted } from '../scripted.js';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

let issuer: Issuer;
let f: Scripted;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer.close());
beforeEach(async () => {
  issuer.forge({});
  f = await scripted({ opaqueRefresh: true });
  await trust({
    providers: [{ issuer: issuer.url, relyingPartyId: audience() }],
    clients: { pipeline: [{ iss: issuer.url, sub: issuer.sub }] },
  });
});
afterEach(() => f.close());

const audience = () => `${f.api}/oauth/token`;
const trust = (body: unknown) => request(`${f.api}/__foundry/trust`, 'POST', body);

async function identity(aud = audience()): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = issuer.env;
  const answer = await fetch(`${url}&audience=${encodeURIComponent(aud)}`, {
    headers: { authorization: `Bearer ${bearer}` },
  });
  return ((await answer.json()) as { value: string }).value;
}

async function ask(form: Record<string, string>, basic = '') {
  const answer = await fetch(audience(), {
    method: 'POST',
    headers: basic === '' ? {} : { authorization: `Basic ${Buffer.from(basic).toString('base64')}` },
    body: new URLSearchParams(form),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, string> };
}
const asUser = (assertion: string) => ask({ grant_type: JWT_BEARER, assertion }, 'cf:');
const asClient = (client_assertion: string, client_id = 'pipeline') =>
  ask({
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION_TYPE,
    client_id,
    client_assertion,
  });

test('a user of a provider that is registered, and a client whose subject is named', async () => {
  const [user, client] = [await asUser(await identity()), await asClient(await identity())];
  for (const { status, body } of [user, client]) {
    expect(status).toBe(200);
    const apps = await fetch(`${f.api}/v3/apps`, {
      headers: { authorization: `bearer ${body.access_token}` },
    });
    expect(apps.status).toBe(200);
  }
  expect([user.body.refresh_token, client.body.refresh_token]).toEqual([expect.any(String), undefined]);
});

test('without a word about it nobody is trusted', async () => {
  await trust({});
  expect((await asUser(await identity())).status).toBe(401);
  expect((await asClient(await identity())).status).toBe(401);
});

describe('is not believed', () => {
  const past = Math.floor(Date.now() / 1000) - 400;
  test.each<[string, Parameters<Issuer['forge']>[0], Record<string, string>, string]>([
    [
      'of another issuer',
      { claims: { iss: 'https://other' } },
      {
        error: 'unauthorized',
        error_description: 'Unable to map issuer, https://other , to a single registered provider',
      },
      'Wrong client_assertion',
    ],
    [
      'signed by another key',
      { strangeKey: true },
      { error: 'invalid_token', error_description: 'Could not verify token signature.' },
      'Unauthorized client_assertion',
    ],
    [
      'that is over',
      { claims: { exp: past } },
      { error: 'invalid_token', error_description: `Token expired at ${past}` },
      'Unauthorized client_assertion',
    ],
  ])('a token %s', async (_what, forged, user, client) => {
    issuer.forge(forged);
    expect(await asUser(await identity())).toEqual({ status: 401, body: user });
    expect(await asClient(await identity())).toEqual({
      status: 401,
      body: { error: 'unauthorized', error_description: client },
    });
  });

  test('a token for somebody else', async () => {
    const { status, body } = await asUser(await identity('https://other'));
    expect([status, body.error_description]).toEqual([
      401,
      `Some parties were not in the token audience: ${audience()}`,
    ]);
    expect((await asClient(await identity('https://other'))).body.error_description).toBe(
      'Unauthorized client_assertion',
    );
  });

  test('a client with the subject of another environment, or another client', async () => {
    issuer.forge({ claims: { sub: 'repo:octo/shop:environment:test' } });
    expect((await asClient(await identity())).body.error_description).toBe('Wrong client_assertion');
    issuer.forge({});
    expect((await asClient(await identity(), 'auditor')).body.error_description).toBe(
      'Wrong client_assertion',
    );
  });

  test.each(['', 'a.b', 'a.b.c', 'not json.x.y'])('what is no token: %j', async (text) => {
    expect((await asUser(text)).body.error_description).toBe('Unable to decode expected id_token');
    expect((await asClient(text)).body.error_description).toBe('Bad client_assertion');
  });
});

test('a refresh token is good until its owner revokes it', async () => {
  const { body } = await asUser(await identity());
  const { access_token = '', refresh_token = '' } = body;
  const refresh = () => ask({ grant_type: 'refresh_token', refresh_token }, 'cf:');
  expect((await refresh()).status).toBe(200);
  const revoke = (token: string) =>
    fetch(`${audience()}/revoke/${refresh_token}`, {
      method: 'DELETE',
      headers: { authorization: `bearer ${token}` },
    });
  const stranger = (await asClient(await identity())).body.access_token ?? '';
  expect((await revoke('none')).status).toBe(401);
  expect((await revoke(stranger)).status).toBe(404);
  expect((await revoke(access_token)).status).toBe(200);
  expect(await refresh()).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
});
