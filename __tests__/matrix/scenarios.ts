/**
 * The deploys that the matrix interrupts: what is there before, what is asked, and what has to stand at the end.
 *
 * A new strategy, command or input gets one more of them, a few lines: `before` makes what it finds (`deployed`, `held`, or by
 * hand from `by-hand.ts`), `inputs` says how it is called, `asked` and `settings` what its manifest and bits are, `ends` what
 * becomes of it. The points are found by running it undisturbed: `npm run matrix -- 'NAME'` tries them all, and `npm test` some of
 * each. It has to be repeatable: times from the platform's clock, nothing random but what a seed gives. Where something else has to
 * be true than of any deploy, `judge.ts` learns it; a call of the CLI that nobody made before is recorded first (`cf-recording.ts`).
 */
import { giveByHand, pushByHand } from './by-hand.js';
import type { Platform } from './platform.js';
import {
  APP,
  commitOf,
  deployed,
  FOREIGN,
  type Folders,
  INSTANCES,
  ON_TCP,
  PAIR,
  type Routes,
  type Scenario,
  type Settings,
  SHOP,
  USUAL,
  url,
} from './scenario.js';
import { IN_PLACE } from './scenarios-in-place.js';

export * from './scenario.js';

const WITHIN = { [APP]: ['shop.apps.internal'] };
const EVERY_KIND = { [APP]: [url('shop'), ...ON_TCP[APP], ...WITHIN[APP]] };
const THREE = ['shop', 'shop-too', 'shop-old'].map(url);
const THREE_APPS = { ...PAIR, api: [url('api')] };
const NO_ROUTE = { [APP]: [] };
const NO_ROUTES = { ...NO_ROUTE, web: [] };
const UNASKED = { 'smoke-test': '' };
const HANDOVER = { workers: 'handover' };
const RESTARTED: Settings = { ...USUAL, env: { MODE: 'v2' } };
const WORKERS: Settings = { ...USUAL, workers: 2 };

