/**
 * The deploys that the matrix interrupts: what is there before, what is asked, and what has to stand at the end.
 *
 * A new strategy, command or input gets one more of them, a few lines: `before` makes what it finds (`deployed`, `held`, or by
 * hand from `by-hand.ts`), `inputs` says how it is called, `asked` and `settings` what its manifest and bits are, `ends` what
 * becomes of it. The points are found by running it undisturbed: `npm run matrix -- 'NAME'` tries them all, and `npm test` some of
 * each. It has to be repeatable: times from the platform's clock, nothing random but what a seed gives. Where something else has to
 * be true than of any deploy, `judge.ts` learns it; a call of the CLI that nobody made before is recorded first (`cf-recording.ts`).
 */
import { beginByHand, giveByHand, pushByHand } from './by-hand.js';
import type { Platform } from './platform.js';
import {
  APP,
  commitOf,
  deployed,
  FOREIGN,
  type Folders,
  INSTANCES,
  type Routes,
  type Scenario,
  type Settings,
  USUAL,
  url,
} from './scenario.js';

export * from './scenario.js';

const SHOP = { [APP]: [url('shop')] };
const ROLLING = { strategy: 'rolling' };
const CANARY = { strategy: 'canary' };
/** The version of the CLI says which recording is played. */
const ZDT_PUSH = { strategy: 'zdt-push', 'cf-version': '6' };
const ON_TCP = { [APP]: ['tcp.localhost:1050'] };
const WITHIN = { [APP]: ['shop.apps.internal'] };
const EVERY_KIND = { [APP]: [url('shop'), ...ON_TCP[APP], ...WITHIN[APP]] };
const THREE = ['shop', 'shop-too', 'shop-old'].map(url);
const NO_ROUTE = { [APP]: [] };
const UNASKED = { 'smoke-test': '' };
const HANDOVER = { workers: 'handover' };
const WORKERS: Settings = { ...USUAL, workers: 2 };
const PAIR = { ...SHOP, web: [url('web')] };

