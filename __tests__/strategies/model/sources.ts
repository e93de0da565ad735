/** Spaces in which a version comes of what is there: live is started once more, or built anew, or gets a droplet of another app. */
import type { Scenario } from './explore.js';
import { RUNS, rolling } from './rolls.js';
import { LIVE, ON_SHOP, ONE_ROUTE, space } from './scenarios.js';

const FROM_RUNS = { inputs: rolling, world: space([RUNS], ON_SHOP) };
const FROM_LIVE = { world: space([LIVE], ON_SHOP) };
const GIVEN = { dropletGuid: 'of another app' };

export const SOURCES: readonly Scenario[] = [
  { name: 'restart in place, then a deploy', deploys: ['restart', ONE_ROUTE], ...FROM_RUNS },
  {
    name: 'restart in place, then back to what was before it',
    deploys: ['restart', 'rollback'],
    ...FROM_RUNS,
    interruptedFrom: 'switch',
  },
  { name: 'restart beside live, twice', deploys: ['restart', 'restart'], ...FROM_LIVE },
  { name: 'restage in place, then a restart', deploys: ['restage', 'restart'], ...FROM_RUNS },
  {
    name: 'restage beside live',
    deploys: ['restage', ONE_ROUTE],
    ...FROM_LIVE,
  },
  {
    name: 'a droplet of another app, in place',
    deploys: [ONE_ROUTE, ONE_ROUTE],
    inputs: { ...rolling, ...GIVEN },
    world: space([RUNS], ON_SHOP),
  },
  {
    name: 'a droplet of another app, beside live',
    deploys: [ONE_ROUTE, ONE_ROUTE],
    inputs: GIVEN,
    world: space([LIVE], ON_SHOP),
  },
];
