import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AccessToken } from '../../src/cli/access-token.js';
import type { Credentials } from '../../src/model/asked.js';
import { createHttp } from '../../src/system/http.js';
import { type Answer, hastyClock, json, jwt, serve } from './helpers.js';

const USER: Credentials = { kind: 'user', username: 'ann', password: 'p&ss wörd' };
const CLIENT: Credentials = { kind: 'client', clientId: 'deployer', clientSecret: 's=cret' };
const MINUTE = 60_000;
const IDENTIFIED: Credentials = { kind: 'oidc-client', clientId: 'deployer' };
const CLAIMS = { iss: 'https://issuer', sub: 'repo:octo/shop:ref:refs/heads/main', aud: 'https://uaa/token' };
const ID_TOKEN = jwt(CLAIMS);

const http = createHttp({ skipSslValidation: false });
let uaa: Awaited<ReturnType<typeof serve>>;
let answers: Answer[];
let given: number;

beforeAll(async () => {
  uaa = await serve(
    () => answers.shift() ?? json(200, { access_token: `token-${++given}`, expires_in: 1_200 }),
  );
});
beforeEach(() => {
  answers = [];
  given = 0;
  uaa.requests.length = 0;
});
afterAll(() => {
  http.close();
  uaa.close();
});

/** The identity of a workflow is always `ID_TOKEN`. */
function tokenOf(credentials: Credentials) {
  const clock = hastyClock();
  const hidden: string[] = [];
  const identity = async () => ID_TOKEN;
  const hide = (secret: string) => void hidden.push(secret);
  const token = new AccessToken({ http, clock, login: uaa.url, credentials, identity, hide });
  return { clock, token, hidden };
}

describe('the request', () => {
  test('of a user has the credentials in its body', async () => {
    await tokenOf({ ...USER, origin: 'my-idp' }).token.get();
    const [request] = uaa.requests;
    expect(request).toMatchObject({ method: 'POST', headers: { authorization: 'Basic Y2Y6' } });
    const url = new URL(request?.path ?? '', uaa.url);
    expect(url.pathname).toBe('/oauth/token');
    expect([...url.searchParams]).toEqual([['login_hint', '{"origin":"my-idp"}']]);
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'password',
      username: USER.username,
      password: USER.password,
    });
  });

  test('of a client too, and nothing of them in the address', async () => {
    await tokenOf(CLIENT).token.get();
    const [request] = uaa.requests;
    expect(request?.path).toBe('/oauth/token');
    expect(request?.headers.authorization).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'deployer',
      client_secret: 's=cret',
    });
  });
});

describe('the identity of a workflow', () => {
  test('asks as a user with it as assertion, through the client cf', async () => {
    const { token, hidden } = tokenOf({ kind: 'oidc-user' });
    answers = [json(200, { access_token: 'token-of-ann', expires_in: 600, refresh_token: 'refresh-of-ann' })];
    expect(await token.get()).toBe('token-of-ann');
    const [request] = uaa.requests;
    expect(request).toMatchObject({ path: '/oauth/token', headers: { authorization: 'Basic Y2Y6' } });
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: ID_TOKEN,
    });
    expect(hidden).toEqual([ID_TOKEN, 'token-of-ann', 'refresh-of-ann']);
    expect(token.refreshToken).toBe('refresh-of-ann');
  });

  test('asks as a client with it in place of a secret', async () => {
    await tokenOf(IDENTIFIED).token.get();
    const [request] = uaa.requests;
    expect(request?.headers.authorization).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'deployer',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: ID_TOKEN,
    });
  });

  test.each<Credentials>([{ kind: 'oidc-user' }, IDENTIFIED])(
    'that is refused is told by what UAA compares, never by itself: %j',
    async (credentials) => {
      answers = [json(401, { error: 'unauthorized', error_description: 'Wrong client_assertion' })];
      const error = await tokenOf(credentials)
        .token.get()
        .catch((caught: unknown) => caught);
      expect(error).toMatchObject({ name: 'Refused', code: 'credentials' });
      const text = `${(error as Error).message}\n${(error as { next: string }).next}`;
      for (const said of ['Wrong client_assertion', ...Object.values(CLAIMS)]) expect(text).toContain(said);
      expect(text).not.toContain(ID_TOKEN.split('.')[1]);
      expect(uaa.requests).toHaveLength(1);
    },
  );
});

