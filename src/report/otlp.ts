/**
 * A run as spans and metrics of OpenTelemetry, in the protocol's own bytes: one span for the run, one for each step, one for each
 * call in it. Loaded only where an endpoint is named.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Attributes, HrTime, SpanContext } from '@opentelemetry/api';
import {
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { HttpRequest } from '../model/ports.js';
import type { RunRecord } from './record.js';
import { isFailedCall, isProgram, type StoryCall, type StoryStep } from './story.js';
import type { Signal, Telemetry } from './telemetry.js';

const SCOPE = { name: 'cf-zero-downtime' };
/** Beyond that a trace is no picture of anything. */
const MOST_CALLS = 2_000;
/** Numbers of the protocol (`Span.SpanKind` and `Status` less one, as the API counts them). */
const KIND = { internal: 0, client: 2 };
const STATUS = { unset: 0, error: 2 };
const SAMPLED = 1;
/** `ValueType.DOUBLE` of the API. */
const DOUBLE = 1;

export function requestsOf(record: RunRecord, telemetry: Telemetry): Omit<HttpRequest, 'timeoutMs'>[] {
  const { traces, metrics, attributes } = telemetry;
  const resource = resourceFromAttributes({ 'service.name': SCOPE.name, ...attributes });
  return [
    ...(traces ? [requestTo(traces, spansBytes(spansOf(record, resource, telemetry), traces))] : []),
    ...(metrics ? [requestTo(metrics, metricsBytes(metricsOf(record, resource), metrics))] : []),
  ];
}

function spansBytes(spans: ReadableSpan[], { format }: Signal): Uint8Array | undefined {
  return (format === 'json' ? JsonTraceSerializer : ProtobufTraceSerializer).serializeRequest(spans);
}

function metricsBytes(metrics: ResourceMetrics, { format }: Signal): Uint8Array | undefined {
  return (format === 'json' ? JsonMetricsSerializer : ProtobufMetricsSerializer).serializeRequest(metrics);
}

function requestTo({ url, format, headers, gzip }: Signal, bytes: Uint8Array = new Uint8Array()) {
  const body = Buffer.from(bytes);
  return {
    method: 'POST',
    url,
    headers: {
      ...headers,
      'content-type': format === 'json' ? 'application/json' : 'application/x-protobuf',
      ...(gzip ? { 'content-encoding': 'gzip' } : {}),
    },
    body: gzip ? gzipSync(body) : body,
    fresh: true,
  };
}

/** The run first, then its steps, then the calls. */
export function spansOf(record: RunRecord, resource: Resource, { traceparent }: Telemetry): ReadableSpan[] {
  const { startedAtMs, durationMs, steps, calls, command, result, error } = record;
  const above = parentOf(traceparent);
  const seed = [record.run.runId, record.run.attempt, command, startedAtMs, process.pid].join('/');
  const traceId = above?.traceId ?? hex(seed, 32);
  let made = 0;
  const span = (
    name: string,
    of: { startMs: number; durationMs: number; failed: boolean; why?: string; kind?: number },
    attributes: Attributes,
    parent?: SpanContext,
  ): ReadableSpan => {
    made += 1;
    const context = { traceId, spanId: hex(`${seed}/${made}`, 16), traceFlags: SAMPLED };
    const startTime = timeOf(startedAtMs + of.startMs);
    const message = of.why === undefined ? {} : { message: of.why };
    return {
      name,
      kind: of.kind ?? KIND.internal,
      spanContext: () => context,
      ...(parent ? { parentSpanContext: parent } : {}),
      startTime,
      endTime: timeOf(startedAtMs + of.startMs + of.durationMs),
      duration: timeOf(of.durationMs),
      status: of.failed ? { code: STATUS.error, ...message } : { code: STATUS.unset },
      attributes,
      ...{ links: [], events: [], ended: true, resource, instrumentationScope: SCOPE },
      ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
    };
  };
  const whole = { startMs: 0, durationMs, failed: error !== undefined };
  const run = span(
    `cf-zero-downtime ${command}`,
    error ? { ...whole, why: error.what } : whole,
    { ...runAttributes(record), ...(error ? { 'error.type': error.code } : {}), result },
    above,
  );
  const ofSteps = steps.map((step) =>
    span(step.title, { ...step, failed: !step.ok }, stepAttributes(step), run.spanContext()),
  );
  const ofCalls = calls.slice(0, MOST_CALLS).map((call) => {
    const { startMs } = call;
    const at = steps.findIndex(
      (step) => startMs >= step.startMs && startMs <= step.startMs + step.durationMs,
    );
    const shape = { ...call, kind: KIND.client, failed: isFailedCall(call) };
    const parent = (ofSteps[at] ?? run).spanContext();
    return span(`${call.method} ${call.path}`, shape, callAttributes(call), parent);
  });
  return [run, ...ofSteps, ...ofCalls];
}

