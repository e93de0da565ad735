import { isActive, statusValue } from '../state/deployments.js';
import type * as r from '../state/records.js';
import { isSince } from './api-version.js';
import { onlyFields } from './body.js';
import type { Core } from './core.js';
import { readDeployment } from './deployment-read.js';
import { cancelDeployment, continueDeployment, createDeployment } from './deployment-rules.js';
import { notFound } from './errors.js';
import { list } from './list.js';
import { mergeMetadata } from './metadata.js';
import { head, iso, links, metadata, to } from './present.js';
import { type Call, type Row, row } from './table.js';

/** A deployment as the API version has it (platform facts A1.1). */
export function presentDeployment(core: Core, d: r.Deployment): Record<string, unknown> {
  const self = `/v3/deployments/${d.guid}`;
  const app = core.store.apps.get(d.appGuid);
  return {
    ...head(d),
    status: presentStatus(core, d),
    strategy: d.strategy,
    ...(isSince(core, '3.173.0') ? { options: presentOptions(d.options) } : {}),
    droplet: { guid: d.dropletGuid },
    previous_droplet: { guid: d.previousDropletGuid ?? null },
    new_processes: d.processGuid === undefined ? [] : [{ guid: d.processGuid, type: 'web' }],
    revision: (app?.features.revisions && d.revision) || null,
    relationships: { app: to(d.appGuid) },
    metadata: metadata(d),
    links: links(core, {
      self,
      app: `/v3/apps/${d.appGuid}`,
      ...(isActive(d) ? { cancel: [`${self}/actions/cancel`, 'POST'] as const } : {}),
      ...(d.state === 'PAUSED' ? { continue: [`${self}/actions/continue`, 'POST'] as const } : {}),
    }),
  };
}

function presentStatus(core: Core, d: r.Deployment): Record<string, unknown> {
  const total = d.options.canarySteps?.length ?? 1;
  const isCanary = d.strategy === 'canary' && isSince(core, '3.189.0');
  return {
    value: statusValue(d),
    reason: d.reason,
    details: {
      last_successful_healthcheck: d.lastHealthyMs === undefined ? null : iso(d.lastHealthyMs),
      ...(isSince(core, '3.170.0') ? { last_status_change: iso(d.statusChangedMs) } : {}),
      ...(d.error !== undefined && isSince(core, '3.192.0') ? { error: d.error } : {}),
    },
    ...(isCanary ? { canary: { steps: { current: d.canaryStep, total } } } : {}),
  };
}

function presentOptions(options: r.Deployment['options']): Record<string, unknown> {
  const shown: Record<string, unknown> = {
    max_in_flight: options.maxInFlight,
    web_instances: options.webInstances,
    memory_in_mb: options.memoryMb,
    disk_in_mb: options.diskMb,
    log_rate_limit_in_bytes_per_second: options.logRateBps,
    canary: options.canarySteps && {
      steps: options.canarySteps.map((weight) => ({ instance_weight: weight })),
    },
  };
  return Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== undefined));
}

function find(call: Call, core: Core): { deployment: r.Deployment; app: r.App } {
  const deployment = core.store.deployments.get(call.params.guid ?? '');
  const app = core.store.apps.get(deployment?.appGuid ?? '');
  if (!deployment || !app) throw notFound('Deployment');
  return { deployment, app };
}

export const rows: readonly Row[] = [
  row('GET', '/v3/deployments', (call, core) =>
    list(call, core.api, {
      rows: core.store.deployments.all(),
      present: (d) => presentDeployment(core, d),
      filters: {
        app_guids: (d) => d.appGuid,
        states: (d) => d.state,
        status_values: (d) => statusValue(d),
        status_reasons: (d) => d.reason,
      },
    }),
  ),
  row('POST', '/v3/deployments', async (call, core) => {
    const wanted = readDeployment(core, await call.json());
    return { status: 201, body: presentDeployment(core, createDeployment(core, wanted, call.caller)) };
  }),
  row('GET', '/v3/deployments/:guid', (call, core) => ({
    status: 200,
    body: presentDeployment(core, find(call, core).deployment),
  })),
  row('PATCH', '/v3/deployments/:guid', async (call, core) => {
    const { deployment } = find(call, core);
    const body = await call.json();
    onlyFields(body, ['metadata']);
    mergeMetadata(deployment, body.metadata);
    core.store.touch(deployment);
    return { status: 200, body: presentDeployment(core, deployment) };
  }),
  row('POST', '/v3/deployments/:guid/actions/cancel', (call, core) => {
    const { deployment, app } = find(call, core);
    cancelDeployment(core, app, deployment, call.caller);
    return { status: 200 };
  }),
  row('POST', '/v3/deployments/:guid/actions/continue', (call, core) => {
    const { deployment, app } = find(call, core);
    continueDeployment(core, app, deployment, call.caller);
    return { status: 200 };
  }),
];
