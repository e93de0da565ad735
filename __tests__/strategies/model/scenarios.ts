/** Spaces in which a deploy can begin. */
import type { Destination } from '../../../src/model/cloud.js';
import { ANNOTATION, appKey, LABEL } from '../../../src/platform/names.js';
import { route as routeOf, to, wanted } from '../support.js';
import type { Deploy, Scenario } from './explore.js';
import { changedRoute, isHealthy, type ModelApp, type ModelWorld } from './world.js';

const EMPTY: ModelWorld = {
  apps: {},
  routes: {},
  deployments: {},
  made: {},
  smoked: [],
  proved: [],
  undrained: [],
  served: [],
  meddled: false,
};

export const SHOP = wanted('shop.apps.example');
export const WWW = wanted('www.apps.example');
const API = wanted('api.apps.example/v1');
export const ONE_ROUTE = { shop: [SHOP] };

export function running(guid: string, over: Partial<ModelApp> = {}): ModelApp {
  return {
    guid,
    name: guid,
    state: 'STARTED',
    labels: {},
    annotations: {},
    processes: [
      { type: 'web', instances: 2, running: 2 },
      { type: 'worker', instances: 0, running: 0 },
    ],
    env: {},
    packages: [],
    droplet: 'old',
    ports: [8080],
    ...over,
  };
}

export function labels(app: string, role: string, version: string): Record<string, string> {
  return { [LABEL.role]: role, [LABEL.app]: appKey(app), [LABEL.version]: version };
}

export function kept(app: string, role: 'previous' | 'failed', version: string): ModelApp {
  return running(`${app} ${version}`, {
    name: `${app}-${role}-${version}`,
    state: 'STOPPED',
    labels: labels(app, role, version),
    processes: [{ type: 'web', instances: 2, running: 0 }],
  });
}

/** Routes with destinations, each one that answers taken as seen. */
export function space(
  apps: readonly ModelApp[],
  routes: Readonly<Record<string, readonly Destination[]>>,
): ModelWorld {
  const world = {
    ...EMPTY,
    apps: Object.fromEntries(apps.map((app) => [app.guid, app])),
    routes: Object.fromEntries(
      Object.entries(routes).map(([url, destinations]) => [url, routeOf(url, destinations, { guid: url })]),
    ),
  };
  const seen = Object.values(world.routes).flatMap((route) =>
    route.destinations.filter((one) => isHealthy(world, one)).map((one) => `${route.guid} ${one.appGuid}`),
  );
  return { ...world, proved: [...new Set(seen)].sort() };
}

/** The other hand: live, as long as it runs, gets a route that nobody had. */
export function gains(url: string, over: Partial<Destination> = {}) {
  return (world: ModelWorld): ModelWorld | undefined => {
    const live = Object.values(world.apps).find(({ name }) => name === 'shop');
    const route = world.routes[url];
    if (live?.state !== 'STARTED' || !route) return undefined;
    const mapped = changedRoute(world, route.guid, [...route.destinations, to(live.guid, over)]);
    return {
      ...mapped,
      proved: [...mapped.proved, `${route.guid} ${live.guid}`].sort(),
      served: [...mapped.served, route.guid].sort(),
    };
  };
}

export const LIVE = running('shop v1', { name: 'shop', labels: labels('shop', 'live', 'v1') });
const ADOPTED = running('old', { name: 'shop' });
export const ON_SHOP = { [SHOP.url]: [to('shop v1')] };

const SHOP_AND_ADMIN = space(
  [LIVE, running('admin v1', { name: 'admin', labels: labels('admin', 'live', 'v1') })],
  { ...ON_SHOP, 'admin.apps.example': [to('admin v1')] },
);
export const IN_TURN = { admin: { number: 1, of: 2 }, shop: { number: 2, of: 2 } };