function runAttributes({ command, strategy, target, run, apps }: RunRecord): Attributes {
  return {
    ...{ command, strategy, 'cf.api': target.api, 'cf.org': target.org, 'cf.space': target.space },
    apps: apps.map(({ app }) => app),
    ...(run.runId === undefined ? {} : { 'cicd.pipeline.run.id': run.runId }),
    ...(run.runUrl === undefined ? {} : { 'cicd.pipeline.run.url.full': run.runUrl }),
    ...(run.commit === undefined ? {} : { 'vcs.ref.head.revision': run.commit }),
  };
}

function stepAttributes({ stage, way }: StoryStep): Attributes {
  return { ...(stage ? { stage } : {}), ...(way ? { way } : {}) };
}

function callAttributes(call: StoryCall): Attributes {
  const { method, path, status } = call;
  if (isProgram(call)) return { 'process.command': `${method} ${path}`, 'process.exit.code': status };
  return {
    ...{ 'http.request.method': method, 'url.path': path },
    ...(status === 0 ? {} : { 'http.response.status_code': status }),
  };
}

export function metricsOf(record: RunRecord, resource: Resource): ResourceMetrics {
  const { startedAtMs, durationMs, command, strategy, result, watch, steps, target, apps } = record;
  const common = { command, strategy, result, 'cf.org': target.org, 'cf.space': target.space };
  const named = { ...common, ...(apps.length === 1 ? { app: apps[0]?.app ?? '' } : {}) };
  const [startTime, endTime] = [timeOf(startedAtMs), timeOf(startedAtMs + durationMs)];
  const metric = (
    name: string,
    unit: string,
    description: string,
    values: readonly (readonly [value: number, attributes?: Attributes])[],
    counts = false,
  ): MetricData => {
    const shared = {
      descriptor: { name: `cf_zero_downtime.${name}`, description, unit, valueType: DOUBLE },
      aggregationTemporality: AggregationTemporality.DELTA,
      dataPoints: values.map(([value, more]) => ({
        ...{ startTime, endTime, value, attributes: { ...named, ...more } },
      })),
    };
    return counts
      ? { ...shared, dataPointType: DataPointType.SUM, isMonotonic: true }
      : { ...shared, dataPointType: DataPointType.GAUGE };
  };
  const ofWatch = watch
    ? [
        metric('requests', '{request}', 'Requests of the watch', [[watch.requests]], true),
        metric('requests.failed', '{request}', 'Those of them that failed', [[watch.failures]], true),
        metric('longest_gap', 's', 'Longest time without a good answer', [[watch.longestGapMs / 1_000]]),
      ]
    : [];
  const titles = steps.map(({ title, stage = '', way = '', durationMs: ms }) => {
    return [ms / 1_000, { step: title, stage, way }] as const;
  });
  const metrics = [
    metric('duration', 's', 'How long the run took', [[durationMs / 1_000]]),
    metric('runs', '{run}', 'Runs, by result', [[1]], true),
    ...(titles.length > 0 ? [metric('step.duration', 's', 'How long each step took', titles)] : []),
    ...ofWatch,
  ];
  return { resource, scopeMetrics: [{ scope: SCOPE, metrics }] };
}

/** W3C: `00-TRACE-SPAN-FLAGS`. */
function parentOf(traceparent = ''): SpanContext | undefined {
  const [, traceId, spanId] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(traceparent) ?? [];
  return traceId && spanId ? { traceId, spanId, traceFlags: SAMPLED } : undefined;
}

function hex(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}

function timeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}
