/** The identity of this workflow, as GitHub signs it for somebody else (OIDC). */
import { HttpFailure, PlatformFault, Refused } from '../model/errors.js';
import type { Http, HttpResponse } from '../model/ports.js';

export interface IdTokenOptions {
  http: Http;
  /** `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`, which a job has that may ask. */
  env: Readonly<Record<string, string | undefined>>;
  /** For whom the token is: its `aud`. */
  audience: string;
  signal?: AbortSignal;
}

const TIMEOUT_MS = 30_000;

/**
 * A signed token (JWT) that names repository, branch or environment in its `sub`; it is good for some minutes. Throws `Refused`
 * when the job may not ask for one, `PlatformFault` when GitHub does not answer: it may be asked again.
 */
export async function requestIdToken({ http, env, audience, signal }: IdTokenOptions): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = env;
  if (!address || !bearer) throw notPermitted('The job may not ask GitHub for its identity.');
  const url = new URL(address);
  url.searchParams.set('audience', audience);
  const response = await send(http, url, bearer, signal);
  if ([400, 401, 403].includes(response.status))
    throw notPermitted(`GitHub refused to tell the identity of this job (${response.status}).`);
  const value = tokenIn(response.body.toString('utf8'));
  if (response.status !== 200 || value === undefined)
    throw new PlatformFault(`GitHub answered ${response.status} instead of the identity of this job.`, false);
  return value;
}

async function send(http: Http, url: URL, bearer: string, signal?: AbortSignal): Promise<HttpResponse> {
  try {
    return await http.request({
      method: 'GET',
      url: url.href,
      headers: { accept: 'application/json', authorization: `Bearer ${bearer}` },
      timeoutMs: TIMEOUT_MS,
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof HttpFailure)) throw error;
    throw new PlatformFault(`GitHub did not tell the identity of this job: ${error.message}`, false);
  }
}

function notPermitted(message: string): Refused {
  return new Refused(
    message,
    'Add these lines to the job in the workflow, and to the job that calls it where it is a reusable one; runs of pull requests from forks never have this permission.',
    'id-token',
    ['permissions:', '  contents: read', '  id-token: write'],
  );
}

function tokenIn(text: string): string | undefined {
  try {
    const { value } = JSON.parse(text) as { value?: unknown };
    return typeof value === 'string' && value !== '' ? value : undefined;
  } catch {
    return undefined;
  }
}
