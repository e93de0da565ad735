import type * as r from '../state/records.js';
import { dig, onlyFields, text } from './body.js';
import type { Core } from './core.js';
import { ApiError, unprocessable } from './errors.js';
import { links } from './present.js';
import { changeDestinations } from './route-rules.js';
import { spacesOfRoute } from './route-sharing.js';
import { findRoute } from './routes.js';
import { type Answer, type Call, type Row, row } from './table.js';

const MOST = 100;
/** Of one app in one request. */
const MOST_PORTS = 10;
const DEFAULT_PORT = 8080;

/** A destination's protocol on a route; nothing asked for is the route's usual one. Throws 422 for what the route does not speak. */
export function protocolFor(route: r.Route, asked: unknown): string {
  const isTcp = route.port !== undefined;
  const protocol = text(asked) ?? (isTcp ? 'tcp' : 'http1');
  if ((protocol === 'tcp') === isTcp) return protocol;
  const [kind, valid] = isTcp ? ['tcp', 'tcp'] : ['http', 'http1, http2'];
  throw unprocessable(`Cannot use '${protocol}' protocol for ${kind} routes; valid options are: [${valid}].`);
}

/** Where no port is asked for; null: a docker image says it. */
export function defaultPort(app: r.App | undefined): number | null {
  return app?.lifecycle.type === 'docker' ? null : DEFAULT_PORT;
}

/** What stands for no port is shown as the port that the image of the app's droplet exposes (CC route_mapping_model.rb). */
export function presentDestination(core: Core, d: r.Destination): Record<string, unknown> {
  const droplet = core.store.droplets.get(core.store.apps.get(d.appGuid)?.dropletGuid ?? '');
  return {
    guid: d.guid,
    app: { guid: d.appGuid, process: { type: d.processType } },
    weight: d.weight ?? null,
    port: d.port ?? droplet?.ports?.[0] ?? DEFAULT_PORT,
    protocol: d.protocol,
  };
}

function all(core: Core, route: r.Route): Answer {
  const self = `/v3/routes/${route.guid}/destinations`;
  const sorted = [...route.destinations].sort((a, b) => (a.guid < b.guid ? -1 : 1));
  return {
    status: 200,
    body: {
      destinations: sorted.map((d) => presentDestination(core, d)),
      links: links(core, { self, route: `/v3/routes/${route.guid}` }),
    },
  };
}

/** Reads and checks `destinations`; each gets a new GUID. */
function wanted(body: Record<string, unknown>, core: Core, route: r.Route, least: number): r.Destination[] {
  onlyFields(body, ['destinations']);
  const given = body.destinations;
  if (!Array.isArray(given) || given.length < least || given.length > MOST) {
    throw unprocessable(
      `Destinations must be an array containing between ${least} and ${MOST} destination objects.`,
    );
  }
  const isReplacing = least === 0;
  const guids = given.map((d) => text(dig(d, 'app', 'guid')) ?? '');
  if (guids.some((guid) => guids.filter((one) => one === guid).length > MOST_PORTS))
    throw unprocessable(`Process must have at most ${MOST_PORTS} exposed ports.`);
  const missing = guids.filter((guid) => !core.store.apps.get(guid));
  if (missing.length > 0) {
    throw unprocessable(
      `App(s) with guid(s) "${[...new Set(missing)].join('", "')}" do not exist or you do not have access.`,
    );
  }
  const spaces = spacesOfRoute(route);
  if (guids.some((guid) => !spaces.includes(core.store.apps.get(guid)?.spaceGuid ?? ''))) {
    throw unprocessable(
      "Routes destinations must be in either the route's space or the route's shared spaces",
    );
  }
  return given.map((d, i) => {
    const weight = weightOf(dig(d, 'weight'), i, isReplacing);
    const port = dig(d, 'port');
    if (port != null && !(Number.isInteger(port) && Number(port) >= 1024 && Number(port) <= 65535)) {
      throw unprocessable(
        `Destinations[${i}]: port must be a positive integer between 1024 and 65535 inclusive.`,
      );
    }
    const given = dig(d, 'protocol');
    if (given != null && given !== 'http1' && given !== 'http2' && given !== 'tcp') {
      throw unprocessable(`Destinations[${i}]: protocol must be 'http1', 'http2' or 'tcp'.`);
    }
    const protocol = protocolFor(route, given);
    return {
      guid: core.store.guid(),
      appGuid: guids[i] ?? '',
      processType: text(dig(d, 'app', 'process', 'type')) ?? 'web',
      port: typeof port === 'number' ? port : defaultPort(core.store.apps.get(guids[i] ?? '')),
      protocol,
      ...(weight === undefined ? {} : { weight }),
    };
  });
}

