/** Packages and droplets that are copied: which one is recorded, what is waited for, and what is borne. */
import { describe, expect, test } from '@jest/globals';
import type { Droplet, Package } from '../../src/model/cloud.js';
import { PlatformFault, PlatformRefusal } from '../../src/model/errors.js';
import type { Intent } from '../../src/model/intent.js';
import { ANNOTATION } from '../../src/platform/names.js';
import { perform } from '../../src/steps/index.js';
import { app, candidateAt } from '../strategies/support.js';
import { appWorld, worldOf } from './scripted.js';

const CANDIDATE = candidateAt('made', { annotations: { [ANNOTATION.package]: 'pushed' } });
const HERE = { candidate: CANDIDATE, lock: CANDIDATE, live: app('live') };

/** A platform on which copies are ready at the second look. */
function copying(copies: { state?: Package['state']; refused?: boolean; lost?: 'once' | 'always' } = {}) {
  const written: unknown[] = [];
  const copied: string[] = [];
  let looks = 0;
  let lost = false;
  const droplet = (guid: string, state: string): Droplet => ({ guid, state, createdAtMs: 1 });
  const world = worldOf({
    copyPackage: async (guid, to) => {
      if (copies.refused) throw new PlatformRefusal('no', 422, undefined, undefined);
      if (copies.lost === 'always' || (copies.lost === 'once' && !lost)) {
        lost = true;
        throw new PlatformFault('no answer', true);
      }
      copied.push(`package ${guid} to ${to}`);
      return { guid: 'copy-p', type: 'bits', state: 'COPYING', createdAtMs: 1 };
    },
    packages: async () => [
      {
        guid: 'copy-p',
        type: 'bits',
        state: looks++ > 0 ? (copies.state ?? 'READY') : 'COPYING',
        createdAtMs: 1,
      },
    ],
    droplets: async () => [],
    droplet: async (guid) => droplet(guid, 'STAGED'),
    copyDroplet: async (guid, to) => {
      copied.push(`droplet ${guid} to ${to}`);
      return droplet('copy-d', 'COPYING');
    },
    sidecars: async () => [],
    setCurrentDroplet: async (...asked) => void written.push(asked),
    updateApp: async (guid, change) => {
      written.push([guid, change.annotations]);
      return CANDIDATE;
    },
  });
  return { world, written, copied };
}

const intent = (bits: Intent['bits']): Partial<Intent> => ({ asLive: true, ...(bits ? { bits } : {}) });

describe('copy-package', () => {
  test.each<[string, Intent['bits']]>([
    ['to be staged', { from: 'package', guid: 'p' }],
    ['to be kept', { from: 'droplet', guid: 'd', packageGuid: 'p' }],
  ])('%s: it is recorded when it is ready', async (_name, bits) => {
    const { world, written, copied } = copying();
    await perform({ do: 'copy-package' }, appWorld(HERE, intent(bits)), world);
    expect(copied).toEqual(['package p to new']);
    const { package: of, builtOf } = ANNOTATION;
    expect(written).toEqual([['new', { [of]: 'copy-p', [builtOf]: 'copy-p' }]]);
  });

  test.each<Package['state']>(['FAILED', 'EXPIRED'])('one that is %s is none', async (state) => {
    const { world, written } = copying({ state });
    const asked = perform(
      { do: 'copy-package' },
      appWorld(HERE, intent({ from: 'package', guid: 'p' })),
      world,
    );
    await expect(asked).rejects.toBeInstanceOf(PlatformFault);
    expect(written).toEqual([]);
  });
});

test('take-droplet: the copy is the candidate’s, and says so before it can be started', async () => {
  const { world, written, copied } = copying();
  await perform({ do: 'take-droplet' }, appWorld(HERE, intent({ from: 'droplet', guid: 'd' })), world);
  expect(copied).toEqual(['droplet d to new']);
  expect(written).toEqual([
    ['new', { [ANNOTATION.droplet]: 'copy-d' }],
    ['new', 'copy-d'],
  ]);
});

