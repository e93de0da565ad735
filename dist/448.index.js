export const id = 448;
export const ids = [448];
export const modules = {

/***/ 7448:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   requestsOf: () => (/* binding */ requestsOf)
/* harmony export */ });
/* unused harmony exports spansOf, metricsOf */
/* harmony import */ var node_crypto__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(7598);
/* harmony import */ var node_zlib__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(8522);
/* harmony import */ var _opentelemetry_otlp_transformer__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(1175);
/* harmony import */ var _opentelemetry_resources__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(8523);
/* harmony import */ var _opentelemetry_sdk_metrics__WEBPACK_IMPORTED_MODULE_5__ = __webpack_require__(6282);
/* harmony import */ var _story_js__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(7602);






const SCOPE = { name: 'cf-zero-downtime' };
const MOST_CALLS = 2_000;
const KIND = { internal: 0, client: 2 };
const STATUS = { unset: 0, error: 2 };
const SAMPLED = 1;
const DOUBLE = 1;
function requestsOf(record, telemetry) {
    const { traces, metrics, attributes } = telemetry;
    const resource = (0,_opentelemetry_resources__WEBPACK_IMPORTED_MODULE_2__.resourceFromAttributes)({ 'service.name': SCOPE.name, ...attributes });
    return [
        ...(traces ? [requestTo(traces, spansBytes(spansOf(record, resource, telemetry), traces))] : []),
        ...(metrics ? [requestTo(metrics, metricsBytes(metricsOf(record, resource), metrics))] : []),
    ];
}
function spansBytes(spans, { format }) {
    return (format === 'json' ? _opentelemetry_otlp_transformer__WEBPACK_IMPORTED_MODULE_3__/* .JsonTraceSerializer */ .U1 : _opentelemetry_otlp_transformer__WEBPACK_IMPORTED_MODULE_3__/* .ProtobufTraceSerializer */ .nW).serializeRequest(spans);
}
function metricsBytes(metrics, { format }) {
    return (format === 'json' ? _opentelemetry_otlp_transformer__WEBPACK_IMPORTED_MODULE_3__/* .JsonMetricsSerializer */ .Ko : _opentelemetry_otlp_transformer__WEBPACK_IMPORTED_MODULE_3__/* .ProtobufMetricsSerializer */ .Dm).serializeRequest(metrics);
}
function requestTo({ url, format, headers, gzip }, bytes = new Uint8Array()) {
    const body = Buffer.from(bytes);
    return {
        method: 'POST',
        url,
        headers: {
            ...headers,
            'content-type': format === 'json' ? 'application/json' : 'application/x-protobuf',
            ...(gzip ? { 'content-encoding': 'gzip' } : {}),
        },
        body: gzip ? (0,node_zlib__WEBPACK_IMPORTED_MODULE_1__.gzipSync)(body) : body,
        fresh: true,
    };
}
function spansOf(record, resource, { traceparent }) {
    const { startedAtMs, durationMs, steps, calls, command, result, error } = record;
    const above = parentOf(traceparent);
    const seed = [record.run.runId, record.run.attempt, command, startedAtMs, process.pid].join('/');
    const traceId = above?.traceId ?? hex(seed, 32);
    let made = 0;
    const span = (name, of, attributes, parent) => {
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
    const run = span(`cf-zero-downtime ${command}`, error ? { ...whole, why: error.what } : whole, { ...runAttributes(record), ...(error ? { 'error.type': error.code } : {}), result }, above);
    const ofSteps = steps.map((step) => span(step.title, { ...step, failed: !step.ok }, stepAttributes(step), run.spanContext()));
    const ofCalls = calls.slice(0, MOST_CALLS).map((call) => {
        const { startMs } = call;
        const at = steps.findIndex((step) => startMs >= step.startMs && startMs <= step.startMs + step.durationMs);
        const shape = { ...call, kind: KIND.client, failed: (0,_story_js__WEBPACK_IMPORTED_MODULE_4__/* .isFailedCall */ .Ws)(call) };
        const parent = (ofSteps[at] ?? run).spanContext();
        return span(`${call.method} ${call.path}`, shape, callAttributes(call), parent);
    });
    return [run, ...ofSteps, ...ofCalls];
}
function runAttributes({ command, strategy, target, run, apps }) {
    return {
        ...{ command, strategy, 'cf.api': target.api, 'cf.org': target.org, 'cf.space': target.space },
        apps: apps.map(({ app }) => app),
        ...(run.runId === undefined ? {} : { 'cicd.pipeline.run.id': run.runId }),
        ...(run.runUrl === undefined ? {} : { 'cicd.pipeline.run.url.full': run.runUrl }),
        ...(run.commit === undefined ? {} : { 'vcs.ref.head.revision': run.commit }),
    };
}
function stepAttributes({ stage, way }) {
    return { ...(stage ? { stage } : {}), ...(way ? { way } : {}) };
}
function callAttributes(call) {
    const { method, path, status } = call;
    if ((0,_story_js__WEBPACK_IMPORTED_MODULE_4__/* .isProgram */ .Vd)(call))
        return { 'process.command': `${method} ${path}`, 'process.exit.code': status };
    return {
        ...{ 'http.request.method': method, 'url.path': path },
        ...(status === 0 ? {} : { 'http.response.status_code': status }),
    };
}
function metricsOf(record, resource) {
    const { startedAtMs, durationMs, command, strategy, result, watch, steps, target, apps } = record;
    const common = { command, strategy, result, 'cf.org': target.org, 'cf.space': target.space };
    const named = { ...common, ...(apps.length === 1 ? { app: apps[0]?.app ?? '' } : {}) };
    const [startTime, endTime] = [timeOf(startedAtMs), timeOf(startedAtMs + durationMs)];
    const metric = (name, unit, description, values, counts = false) => {
        const shared = {
            descriptor: { name: `cf_zero_downtime.${name}`, description, unit, valueType: DOUBLE },
            aggregationTemporality: _opentelemetry_sdk_metrics__WEBPACK_IMPORTED_MODULE_5__.AggregationTemporality.DELTA,
            dataPoints: values.map(([value, more]) => ({
                ...{ startTime, endTime, value, attributes: { ...named, ...more } },
            })),
        };
        return counts
            ? { ...shared, dataPointType: _opentelemetry_sdk_metrics__WEBPACK_IMPORTED_MODULE_5__.DataPointType.SUM, isMonotonic: true }
            : { ...shared, dataPointType: _opentelemetry_sdk_metrics__WEBPACK_IMPORTED_MODULE_5__.DataPointType.GAUGE };
    };
    const ofWatch = watch
        ? [
            metric('requests', '{request}', 'Requests of the watch', [[watch.requests]], true),
            metric('requests.failed', '{request}', 'Those of them that failed', [[watch.failures]], true),
            metric('longest_gap', 's', 'Longest time without a good answer', [[watch.longestGapMs / 1_000]]),
        ]
        : [];
    const titles = steps.map(({ title, stage = '', way = '', durationMs: ms }) => {
        return [ms / 1_000, { step: title, stage, way }];
    });
    const metrics = [
        metric('duration', 's', 'How long the run took', [[durationMs / 1_000]]),
        metric('runs', '{run}', 'Runs, by result', [[1]], true),
        ...(titles.length > 0 ? [metric('step.duration', 's', 'How long each step took', titles)] : []),
        ...ofWatch,
    ];
    return { resource, scopeMetrics: [{ scope: SCOPE, metrics }] };
}
function parentOf(traceparent = '') {
    const [, traceId, spanId] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(traceparent) ?? [];
    return traceId && spanId ? { traceId, spanId, traceFlags: SAMPLED } : undefined;
}
function hex(text, length) {
    return (0,node_crypto__WEBPACK_IMPORTED_MODULE_0__.createHash)('sha256').update(text).digest('hex').slice(0, length);
}
function timeOf(ms) {
    const seconds = Math.floor(ms / 1_000);
    return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}


/***/ })

};
