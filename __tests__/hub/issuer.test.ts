import { createPublicKey, verify } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import { type Issuer, startIssuer } from '../../hub/issuer.js';

const open: Issuer[] = [];
afterEach(async () => {
  for (const issuer of open.splice(0)) await issuer.close();
});

async function started(options?: Parameters<typeof startIssuer>[0]): Promise<Issuer> {
  const issuer = await startIssuer(options);
  open.push(issuer);
  return issuer;
}

function ask({ env }: Issuer, bearer = env.ACTIONS_ID_TOKEN_REQUEST_TOKEN): Promise<Response> {
  const url = `${env.ACTIONS_ID_TOKEN_REQUEST_URL}&audience=cf`;
  return fetch(url, { headers: { authorization: `bearer ${bearer}` } });
}

test('gives the job a token that its published keys verify', async () => {
  const issuer = await started();
  const { value } = (await (await ask(issuer)).json()) as { value: string };
  const [header = '', payload = '', signature = ''] = value.split('.');
  const [{ alg, kid }, claims] = [header, payload].map((part) =>
    JSON.parse(Buffer.from(part, 'base64url').toString()),
  );
  const discovery = await (await fetch(`${issuer.url}/.well-known/openid-configuration`)).json();
  const { issuer: named, jwks_uri } = discovery as { issuer: string; jwks_uri: string };
  const { keys } = (await (await fetch(jwks_uri)).json()) as { keys: { kid: string }[] };
  const key = createPublicKey({ key: keys.find((one) => one.kid === kid) ?? {}, format: 'jwk' });
  expect(alg).toBe('RS256');
  expect(
    verify('RSA-SHA256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url')),
  ).toBe(true);
  expect(claims).toMatchObject({ iss: named, sub: 'repo:octo/shop:environment:production', aud: 'cf' });
  expect(claims.exp - claims.iat).toBe(300);
  expect(issuer.tokens()).toEqual([value]);
});

test('gives nobody else one', async () => {
  const issuer = await started();
  expect((await ask(issuer, 'another')).status).toBe(401);
  expect(issuer.tokens()).toEqual([]);
});

test('names what never changes where the repository is new', async () => {
  const { sub } = await started({ repository: 'octo/shop', context: 'pull_request', immutable: true });
  expect(sub).toBe('repo:octo@1001/shop@2002:pull_request');
});
