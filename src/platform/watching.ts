/** What tells why an app does not run: crash events and log lines. */
import type { CrashEvent, LogLine } from '../model/cloud.js';
import { PlatformFault, PlatformRefusal } from '../model/errors.js';
import type { Platform } from './calls.js';
import { Fields, present } from './json.js';
import type { Requests } from './request.js';

/** The most that the log cache gives at once. */
const MAX_LOG_LINES = 1_000;
const LOG_DEADLINE_MS = 5_000;

/** By default a log cache keeps 100,000 lines of an app (max_per_source). */
const MOST_PAGES = 100;
/** The router's access log in the log of the app. */
const ROUTERS = 'RTR';

/** `logCacheUrl` is the root's `log_cache`. */
export function watchingCalls(
  requests: Requests,
  logCacheUrl: string | undefined,
): Pick<Platform, 'crashes' | 'recentLogs' | 'lastRequestMs'> {
  /** The newest lines before `until` (nanoseconds, as text). */
  async function envelopes(
    address: string,
    appGuid: string,
    limit: number,
    until?: string,
  ): Promise<readonly Fields[]> {
    const json = await requests.read(
      new URL(`/api/v1/read/${appGuid}`, address).href,
      { descending: 'true', envelope_types: 'LOG', limit: String(limit), end_time: until },
      LOG_DEADLINE_MS,
    );
    return Fields.of(json, 'log cache').maybeObject('envelopes')?.maybeObjects('batch') ?? [];
  }

  async function newestRequestMs(address: string, appGuid: string): Promise<number | undefined> {
    let until: string | undefined;
    for (let page = 0; page < MOST_PAGES; page++) {
      const read = await envelopes(address, appGuid, MAX_LOG_LINES, until);
      const newest = linesOf(read).findLast(({ source }) => source === ROUTERS);
      if (newest || read.length < MAX_LOG_LINES) return newest?.atMs;
      until = read.at(-1)?.text('timestamp');
    }
    return undefined;
  }

  return {
    async crashes(appGuid, sinceMs) {
      // Events carry whole seconds.
      const fromMs = Math.floor(sinceMs / 1_000) * 1_000;
      const found = await requests.list(
        '/v3/audit_events',
        {
          types: 'audit.app.process.crash',
          target_guids: appGuid,
          'created_ats[gte]': new Date(fromMs).toISOString().replace('.000Z', 'Z'),
          order_by: '-created_at',
        },
        parseCrash,
      );
      return found.filter(({ atMs }) => atMs >= fromMs).sort((one, other) => other.atMs - one.atMs);
    },
    async recentLogs(appGuid, limit) {
      if (logCacheUrl === undefined) return [];
      const most = Math.min(limit, MAX_LOG_LINES);
      return orUnknown(async () => linesOf(await envelopes(logCacheUrl, appGuid, most)), []);
    },
    async lastRequestMs(appGuid) {
      if (logCacheUrl === undefined) return undefined;
      return orUnknown(() => newestRequestMs(logCacheUrl, appGuid), undefined);
    },
  };
}

/** Log lines only inform. */
async function orUnknown<T>(work: () => Promise<T>, unknown: T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PlatformFault || error instanceof PlatformRefusal) return unknown;
    throw error;
  }
}

/** `data` is what the cell reported (cloud_controller_ng app/repositories/process_event_repository.rb, record_crash). */
function parseCrash(fields: Fields): CrashEvent {
  const data = fields.object('data');
  return {
    atMs: fields.time('created_at'),
    index: data.maybeNumber('index') ?? 0,
    reason: data.maybeText('reason') ?? 'CRASHED',
    ...present({
      // Who crashed is the actor; the target is its app (cloud_controller_ng app/repositories/process_event_repository.rb).
      processGuid: fields.maybeObject('actor')?.maybeText('guid'),
      exitStatus: data.maybeNumber('exit_status'),
      exitDescription: data.maybeText('exit_description'),
    }),
  };
}

/** @returns the oldest first */
function linesOf(envelopes: readonly Fields[]): readonly LogLine[] {
  return envelopes
    .filter((envelope) => envelope.has('log'))
    .map((envelope) => {
      const payload = envelope.object('log').maybeText('payload') ?? '';
      return {
        // Nanoseconds, as text.
        atMs: Math.floor(Number(envelope.text('timestamp')) / 1e6),
        source: envelope.maybeObject('tags')?.maybeText('source_type') ?? '',
        instance: envelope.maybeText('instance_id') ?? '',
        text: Buffer.from(payload, 'base64').toString('utf8'),
      };
    })
    .sort((one, other) => one.atMs - other.atMs);
}