describe('what goes with the version to live', () => {
  const { copiedDroplet, builtOf } = ANNOTATION;

  test('the droplet alone before its deployment: a package would be taken by whoever stages live anew', async () => {
    const { world, written, copied } = copying();
    await perform({ do: 'copy-droplet' }, appWorld(HERE), world);
    expect(copied).toEqual(['droplet d to live']);
    expect(written).toEqual([['new', { [copiedDroplet]: 'copy-d' }]]);
  });

  test('the package, for whoever stages it anew: the lock names it when it is ready', async () => {
    const { world, written, copied } = copying();
    await perform({ do: 'copy-package', side: 'live' }, appWorld(HERE), world);
    expect(copied).toEqual(['package pushed to live']);
    expect(written).toEqual([['new', { [builtOf]: 'copy-p' }]]);
  });

  test('asked for beside the deployment it is named at once, and seen ready later, without another one', async () => {
    const { world, written, copied } = copying();
    const beganAtMs = world.clock.now();
    await perform({ do: 'copy-package', side: 'live', early: true }, appWorld(HERE), world);
    expect(world.clock.now()).toBe(beganAtMs);
    expect(written).toEqual([['new', { [builtOf]: 'copy-p' }]]);
    const lock = { ...CANDIDATE, annotations: { ...CANDIDATE.annotations, [builtOf]: 'copy-p' } };
    await perform({ do: 'copy-package', side: 'live' }, appWorld({ ...HERE, lock, candidate: lock }), world);
    expect(world.clock.now()).toBeGreaterThan(beganAtMs);
    expect(copied).toEqual(['package pushed to live']);
    expect(written).toHaveLength(1);
  });

  test('once more where its answer was lost', async () => {
    const { world, written, copied } = copying({ lost: 'once' });
    await perform({ do: 'copy-package', side: 'live' }, appWorld(HERE), world);
    expect(copied).toEqual(['package pushed to live']);
    expect(written).toEqual([['new', { [builtOf]: 'copy-p' }]]);
  });

  test('once more where the one that was asked for is not there any more', async () => {
    const { world, written, copied } = copying();
    const lock = { ...CANDIDATE, annotations: { ...CANDIDATE.annotations, [builtOf]: 'gone' } };
    await perform({ do: 'copy-package', side: 'live' }, appWorld({ ...HERE, lock, candidate: lock }), world);
    expect(copied).toEqual(['package pushed to live']);
    expect(written).toEqual([['new', { [builtOf]: 'copy-p' }]]);
  });

  test('none more where only the look at it failed', async () => {
    const { world, written, copied } = copying();
    const { packages } = world.platform;
    let failed = false;
    world.platform.packages = async (guid) => {
      if (failed) return packages(guid);
      failed = true;
      throw new PlatformFault('no answer', false);
    };
    await perform({ do: 'copy-package', side: 'live' }, appWorld(HERE), world);
    expect(copied).toEqual(['package pushed to live']);
    expect(written).toEqual([['new', { [builtOf]: 'copy-p' }]]);
  });

  test('one that was asked for and failed is named no more', async () => {
    const { world, written } = copying({ state: 'EXPIRED' });
    const lock = { ...CANDIDATE, annotations: { ...CANDIDATE.annotations, [builtOf]: 'copy-p' } };
    await perform({ do: 'copy-package', side: 'live' }, appWorld({ ...HERE, lock, candidate: lock }), world);
    expect(written).toEqual([['new', { [builtOf]: null }]]);
  });

  test('nothing of the platform ends a deployment where it is asked for beside', async () => {
    const { world, written } = copying({ refused: true });
    await perform({ do: 'copy-package', side: 'live', early: true }, appWorld(HERE), world);
    expect(written).toEqual([]);
  });

  test.each<[string, Parameters<typeof copying>[0]]>([
    ['takes none', { refused: true }],
    ['fails to make it', { state: 'FAILED' }],
    ['does not answer', { lost: 'always' }],
  ])('it does without the package where the platform %s', async (_name, how) => {
    const { world, written } = copying(how);
    await perform({ do: 'copy-package', side: 'live' }, appWorld(HERE), world);
    expect(written).toEqual([['new', { [builtOf]: null }]]);
  });
});
