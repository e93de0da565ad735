/** What an app has beside its code and routes: features, bindings, network policies, sidecars. */
import type { Binding, NetworkPolicy, Sidecar } from '../model/cloud.js';
import { PlatformFault, PlatformRefusal, Refused } from '../model/errors.js';
import { goneIsDone } from './apps.js';
import type { Platform } from './calls.js';
import { Fields, present, related } from './json.js';
import type { Requests } from './request.js';

type BelongingCalls = Pick<
  Platform,
  | 'features'
  | 'bindings'
  | 'serviceBindings'
  | 'bindingParameters'
  | 'bind'
  | 'offerings'
  | 'removeBinding'
  | 'setFeature'
  | 'policies'
  | 'addPolicies'
  | 'removePolicies'
  | 'sidecars'
  | 'userSidecars'
  | 'createSidecar'
  | 'updateSidecar'
  | 'removeSidecar'
>;

/** `networkPolicyUrl` is the root's `network_policy_v1`; without it policies are unknown. */
export function belongingCalls(requests: Requests, networkPolicyUrl: string | undefined): BelongingCalls {
  const changePolicies = async (path: string, policies: readonly NetworkPolicy[]) => {
    if (policies.length === 0) return;
    if (networkPolicyUrl === undefined)
      throw new PlatformFault('The platform names no API of policies.', false);
    try {
      const body = { policies: policies.map(policyBody) };
      await requests.write('POST', `${trimmed(networkPolicyUrl)}${path}`, body);
    } catch (error) {
      // That server says no in a body of its own; what it is asked for may be asked for again.
      if (!(error instanceof PlatformFault && error.status !== undefined && error.status < 500)) throw error;
      throw new PlatformRefusal(error.message, error.status, undefined, undefined);
    }
  };
  return {
    async features(appGuid) {
      const json = await requests.read(`/v3/apps/${appGuid}/features`);
      const features = Fields.of(json, 'features').objects('resources');
      return Object.fromEntries(features.map((feature) => [feature.text('name'), feature.flag('enabled')]));
    },
    async bindings(appGuid) {
      return (await readBindings(requests, appGuid)).map(({ instance }) => instance);
    },
    serviceBindings(appGuid) {
      return readBindings(requests, appGuid);
    },
    async bindingParameters(guid) {
      const path = `/v3/service_credential_bindings/${guid}/parameters`;
      try {
        return Fields.of(await requests.read(path), 'parameters').all();
      } catch (error) {
        if (isUnknownRequest(error) || isNotSupported(error)) return undefined;
        throw error;
      }
    },
    async bind({ appGuid, instanceGuid, name, parameters }) {
      await requests.write('POST', '/v3/service_credential_bindings', {
        type: 'app',
        ...present({ name, parameters }),
        relationships: {
          service_instance: { data: { guid: instanceGuid } },
          app: { data: { guid: appGuid } },
        },
      });
    },
    async offerings(instanceGuids) {
      const instances = await readRelated(requests, '/v3/service_instances', instanceGuids, 'service_plan');
      const plans = await readRelated(
        requests,
        '/v3/service_plans',
        [...instances.values()],
        'service_offering',
      );
      const offerings = await requests.listFor(
        '/v3/service_offerings',
        'guids',
        [...plans.values()],
        {},
        (one) => ({
          guid: one.text('guid'),
          name: one.text('name'),
        }),
      );
      const nameOf = (instance: string) =>
        offerings.find(({ guid }) => guid === plans.get(instances.get(instance) ?? ''))?.name;
      return new Map(
        instanceGuids.flatMap((guid) => {
          const name = nameOf(guid);
          return name === undefined ? [] : [[guid, name] as const];
        }),
      );
    },
    async setFeature(appGuid, name, enabled) {
      await requests.write('PATCH', `/v3/apps/${appGuid}/features/${name}`, { enabled });
    },
    async removeBinding(guid) {
      const path = `/v3/service_credential_bindings/${guid}`;
      await goneIsDone(async () => requests.finish(await requests.write('DELETE', path)));
    },
    async policies(appGuid) {
      if (networkPolicyUrl === undefined) return undefined;
      try {
        return await readPolicies(requests, networkPolicyUrl, appGuid);
      } catch (error) {
        if (isUnreadable(error)) return undefined;
        throw error;
      }
    },
    addPolicies: (policies) => changePolicies('/policies', policies),
    removePolicies: (policies) => changePolicies('/policies/delete', policies),
    async createSidecar(appGuid, { name, command, processTypes, memoryMb }) {
      const body = { name, command, process_types: processTypes, memory_in_mb: memoryMb ?? undefined };
      await requests.write('POST', `/v3/apps/${appGuid}/sidecars`, body);
    },
    async userSidecars(appGuid) {
      const all = await noneWithoutApi(() =>
        requests.list(`/v3/apps/${appGuid}/sidecars`, {}, (fields) => ({
          origin: fields.maybeText('origin'),
          sidecar: parseSidecar(fields),
        })),
      );
      return all.filter(({ origin }) => origin !== 'buildpack').map(({ sidecar }) => sidecar);
    },
    async updateSidecar({ guid, name, command, processTypes, memoryMb }) {
      const body = { name, command, process_types: processTypes, memory_in_mb: memoryMb };
      await requests.write('PATCH', `/v3/sidecars/${guid}`, body);
    },
    async removeSidecar(guid) {
      await goneIsDone(async () => void (await requests.write('DELETE', `/v3/sidecars/${guid}`)));
    },
    sidecars(appGuid, only) {
      return noneWithoutApi(async () => {
        const all = await requests.list(`/v3/apps/${appGuid}/sidecars`, {}, (sidecar) => ({
          name: sidecar.text('name'),
          origin: sidecar.maybeText('origin'),
        }));
        return all.filter(({ origin }) => !only || origin === only).map(({ name }) => name);
      });
    },
  };
}