/** Only whoever replaces all destinations may give weights; nobody's requests follow them. */
function weightOf(given: unknown, index: number, isReplacing: boolean): number | undefined {
  if (given === undefined || given === null) return undefined;
  const about = `Destinations[${index}]:`;
  if (!isReplacing)
    throw unprocessable(`${about} weighted destinations can only be used when replacing all destinations.`);
  if (Number.isInteger(given) && Number(given) > 0 && Number(given) <= 100) return Number(given);
  throw unprocessable(`${about} weight must be a positive integer between 1 and 100.`);
}

/** Throws 422 unless none has a weight, or all have and they are the whole. */
function checkWeights(given: readonly r.Destination[]): void {
  const weights = given.flatMap(({ weight }) => weight ?? []);
  if (weights.length === 0) return;
  if (weights.length < given.length)
    throw unprocessable('Destinations cannot contain both weighted and unweighted destinations.');
  if (weights.reduce((sum, weight) => sum + weight, 0) !== 100)
    throw unprocessable('Destinations must have weights that sum to 100.');
}

const isWeighted = (route: r.Route) => route.destinations.some(({ weight }) => weight !== undefined);

/** Throws 422 for a route whose destinations have weights: they are replaced together, or not at all. */
export function refuseWeighted(route: r.Route): void {
  if (!isWeighted(route)) return;
  throw unprocessable(
    'Destinations cannot be inserted when there are weighted destinations already configured.',
  );
}

const same = (a: r.Destination, b: r.Destination) =>
  a.appGuid === b.appGuid && a.processType === b.processType && a.port === b.port;

function hasDuplicates(list: readonly r.Destination[]): boolean {
  return list.some((a, i) => list.some((b, k) => k > i && same(a, b) && a.protocol === b.protocol));
}

async function insert(call: Call, core: Core): Promise<Answer> {
  const route = findRoute(call, core);
  const given = wanted(await call.json(), core, route, 1);
  if (route.destinations.length + given.length > MOST) {
    throw unprocessable(`Routes can be mapped to at most ${MOST} destinations.`);
  }
  // The platform does not translate this one for an insertion.
  if (hasDuplicates(given)) throw new ApiError(500, 10001, 'UnknownError', 'An unknown error occurred.');
  refuseWeighted(route);
  const added = given.filter((d) => {
    const existing = route.destinations.find((x) => same(x, d));
    if (existing && existing.protocol !== d.protocol) {
      throw unprocessable(
        `Cannot add destination with protocol: ${d.protocol}. Destination already exists for route: ` +
          `${core.store.url(route)}, app: ${d.appGuid}, process: ${d.processType}, and protocol: ${existing.protocol}.`,
      );
    }
    return !existing;
  });
  changeDestinations(core, route, [...route.destinations, ...added], call.caller);
  return all(core, route);
}

async function replace(call: Call, core: Core): Promise<Answer> {
  const route = findRoute(call, core);
  const given = wanted(await call.json(), core, route, 0);
  checkWeights(given);
  if (hasDuplicates(given)) throw unprocessable('Destinations cannot contain duplicate entries');
  const after = given.map(
    (d) =>
      route.destinations.find((x) => same(x, d) && x.protocol === d.protocol && x.weight === d.weight) ?? d,
  );
  changeDestinations(core, route, after, call.caller);
  return all(core, route);
}

export const rows: readonly Row[] = [
  row('GET', '/v3/routes/:guid/destinations', (call, core) => {
    const route = findRoute(call, core);
    const guids = call.query.get('guids')?.split(',');
    const apps = call.query.get('app_guids')?.split(',');
    const shown = route.destinations.filter(
      (d) => (!guids || guids.includes(d.guid)) && (!apps || apps.includes(d.appGuid)),
    );
    return all(core, { ...route, destinations: shown });
  }),
  row('POST', '/v3/routes/:guid/destinations', insert),
  row('PATCH', '/v3/routes/:guid/destinations', replace),
  row('PATCH', '/v3/routes/:guid/destinations/:destination', async (call, core) => {
    const route = findRoute(call, core);
    const { protocol } = await call.json();
    const destination = route.destinations.find((d) => d.guid === call.params.destination);
    if (!destination) {
      throw unprocessable('Unable to update destination. Ensure the route has a destination with this guid.');
    }
    destination.protocol = protocolFor(route, protocol);
    core.store.touch(route);
    return { status: 200, body: presentDestination(core, destination) };
  }),
  row('DELETE', '/v3/routes/:guid/destinations/:destination', (call, core) => {
    const route = findRoute(call, core);
    if (!route.destinations.some((d) => d.guid === call.params.destination)) {
      throw unprocessable(
        'Unable to unmap route from destination. Ensure the route has a destination with this guid.',
      );
    }
    if (isWeighted(route)) throw unprocessable('Weighted destinations cannot be deleted individually.');
    const kept = route.destinations.filter((d) => d.guid !== call.params.destination);
    changeDestinations(core, route, kept, call.caller);
    return { status: 204 };
  }),
];
