/** Routes and their destinations. Destinations are inserted and removed one by one, never replaced. */
import type { Destination, Route } from '../model/cloud.js';
import { PlatformFault, PlatformRefusal } from '../model/errors.js';
import { goneIsDone } from './apps.js';
import type { Platform, RouteName } from './calls.js';
import { Fields, metadataOf, related } from './json.js';
import { inParts, type Requests } from './request.js';

type RouteCalls = Pick<
  Platform,
  | 'routesOfApps'
  | 'routesByGuid'
  | 'routesByLabel'
  | 'findRoute'
  | 'findRoutes'
  | 'isReserved'
  | 'spacesSharing'
  | 'behindService'
  | 'createRoute'
  | 'setRouteOptions'
  | 'deleteRoute'
  | 'askToDeleteRoute'
  | 'insertDestinations'
  | 'removeDestination'
>;

export function routeCalls(requests: Requests): RouteCalls {
  const findRoutes: Platform['findRoutes'] = async (spaceGuid, names) => {
    const parts = inParts(names.map(({ domainGuid }) => domainGuid));
    const found = await Promise.all(
      parts.map((domains) =>
        findOn(
          domains,
          spaceGuid,
          names.filter(({ domainGuid }) => domains.includes(domainGuid)),
        ),
      ),
    );
    return found.flat();
  };
  const findOn = async (
    domains: readonly string[],
    spaceGuid: string | undefined,
    names: readonly RouteName[],
  ) => {
    const query = { domain_guids: domains, space_guids: spaceGuid };
    // Hosts are kept as they were written, but compared without regard to case.
    const hosts = names.flatMap(({ host }) => (host === '' ? [] : [host, host.toLowerCase()]));
    const ports = names.flatMap(({ port }) => (port ? [String(port)] : []));
    const found = await Promise.all([
      requests.listFor('/v3/routes', 'hosts', hosts, query, parseRoute),
      requests.listFor('/v3/routes', 'ports', ports, query, parseRoute),
      names.some(({ host, port }) => host === '' && port === null)
        ? requests.list('/v3/routes', { ...query, hosts: '' }, parseRoute)
        : [],
    ]);
    return found.flat().filter((route) => names.some((name) => isNamed(route, name)));
  };
  return {
    findRoutes,
    async findRoute(spaceGuid, name) {
      return (await findRoutes(spaceGuid, [name]))[0];
    },
    routesOfApps(appGuids) {
      return distinct(requests.listFor('/v3/routes', 'app_guids', appGuids, {}, parseRoute));
    },
    routesByGuid(guids) {
      return requests.listFor('/v3/routes', 'guids', guids, {}, parseRoute);
    },
    routesByLabel(spaceGuid, selector) {
      return requests.list('/v3/routes', { space_guids: spaceGuid, label_selector: selector }, parseRoute);
    },
    async isReserved({ host, domainGuid, path, port }) {
      const query = {
        ...(host === '' ? {} : { host }),
        ...(path === '' ? {} : { path }),
        ...(port === null ? {} : { port: String(port) }),
      };
      const reservations = `/v3/domains/${domainGuid}/route_reservations`;
      return ifAllowed(async () =>
        Fields.of(await requests.read(reservations, query), 'reservation').flag('matching_route'),
      );
    },
    async behindService(routeGuids) {
      const parse = (fields: Fields) => ({ guid: fields.text('guid'), route: related(fields, 'route') });
      const bindings = await ifAllowed(() =>
        requests.listFor('/v3/service_route_bindings', 'route_guids', routeGuids, {}, parse),
      );
      return new Set((bindings ?? []).flatMap(({ route }) => route ?? []));
    },
    async spacesSharing(routeGuid) {
      const path = `/v3/routes/${routeGuid}/relationships/shared_spaces`;
      const told = await ifAllowed(async () => Fields.of(await requests.read(path), 'sharing'));
      return (told?.objects('data') ?? []).map((space) => space.text('guid'));
    },
    createRoute(spaceGuid, { host, domainGuid, path, port, options, labels, annotations }) {
      const body = {
        ...(host === '' ? {} : { host }),
        ...(path === '' ? {} : { path }),
        ...(port ? { port } : {}),
        ...(options ? { options } : {}),
        relationships: { space: { data: { guid: spaceGuid } }, domain: { data: { guid: domainGuid } } },
        metadata: { labels: labels ?? {}, annotations: annotations ?? {} },
      };
      return requests.writeFor('POST', '/v3/routes', body, 'route', parseRoute);
    },
    async setRouteOptions(guid, options) {
      await requests.write('PATCH', `/v3/routes/${guid}`, { options });
    },
    async deleteRoute(guid) {
      await goneIsDone(async () => requests.finish(await requests.write('DELETE', `/v3/routes/${guid}`)));
    },
    async askToDeleteRoute(guid) {
      await goneIsDone(async () => void (await requests.write('DELETE', `/v3/routes/${guid}`)));
    },
    async insertDestinations(routeGuid, to) {
      await requests.write('POST', `/v3/routes/${routeGuid}/destinations`, {
        destinations: to.map(({ appGuid, processType, port, protocol }) => ({
          app: { guid: appGuid, process: { type: processType } },
          ...(port === null ? {} : { port }),
          ...(protocol === null ? {} : { protocol }),
        })),
      });
    },
    async removeDestination(routeGuid, destinationGuid) {
      try {
        await goneIsDone(async () => {
          await requests.write('DELETE', `/v3/routes/${routeGuid}/destinations/${destinationGuid}`);
        });
      } catch (error) {
        if (!isUnmapped(error)) throw error;
      }
    },
  };
}

