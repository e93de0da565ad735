import type { Credentials } from '../model/asked.js';
import { PlatformFault, Refused } from '../model/errors.js';
import type { Clock, Http } from '../model/ports.js';
import { ask, patiently } from './patience.js';

export interface Issuer {
  http: Http;
  clock: Clock;
  /** The root's login address. */
  login: string;
  credentials: Credentials;
  signal?: AbortSignal;
}

const TIMEOUT_MS = 30_000;
/** A token is renewed when this is left of it, or a quarter of its life where that is less. */
const MARGIN_MS = 2 * 60_000;

/**
 * The access token of this run. The CLI cannot renew the one of a client (it never keeps the secret), and its own renewal is
 * seen only when its process ends: so we ask UAA ourselves, with the same credentials, in the body of the request.
 */
export class AccessToken {
  private current: { token: string; renewAtMs: number } | undefined;
  private renewing: Promise<string> | undefined;

  constructor(private readonly issuer: Issuer) {}

  /** Takes over the token that the CLI was given just now; with or without `bearer`. */
  adopt(authorization: string): void {
    const token = authorization.replace(/^bearer\s+/i, '');
    this.keep(token, lifeOf(token));
  }

  /** Valid for a while. Throws `Refused` (credentials), `PlatformFault`. */
  async get(): Promise<string> {
    if (this.current !== undefined && this.issuer.clock.now() < this.current.renewAtMs)
      return this.current.token;
    this.renewing ??= this.renew().finally(() => {
      this.renewing = undefined;
    });
    return await this.renewing;
  }

  /** The platform did not accept it: the next `get` asks for a new one. */
  invalidate(): void {
    this.current = undefined;
  }

  private async renew(): Promise<string> {
    const { clock, signal } = this.issuer;
    const { token, lifeMs } = await patiently(clock, () => this.request(), signal);
    this.keep(token, lifeMs);
    return token;
  }

  private keep(token: string, lifeMs: number): void {
    const renewAtMs = this.issuer.clock.now() + lifeMs - Math.min(MARGIN_MS, lifeMs / 4);
    this.current = { token, renewAtMs };
  }

  private async request(): Promise<{ token: string; lifeMs: number }> {
    const { http, login, credentials, signal } = this.issuer;
    const { query, headers, body } = grantOf(credentials);
    const response = await ask(http, {
      method: 'POST',
      url: `${login}/oauth/token${query}`,
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        ...headers,
      },
      body: body.toString(),
      timeoutMs: TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    });
    if ([400, 401, 403].includes(response.status)) throw credentialsRefused(credentials);
    if (response.status !== 200)
      // A router that has just lost UAA answers 404 in its place.
      throw new PlatformFault(
        `${login} answered ${response.status} instead of a token.`,
        false,
        response.status,
      );
    const answer = parse(response.body.toString('utf8'));
    if (typeof answer?.access_token !== 'string')
      throw new PlatformFault(`${login} answered without a token.`, false);
    const seconds = answer.expires_in;
    return {
      token: answer.access_token,
      lifeMs: typeof seconds === 'number' ? seconds * 1_000 : lifeOf(answer.access_token),
    };
  }
}

/** What to say when UAA, asked by the CLI or by us, does not take the credentials. */
export function credentialsRefused(credentials: Credentials): Refused {
  return credentials.kind === 'user'
    ? new Refused(
        'The platform did not accept username and password.',
        'Check both secrets, and origin if the user comes from another identity provider; a user with single sign-on or a second factor cannot sign in this way.',
        'credentials',
      )
    : new Refused(
        'The platform did not accept client-id and client-secret.',
        'Check both secrets, and that the client has the grant type client_credentials.',
        'credentials',
      );
}

/** The token request of `cf auth` (its `api/uaa/auth.go`): a user is signed in through the public client `cf`. */
function grantOf(credentials: Credentials): {
  query: string;
  headers: Record<string, string>;
  body: URLSearchParams;
} {
  if (credentials.kind === 'client')
    return {
      query: '',
      headers: {},
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: credentials.clientId,
        client_secret: credentials.clientSecret,
      }),
    };
  const { origin, username, password } = credentials;
  return {
    query:
      origin === undefined
        ? ''
        : `?${new URLSearchParams({ login_hint: JSON.stringify({ origin }) }).toString()}`,
    headers: { authorization: `Basic ${Buffer.from('cf:').toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'password', username, password }),
  };
}

/** Milliseconds between a token's `iat` and `exp`; none that we can read: it is used until it is not accepted. */
function lifeOf(token: string): number {
  const claims = parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  return typeof claims?.exp === 'number' && typeof claims.iat === 'number'
    ? (claims.exp - claims.iat) * 1_000
    : Number.POSITIVE_INFINITY;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
