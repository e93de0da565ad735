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
function copying(copies: { state?: Package['state']; refused?: boolean } = {}) {
  const written: unknown[] = [];
  const copied: string[] = [];
  let looks = 0;
  const droplet = (guid: string, state: string): Droplet => ({ guid, state, createdAtMs: 1 });
  const world = worldOf({
    copyPackage: async (guid, to) => {
      if (copies.refused) throw new PlatformRefusal('no', 422, undefined, undefined);
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

describe('copy-droplet', () => {
  test('takes the package along, for whoever stages it anew', async () => {
    const { world, written, copied } = copying();
    await perform({ do: 'copy-droplet' }, appWorld(HERE), world);
    expect(copied.sort()).toEqual(['droplet d to live', 'package pushed to live']);
    const { copiedDroplet, builtOf } = ANNOTATION;
    expect(written).toEqual([['new', { [copiedDroplet]: 'copy-d', [builtOf]: 'copy-p' }]]);
  });

  test.each<[string, Parameters<typeof copying>[0]]>([
    ['takes none', { refused: true }],
    ['fails to make it', { state: 'FAILED' }],
  ])('does without a copy where the platform %s', async (_name, how) => {
    const { world, written } = copying(how);
    await perform({ do: 'copy-droplet' }, appWorld(HERE), world);
    const { copiedDroplet, builtOf } = ANNOTATION;
    expect(written).toEqual([['new', { [copiedDroplet]: 'copy-d', [builtOf]: null }]]);
  });
});
