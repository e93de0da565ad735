import type { CellEvents, Clock } from '../ports.js';

type Line = Parameters<CellEvents['log']>[0];
type Stored = Line & { atMs: number; nanoseconds: string };

/** Lines kept per app: a tenth of what a log cache keeps by default (max_per_source). Those of its routers count as well. */
const KEPT = 10_000;
/** Beyond that many more the oldest are let go. */
const SLACK = 1_000;
/** The most that one answer has, whatever is asked for. */
const MOST_READ = 1_000;
/** Longest line, characters. */
const LONGEST = 60_000;

/** Newest log lines of every app. */
export class Logs {
  readonly #byApp = new Map<string, Stored[]>();
  readonly #clock: Clock;
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly add: CellEvents['log'] = (line) => {
    const atMs = this.#clock.now();
    this.#count += 1;
    // Lines of one millisecond keep their order.
    const nanoseconds = `${atMs}${String(this.#count % 1_000_000).padStart(6, '0')}`;
    const lines = this.#byApp.get(line.appGuid) ?? [];
    if (lines.length === 0) this.#byApp.set(line.appGuid, lines);
    lines.push({ ...line, text: line.text.slice(0, LONGEST), atMs, nanoseconds });
    if (lines.length > KEPT + SLACK) lines.splice(0, lines.length - KEPT);
  };

  /** As `/api/v1/read/:source`: times in nanoseconds, the end excluded; oldest first unless `descending`. */
  read(appGuid: string, query: URLSearchParams): { envelopes: { batch: unknown[] } } {
    const types = query.getAll('envelope_types');
    const limit = Math.min(Number(query.get('limit') ?? 100), MOST_READ);
    const from = bigint(query.get('start_time')) ?? 0n;
    const until = bigint(query.get('end_time'));
    const logs = types.length === 0 || types.includes('LOG') || types.includes('ANY');
    const found = (logs ? (this.#byApp.get(appGuid) ?? []) : []).filter((line) => {
      const at = BigInt(line.nanoseconds);
      return at >= from && (until === undefined || at < until);
    });
    const shown =
      query.get('descending') === 'true' ? [...found].reverse().slice(0, limit) : found.slice(0, limit);
    return { envelopes: { batch: shown.map(envelope) } };
  }
}

function envelope(line: Stored): Record<string, unknown> {
  return {
    timestamp: line.nanoseconds,
    source_id: line.appGuid,
    instance_id: line.instance,
    deprecated_tags: {},
    tags: { source_type: line.source, instance_id: line.instance },
    log: { payload: Buffer.from(line.text).toString('base64'), type: line.stream },
  };
}

function bigint(text: string | null): bigint | undefined {
  return text !== null && /^-?\d+$/.test(text) ? BigInt(text) : undefined;
}
