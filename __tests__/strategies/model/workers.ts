/** Spaces of apps that no router leads to, or that hand their processes over. */
import { to, wanted } from '../support.js';
import type { Scenario } from './explore.js';
import { gains, kept, LIVE, labels, ON_SHOP, ONE_ROUTE, running, SHOP, space, WWW } from './scenarios.js';

const NO_ROUTE = { shop: [] };
const BOTH = [
  { type: 'web', instances: 2, running: 2 },
  { type: 'worker', instances: 2, running: 2 },
];
const WITH_WORKER = { ...LIVE, processes: BOTH };
const KEPT = kept('shop', 'previous', 'v0');
const KEPT_WORKER = {
  ...KEPT,
  processes: [...KEPT.processes, { type: 'worker', instances: 1, running: 0 }],
};
const ONE_WORKER = { processes: { worker: { instances: 1, named: [] } } };

const WHOLE = { manifest: { noRoute: true }, inputs: { workers: 'handover' } } as const;
const OF_WORKERS = { manifest: ONE_WORKER, inputs: { workers: 'handover' } } as const;
const stops = space([LIVE], {});
const whole = { ...WHOLE, world: { ...stops, alone: ['web'] } };
const workers = { ...OF_WORKERS, world: { ...space([WITH_WORKER], ON_SHOP), alone: ['worker'] } };

export const WORKERS: readonly Scenario[] = [
  { name: 'no route', deploys: [NO_ROUTE, NO_ROUTE], manifest: { noRoute: true }, world: stops },
  {
    name: 'no route, and live is stopped',
    deploys: [NO_ROUTE, NO_ROUTE],
    manifest: { noRoute: true },
    inputs: { workers: 'handover', smokeScript: './check' },
    world: space([{ ...LIVE, state: 'STOPPED', processes: [{ type: 'web', instances: 2, running: 0 }] }], {}),
  },
  {
    name: 'no route, a first deploy, then back',
    deploys: [NO_ROUTE, NO_ROUTE, 'rollback'],
    manifest: { noRoute: true },
    inputs: { keepFailed: false },
    interruptedFrom: 'check',
    world: space([], {}),
  },
  {
    name: 'no route, and live gains one in the middle',
    deploys: [NO_ROUTE, { shop: [WWW] }],
    world: space([LIVE], { [WWW.url]: [] }),
    meddle: gains(WWW.url),
  },
  {
    name: 'no route, held, promoted or else aborted',
    deploys: [{ hold: NO_ROUTE }, 'promote', 'abort', NO_ROUTE],
    manifest: { noRoute: true },
    world: stops,
  },
  { name: 'handed over as a whole', deploys: [NO_ROUTE, NO_ROUTE], ...whole },
  {
    name: 'handed over as a whole, and no failed one is kept',
    deploys: [NO_ROUTE, NO_ROUTE],
    ...whole,
    inputs: { workers: 'handover', keepFailed: false, keepPrevious: 0, smokeScript: './check' },
  },
  {
    name: 'handed over as a whole, back twice',
    deploys: ['rollback', 'rollback'],
    ...WHOLE,
    world: { ...space([LIVE, KEPT], {}), alone: ['web'] },
  },
  {
    name: 'handed over as a whole, held, promoted or else aborted',
    deploys: [{ hold: NO_ROUTE }, 'promote', 'abort', NO_ROUTE],
    ...whole,
  },
  {
    name: 'handed over as a whole beside an app with a route',
    apps: ['shop', 'admin'],
    interruptedFrom: 'check',
    deploys: [
      { shop: [], admin: [wanted('admin.apps.example')] },
      { shop: [], admin: [wanted('admin.apps.example')] },
    ],
    inputs: { workers: 'handover' },
    world: {
      ...space([LIVE, running('admin v1', { name: 'admin', labels: labels('admin', 'live', 'v1') })], {
        'admin.apps.example': [to('admin v1')],
      }),
    },
  },
  { name: 'workers handed over', deploys: [ONE_ROUTE, ONE_ROUTE], ...workers },
  {
    name: 'workers handed over, none before',
    deploys: [ONE_ROUTE, ONE_ROUTE],
    ...OF_WORKERS,
    inputs: { workers: 'handover', keepPrevious: 0 },
    world: { ...space([LIVE], ON_SHOP), alone: [] },
  },
  {
    name: 'workers handed over, a deploy, then back',
    deploys: [ONE_ROUTE, 'rollback', ONE_ROUTE],
    interruptedFrom: 'check',
    ...workers,
  },
  {
    name: 'workers handed over, back twice',
    deploys: ['rollback', 'rollback'],
    inputs: { workers: 'handover' },
    world: { ...space([WITH_WORKER, KEPT_WORKER], ON_SHOP), alone: ['worker'] },
  },
  {
    name: 'workers handed over, held, promoted or else aborted',
    deploys: [{ hold: ONE_ROUTE }, 'promote', 'abort', ONE_ROUTE],
    ...workers,
  },
  {
    name: 'workers handed over while live gains a route',
    interruptedFrom: 'prove',
    deploys: [{ shop: [SHOP] }, ONE_ROUTE],
    ...OF_WORKERS,
    world: { ...space([WITH_WORKER], { ...ON_SHOP, [WWW.url]: [] }), alone: ['worker'] },
    meddle: gains(WWW.url),
  },
];
