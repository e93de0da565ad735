/** Whose signatures the UAA believes: identity providers for users, and what a client may present in place of a secret. */
import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';

/** An OIDC provider as an administrator registers it; its keys are read from its discovery document. */
export interface Provider {
  issuer: string;
  /** Has to be in a user's `aud`. */
  relyingPartyId: string;
}

/** One of a client's `jwt_creds`; without `aud` it is the token endpoint. No wildcards. */
export interface JwtCredential {
  iss: string;
  sub: string;
  aud?: string;
}

export interface Claims {
  iss?: unknown;
  sub?: unknown;
  aud?: unknown;
  exp?: unknown;
  jti?: unknown;
}

/** What the UAA says to a token that it does not take; always 401. */
export class Distrusted extends Error {
  constructor(
    readonly error: 'unauthorized' | 'invalid_token',
    message: string,
  ) {
    super(message);
  }
}

/** As the library that UAA checks client assertions with. */
const SKEW_MS = 60_000;
const ALGORITHM = 'RS256';

interface Parsed {
  header: { alg?: unknown; kid?: unknown };
  claims: Claims;
  signed: string;
  signature: Buffer;
}

/** Throws `TypeError` where it is not `{"providers": [...], "clients": {ID: [...]}}`; both may be missing. */
export function readTrust(body: Record<string, unknown>): Parameters<Trust['set']>[0] {
  const { providers = [], clients = {} } = body;
  const all = (values: unknown, names: readonly string[]) =>
    Array.isArray(values) && values.every((one) => names.every((name) => typeof one?.[name] === 'string'));
  if (!all(providers, ['issuer', 'relyingPartyId']))
    throw new TypeError('providers is a list of {issuer, relyingPartyId}');
  if (!Object.values(clients as object).every((one) => all(one, ['iss', 'sub'])))
    throw new TypeError('clients is a map of lists of {iss, sub, aud}');
  return { providers, clients } as Parameters<Trust['set']>[0];
}

export class Trust {
  #providers: readonly Provider[] = [];
  #credentials = new Map<string, readonly JwtCredential[]>();

  constructor(private readonly now: () => number) {}

  /** Takes the place of all that was trusted before. */
  set(trusted: {
    providers: readonly Provider[];
    clients: Readonly<Record<string, readonly JwtCredential[]>>;
  }): void {
    this.#providers = trusted.providers;
    this.#credentials = new Map(Object.entries(trusted.clients));
  }

  /**
   * The grant jwt-bearer: the user that the token names (`ExternalOAuthAuthenticationManager`, `TokenValidation` of UAA).
   * @throws Distrusted
   */
  async user(assertion: string): Promise<Claims> {
    const token = parsed(assertion);
    if (token === undefined) throw new Distrusted('unauthorized', 'Unable to decode expected id_token');
    const { iss, exp } = token.claims;
    if (typeof iss !== 'string') throw new Distrusted('unauthorized', 'Issuer is missing in id_token');
    const provider = this.#providers.find(({ issuer }) => issuer === iss);
    if (provider === undefined)
      throw new Distrusted('unauthorized', `Unable to map issuer, ${iss} , to a single registered provider`);
    if (!(await this.#isSigned(token)))
      throw new Distrusted('invalid_token', 'Could not verify token signature.');
    if (!audienceOf(token.claims).includes(provider.relyingPartyId))
      throw new Distrusted(
        'invalid_token',
        `Some parties were not in the token audience: ${provider.relyingPartyId}`,
      );
    if (typeof exp !== 'number' || exp * 1000 <= this.now())
      throw new Distrusted('invalid_token', `Token expired at ${String(exp)}`);
    return token.claims;
  }

  /**
   * A federated client assertion (`JwtClientAuthentication` of UAA).
   * @throws Distrusted
   */
  async client(id: string, assertion: string, tokenEndpoint: string): Promise<void> {
    const token = parsed(assertion);
    if (token === undefined) throw new Distrusted('unauthorized', 'Bad client_assertion');
    const { iss, sub, exp, jti } = token.claims;
    const audience = audienceOf(token.claims);
    const credential = (this.#credentials.get(id) ?? []).find(
      (one) => one.iss === iss && one.sub === sub && (one.aud === undefined || audience.includes(one.aud)),
    );
    if (credential === undefined) throw new Distrusted('unauthorized', 'Wrong client_assertion');
    if (token.header.alg !== ALGORITHM)
      throw new Distrusted('unauthorized', 'Bad client_assertion algorithm');
    const fits =
      audience.includes(credential.aud ?? tokenEndpoint) &&
      typeof exp === 'number' &&
      exp * 1000 + SKEW_MS > this.now() &&
      jti !== undefined;
    if (!(await this.#isSigned(token)) || !fits)
      throw new Distrusted('unauthorized', 'Unauthorized client_assertion');
  }

  async #isSigned({ header, claims, signed, signature }: Parsed): Promise<boolean> {
    if (header.alg !== ALGORITHM) return false;
    const discovery = await read(`${String(claims.iss)}/.well-known/openid-configuration`);
    if (discovery.issuer !== claims.iss) return false;
    const { keys } = await read(String(discovery.jwks_uri));
    const key = (keys as (JsonWebKey & { kid?: string })[]).find(({ kid }) => kid === header.kid);
    if (key === undefined) return false;
    return verify('RSA-SHA256', Buffer.from(signed), createPublicKey({ key, format: 'jwk' }), signature);
  }
}

async function read(url: string): Promise<Record<string, unknown>> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  return (await answer.json()) as Record<string, unknown>;
}

function parsed(token: string): Parsed | undefined {
  const [header = '', claims = '', signature = '', ...more] = token.split('.');
  try {
    const json = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    if (signature === '' || more.length > 0) return undefined;
    return {
      header: json(header),
      claims: json(claims),
      signed: `${header}.${claims}`,
      signature: Buffer.from(signature, 'base64url'),
    };
  } catch {
    return undefined;
  }
}

function audienceOf({ aud }: Claims): readonly unknown[] {
  return Array.isArray(aud) ? aud : [aud];
}
