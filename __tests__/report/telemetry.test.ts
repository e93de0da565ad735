/** What an OpenTelemetry endpoint is told, over real HTTP to this machine, decoded by the protocol's own numbers. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import protobuf from 'protobufjs';
import { projectRoot } from '../../runner/tools.js';
import { Log } from '../../src/report/log.js';
import type { RunRecord } from '../../src/report/record.js';
import { sendTelemetry, telemetryOf, telemetrySecrets } from '../../src/report/telemetry.js';
import { realClock } from '../../src/system/clock.js';
import { createHttp } from '../../src/system/http.js';

interface Told {
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

const BEGAN = Date.UTC(2026, 10, 21, 8, 0, 0);
const RECORD = {
  ...{ format: 1, startedAtMs: BEGAN, durationMs: 2_500, command: 'deploy', strategy: 'rolling' },
  ...{ target: { api: 'https://api.example.com', org: 'shop', space: 'production' } },
  ...{ run: { runId: '7', attempt: '1' }, result: 'reverted', meaning: '', next: '', log: [], instances: [] },
  error: { code: 'smoke', what: 'it answers 500', next: '', commands: [], evidence: [], problems: [] },
  apps: [
    { app: 'shop', live: { instances: { running: 1, wanted: 1 }, routes: [] }, previous: [], failed: [] },
  ],
  watch: {
    ...{ requests: 25, failures: 3, inconclusive: 0, failedBefore: 0, longestGapMs: 1_500 },
    ...{ byVersion: {}, failingBefore: [] },
  },
  steps: [
    { title: 'shop: stage', startMs: 100, durationMs: 900, ok: true, stage: 'stage', way: 'forward' },
    { title: 'shop: smoke', startMs: 1_000.5, durationMs: 1_000, ok: false, stage: 'check', way: 'forward' },
  ],
  calls: [
    { method: 'POST', path: '/v3/builds', status: 201, startMs: 110, durationMs: 40 },
    { method: 'GET', path: '/v3/apps', status: 200, startMs: 2_200, durationMs: 5 },
    { method: 'cf', path: 'push', status: 1, startMs: 120, durationMs: 5 },
  ],
  probes: { routes: [], versions: [], bucketMs: 1_000, buckets: [] },
  leftOut: { calls: 0, log: 0 },
} as unknown as RunRecord;

let server: Server | undefined;
const open = new Set<{ destroy(): void }>();
afterEach(() => {
  for (const socket of open) socket.destroy();
  open.clear();
  server?.close();
});

/** @param status undefined: it never answers */
async function receiver(status: number | undefined) {
  const told: Told[] = [];
  server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    told.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts) });
    if (status !== undefined) response.writeHead(status).end();
  });
  server.on('connection', (socket) => open.add(socket));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return { told, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function send(env: Record<string, string>, hurried = false) {
  const lines: string[] = [];
  const log = new Log({ clock: realClock, write: (line) => lines.push(line), redact: (text) => text });
  const telemetry = telemetryOf(env);
  if (!telemetry) throw new Error('nothing is told');
  const http = createHttp({ skipSslValidation: false, env: {} });
  await sendTelemetry(RECORD, telemetry, { http, log, hurried });
  http.close();
  return lines;
}

// biome-ignore lint/suspicious/noExplicitAny: messages of every kind
type Message = any;

async function decoded(name: string, bytes: Buffer): Promise<Message> {
  const root = await protobuf.load(join(projectRoot(), '__tests__', 'report', 'otlp.proto'));
  const type = root.lookupType(`otlp.${name}`);
  return type.toObject(type.decode(bytes), {
    longs: String,
    bytes: (one: Uint8Array) => one,
    defaults: true,
  });
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const attributes = ({ attributes: all }: Message) =>
  Object.fromEntries(
    all.map(({ key, value }: Message) => [key, Object.values(value).find((one) => one !== null)]),
  );

describe('traces', () => {
  test('a span of the run, one of each step under it, one of each call under its step', async () => {
    const { told, url } = await receiver(200);
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/`,
      OTEL_SERVICE_NAME: 'shop',
      TRACEPARENT: traceparent,
    };
    expect(await send(env)).toEqual([]);
    expect(told.map(({ path }) => path).sort()).toEqual(['/v1/metrics', '/v1/traces']);
    const traces = told.find(({ path }) => path === '/v1/traces');
    expect(traces?.headers['content-type']).toBe('application/x-protobuf');
    const message = await decoded('TraceRequest', traces?.body ?? Buffer.alloc(0));
    const [ofResource] = message.resourceSpans;
    expect(attributes(ofResource.resource)).toMatchObject({ 'service.name': 'shop' });
    const spans: Message[] = ofResource.scopeSpans[0].spans;
    const [run, stage, smoke, build, apps, push] = spans;
    expect(spans.map(({ name }) => name)).toEqual([
      ...['cf-zero-downtime deploy', 'shop: stage', 'shop: smoke'],
      ...['POST /v3/builds', 'GET /v3/apps', 'cf push'],
    ]);
    expect(new Set(spans.map(({ traceId }) => hex(traceId)))).toEqual(new Set(['a'.repeat(32)]));
    expect(new Set(spans.map(({ spanId }) => hex(spanId))).size).toBe(6);
    const parents = [run, stage, smoke, build, apps, push].map(({ parentSpanId }) => hex(parentSpanId));
    const [ofRun, ofStage] = [hex(run.spanId), hex(stage.spanId)];
    expect(parents).toEqual(['b'.repeat(16), ofRun, ofRun, ofStage, ofRun, ofStage]);
    expect([run, stage, smoke, build, push].map(({ status }) => status.code)).toEqual([2, 0, 2, 0, 2]);
    expect(run.status.message).toBe('it answers 500');
    expect([run.startTimeUnixNano, run.endTimeUnixNano]).toEqual([
      `${BEGAN}000000`,
      `${BEGAN + 2_500}000000`,
    ]);
    expect(smoke.startTimeUnixNano).toBe(`${BEGAN + 1_000}500000`);
    expect([stage.kind, build.kind]).toEqual([1, 3]);
    expect(attributes(run)).toMatchObject({ result: 'reverted', 'error.type': 'smoke', 'cf.org': 'shop' });
  });
});

describe('metrics', () => {
  test('how long it took, how it ended, and what the watch counted', async () => {
    const { told, url } = await receiver(200);
    expect(await send({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url}/here` })).toEqual([]);
    expect(told.map(({ path }) => path)).toEqual(['/here']);
    const message = await decoded('MetricsRequest', told[0]?.body ?? Buffer.alloc(0));
    const metrics: Message[] = message.resourceMetrics[0].scopeMetrics[0].metrics;
    const value = (name: string) => {
      const metric = metrics.find((one) => one.name === `cf_zero_downtime.${name}`);
      const data = metric?.sum ?? metric?.gauge;
      return data.dataPoints.map(({ asDouble, asInt }: Message) => asDouble ?? Number(asInt));
    };
    expect([value('duration'), value('runs'), value('step.duration')]).toEqual([[2.5], [1], [0.9, 1]]);
    expect([value('requests'), value('requests.failed'), value('longest_gap')]).toEqual([[25], [3], [1.5]]);
    const runs = metrics.find(({ name }) => name === 'cf_zero_downtime.runs').sum;
    expect([runs.isMonotonic, runs.aggregationTemporality]).toEqual([true, 1]);
    expect(attributes(runs.dataPoints[0])).toMatchObject({ result: 'reverted', app: 'shop' });
  });
});

