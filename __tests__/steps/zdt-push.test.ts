/** `v3-zdt-push` on live: its package is known before anything is deployed, and by that its deployment. */
import { describe, expect, test } from '@jest/globals';
import type { Build, Deployment, Droplet, Package } from '../../src/model/cloud.js';
import { PlatformFault, ProgramFailed, VersionFault } from '../../src/model/errors.js';
import type { Platform } from '../../src/platform/calls.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import { withOurs } from '../../src/platform/pushed-to-live.js';
import { perform, planOf } from '../../src/steps/index.js';
import { candidateAt, intent } from '../strategies/support.js';
import { BEFORE, LIVE, START_MS } from './rolled.js';
import { appWorld, worldOf } from './scripted.js';

const pack = (guid: string): Package => ({ guid, createdAtMs: START_MS, state: 'READY' }) as Package;
const begun = (over: Partial<Deployment> = {}): Deployment => ({
  guid: 'roll',
  createdAtMs: START_MS,
  value: 'ACTIVE',
  reason: 'DEPLOYING',
  strategy: 'rolling',
  dropletGuid: 'd2',
  labels: {},
  annotations: {},
  ...over,
});
const OURS = { [LABEL.version]: 'v2', [LABEL.role]: 'candidate' };

interface Space {
  packages: Package[];
  builds: Build[];
  droplets: Droplet[];
  deployments: Deployment[];
  /** Of the lock. */
  annotations: Record<string, unknown>;
  labelled: [string, unknown][];
}

type Cf = (space: Space, signal: AbortSignal) => Promise<void>;

/** @param cf what the CLI does */
function standing(cf: Cf, begin: Partial<Space> = {}, over: Partial<Platform> = {}, pushedToLive?: string) {
  const space: Space = {
    packages: [pack('old')],
    builds: [],
    droplets: [{ guid: 'd1', state: 'STAGED', createdAtMs: 1, packageGuid: 'old' }],
    deployments: [],
    annotations: {},
    labelled: [],
    ...begin,
  };
  const lock = candidateAt('switching', {
    annotations: pushedToLive ? { [ANNOTATION.pushedToLive]: pushedToLive } : {},
  });
  const inPlace = { maxInFlight: 1, stagesAgain: true } as const;
  const app = appWorld({ live: LIVE, candidate: lock, lock }, { before: BEFORE, inPlace });
  const signals: AbortSignal[] = [];
  const world = worldOf(
    {
      packages: async () => [...space.packages],
      builds: async () => space.builds,
      droplets: async () => space.droplets,
      deployments: async (_app, only) =>
        space.deployments.filter(({ value }) => only === undefined || value === only),
      updateApp: async (_guid, { annotations }) => {
        Object.assign(space.annotations, annotations);
        return lock;
      },
      labelDeployment: async (guid, labels) => void space.labelled.push([guid, labels]),
      ...over,
    },
    {
      zdtPush: ({ app: name, signal }) => {
        expect(name).toBe('shop');
        signals.push(signal);
        return cf(space, signal);
      },
    },
  );
  return { app, space, signals, run: () => perform({ do: 'zdt-push' }, app, world) };
}

/** Others have their turn. */
const aWhile = () => new Promise<void>((resolve) => setTimeout(resolve, 20));

const upload: Cf = async ({ packages }) => {
  packages.push(pack('new'));
  await aWhile();
};
const stage = (space: Space) => {
  space.droplets.push({ guid: 'd2', state: 'STAGED', createdAtMs: 2, packageGuid: 'new' });
};
const good: Cf = async (space, signal) => {
  await upload(space, signal);
  expect(space.annotations[ANNOTATION.pushedToLive]).toBe('new');
  stage(space);
  space.deployments.unshift(begun());
};

