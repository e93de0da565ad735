/** Spaces in which a deploy is held, and what ends it. */
import { to, wanted } from '../support.js';
import type { Scenario } from './explore.js';
import { RUNS } from './rolls.js';
import { gains, kept, LIVE, labels, ON_SHOP, ONE_ROUTE, running, SHOP, space, WWW } from './scenarios.js';

const HELD = { hold: ONE_ROUTE };
const PAIR = { shop: [SHOP], admin: [wanted('admin.apps.example')] };
const TWO = {
  apps: ['shop', 'admin'],
  interruptedFrom: 'check',
  world: space([LIVE, running('admin v1', { name: 'admin', labels: labels('admin', 'live', 'v1') })], {
    ...ON_SHOP,
    'admin.apps.example': [to('admin v1')],
  }),
} as const;

const ROLLING = { inputs: { strategy: 'rolling' }, world: space([RUNS], ON_SHOP) } as const;

export const HOLDS: readonly Scenario[] = [
  {
    name: 'held, promoted, and the same again',
    deploys: [HELD, 'promote', 'promote', ONE_ROUTE],
    world: space([LIVE], ON_SHOP),
  },
  {
    name: 'held, aborted, and the same again',
    deploys: [HELD, 'abort', 'abort', ONE_ROUTE],
    world: space([LIVE], ON_SHOP),
  },
  {
    name: 'held, promoted or else aborted',
    deploys: [HELD, 'promote', 'abort', ONE_ROUTE],
    world: space([LIVE], ON_SHOP),
  },
  {
    name: 'held, aborted or else promoted',
    deploys: [HELD, 'abort', 'promote', ONE_ROUTE],
    world: space([LIVE], ON_SHOP),
  },
  {
    name: 'held, and ended by a deploy',
    deploys: [HELD, ONE_ROUTE, ONE_ROUTE],
    world: space([LIVE, kept('shop', 'failed', 'v0')], ON_SHOP),
  },
  {
    name: 'a first deploy that is held',
    deploys: [HELD, 'promote', 'abort', ONE_ROUTE],
    inputs: { smokeScript: './check' },
    world: space([], {}),
  },
  {
    name: 'held, promoted with several routes and ports',
    deploys: [{ hold: { shop: [SHOP, wanted('new.apps.example')] } }, 'promote', ONE_ROUTE],
    interruptedFrom: 'check',
    inputs: { keepPrevious: 0 },
    world: space([{ ...LIVE, ports: [8080, 9090] }], {
      [SHOP.url]: [to('shop v1')],
      [WWW.url]: [to('shop v1', { port: 9090 })],
    }),
  },
  {
    name: 'held while live gains a route',
    deploys: [HELD, 'promote', ONE_ROUTE],
    world: space([LIVE], { ...ON_SHOP, [WWW.url]: [] }),
    meddle: gains(WWW.url),
  },
  {
    name: 'two apps held and promoted together',
    deploys: [{ hold: PAIR }, 'promote', 'abort', PAIR],
    ...TWO,
  },
  {
    name: 'rolling, held, promoted, and the same again',
    deploys: [HELD, 'promote', 'promote', ONE_ROUTE],
    ...ROLLING,
  },
  {
    name: 'rolling, held, aborted or else promoted',
    deploys: [HELD, 'abort', 'promote', ONE_ROUTE],
    ...ROLLING,
  },
  { name: 'rolling, held, and ended by a deploy', deploys: [HELD, ONE_ROUTE, ONE_ROUTE], ...ROLLING },
  {
    name: 'rolling, held while live gains a route, and aborted',
    deploys: [{ hold: { shop: [SHOP, WWW] } }, 'abort', ONE_ROUTE],
    ...ROLLING,
    world: space([RUNS], { ...ON_SHOP, [WWW.url]: [] }),
    meddle: gains(WWW.url),
  },
  { name: 'two apps held and aborted together', deploys: [{ hold: PAIR }, 'abort', PAIR], ...TWO },
];
