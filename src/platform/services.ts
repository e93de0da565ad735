/** Service instances: those that an app is bound to are looked up, those of a preview are made and go with it. */
import type { ServiceInstance } from '../model/cloud.js';
import { PlatformRefusal } from '../model/errors.js';
import { goneIsDone } from './apps.js';
import type { Platform } from './calls.js';
import { Fields, metadataOf, related } from './json.js';
import type { Requests } from './request.js';

type ServiceCalls = Pick<
  Platform,
  | 'servicesByName'
  | 'servicesByLabel'
  | 'appsBoundTo'
  | 'servicePlan'
  | 'createService'
  | 'deleteService'
  | 'service'
  | 'labelService'
>;

export function serviceCalls(requests: Requests): ServiceCalls {
  const instances = '/v3/service_instances';
  return {
    servicesByName(spaceGuid, names) {
      return requests.listFor(instances, 'names', names, { space_guids: spaceGuid }, parseService);
    },
    servicesByLabel(spaceGuid, selector) {
      const query = { space_guids: spaceGuid, label_selector: selector };
      return requests.list(instances, query, parseService);
    },
    async appsBoundTo(instanceGuids) {
      const bindings = await requests.listFor(
        '/v3/service_credential_bindings',
        'service_instance_guids',
        instanceGuids,
        { type: 'app' },
        (binding) => ({
          instanceGuid: related(binding, 'service_instance') ?? '',
          appGuid: related(binding, 'app') ?? '',
        }),
      );
      return bindings;
    },
    async servicePlan(spaceGuid, offering, plan) {
      const query = { names: [plan], service_offering_names: [offering], space_guids: spaceGuid };
      const found = await requests.list('/v3/service_plans', query, (fields) => ({
        guid: fields.text('guid'),
        name: fields.text('name'),
        available: fields.flag('available'),
      }));
      return found.find(({ name, available }) => name === plan && available)?.guid;
    },
    async service(guid) {
      return parseService(Fields.of(await requests.read(`${instances}/${guid}`), 'service instance'));
    },
    async createService({ spaceGuid, name, planGuid, parameters, labels, annotations }) {
      const body = {
        type: 'managed',
        name,
        ...(parameters ? { parameters } : {}),
        metadata: { labels, annotations },
        relationships: { space: { data: { guid: spaceGuid } }, service_plan: { data: { guid: planGuid } } },
      };
      await requests.write('POST', instances, body);
    },
    async labelService(guid, labels) {
      await requests.write('PATCH', `${instances}/${guid}`, { metadata: { labels } });
    },
    async deleteService(guid) {
      await goneIsDone(async () => requests.finish(await requests.write('DELETE', `${instances}/${guid}`)));
    },
  };
}

/** 404: it is gone, and nobody can say that it failed. */
export function isGone(error: unknown): boolean {
  return error instanceof PlatformRefusal && error.status === 404;
}

function parseService(fields: Fields): ServiceInstance {
  const operation = fields.maybeObject('last_operation');
  return {
    guid: fields.text('guid'),
    name: fields.text('name'),
    ...(operation
      ? {
          operation: {
            type: operation.maybeText('type') ?? '',
            state: operation.maybeText('state') ?? '',
            description: operation.maybeText('description') ?? '',
          },
        }
      : {}),
    ...metadataOf(fields),
  };
}
