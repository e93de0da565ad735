import type { Caller } from '../api/table.js';
import type { Clock } from '../ports.js';

export interface TokenOptions {
  clock: Clock;
  /** Gives one that nobody has had before. */
  guid: () => string;
  /** Milliseconds that an access token is good for. */
  ttlMs: number;
  /** Address of the UAA. */
  issuer: () => string;
  /** Refresh tokens that are only names of what the UAA keeps: such ones can be revoked. */
  opaqueRefresh: boolean;
}

interface Session {
  caller: Caller;
  clientId: string;
}

/** Access and refresh tokens that were given out. The platform's timers end them, so that a test can let them expire. */
export class Tokens {
  readonly #o: TokenOptions;
  readonly #access = new Map<string, Session>();
  readonly #refresh = new Map<string, Session>();

  constructor(options: TokenOptions) {
    this.#o = options;
  }

  /** `bearer ` and a token that is good, or undefined. */
  caller(authorization: string | undefined): Caller | undefined {
    const token = /^bearer (.+)$/i.exec(authorization ?? '')?.[1];
    return token === undefined ? undefined : this.#access.get(token)?.caller;
  }

  refresh(token: string): Session | undefined {
    return this.#refresh.get(token);
  }

  /** Refresh tokens that still are good for something. */
  get refreshable(): number {
    return this.#refresh.size;
  }

  /** Whether there is such an opaque token; whoever may revoke it has been found out before. */
  revoke(id: string): boolean {
    return this.#o.opaqueRefresh && this.#refresh.delete(id);
  }

  /** The body of an answer of `/oauth/token`; clients get no refresh token. */
  issue(session: Session): Record<string, unknown> {
    const { clock, ttlMs, issuer } = this.#o;
    const { caller, clientId } = session;
    const now = Math.floor(clock.now() / 1000);
    const expires = Math.floor((clock.now() + ttlMs) / 1000);
    const jti = this.#o.guid();
    const user = caller.type === 'user';
    const common = {
      jti,
      sub: caller.guid,
      client_id: clientId,
      cid: clientId,
      azp: clientId,
      iat: now,
      exp: expires,
      iss: `${issuer()}/oauth/token`,
      zid: 'uaa',
      scope: ['cloud_controller.read', 'cloud_controller.write'],
      aud: ['cloud_controller', clientId],
    };
    const whose = user
      ? {
          user_id: caller.guid,
          user_name: caller.name,
          email: caller.name,
          origin: 'uaa',
          grant_type: 'password',
        }
      : { grant_type: 'client_credentials' };
    const access = jwt({ ...common, ...whose }, this.#o.guid());
    this.#access.set(access, session);
    clock.after(ttlMs, () => this.#access.delete(access));
    const answer = {
      access_token: access,
      token_type: 'bearer',
      expires_in: Math.max(0, Math.floor(ttlMs / 1000)),
      scope: common.scope.join(' '),
      jti,
    };
    if (!user) return answer;
    const refresh = this.#o.opaqueRefresh
      ? `${this.#o.guid().replaceAll('-', '')}-r`
      : jwt({ ...common, jti: `${jti}-r`, exp: now + 30 * 24 * 3600 }, this.#o.guid());
    this.#refresh.set(refresh, session);
    return { ...answer, refresh_token: refresh };
  }
}

/** Nobody but us verifies it: what counts is that we gave it out. */
function jwt(claims: Record<string, unknown>, signature: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256', typ: 'JWT', kid: 'foundry' })}.${part(claims)}.${Buffer.from(signature).toString('base64url')}`;
}
