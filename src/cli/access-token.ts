import type { Credentials } from '../model/asked.js';
import { PlatformFault } from '../model/errors.js';
import type { Clock, Http } from '../model/ports.js';
import { claimsOf, credentialsRefused, grantOf, identityRefused, isOidc, parse } from './grant.js';
import { ask, patiently } from './patience.js';

export interface Issuer {
  http: Http;
  clock: Clock;
  /** The root's login address. */
  login: string;
  credentials: Credentials;
  /** A fresh identity of this workflow, for credentials that are one. */
  identity(): Promise<string>;
  /** Is told every token, before anybody else has it. */
  hide(secret: string): void;
  signal?: AbortSignal;
}

const TIMEOUT_MS = 30_000;
/** A run that was cancelled has seconds left. */
const REVOKE_TIMEOUT_MS = 2_000;
/** A token is renewed when this is left of it, or a quarter of its life where that is less. */
const MARGIN_MS = 2 * 60_000;

interface Given {
  token: string;
  lifeMs: number;
}

/**
 * The access token of this run. The CLI cannot renew the one of a client (it never keeps the secret), and its own renewal is
 * seen only when its process ends: so we ask UAA ourselves, with the same credentials, in the body of the request.
 */
export class AccessToken {
  private current: { token: string; renewAtMs: number } | undefined;
  private renewing: Promise<string> | undefined;
  private readonly refreshTokens = new Set<string>();

  constructor(private readonly issuer: Issuer) {}

  /** Takes over the tokens that the CLI was given just now; the first with or without `bearer`. */
  adopt(authorization: string, refreshToken = ''): void {
    const token = authorization.replace(/^bearer\s+/i, '');
    this.keep({ token, lifeMs: lifeOf(token) }, refreshToken);
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

  /** The refresh token that came with the newest token of a user. */
  get refreshToken(): string | undefined {
    return [...this.refreshTokens].at(-1);
  }

  /** Makes the refresh tokens of this run worthless where UAA allows it. What cannot be revoked ends by itself. */
  async revoke(): Promise<void> {
    const { http, login } = this.issuer;
    const [token, ids] = [this.current?.token, [...this.refreshTokens].flatMap(revocableId)];
    this.refreshTokens.clear();
    if (token === undefined) return;
    const revoke = (id: string) =>
      http.request({
        method: 'DELETE',
        url: `${login}/oauth/token/revoke/${encodeURIComponent(id)}`,
        headers: { authorization: `bearer ${token}` },
        timeoutMs: REVOKE_TIMEOUT_MS,
      });
    await Promise.allSettled(ids.map(revoke));
  }

  private async renew(): Promise<string> {
    const { clock, signal } = this.issuer;
    return await patiently(clock, () => this.request(), signal);
  }

  private keep({ token, lifeMs }: Given, refreshToken: string): void {
    for (const secret of [token, refreshToken]) if (secret !== '') this.issuer.hide(secret);
    if (refreshToken !== '') this.refreshTokens.add(refreshToken);
    const renewAtMs = this.issuer.clock.now() + lifeMs - Math.min(MARGIN_MS, lifeMs / 4);
    this.current = { token, renewAtMs };
  }

  private async request(): Promise<string> {
    const { http, login, credentials, identity, hide, signal } = this.issuer;
    const idToken = isOidc(credentials) ? await identity() : '';
    if (idToken !== '') hide(idToken);
    const { query, headers, body } = grantOf(credentials, idToken);
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
    const text = response.body.toString('utf8');
    if ([400, 401, 403].includes(response.status))
      throw isOidc(credentials)
        ? identityRefused(credentials, idToken, text)
        : credentialsRefused(credentials);
    if (response.status !== 200)
      // A router that has just lost UAA answers 404 in its place.
      throw new PlatformFault(
        `${login} answered ${response.status} instead of a token.`,
        false,
        response.status,
      );
    const answer = parse(text);
    if (typeof answer?.access_token !== 'string')
      throw new PlatformFault(`${login} answered without a token.`, false);
    const { access_token: token, expires_in: seconds, refresh_token: refresh } = answer;
    const lifeMs = typeof seconds === 'number' ? seconds * 1_000 : lifeOf(token);
    this.keep({ token, lifeMs }, typeof refresh === 'string' ? refresh : '');
    return token;
  }
}

/** Milliseconds between a token's `iat` and `exp`; none that we can read: it is used until it is not accepted. */
function lifeOf(token: string): number {
  const claims = claimsOf(token);
  return typeof claims?.exp === 'number' && typeof claims.iat === 'number'
    ? (claims.exp - claims.iat) * 1_000
    : Number.POSITIVE_INFINITY;
}

/**
 * UAA keeps, and so can forget, tokens that are opaque or say that they are `revocable`; to it the first are their own names.
 * https://docs.cloudfoundry.org/api/uaa/ "Revoke single token"
 */
function revocableId(token: string): string[] {
  const claims = claimsOf(token);
  if (claims === undefined) return [token];
  return claims.revocable === true && typeof claims.jti === 'string' ? [claims.jti] : [];
}
