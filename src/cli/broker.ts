/**
 * UAA's stand-in for the CLI. The CLI renews its token by itself, with what stands in its configuration: of a client it has
 * no secret, and a secret there would be on disk. So its configuration names us: on loopback, under a path that nobody else
 * knows, every renewal it asks for is made with the run's own credentials.
 */
import { PlatformFault } from '../model/errors.js';
import type { LocalAnswer, Loopback, Random } from '../model/ports.js';
import type { AccessToken } from './access-token.js';

/** Older releases read UAA's address anew for each command, and ask there. */
export const OBEYS_SINCE = '8.0.0';

/** Of an address that only the CLI knows. */
export const PATH_LENGTH = 40;

export class TokenBroker {
  private constructor(
    /** What the CLI takes for UAA's address. */
    readonly address: string,
    private readonly served: { close(): void },
    private readonly state: { failure?: Error },
  ) {}

  static async open(loopback: Loopback, random: Random, accessToken: AccessToken): Promise<TokenBroker> {
    const path = `/${random.token(PATH_LENGTH)}`;
    const state: { failure?: Error } = {};
    const served = await loopback.serve(async (request) => {
      if (request.method !== 'POST' || request.path.split('?')[0] !== `${path}/oauth/token`)
        return json(404, {});
      try {
        // It asks when its token is about to end, or was not accepted: the one that we have may be the same.
        accessToken.invalidate();
        const token = await accessToken.get();
        return json(200, { access_token: token, token_type: 'bearer', refresh_token: '' });
      } catch (error) {
        state.failure = error as Error;
        const status = error instanceof PlatformFault ? 503 : 401;
        return json(status, { error: 'unauthorized', error_description: 'No new token' });
      }
    });
    return new TokenBroker(`${served.origin}${path}`, served, state);
  }

  /** Why the last renewal failed, once. */
  takeFailure(): Error | undefined {
    const { failure } = this.state;
    delete this.state.failure;
    return failure;
  }

  close(): void {
    this.served.close();
  }
}

function json(status: number, body: unknown): LocalAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