export const SCENARIOS: readonly Scenario[] = [
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
    name: 'a bake, and another version is held',
    before: (platform, folders) => held(platform, folders, SHOP),
    asked: { version: 'v3' },
    routes: SHOP,
    inputs: { bake: '10s', force: 'true' },
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
    name: 'rollback in place, to other variables',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING);
      const env = { MODE: 'v2', MORE: 'given' };
      await deployed(platform, folders, { version: 'v2' }, SHOP, ROLLING, { ...USUAL, env });
    },
    asked: { version: 'v1' },
    routes: SHOP,
    inPlace: true,
    inputs: { command: 'rollback', app: APP, to: commitOf('v1') },
    ends: 'rolled-back',
  },
  {
    name: 'rollback to a revision',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING);
      await deployed(platform, folders, { version: 'v2' }, SHOP, ROLLING);
    },
    asked: { version: 'v1' },
    routes: SHOP,
    inPlace: true,
    inputs: { command: 'rollback', app: APP, to: '1' },
    ends: 'rolled-back',
  },
  {
    ...rolling('v2'),
    name: 'rolling, with other variables and memory',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING),
    ends: 'deployed',
  },
  {
    ...rolling('v2'),
    name: 'rolling, a route comes and one is dropped',
    before: (platform, folders) =>
      deployed(platform, folders, { version: 'v1' }, { [APP]: ['shop', 'shop-old'].map(url) }, ROLLING),
    routes: { [APP]: ['shop', 'shop-new'].map(url) },
    dropped: [url('shop-old')],
    inputs: { ...ROLLING, carry: 'manifest' },
    ends: 'deployed',
  },
  {
    ...rolling('v2'),
    name: 'rolling, live has what no manifest names',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING);
      await giveByHand(platform, APP, FOREIGN[0] ?? '');
    },
    ends: 'deployed',
  },
  {
    ...rolling('v2'),
    name: 'rolling, the version crashes in live only',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING),
    asked: { version: 'v2', crashes: true, badAs: APP },
    ends: 'reverted',
  },
  {
    ...rolling('v2'),
    name: 'rolling, the version is bad in live only',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING),
    asked: { version: 'v2', health: 500, badAs: APP },
    inputs: { ...ROLLING, bake: '20s' },
    ends: 'reverted',
  },
  {
    ...rolling('v3'),
    name: 'rolling, two instances at a time, over what came by blue-green',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, SHOP);
      await deployed(platform, folders, { version: 'v2' }, SHOP);
    },
    inputs: { ...ROLLING, 'max-in-flight': '2' },
    ends: 'deployed',
  },
  {
    ...rolling('v2'),
    name: 'zdt-push of cf v6, with other variables and memory',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING),
    inputs: ZDT_PUSH,
    ends: 'deployed',
  },
  {
    ...rolling('v2'),
    name: 'zdt-push of cf v6, the version crashes in live only',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING),
    asked: { version: 'v2', crashes: true, badAs: APP },
    inputs: ZDT_PUSH,
    ends: 'reverted',
  },
  {
    ...canary('v2'),
    name: 'canary, with other variables and memory',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING),
    ends: 'deployed',
  },
  {
    ...canary('v2'),
    name: 'canary, the version is bad in live only',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING),
    asked: { version: 'v2', health: 500, badAs: APP },
    ends: 'reverted',
  },
  {
    ...canary('v2'),
    name: 'canary, held',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING),
    inputs: { ...CANARY, hold: 'true' },
    ends: 'held',
  },
  {
    ...canary('v2'),
    name: 'promote of a canary',
    before: heldCanary,
    inputs: { command: 'promote', app: APP },
    ends: 'promoted',
  },
  {
    ...canary('v2'),
    name: 'abort of a canary',
    before: heldCanary,
    inputs: { command: 'abort', app: APP },
    ends: 'aborted',
  },
  {
    ...rolling('v2'),
    name: 'rolling, an app with a TCP route alone',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, ON_TCP, ROLLING),
    routes: ON_TCP,
    ends: 'deployed',
  },
  {
    ...rolling('v2'),
    name: 'rolling, two apps',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, PAIR, ROLLING),
    routes: PAIR,
    ends: 'deployed',
  },
  {
    ...canary('v2'),
    name: 'canary, two apps',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, PAIR, ROLLING),
    routes: PAIR,
    inputs: { ...CANARY, 'instance-steps': '50' },
    ends: 'deployed',
  },
  {
    ...rolling('v2'),
    name: 'rolling, another hand has a deployment under way',
    before: async (platform, folders) => {
      await deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING);
      await beginByHand(platform, APP);
    },
    ends: 'deployed',
  },
  {
    ...rolling('v2'),
    name: 'rolling, where jobs take long',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING),
    jobMs: 8_000,
    ends: 'deployed',
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
  {
    name: 'rolling, held',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING),
    asked: { version: 'v2' },
    routes: SHOP,
    settings: rolling('v2').settings,
    inputs: { ...ROLLING, hold: 'true' },
    ends: 'held',
  },
  {
    ...rolling('v2'),
    name: 'promote of a rolling deploy',
    before: heldRolling,
    inputs: { command: 'promote', app: APP },
    ends: 'promoted',
  },
  {
    name: 'abort of a rolling deploy',
    before: heldRolling,
    asked: { version: 'v2' },
    routes: SHOP,
    settings: rolling('v2').settings,
    inputs: { command: 'abort', app: APP },
    ends: 'aborted',
  },
];

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

function rolling(version: string) {
  const settings = { memoryMb: 96, env: { MODE: version, MORE: 'given' } };
  return {
    asked: { version },
    routes: SHOP,
    settings,
    inPlace: true,
    inputs: ROLLING,
  } satisfies Partial<Scenario>;
}

function canary(version: string): ReturnType<typeof rolling> & Pick<Scenario, 'canary'> {
  return { ...rolling(version), inputs: CANARY, canary: true };
}

async function heldCanary(platform: Platform, folders: Folders): Promise<void> {
  await deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING);
  const { asked, routes, settings } = canary('v2');
  await deployed(platform, folders, asked, routes, { ...CANARY, hold: 'true' }, settings);
}

async function held(platform: Platform, folders: Folders, routes: Routes) {
  await deployed(platform, folders, { version: 'v1' }, routes);
  await deployed(platform, folders, { version: 'v2' }, routes, { hold: 'true' });
}

async function heldRolling(platform: Platform, folders: Folders): Promise<void> {
  await deployed(platform, folders, { version: 'v1' }, SHOP, ROLLING);
  const { asked, routes, settings } = rolling('v2');
  await deployed(platform, folders, asked, routes, { ...ROLLING, hold: 'true' }, settings);
}
