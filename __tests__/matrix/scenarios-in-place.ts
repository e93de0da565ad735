/** Of the scenarios those in which live itself gets the version: by a deployment of the platform. `scenarios.ts` says more. */
import { beginByHand, giveByHand } from './by-hand.js';
import type { Platform } from './platform.js';
import {
  APP,
  commitOf,
  deployed,
  FOREIGN,
  type Folders,
  ON_TCP,
  PAIR,
  type Routes,
  type Scenario,
  SHOP,
  USUAL,
  url,
} from './scenario.js';

const ROLLING = { strategy: 'rolling' };
const CANARY = { strategy: 'canary' };
/** The version of the CLI says which recording is played. */
const ZDT_PUSH = { strategy: 'zdt-push', 'cf-version': '6' };

/** Live keeps its GUID. */
export const IN_PLACE: readonly Scenario[] = [
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
    ...rolling('v2'),
    name: 'rolling, two apps in turn',
    before: (platform, folders) => deployed(platform, folders, { version: 'v1' }, PAIR, ROLLING),
    routes: PAIR,
    inputs: { ...ROLLING, order: 'shop before web' },
    ends: 'deployed',
  },
  {
    ...rolling('v2'),
    name: 'promote of a rolling deploy of two apps in turn',
    before: (platform, folders) => heldRolling(platform, folders, PAIR, { order: 'shop before web' }),
    routes: PAIR,
    inputs: { command: 'promote' },
    ends: 'promoted',
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
    before: (platform, folders) => heldRolling(platform, folders),
    inputs: { command: 'promote', app: APP },
    ends: 'promoted',
  },
  {
    name: 'abort of a rolling deploy',
    before: (platform, folders) => heldRolling(platform, folders),
    asked: { version: 'v2' },
    routes: SHOP,
    settings: rolling('v2').settings,
    inputs: { command: 'abort', app: APP },
    ends: 'aborted',
  },
];

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

async function heldRolling(
  platform: Platform,
  folders: Folders,
  routes: Routes = SHOP,
  inputs: Readonly<Record<string, string>> = {},
): Promise<void> {
  await deployed(platform, folders, { version: 'v1' }, routes, ROLLING);
  const { asked, settings } = rolling('v2');
  await deployed(platform, folders, asked, routes, { ...ROLLING, hold: 'true', ...inputs }, settings);
}
