/**
 * GitHub's OIDC issuer: tells a job its identity, signed, and tells everybody its keys. Claims and times as
 * docs.github.com "OpenID Connect reference" shows them; the addresses are two at GitHub, and one here.
 */
import { generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface IssuerOptions {
  /** `owner/name`. */
  repository?: string;
  /** Behind `repo:owner/name:`, such as `environment:production` or `pull_request`. */
  context?: string;
  /** Names with the numbers that never change, as repositories made since July 2026 have in their `sub`. */
  immutable?: boolean;
}

export interface Issuer {
  /** The `iss`. */
  url: string;
  /** The `sub` of its tokens. */
  sub: string;
  /** What a job with `id-token: write` has in its environment. */
  env: Readonly<Record<string, string>>;
  /** Every token that was given out. */
  tokens(): readonly string[];
  /** Claims that replace the right ones from now on, or a key that nobody publishes. */
  forge(how: { claims?: Readonly<Record<string, unknown>>; strangeKey?: boolean }): void;
  close(): Promise<void>;
}

const KEY_ID = 'hub-1';
const AGE_S = 300;

/** Listens on 127.0.0.1, on any port. */
export async function startIssuer(options: IssuerOptions = {}): Promise<Issuer> {
  const { repository = 'octo/shop', context = 'environment:production', immutable = false } = options;
  const [owner = '', name = ''] = repository.split('/');
  const sub = immutable ? `repo:${owner}@1001/${name}@2002:${context}` : `repo:${repository}:${context}`;
  const keys = newKeys();
  const stranger = newKeys();
  const bearer = randomBytes(24).toString('base64url');
  const tokens: string[] = [];
  let forged: Parameters<Issuer['forge']>[0] = {};

  const server = createServer((request, response) => {
    const { status, body } = answer(request, new URL(request.url ?? '/', url));
    request.resume();
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function answer({ headers }: IncomingMessage, { pathname, searchParams }: URL) {
    switch (pathname) {
      case '/.well-known/openid-configuration':
        return { status: 200, body: discovery(url) };
      case '/.well-known/jwks':
        return { status: 200, body: { keys: [{ ...keys.jwk, kid: KEY_ID, alg: 'RS256', use: 'sig' }] } };
      case '/idtoken/1/2':
        if (headers.authorization?.toLowerCase() !== `bearer ${bearer.toLowerCase()}`)
          return { status: 401, body: { message: 'Unauthorized' } };
        return { status: 200, body: { count: 1, value: issue(searchParams.get('audience')) } };
      default:
        return { status: 404, body: {} };
    }
  }

  function issue(audience: string | null): string {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      ...{ jti: randomUUID(), sub, aud: audience ?? `https://github.com/${owner}` },
      ...{ ref: 'refs/heads/main', ref_type: 'branch', sha: '0'.repeat(40), base_ref: '', head_ref: '' },
      ...{ repository, repository_owner: owner, repository_id: '2002', repository_owner_id: '1001' },
      ...{ run_id: '4242', run_number: '1', run_attempt: '1', actor: 'ann', actor_id: '1001' },
      ...{ workflow: 'deploy', event_name: 'push', repository_visibility: 'private' },
      ...{ iss: url, nbf: now - 600, iat: now, exp: now + AGE_S },
      ...forged.claims,
    };
    const token = signed(claims, forged.strangeKey ? stranger.privateKey : keys.privateKey);
    tokens.push(token);
    return token;
  }

  return {
    url,
    sub,
    env: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/idtoken/1/2?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer,
    },
    tokens: () => [...tokens],
    forge: (how) => {
      forged = how;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function newKeys() {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { privateKey, jwk: publicKey.export({ format: 'jwk' }) };
}

function signed(claims: object, key: ReturnType<typeof newKeys>['privateKey']): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ typ: 'JWT', alg: 'RS256', kid: KEY_ID, x5t: KEY_ID })}.${part(claims)}`;
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
}

/** As `token.actions.githubusercontent.com/.well-known/openid-configuration`, its list of claims cut. */
function discovery(url: string) {
  return {
    issuer: url,
    jwks_uri: `${url}/.well-known/jwks`,
    subject_types_supported: ['public', 'pairwise'],
    response_types_supported: ['id_token'],
    claims_supported: ['sub', 'aud', 'exp', 'iat', 'iss', 'jti', 'nbf', 'ref', 'repository', 'environment'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid'],
  };
}
