/** One request to GitHub's API, as every one of them is made. */
import { HttpFailure } from '../model/errors.js';
import type { Http, HttpResponse } from '../model/ports.js';

export interface Caller {
  http: Http;
  token: string;
  signal?: AbortSignal | undefined;
}

export interface GitHubRequest {
  method: 'GET' | 'POST' | 'PATCH';
  url: string;
  /** Sent as JSON. */
  json?: unknown;
}

const TIMEOUT_MS = 10_000;
/** Before the second and the third attempt at a call. */
export const WAITS_MS = [500, 2_000];
/** A comparison names files with their changes, hundreds at most; a page of comments has a hundred. */
const MOST_BYTES = 32 * 1024 * 1024;

/** @returns undefined when no whole answer came. Rejects with the signal's reason only. */
export async function callGitHub(
  { http, token, signal }: Caller,
  { method, url, json }: GitHubRequest,
): Promise<HttpResponse | undefined> {
  try {
    return await http.request({
      method,
      url,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
        'user-agent': 'cf-zero-downtime',
        ...(json !== undefined && { 'content-type': 'application/json' }),
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      timeoutMs: TIMEOUT_MS,
      maxBytes: MOST_BYTES,
      ...(signal && { signal }),
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof HttpFailure) return undefined;
    throw error;
  }
}

/** @returns undefined for what is no JSON */
export function jsonOf({ body }: HttpResponse): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