/** 403: the account has no network scope; this server says so in a body of its own. 404 of the API: it has no such address. */
function isUnreadable(error: unknown): boolean {
  if (error instanceof PlatformRefusal) return error.status === 403 || error.status === 404;
  return error instanceof PlatformFault && error.status === 403;
}

/** 10000 `CF-NotFound`, "Unknown request": the platform does not have this at all, so no app on it does. */
async function noneWithoutApi<T>(read: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await read();
  } catch (error) {
    if (isUnknownRequest(error)) return [];
    throw error;
  }
}

function isUnknownRequest(error: unknown): boolean {
  return error instanceof PlatformRefusal && error.status === 404 && error.code === 10_000;
}

/** The broker tells no parameters, or there is no broker (CC service_binding_read.rb). */
function isNotSupported(error: unknown): boolean {
  return error instanceof PlatformRefusal && error.title === 'CF-ServiceFetchBindingParametersNotSupported';
}

/** An app of a platform that does not list them here may well have some. */
function withoutBindings(error: unknown): unknown {
  if (!isUnknownRequest(error)) return error;
  return new Refused(
    'This platform does not tell which services an app is bound to: its API has no /v3/service_credential_bindings (since version 3.87.0), so what an app has could be lost unseen.',
    'Deploy to a platform with a newer version of the API.',
  );
}

function parseSidecar(fields: Fields): Sidecar {
  return {
    guid: fields.text('guid'),
    name: fields.text('name'),
    command: fields.text('command'),
    processTypes: fields.texts('process_types'),
    memoryMb: fields.maybeNumber('memory_in_mb') ?? null,
  };
}

/** Throws `Refused` on a platform that has no such list. */
async function readBindings(requests: Requests, appGuid: string): Promise<readonly Binding[]> {
  const query = { app_guids: appGuid, type: 'app' };
  const bindings = await requests
    .list('/v3/service_credential_bindings', query, (binding) => {
      const operation = binding.maybeObject('last_operation');
      return {
        guid: binding.text('guid'),
        of: related(binding, 'service_instance') ?? '',
        rest: present({
          name: binding.maybeText('name'),
          operation: operation && OPERATIONS.find((type) => type === operation.maybeText('type')),
          state: operation && STATES.find((state) => state === operation.maybeText('state')),
          description: operation?.maybeText('description'),
        }),
      };
    })
    .catch((error: unknown) => {
      throw withoutBindings(error);
    });
  const guids = bindings.map(({ of }) => of);
  const instances = await requests.listFor('/v3/service_instances', 'guids', guids, {}, (instance) => ({
    guid: instance.text('guid'),
    name: instance.text('name'),
  }));
  return bindings.map(({ guid, of, rest }) => {
    const name = instances.find((instance) => instance.guid === of)?.name;
    if (name === undefined)
      throw new PlatformFault('The platform names a binding, but not its service instance.', false);
    return { guid, instance: name, instanceGuid: of, ...rest };
  });
}

const OPERATIONS = ['create', 'delete'] as const;
const STATES = ['initial', 'in progress', 'succeeded', 'failed'] as const;

/** @returns by guid, the guid of what it belongs to */
async function readRelated(
  requests: Requests,
  path: string,
  guids: readonly string[],
  what: string,
): Promise<ReadonlyMap<string, string>> {
  const found = await requests.listFor(path, 'guids', guids, {}, (one) => ({
    guid: one.text('guid'),
    of: related(one, what),
  }));
  return new Map(found.flatMap(({ guid, of }) => (of === undefined ? [] : [[guid, of] as const])));
}

/** The policy server's API v1 (cf-networking-release docs/08-policy-server-external-api.md) names an app by its guid, on either side. */
async function readPolicies(
  requests: Requests,
  url: string,
  appGuid: string,
): Promise<readonly NetworkPolicy[]> {
  const json = await requests.read(`${trimmed(url)}/policies`, { id: appGuid });
  return Fields.of(json, 'policies')
    .objects('policies')
    .map((policy) => {
      const destination = policy.object('destination');
      const ports = destination.object('ports');
      return {
        source: policy.object('source').text('id'),
        destination: destination.text('id'),
        protocol: destination.text('protocol'),
        start: ports.number('start'),
        end: ports.number('end'),
      };
    })
    .filter(({ source, destination }) => [source, destination].includes(appGuid));
}

function policyBody({ source, destination, protocol, start, end }: NetworkPolicy) {
  return { source: { id: source }, destination: { id: destination, protocol, ports: { start, end } } };
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, '');
}