describe('revoking', () => {
  const AT = 'access';
  const given = (refresh_token: string) => json(200, { access_token: AT, expires_in: 600, refresh_token });

  test.each([
    ['an opaque one by itself', 'a1b2-r', ['/oauth/token/revoke/a1b2-r']],
    ['one that says so by its name', jwt({ revocable: true, jti: 'x-r' }), ['/oauth/token/revoke/x-r']],
    ['none that UAA does not keep', jwt({ jti: 'x-r' }), []],
  ])('refresh tokens: %s', async (_what, refresh, paths) => {
    answers = [given(refresh)];
    const { token } = tokenOf(USER);
    await token.get();
    uaa.requests.length = 0;
    await token.revoke();
    await token.revoke();
    expect(uaa.requests.map(({ path }) => path)).toEqual(paths);
    for (const { method, headers } of uaa.requests)
      expect([method, headers.authorization]).toEqual(['DELETE', `bearer ${AT}`]);
  });

  test('that fails keeps nobody from ending', async () => {
    answers = [given('a1b2-r'), { status: 200, reset: true }];
    const { token } = tokenOf(USER);
    await token.get();
    await token.revoke();
    expect(uaa.requests).toHaveLength(2);
  });
});

describe('the token', () => {
  test('is renewed before it ends, and only then', async () => {
    const { clock, token } = tokenOf(CLIENT);
    expect(await token.get()).toBe('token-1');
    clock.nowMs += 17 * MINUTE;
    expect(await token.get()).toBe('token-1');
    clock.nowMs += 1.5 * MINUTE; // of 20 minutes 1.5 are left
    expect(await token.get()).toBe('token-2');
    expect(uaa.requests).toHaveLength(2);
  });

  test('of a short life is used for most of it', async () => {
    const { clock, token } = tokenOf(CLIENT);
    token.adopt(`bearer ${jwt({ iat: 5_000, exp: 5_020 })}`);
    expect(await token.get()).toBe(jwt({ iat: 5_000, exp: 5_020 }));
    clock.nowMs += 14_000;
    expect(await token.get()).toBe(jwt({ iat: 5_000, exp: 5_020 }));
    clock.nowMs += 2_000;
    expect(await token.get()).toBe('token-1');
  });

  test('that does not tell its life is used until it is not accepted', async () => {
    const { clock, token } = tokenOf(CLIENT);
    token.adopt('opaque');
    clock.nowMs += 1_000 * MINUTE;
    expect(await token.get()).toBe('opaque');
    token.invalidate();
    expect(await token.get()).toBe('token-1');
  });

  test('is asked for once, however many wait for it', async () => {
    const { token } = tokenOf(CLIENT);
    expect(new Set(await Promise.all(Array.from({ length: 20 }, () => token.get())))).toEqual(
      new Set(['token-1']),
    );
    expect(uaa.requests).toHaveLength(1);
  });
});

describe('failures', () => {
  test.each([
    [USER, 400],
    [USER, 401],
    [CLIENT, 401],
    [CLIENT, 403],
  ])('%j is refused with %d: never tried again, a user could be locked out', async (credentials, status) => {
    answers = [json(status, { error: 'unauthorized', error_description: 'Bad credentials' })];
    await expect(tokenOf(credentials).token.get()).rejects.toMatchObject({
      name: 'Refused',
      code: 'credentials',
      next: expect.stringContaining(credentials.kind === 'user' ? 'origin' : 'client_credentials'),
    });
    expect(uaa.requests).toHaveLength(1);
  });

  test('a redirect is not followed, and says nothing about the credentials', async () => {
    const redirect = { status: 302, headers: { location: `${uaa.url}/elsewhere` } };
    answers = Array.from({ length: 9 }, () => redirect);
    await expect(tokenOf(CLIENT).token.get()).rejects.toMatchObject({ name: 'PlatformFault', status: 302 });
    expect(new Set(uaa.requests.map(({ path }) => path))).toEqual(new Set(['/oauth/token']));
  });

  test('of the network and of UAA are tried again', async () => {
    answers = [{ status: 200, reset: true }, { status: 404 }, json(200, {})];
    const { token, clock } = tokenOf(CLIENT);
    expect(await token.get()).toBe('token-1');
    expect(clock.slept).toEqual([1_000, 2_000, 4_000]);
  });

  test('do not stay: the next one asks anew', async () => {
    answers = Array.from({ length: 5 }, () => ({ status: 503 }));
    const { token } = tokenOf(CLIENT);
    await expect(token.get()).rejects.toMatchObject({ name: 'PlatformFault', status: 503 });
    expect(await token.get()).toBe('token-1');
  });
});
