/** Spaces in which live goes back to a version that it had itself, and what comes before or after it. */
import { earlierAfter } from '../../../src/steps/earlier.js';
import { to } from '../support.js';
import type { Scenario } from './explore.js';
import { cancels, RUNS, rolling, supersedes } from './rolls.js';
import { gains, ON_SHOP, ONE_ROUTE, SHOP, space, WWW } from './scenarios.js';
import type { ModelApp } from './world.js';

/** Live had v0 before it got v1 in place. */
const HAD: ModelApp = {
  ...RUNS,
  settings: 'manifest of v1',
  runs: 'copy of v1',
  droplet: 'copy of v1',
  annotations: Object.fromEntries(
    Object.entries(
      earlierAfter(
        { version: 'v0', droplet: 'droplet of copy of v0', untilMs: 1, annotations: {} },
        'v1',
        {},
      ),
    ).map(([key, text]) => [key, text ?? '']),
  ),
};

const FROM_HAD = { inputs: rolling, world: space([HAD], ON_SHOP) };

export const OWN_VERSIONS: readonly Scenario[] = [
  { name: 'back in place', deploys: ['rollback', ONE_ROUTE], ...FROM_HAD },
  { name: 'back in place twice', deploys: ['rollback', 'rollback'], ...FROM_HAD },
  {
    name: 'rolling, then back in place',
    deploys: [ONE_ROUTE, 'rollback'],
    inputs: rolling,
    interruptedFrom: 'check',
    world: space([RUNS], ON_SHOP),
  },
  {
    name: 'back in place to where live was brought before: the deployment of then is not taken for that of now',
    deploys: [ONE_ROUTE, 'rollback', 'rollback'],
    inputs: rolling,
    interruptedFrom: 'switch',
    world: space([RUNS], ON_SHOP),
  },
  {
    name: 'back in place, then a deploy by blue-green',
    deploys: ['rollback', ONE_ROUTE],
    interruptedFrom: 'check',
    world: space([HAD], ON_SHOP),
  },
  {
    name: 'back in place while live gains a route',
    deploys: ['rollback', ONE_ROUTE],
    inputs: rolling,
    interruptedFrom: 'check',
    world: space([HAD], { [SHOP.url]: [to(HAD.guid)], [WWW.url]: [] }),
    meddle: gains(WWW.url),
  },
  {
    name: 'back in place, cancelled by another hand',
    deploys: ['rollback', ONE_ROUTE],
    ...FROM_HAD,
    interruptedFrom: 'switch',
    meddle: cancels,
  },
  {
    name: 'back in place, superseded by another hand',
    deploys: ['rollback', ONE_ROUTE],
    ...FROM_HAD,
    interruptedFrom: 'switch',
    meddle: supersedes,
  },
];