describe('zdt-push', () => {
  test('writes down its package before anything is deployed, and gives the deployment its labels', async () => {
    const { run, space, app } = standing(good);
    await run();
    expect(space.annotations).toEqual({
      [ANNOTATION.pushedToLive]: 'new',
      [ANNOTATION.builtOf]: 'new',
    });
    expect(space.labelled).toEqual([['roll', expect.objectContaining(OURS)]]);
    expect(app.found.switchedAtMs).toBeDefined();
  });

  test('what the CLI says after it began the deployment is of no matter', async () => {
    const { run, space } = standing(async (there, signal) => {
      await good(there, signal);
      throw new ProgramFailed('Start app timeout', 1, '');
    });
    await run();
    expect(space.labelled).toHaveLength(1);
  });

  test('a build that failed is a sign against the version', async () => {
    const { run } = standing(async (space, signal) => {
      await upload(space, signal);
      space.builds.push({ guid: 'b', state: 'FAILED', packageGuid: 'new', error: 'NoAppDetectedError' });
      throw new ProgramFailed('cf v3-zdt-push of shop failed', 1, '');
    });
    await expect(run()).rejects.toThrow(new VersionFault('Staging failed: NoAppDetectedError', 'staging'));
  });

  test('what failed before is told as the CLI tells it', async () => {
    const fault = new PlatformFault('cf v3-zdt-push of shop did not come through', true);
    const { run } = standing(() => Promise.reject(fault));
    await expect(run()).rejects.toBe(fault);
  });

  test('one that ended without a word and without a deployment is tried again', async () => {
    const { run } = standing(upload);
    await expect(run()).rejects.toThrow(PlatformFault);
  });

  test('with another deployment under way nothing is pushed', async () => {
    const { run, signals } = standing(good, { deployments: [begun({ dropletGuid: 'd9' })] });
    await expect(run()).rejects.toMatchObject({ name: 'Refused', code: 'live-changed' });
    expect(signals).toEqual([]);
  });

  test.each<[string, Cf, Partial<Platform>, object]>([
    [
      'another hand pushes at the same time',
      async ({ packages }, signal) => {
        packages.push(pack('new'), pack('theirs'));
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
      {},
      { name: 'Refused', code: 'live-changed' },
    ],
    [
      'the package cannot be written down',
      async ({ packages }, signal) => {
        packages.push(pack('new'));
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
      { updateApp: () => Promise.reject(new PlatformFault('no answer', true)) },
      { name: 'PlatformFault' },
    ],
  ])('%s: the CLI is ended', async (_, cf, over, why) => {
    const { run, signals } = standing(cf, {}, over);
    await expect(run()).rejects.toMatchObject(why);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test('one that was begun before a fault is found, and nothing is pushed again', async () => {
    const droplets = [{ guid: 'd2', state: 'STAGED', createdAtMs: 2, packageGuid: 'new' }];
    const { run, space, signals } = standing(good, { droplets, deployments: [begun()] }, {}, 'lost new');
    await run();
    expect(signals).toEqual([]);
    expect(space.labelled).toHaveLength(1);
  });
});

describe('a deployment without labels', () => {
  const lock = candidateAt('switching', {
    annotations: { [ANNOTATION.pushedToLive]: 'new' },
    labels: { [LABEL.app]: 'shop', [LABEL.version]: 'v2', [LABEL.owner]: 'me', [LABEL.role]: 'candidate' },
  });
  const droplets = async () => [{ guid: 'd2', state: 'STAGED', createdAtMs: 2, packageGuid: 'new' }];

  test('is known by the package on the lock', async () => {
    const theirs = begun({ guid: 'theirs', dropletGuid: 'd9' });
    const [ours, other] = await withOurs([begun(), theirs], lock, LIVE, { droplets });
    expect(ours?.labels).toEqual({ ...OURS, [LABEL.app]: 'shop', [LABEL.owner]: 'me' });
    expect(other).toEqual(theirs);
  });

  test('costs nothing where no lock tells of one', async () => {
    const never = { droplets: () => Promise.reject(new Error('asked')) };
    const all = [begun()];
    expect(await withOurs(all, undefined, LIVE, never)).toEqual(all);
    expect(await withOurs(all, candidateAt('switching'), LIVE, never)).toEqual(all);
  });
});

test('a plan names the commands of v6', () => {
  const lines = planOf({ do: 'push-bits' }, intent({ byV6: true }), 0);
  expect(lines.filter((line) => line.startsWith('cf '))).toEqual([
    'cf v3-create-package shop-candidate -p <bits>',
  ]);
  expect(planOf({ do: 'zdt-push' }, intent(), 0)).toContain('cf v3-zdt-push shop -p <bits> --no-route');
});
