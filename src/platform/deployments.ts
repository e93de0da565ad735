/** Rolling and canary deployments: the platform itself replaces the instances of an app. */
import type { Deployment } from '../model/cloud.js';
import type { NewDeployment, Platform } from './calls.js';
import { Fields, metadataOf, present } from './json.js';
import type { Requests } from './request.js';

type DeploymentCalls = Pick<
  Platform,
  | 'createDeployment'
  | 'deployment'
  | 'labelDeployment'
  | 'deployments'
  | 'cancelDeployment'
  | 'continueDeployment'
>;

export function deploymentCalls(requests: Requests): DeploymentCalls {
  return {
    createDeployment(wanted) {
      return requests.writeFor('POST', '/v3/deployments', bodyOf(wanted), 'deployment', parseDeployment);
    },
    async deployment(guid) {
      return parseDeployment(Fields.of(await requests.read(`/v3/deployments/${guid}`), 'deployment'));
    },
    async labelDeployment(guid, labels) {
      await requests.write('PATCH', `/v3/deployments/${guid}`, { metadata: { labels } });
    },
    deployments(appGuid, only) {
      const query = { app_guids: appGuid, status_values: only, order_by: '-created_at' };
      return requests.list('/v3/deployments', query, parseDeployment);
    },
    async cancelDeployment(guid) {
      await requests.write('POST', `/v3/deployments/${guid}/actions/cancel`);
    },
    async continueDeployment(guid) {
      await requests.write('POST', `/v3/deployments/${guid}/actions/continue`);
    },
  };
}

/** One instance at a time is the default, so that platforms from before `options` (3.173) take it too. */
function bodyOf({
  appGuid,
  strategy,
  dropletGuid,
  revisionGuid,
  maxInFlight = 1,
  steps,
  labels,
  annotations,
}: NewDeployment) {
  const options = {
    ...(maxInFlight === 1 ? {} : { max_in_flight: maxInFlight }),
    ...(steps ? { canary: { steps: steps.map((weight) => ({ instance_weight: weight })) } } : {}),
  };
  return {
    strategy,
    ...(dropletGuid === undefined ? {} : { droplet: { guid: dropletGuid } }),
    ...(revisionGuid === undefined ? {} : { revision: { guid: revisionGuid } }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
    relationships: { app: { data: { guid: appGuid } } },
    metadata: { labels, annotations },
  };
}

function parseDeployment(fields: Fields): Deployment {
  const status = fields.object('status');
  const details = status.maybeObject('details');
  const steps = status.maybeObject('canary')?.maybeObject('steps');
  const revision = fields.maybeObject('revision');
  const web = fields.maybeObjects('new_processes').find((process) => process.text('type') === 'web');
  return {
    guid: fields.text('guid'),
    createdAtMs: fields.time('created_at'),
    value: status.oneOf('value', ['ACTIVE', 'FINALIZED']),
    reason: status.oneOf('reason', [
      'DEPLOYING',
      'PAUSED',
      'CANCELING',
      'DEPLOYED',
      'CANCELED',
      'SUPERSEDED',
      'DEGENERATE',
    ]),
    // Every deployment of a platform from before canaries (3.173) is a rolling one.
    strategy: fields.maybeText('strategy') ?? 'rolling',
    dropletGuid: fields.object('droplet').text('guid'),
    ...metadataOf(fields),
    ...present({
      previousDropletGuid: fields.maybeObject('previous_droplet')?.maybeText('guid'),
      webProcessGuid: web?.text('guid'),
      revisionVersion: revision?.maybeNumber('version'),
      canary: steps && { step: steps.number('current'), steps: steps.number('total') },
      error: details?.maybeText('error'),
      lastHealthyAtMs: details?.has('last_successful_healthcheck')
        ? details.time('last_successful_healthcheck')
        : undefined,
    }),
  };
}