/** The platform tells a destination that is gone by a 422 and its text alone. */
function isUnmapped(error: unknown): boolean {
  return (
    error instanceof PlatformRefusal &&
    error.status === 422 &&
    error.message.includes('Unable to unmap route from destination')
  );
}

/** @returns undefined when the platform does not let this sign-in know, or is too old to */
async function ifAllowed<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof PlatformRefusal && [403, 404].includes(error.status)) return undefined;
    throw error;
  }
}

/** A route with destinations of several of the apps that were asked for is told once per call. */
async function distinct(routes: Promise<readonly Route[]>): Promise<readonly Route[]> {
  return [...new Map((await routes).map((route) => [route.guid, route])).values()];
}

function isNamed(route: Route, name: RouteName): boolean {
  return (
    route.domainGuid === name.domainGuid &&
    route.host.toLowerCase() === name.host.toLowerCase() &&
    route.path === name.path &&
    route.port === name.port
  );
}

function parseRoute(fields: Fields): Route {
  const domainGuid = related(fields, 'domain');
  const spaceGuid = related(fields, 'space');
  if (domainGuid === undefined || spaceGuid === undefined)
    throw new PlatformFault(
      "The platform's answer is not as expected: a route without domain or space.",
      false,
    );
  return {
    guid: fields.text('guid'),
    url: fields.text('url'),
    host: fields.maybeText('host') ?? '',
    path: fields.maybeText('path') ?? '',
    port: fields.maybeNumber('port') ?? null,
    protocol: fields.maybeText('protocol') ?? 'http',
    domainGuid,
    spaceGuid,
    destinations: fields.objects('destinations').map(parseDestination),
    ...(fields.has('options') ? { options: fields.plainMap('options') } : {}),
    ...metadataOf(fields),
  };
}

function parseDestination(fields: Fields): Destination {
  const app = fields.object('app');
  return {
    guid: fields.text('guid'),
    appGuid: app.text('guid'),
    processType: app.maybeObject('process')?.maybeText('type') ?? 'web',
    port: fields.maybeNumber('port') ?? null,
    protocol: fields.maybeText('protocol') ?? null,
  };
}
