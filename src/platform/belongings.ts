/** What an app has beside its code and routes: features, bindings, network policies, sidecars. */
import type { Binding, Sidecar } from '../model/cloud.js';
import { PlatformFault, PlatformRefusal } from '../model/errors.js';
import { goneIsDone } from './apps.js';
import type { Platform } from './calls.js';
import { Fields, related } from './json.js';
import type { Requests } from './request.js';

type BelongingCalls = Pick<
  Platform,
  | 'features'
  | 'bindings'
  | 'serviceBindings'
  | 'removeBinding'
  | 'policies'
  | 'sidecars'
  | 'userSidecars'
  | 'updateSidecar'
  | 'removeSidecar'
>;

/** `networkPolicyUrl` is the root's `network_policy_v1`; without it policies are unknown. */
export function belongingCalls(
  requests: Requests,
  networkPolicyUrl: string | undefined,
  namesOf: (appGuids: readonly string[]) => Promise<ReadonlyMap<string, string>>,
): BelongingCalls {
  return {
    async features(appGuid) {
      const json = await requests.read(`/v3/apps/${appGuid}/features`);
      const features = Fields.of(json, 'features').objects('resources');
      return Object.fromEntries(features.map((feature) => [feature.text('name'), feature.flag('enabled')]));
    },
    async bindings(appGuid) {
      const bindings = await noneWithoutApi(() => readBindings(requests, appGuid));
      return bindings.map(({ instance }) => instance);
    },
    serviceBindings(appGuid) {
      return noneWithoutApi(() => readBindings(requests, appGuid));
    },
    async removeBinding(guid) {
      const path = `/v3/service_credential_bindings/${guid}`;
      await goneIsDone(async () => requests.finish(await requests.write('DELETE', path)));
    },
    async policies(appGuid) {
      if (networkPolicyUrl === undefined) return undefined;
      try {
        return await readPolicies(requests, networkPolicyUrl, appGuid, namesOf);
      } catch (error) {
        if (isUnreadable(error)) return undefined;
        throw error;
      }
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
    if (error instanceof PlatformRefusal && error.status === 404 && error.code === 10_000) return [];
    throw error;
  }
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

async function readBindings(requests: Requests, appGuid: string): Promise<readonly Binding[]> {
  const bindings = await requests.list(
    '/v3/service_credential_bindings',
    { app_guids: appGuid, type: 'app' },
    (binding) => ({ guid: binding.text('guid'), of: related(binding, 'service_instance') ?? '' }),
  );
  const guids = bindings.map(({ of }) => of);
  const instances = await requests.listFor('/v3/service_instances', 'guids', guids, {}, (instance) => ({
    guid: instance.text('guid'),
    name: instance.text('name'),
  }));
  return bindings.map(({ guid, of }) => {
    const name = instances.find((instance) => instance.guid === of)?.name;
    if (name === undefined)
      throw new PlatformFault('The platform names a binding, but not its service instance.', false);
    return { guid, instance: name };
  });
}

async function readPolicies(
  requests: Requests,
  url: string,
  appGuid: string,
  namesOf: (appGuids: readonly string[]) => Promise<ReadonlyMap<string, string>>,
): Promise<readonly string[]> {
  const json = await requests.read(`${url.replace(/\/+$/, '')}/policies`, { id: appGuid });
  const policies = Fields.of(json, 'policies')
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
    });
  const names = await namesOf(policies.flatMap(({ source, destination }) => [source, destination]));
  const nameOf = (guid: string) => names.get(guid) ?? guid;
  return policies.map(({ source, destination, protocol, start, end }) => {
    const ports = start === end ? `${start}` : `${start}-${end}`;
    return `${nameOf(source)} -> ${nameOf(destination)}:${ports}/${protocol}`;
  });
}