describe('the variables', () => {
  test('JSON, gzip and headers, those of one kind before the general ones', async () => {
    const { told, url } = await receiver(200);
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20s3cr3t,x-team=shop',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-team=traces',
      OTEL_METRICS_EXPORTER: 'none',
    };
    expect(await send(env)).toEqual([]);
    expect(told).toHaveLength(1);
    const [{ headers, body } = { headers: {}, body: Buffer.alloc(0) }] = told;
    expect(headers).toMatchObject({ authorization: 'Bearer s3cr3t', 'x-team': 'traces' });
    expect(headers['content-type']).toBe('application/json');
    const message = JSON.parse(gunzipSync(body).toString());
    expect(message.resourceSpans[0].scopeSpans[0].spans[0].name).toBe('cf-zero-downtime deploy');
    expect(telemetrySecrets(env)).toEqual(expect.arrayContaining(['Bearer s3cr3t', 's3cr3t']));
  });

  test.each([
    ['nothing', {}],
    ['empty', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }],
    ['disabled', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' }],
    [
      'no exporter',
      {
        ...{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' },
        ...{ OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' },
      },
    ],
  ])('%s: nobody is told', (_, env) => expect(telemetryOf(env)).toBeUndefined());

  test.each([
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'http/protobuf or http/json, not by grpc'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, 'is no http address'],
  ])('what cannot be followed is told once: %j', async (env, text) => {
    const lines = await send({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', ...env });
    expect(lines).toEqual([expect.stringContaining(text)]);
  });
});

describe('an endpoint that is not as it should be', () => {
  test('it never answers: the run waits for as long as is said, and tells it once', async () => {
    const { told, url } = await receiver(undefined);
    const lines = await send({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_TIMEOUT: '300' });
    expect(told).toHaveLength(2);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('no answer within 300 ms');
  });

  test('a run waits five seconds at most', () => {
    const of = (ms: string) =>
      telemetryOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_TIMEOUT: ms });
    expect([of('60000')?.timeoutMs, of('')?.timeoutMs, of('200')?.timeoutMs]).toEqual([5_000, 5_000, 200]);
  });

  test.each([
    [500, 'answered 500'],
    [404, 'answered 404'],
  ])('%d: told once', async (status, text) => {
    const { url } = await receiver(status);
    const lines = await send({ OTEL_EXPORTER_OTLP_ENDPOINT: url });
    expect(lines).toEqual([expect.stringContaining(text)]);
  });

  test('nobody is there', async () => {
    const { url } = await receiver(200);
    server?.close();
    const lines = await send({ OTEL_EXPORTER_OTLP_ENDPOINT: url });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('OpenTelemetry was not told of this run');
  });
});
