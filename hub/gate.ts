/** What stands before every operation: the client's name, the version, the token, its permissions, the rate limit. */
import type { IncomingHttpHeaders } from 'node:http';
import { type Answer, notFound, type Permission, type Row, refusal } from './rows.js';

const API_VERSION = '2022-11-28';
const HOUR_MS = 3_600_000;

export interface GateOptions {
  token: string;
  isPrivate: boolean;
  permissions: readonly Permission[];
  /** Requests in an hour; a job's own token has 1000 for the repository. */
  rateLimit: number;
}

export class Gate {
  private used = 0;
  private resetAtMs = 0;

  constructor(
    private readonly options: GateOptions,
    private readonly now: () => number,
  ) {}

  /** Counts the request. undefined: it may pass. */
  refuses(headers: IncomingHttpHeaders, row: Row | undefined): Answer | undefined {
    if (!headers['user-agent']) return refusal(403, 'Request forbidden by administrative rules.');
    const version = headers['x-github-api-version'];
    if (version !== undefined && version !== API_VERSION)
      return refusal(400, `${version} is not a supported version.`);
    const { token, isPrivate, permissions } = this.options;
    const given = tokenOf(headers);
    if (given !== undefined && given !== token) return refusal(401, 'Bad credentials');
    if (this.isOver()) return refusal(403, 'API rate limit exceeded for installation.');
    if (given === undefined && isPrivate) return notFound();
    const [area, write] = row?.permission.split(':') ?? [];
    if (write && given === undefined) return refusal(401, 'Requires authentication');
    if (row && (isPrivate || write) && !permissions.includes(row.permission))
      return refusal(403, 'Resource not accessible by integration', {
        'x-accepted-github-permissions': `${area}=${write ?? 'read'}`,
      });
    return undefined;
  }

  headers(): Record<string, string> {
    const { rateLimit } = this.options;
    return {
      'x-ratelimit-limit': String(rateLimit),
      'x-ratelimit-remaining': String(Math.max(0, rateLimit - this.used)),
      'x-ratelimit-used': String(Math.min(this.used, rateLimit)),
      'x-ratelimit-reset': String(Math.ceil(this.resetAtMs / 1000)),
      'x-ratelimit-resource': 'core',
      'x-github-api-version-selected': API_VERSION,
      'x-github-media-type': 'github.v3; format=json',
    };
  }

  private isOver(): boolean {
    if (this.now() >= this.resetAtMs) {
      this.used = 0;
      this.resetAtMs = this.now() + HOUR_MS;
    }
    this.used += 1;
    return this.used > this.options.rateLimit;
  }
}

/** Both schemes that GitHub takes. */
export function tokenOf({ authorization }: IncomingHttpHeaders): string | undefined {
  return authorization === undefined ? undefined : authorization.replace(/^(bearer|token)\s+/i, '');
}