function twice(routes: Deploy): Scenario['deploys'] {
  return [routes, routes];
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'first deploy', deploys: twice(ONE_ROUTE), world: EMPTY },
  {
    name: 'adoption',
    deploys: twice(ONE_ROUTE),
    world: space([ADOPTED], { [SHOP.url]: [to('old')] }),
  },
  { name: 'second deploy', deploys: twice(ONE_ROUTE), world: space([LIVE], ON_SHOP) },
  {
    name: 'smoke-script, environment and a failed one from before',
    deploys: twice(ONE_ROUTE),
    inputs: { smokeScript: './check', env: { COLOUR: 'green' } },
    world: space([LIVE, kept('shop', 'failed', 'v0')], ON_SHOP),
  },
  {
    name: 'several routes, one of them new',
    deploys: twice({ shop: [SHOP, API, wanted('new.apps.example')] }),
    world: space([LIVE], {
      [SHOP.url]: [to('shop v1')],
      [API.url]: [to('shop v1')],
    }),
  },
  {
    name: 'a route that the manifest drops',
    deploys: twice(ONE_ROUTE),
    world: space(
      [
        {
          ...LIVE,
          annotations: { [ANNOTATION.manifestRoutes]: JSON.stringify([SHOP.url, WWW.url]) },
        },
      ],
      { [SHOP.url]: [to('shop v1')], [WWW.url]: [to('shop v1')] },
    ),
  },
  {
    name: 'carried routes are given up',
    deploys: twice(ONE_ROUTE),
    inputs: { carry: 'manifest' },
    world: space([LIVE], { [SHOP.url]: [to('shop v1')], [WWW.url]: [to('shop v1')] }),
  },
  {
    name: 'live with two ports',
    deploys: twice(ONE_ROUTE),
    world: space([{ ...LIVE, ports: [8080, 9090] }], {
      [SHOP.url]: [to('shop v1')],
      [WWW.url]: [to('shop v1', { port: 9090 })],
    }),
  },
  {
    name: 'two destinations of live on one route',
    deploys: twice(ONE_ROUTE),
    world: space([{ ...LIVE, ports: [8080, 9090] }], {
      [SHOP.url]: [to('shop v1'), to('shop v1', { port: 9090 })],
    }),
  },
  {
    name: 'live with another port only',
    deploys: twice(ONE_ROUTE),
    world: space([{ ...LIVE, ports: [9090] }], { [SHOP.url]: [to('shop v1', { port: 9090 })] }),
  },
  {
    name: 'options, and a protocol by which live is not asked',
    deploys: twice({
      shop: [
        { ...SHOP, protocol: 'http2' },
        { ...WWW, options: { loadbalancing: 'least-connection' } },
      ],
    }),
    world: space([LIVE], { [SHOP.url]: [to('shop v1')], [WWW.url]: [to('shop v1')] }),
  },
  {
    name: 'an app that nobody outside can ask',
    deploys: twice({ shop: [{ ...SHOP, internal: true }] }),
    world: space([LIVE], ON_SHOP),
  },
  {
    name: 'a route shared with another app',
    deploys: twice(ONE_ROUTE),
    world: space([LIVE, running('foreign')], { [SHOP.url]: [to('foreign'), to('shop v1')] }),
  },
  {
    name: 'look-alikes beside it',
    deploys: twice(ONE_ROUTE),
    world: space(
      [
        LIVE,
        running('foreign admin', { name: 'shop-admin' }),
        running('foreign x', { name: 'shopXcandidate' }),
      ],
      { ...ON_SHOP, 'admin.apps.example': [to('foreign admin')] },
    ),
  },
  {
    name: 'live is stopped',
    deploys: twice(ONE_ROUTE),
    world: space(
      [{ ...LIVE, state: 'STOPPED', processes: [{ type: 'web', instances: 2, running: 0 }] }],
      ON_SHOP,
    ),
  },
  {
    name: 'live crashed for good',
    deploys: twice(ONE_ROUTE),
    world: space([{ ...LIVE, processes: [{ type: 'web', instances: 2, running: 0 }] }], ON_SHOP),
  },
  {
    name: 'live gains a route in the middle',
    deploys: twice(ONE_ROUTE),
    world: space([LIVE], { ...ON_SHOP, [WWW.url]: [] }),
    meddle: gains(WWW.url),
  },
  ...[0, 3].map(
    (keepPrevious): Scenario => ({
      name: `keep-previous ${keepPrevious}`,
      deploys: twice(ONE_ROUTE),
      inputs: { keepPrevious },
      world: space(
        [
          LIVE,
          kept('shop', 'previous', 'v0'),
          kept('shop', 'previous', 'u9'),
          kept('shop', 'previous', 'u8'),
        ],
        ON_SHOP,
      ),
    }),
  ),
  {
    name: 'keep-previous 0, and no failed one is kept',
    deploys: twice(ONE_ROUTE),
    inputs: { keepPrevious: 0, keepFailed: false },
    world: space([ADOPTED], { [SHOP.url]: [to('old')] }),
  },
  {
    name: 'two apps of one set',
    apps: ['shop', 'admin'],
    interruptedFrom: 'check',
    deploys: twice({ shop: [SHOP], admin: [wanted('admin.apps.example')] }),
    world: SHOP_AND_ADMIN,
  },
  {
    name: 'two apps of one set, one of them new',
    apps: ['shop', 'admin'],
    interruptedFrom: 'check',
    deploys: twice({ shop: [SHOP], admin: [wanted('admin.apps.example')] }),
    world: space([LIVE], ON_SHOP),
  },
  {
    name: 'two apps that switch in turn',
    apps: ['shop', 'admin'],
    turns: IN_TURN,
    interruptedFrom: 'check',
    deploys: twice({ shop: [SHOP], admin: [wanted('admin.apps.example')] }),
    world: { ...SHOP_AND_ADMIN, inTurn: ['admin', 'shop'] },
  },
  {
    name: 'two apps that switch in turn, the first of them new',
    apps: ['shop', 'admin'],
    turns: IN_TURN,
    interruptedFrom: 'check',
    deploys: twice({ shop: [SHOP], admin: [wanted('admin.apps.example')] }),
    world: { ...space([LIVE], ON_SHOP), inTurn: ['admin', 'shop'] },
  },
];