const SIDE_BY_SIDE: readonly Scenario[] = [
  {
    name: 'first deploy',
    before: async () => undefined,
    asked: { version: 'v1' },
    routes: SHOP,
    ends: 'deployed',
  },
  {
    name: 'second deploy',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP),
    asked: { version: 'v2' },
    routes: SHOP,
    ends: 'deployed',
  },
  {
    name: 'a task',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP),
    asked: { version: 'v2' },
    routes: SHOP,
    inputs: { task: 'bin/migrate' },
    ends: 'deployed',
  },
  {
    name: 'third deploy, the first version goes',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, SHOP);
      await deployed(platform, folders, { version: 'v2' }, SHOP);
    },
    asked: { version: 'v3' },
    routes: SHOP,
    ends: 'deployed',
  },
  {
    name: 'two routes stay, one is dropped',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, { [APP]: THREE }),
    asked: { version: 'v2' },
    routes: { [APP]: THREE.slice(0, 2) },
    dropped: THREE.slice(2),
    inputs: { carry: 'manifest', 'keep-failed': 'true' },
    ends: 'deployed',
  },
  {
    name: 'a route gets options, and another one a protocol',
    before: (platform, folders) =>
      deployed(platform, folders, { version: 'v1' }, { [APP]: THREE.slice(0, 2) }),
    asked: { version: 'v2' },
    routes: { [APP]: THREE.slice(0, 2) },
    settings: {
      ...USUAL,
      ways: {
        [url('shop')]: { options: { loadbalancing: 'least-connection' } },
        [url('shop-too')]: { protocol: 'http2' },
      },
    },
    ends: 'deployed',
  },
  {
    name: 'adoption',
    before: (platform, folders) =>
      pushByHand(platform, {
        name: APP,
        bits: folders.of({ version: 'v1' }, SHOP),
        instances: INSTANCES,
        routes: SHOP[APP] ?? [],
      }),
    asked: { version: 'v2' },
    routes: SHOP,
    ends: 'deployed',
  },
  {
    name: 'live has what no manifest names',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, SHOP);
      await giveByHand(platform, APP, FOREIGN[0] ?? '');
    },
    asked: { version: 'v2' },
    routes: SHOP,
    ends: 'deployed',
  },
  {
    name: 'live has what no manifest names, and the smoke test fails',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, SHOP);
      await giveByHand(platform, APP, FOREIGN[0] ?? '');
    },
    asked: { version: 'v2', health: 500 },
    routes: SHOP,
    ends: 'reverted',
  },
  {
    name: 'two apps',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, PAIR),
    asked: { version: 'v2' },
    routes: PAIR,
    ends: 'deployed',
  },
  {
    name: 'two apps, one of them for the first time',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP),
    asked: { version: 'v2' },
    routes: PAIR,
    ends: 'deployed',
  },
  {
    name: 'three apps that switch in turn, one of them for the first time',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, PAIR),
    asked: { version: 'v2' },
    routes: THREE_APPS,
    inputs: { order: 'api before shop before web' },
    ends: 'deployed',
  },
  {
    name: 'two apps, one of them unchanged',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, PAIR);
      await deployed(platform, folders, { version: 'v2' }, SHOP);
    },
    asked: { version: 'v2' },
    routes: PAIR,
    ends: 'deployed',
  },
  {
    name: 'two apps that switch in turn, and the second is bad on its production route',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, PAIR),
    asked: { version: 'v2', health: 500, badAs: 'web-candidate' },
    routes: PAIR,
    inputs: { order: 'shop before web', 'smoke-test': '/', 'watch-path': '/health' },
    foundLate: true,
    ends: 'reverted',
  },
  {
    name: 'a bake, and another version is held',
    before: (platform, folders) => held(platform, folders, SHOP),
    asked: { version: 'v3' },
    routes: SHOP,
    inputs: { bake: '10s', force: 'true' },
    // Which deploy it has ended is known to the run that did.
    mayLack: [`${APP} annotation cf-zero-downtime.github.io/ended`],
    ends: 'deployed',
  },
  {
    name: 'smoke test fails',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP),
    asked: { version: 'v2', health: 500 },
    routes: SHOP,
    ends: 'reverted',
  },
  {
    name: 'an app with routes of every kind',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, EVERY_KIND),
    asked: { version: 'v2' },
    routes: EVERY_KIND,
    ends: 'deployed',
  },
  {
    name: 'an app with a TCP route alone, and its check fails',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, ON_TCP),
    asked: { version: 'v2', health: 500 },
    routes: ON_TCP,
    ends: 'reverted',
  },
  {
    name: 'an app that only others inside reach',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, WITHIN),
    asked: { version: 'v2' },
    routes: WITHIN,
    ends: 'deployed',
  },
  {
    name: 'restart in place, with another variable',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP),
    asked: { version: 'v1' },
    routes: SHOP,
    settings: RESTARTED,
    inPlace: true,
    inputs: { command: 'restart', app: APP, env: 'MODE: v2' },
    ends: 'restarted',
  },
  {
    name: 'restart beside live, with another variable',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP),
    asked: { version: 'v1' },
    routes: SHOP,
    settings: RESTARTED,
    inputs: { command: 'restart', app: APP, strategy: 'blue-green', env: 'MODE: v2' },
    ends: 'restarted',
  },
  {
    name: 'restage in place, of what was rolled',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v0' }, SHOP);
      await deployed(platform, folders, { version: 'v1' }, SHOP, { strategy: 'rolling' });
    },
    asked: { version: 'v1' },
    routes: SHOP,
    inPlace: true,
    inputs: { command: 'restage', app: APP },
    ends: 'restarted',
  },
  {
    name: 'rollback',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, SHOP);
      await deployed(platform, folders, { version: 'v2' }, SHOP);
    },
    asked: { version: 'v1' },
    routes: SHOP,
    // Named: without it a rollback that is repeated after its end goes to the version from before it.
    inputs: { command: 'rollback', app: APP, to: commitOf('v1') },
    ends: 'rolled-back',
  },
  {
    name: 'deploy, held',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP),
    asked: { version: 'v2' },
    routes: SHOP,
    inputs: { hold: 'true' },
    ends: 'held',
  },
  {
    name: 'promote',
    before: (platform, folders) => held(platform, folders, SHOP),
    asked: { version: 'v2' },
    routes: SHOP,
    inputs: { command: 'promote', app: APP },
    ends: 'promoted',
  },
  {
    name: 'promote of two apps',
    before: (platform, folders) => held(platform, folders, PAIR),
    asked: { version: 'v2' },
    routes: PAIR,
    inputs: { command: 'promote' },
    ends: 'promoted',
  },
  {
    name: 'abort of two apps',
    before: (platform, folders) => held(platform, folders, PAIR),
    asked: { version: 'v2' },
    routes: PAIR,
    inputs: { command: 'abort' },
    ends: 'aborted',
  },
  {
    name: 'abort',
    before: (platform, folders) => held(platform, folders, SHOP),
    asked: { version: 'v2' },
    routes: SHOP,
    inputs: { command: 'abort', app: APP },
    ends: 'aborted',
  },
  {
    ...routeless('overlap'),
    name: 'no route, side by side',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, NO_ROUTE, UNASKED),
    ends: 'deployed',
  },
  {
    ...routeless('handover'),
    name: 'no route, handed over',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, NO_ROUTE, UNASKED),
    ends: 'deployed',
  },
  {
    ...routeless('handover'),
    name: 'two apps without a route, handed over in turn',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, NO_ROUTES, UNASKED),
    routes: NO_ROUTES,
    inputs: { ...UNASKED, ...HANDOVER, order: 'shop before web' },
    ends: 'deployed',
  },
  {
    ...routeless('handover'),
    name: 'no route, handed over, the version crashes',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, NO_ROUTE, UNASKED),
    asked: { version: 'v2', crashes: true },
    ends: 'reverted',
  },
  {
    ...routeless('handover'),
    name: 'promote of an app without a route, handed over',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, NO_ROUTE, UNASKED);
      const hold = { ...UNASKED, ...HANDOVER, hold: 'true' };
      await deployed(platform, folders, { version: 'v2' }, NO_ROUTE, hold);
    },
    inputs: { ...UNASKED, command: 'promote', app: APP },
    ends: 'promoted',
  },
  {
    ...withWorkers(),
    name: 'workers handed over',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, {}, WORKERS),
    ends: 'deployed',
  },
  {
    ...withWorkers(),
    name: 'workers handed over, and they crash',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, {}, WORKERS),
    asked: { version: 'v2', crashes: true, badIn: 'worker' },
    ends: 'reverted',
  },
  {
    ...withWorkers(),
    name: 'rollback, workers handed over',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, SHOP, HANDOVER, WORKERS);
      await deployed(platform, folders, { version: 'v2' }, SHOP, HANDOVER, WORKERS);
    },
    asked: { version: 'v1' },
    inputs: { ...HANDOVER, command: 'rollback', app: APP, to: commitOf('v1') },
    ends: 'rolled-back',
  },
];

export const SCENARIOS: readonly Scenario[] = [...SIDE_BY_SIDE, ...IN_PLACE];

/** An app without a route, whose web process works something off. */
function routeless(workers: 'overlap' | 'handover') {
  return {
    asked: { version: 'v2' },
    routes: NO_ROUTE,
    works: { type: 'web', how: workers },
    inputs: { ...UNASKED, workers },
  } satisfies Partial<Scenario>;
}

/** An app whose workers are handed over. */
function withWorkers() {
  return {
    asked: { version: 'v2' },
    routes: SHOP,
    works: { type: 'worker', how: 'handover' },
    settings: WORKERS,
    inputs: HANDOVER,
  } satisfies Partial<Scenario>;
}

async function held(platform: Platform, folders: Folders, routes: Routes) {
  await deployed(platform, folders, { version: 'v1' }, routes);
  await deployed(platform, folders, { version: 'v2' }, routes, { hold: 'true' });
}
