/** Spaces in which a rollback can begin, and what comes before or after it. */
import { ANNOTATION } from '../../../src/platform/names.js';
import { to, wanted } from '../support.js';
import type { Scenario } from './explore.js';
import { gains, kept, LIVE, labels, ON_SHOP, ONE_ROUTE, running, SHOP, space, WWW } from './scenarios.js';
import { isHealthy, type ModelWorld, withoutKey } from './world.js';

const V0 = kept('shop', 'previous', 'v0');

/** The other hand: the version is gone, at any moment before live has given its name away. What it alone served is not served then. */
function losesTheVersion(world: ModelWorld): ModelWorld | undefined {
  const live = Object.values(world.apps).find(({ name }) => name === 'shop');
  if (!live || !world.apps[V0.guid] || live.guid === V0.guid) return undefined;
  const stays = (routeGuid: string) =>
    world.proved.includes(`${routeGuid} ${live.guid}`) &&
    world.routes[routeGuid]?.destinations.some((one) => one.appGuid === live.guid && isHealthy(world, one));
  const left = Object.values(world.routes).map((route) => {
    const destinations = route.destinations.filter(({ appGuid }) => appGuid !== V0.guid);
    return [route.guid, { ...route, destinations }] as const;
  });
  const others = (list: readonly string[]) => list.filter((one) => !one.endsWith(V0.guid));
  return {
    ...world,
    apps: withoutKey(world.apps, V0.guid),
    routes: Object.fromEntries(left),
    served: world.served.filter(stays),
    proved: others(world.proved),
    smoked: others(world.smoked),
    undrained: others(world.undrained),
  };
}

export const ROLLBACKS: readonly Scenario[] = [
  { name: 'a deploy, then back', deploys: [ONE_ROUTE, 'rollback'], world: space([LIVE], ON_SHOP) },
  {
    name: 'a deploy, then back, then a deploy',
    deploys: [ONE_ROUTE, 'rollback', ONE_ROUTE],
    world: space([LIVE], ON_SHOP),
  },
  { name: 'back twice', deploys: ['rollback', 'rollback'], world: space([LIVE, V0], ON_SHOP) },
  {
    name: 'back, then a deploy',
    deploys: ['rollback', ONE_ROUTE],
    inputs: { smokeScript: './check' },
    world: space([LIVE, V0, kept('shop', 'failed', 'u9')], ON_SHOP),
  },
  {
    name: 'back to one of several',
    deploys: ['rollback', 'rollback'],
    inputs: { keepPrevious: 0 },
    world: space([LIVE, V0, kept('shop', 'previous', 'u9')], ON_SHOP),
  },
  {
    name: 'back, with a route that is still mapped by hand',
    deploys: ['rollback', 'rollback'],
    world: space([LIVE, V0], { [SHOP.url]: [to('shop v1'), to(V0.guid)], [WWW.url]: [to(V0.guid)] }),
  },
  {
    name: 'back to what another hand has started',
    deploys: ['rollback', 'rollback'],
    inputs: { env: { COLOUR: 'green' } },
    world: space([LIVE, running(V0.guid, { name: V0.name, labels: V0.labels })], ON_SHOP),
  },
  {
    name: 'back, with variables that were set and unset by hand',
    deploys: ['rollback', ONE_ROUTE],
    world: space(
      [
        { ...LIVE, env: { SINCE: 'now' }, annotations: { [ANNOTATION.manifestEnv]: '[]' } },
        { ...V0, env: { THEN: 'once' }, annotations: { [ANNOTATION.manifestEnv]: '[]' } },
      ],
      ON_SHOP,
    ),
  },
  {
    name: 'back, with two ports and several routes',
    deploys: ['rollback', 'rollback'],
    world: space([{ ...LIVE, ports: [8080, 9090] }, V0], {
      [SHOP.url]: [to('shop v1')],
      [WWW.url]: [to('shop v1', { port: 9090 })],
    }),
  },
  {
    name: 'back while live gains a route',
    deploys: ['rollback', ONE_ROUTE],
    world: space([LIVE, V0], { ...ON_SHOP, [WWW.url]: [] }),
    meddle: gains(WWW.url),
  },
  {
    name: 'back, and the version is deleted by another hand',
    deploys: ['rollback', ONE_ROUTE],
    world: space([LIVE, V0], ON_SHOP),
    meddle: losesTheVersion,
  },
  {
    name: 'back from a live that crashed for good',
    deploys: ['rollback', 'rollback'],
    world: space([{ ...LIVE, processes: [{ type: 'web', instances: 2, running: 0 }] }, V0], ON_SHOP),
  },
  {
    name: 'back to the app that was adopted',
    deploys: [ONE_ROUTE, 'rollback'],
    world: space([running('old', { name: 'shop' })], { [SHOP.url]: [to('old')] }),
  },
  {
    name: 'back with two apps of one set',
    apps: ['shop', 'admin'],
    interruptedFrom: 'check',
    deploys: ['rollback', { shop: [SHOP], admin: [wanted('admin.apps.example')] }],
    world: space(
      [
        LIVE,
        V0,
        running('admin v1', { name: 'admin', labels: labels('admin', 'live', 'v1') }),
        kept('admin', 'previous', 'v0'),
      ],
      { ...ON_SHOP, 'admin.apps.example': [to('admin v1')] },
    ),
  },
];
