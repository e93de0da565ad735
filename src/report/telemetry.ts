/**
 * Whether a run tells an OpenTelemetry endpoint of itself, and how: the standard's own variables say so. What speaks its protocol is
 * loaded only then.
 */
import type { Http, HttpRequest } from '../model/ports.js';
import type { Log } from './log.js';
import type { RunRecord } from './record.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Signal {
  url: string;
  format: 'protobuf' | 'json';
  headers: Readonly<Record<string, string>>;
  gzip: boolean;
}

export interface Telemetry {
  traces?: Signal;
  metrics?: Signal;
  /** Of the resource, beside what is known here. */
  attributes: Readonly<Record<string, string>>;
  /** W3C: the span that this run belongs to. */
  traceparent?: string;
  timeoutMs: number;
  /** What of it cannot be followed. */
  refused: readonly string[];
}

/** A run waits no longer, whatever the variables say: its result is there. */
const LONGEST_MS = 5_000;
const KINDS = ['traces', 'metrics'] as const;

/**
 * By the specification of the OTLP exporter: the general variables, and those of one kind, which win. Pure.
 * @returns undefined where no endpoint is named
 */
export function telemetryOf(env: Environment): Telemetry | undefined {
  if (said(env, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return undefined;
  const refused: string[] = [];
  const signals = KINDS.flatMap((kind) => {
    const signal = signalOf(env, kind, refused);
    return signal ? [[kind, signal] as const] : [];
  });
  if (signals.length === 0 && refused.length === 0) return undefined;
  const service = said(env, 'OTEL_SERVICE_NAME');
  const traceparent = said(env, 'TRACEPARENT');
  const timeoutMs = Number(said(env, 'OTEL_EXPORTER_OTLP_TIMEOUT'));
  return {
    ...Object.fromEntries(signals),
    attributes: {
      ...pairs(said(env, 'OTEL_RESOURCE_ATTRIBUTES')),
      ...(service === undefined ? {} : { 'service.name': service }),
    },
    ...(traceparent === undefined ? {} : { traceparent }),
    timeoutMs: timeoutMs > 0 ? Math.min(timeoutMs, LONGEST_MS) : LONGEST_MS,
    refused,
  };
}

/** What is given to the endpoint alone. */
export function telemetrySecrets(env: Environment): readonly string[] {
  const names = ['', '_TRACES', '_METRICS'].map((kind) => `OTEL_EXPORTER_OTLP${kind}_HEADERS`);
  const values = names.flatMap((name) => Object.values(pairs(said(env, name))));
  return values.flatMap((value) => [value, value.replace(/^(basic|bearer|token|api-token)\s+/i, '')]);
}

function signalOf(env: Environment, kind: (typeof KINDS)[number], refused: string[]): Signal | undefined {
  const own = `OTEL_EXPORTER_OTLP_${kind.toUpperCase()}`;
  const value = (name: string) => said(env, `${own}_${name}`) ?? said(env, `OTEL_EXPORTER_OTLP_${name}`);
  if (said(env, `OTEL_${kind.toUpperCase()}_EXPORTER`) === 'none') return undefined;
  const base = said(env, 'OTEL_EXPORTER_OTLP_ENDPOINT')?.replace(/\/*$/, '');
  const url = said(env, `${own}_ENDPOINT`) ?? (base === undefined ? undefined : `${base}/v1/${kind}`);
  if (url === undefined) return undefined;
  const protocol = value('PROTOCOL') ?? 'http/protobuf';
  const format = protocol === 'http/protobuf' ? 'protobuf' : protocol === 'http/json' ? 'json' : undefined;
  if (format === undefined) {
    refused.push(`OTLP of ${kind} is sent by http/protobuf or http/json, not by ${protocol}.`);
    return undefined;
  }
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    refused.push(`The OTLP endpoint of ${kind} is no http address.`);
    return undefined;
  }
  const headers = {
    ...pairs(said(env, 'OTEL_EXPORTER_OTLP_HEADERS')),
    ...pairs(said(env, `${own}_HEADERS`)),
  };
  return { url, format, headers, gzip: value('COMPRESSION') === 'gzip' };
}

/** An empty variable is as good as none. */
function said(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

/** `key=value,other=value`, each percent-encoded as W3C baggage is. */
function pairs(text = ''): Record<string, string> {
  const entries = text.split(',').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at < 1 ? [] : [[pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())] as const];
  });
  return Object.fromEntries(entries);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export interface Sending {
  http: Http;
  log: Log;
  /** The run was cancelled: there is hardly any time left. */
  hurried: boolean;
}

/** How long a cancelled run waits. */
const HURRIED_MS = 1_000;

/** Whatever becomes of it is told in one warning, and changes nothing of the run. */
export async function sendTelemetry(
  record: RunRecord,
  telemetry: Telemetry,
  { http, log, hurried }: Sending,
): Promise<void> {
  const timeoutMs = hurried ? Math.min(HURRIED_MS, telemetry.timeoutMs) : telemetry.timeoutMs;
  const faults = [...telemetry.refused];
  try {
    const { requestsOf } = await import('./otlp.js');
    const send = async (request: Omit<HttpRequest, 'timeoutMs'>) => {
      const { status } = await http.request({ ...request, timeoutMs });
      if (status >= 300) faults.push(`${new URL(request.url).origin} answered ${status}.`);
    };
    const sent = await Promise.allSettled(requestsOf(record, telemetry).map(send));
    for (const one of sent) if (one.status === 'rejected') faults.push((one.reason as Error).message);
  } catch (error) {
    faults.push((error as Error).message);
  }
  if (faults.length === 0) return;
  const text = `OpenTelemetry was not told of this run: ${[...new Set(faults)].join(' ')}`;
  log.tell({ type: 'warning', text });
}
