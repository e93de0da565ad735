/** Bits that the platform has already: whose package is copied, who waits for whom, and what is left where there is no copy. */
import { describe, expect, test } from '@jest/globals';
import type { AppState, Package } from '../../src/model/cloud.js';
import { PlatformFault, PlatformRefusal, ProgramFailed } from '../../src/model/errors.js';
import type { Intent } from '../../src/model/intent.js';
import { ANNOTATION } from '../../src/platform/names.js';
import { perform } from '../../src/steps/index.js';
import { packageWith } from '../../src/steps/vouched.js';
import type { AppWorld, Fingerprint } from '../../src/steps/world.js';
import { app, candidateAt } from '../strategies/support.js';
import { appWorld, worldOf } from './scripted.js';

const PUSHED = { [ANNOTATION.bits]: 'h', [ANNOTATION.package]: 'p' };
/** A droplet that is a copy names no package: the app itself says which one it was built of. */
const COPIED = { [ANNOTATION.bits]: 'h', [ANNOTATION.droplet]: 'd', [ANNOTATION.builtOf]: 'p' };

function pack(guid: string, state: Package['state'] = 'READY'): Package {
  return { guid, type: 'bits', state, createdAtMs: 1 };
}

describe('packageWith', () => {
  const seen = { deployments: [] };
  const live = (annotations: AppState['annotations']) =>
    app('live', { annotations, currentDropletGuid: 'd' });
  const { [ANNOTATION.builtOf]: _, ...unnoted } = COPIED;

  test.each<[string, string | undefined, AppState['annotations'], string | undefined, Package[]]>([
    ['pushed', 'p', PUSHED, 'p', [pack('other'), pack('p')]],
    ['of a copied droplet, as noted', 'p', COPIED, undefined, [pack('p')]],
    ['of a copied droplet, and nobody noted it', undefined, unnoted, undefined, [pack('p')]],
    ['of other bits', undefined, { ...PUSHED, [ANNOTATION.bits]: 'other' }, 'p', [pack('p')]],
    ['of unknown bits', undefined, { [ANNOTATION.package]: 'p' }, 'p', [pack('p')]],
    ['that another hand replaced', undefined, PUSHED, 'strange', [pack('p'), pack('strange')]],
    [
      'whose copied droplet another hand replaced',
      undefined,
      { ...COPIED, [ANNOTATION.droplet]: 'old' },
      undefined,
      [pack('p')],
    ],
    ['that is expired', undefined, PUSHED, 'p', [pack('p', 'EXPIRED')]],
    ['that is not ready yet', undefined, COPIED, undefined, [pack('p', 'COPYING')]],
    ['that is gone', undefined, PUSHED, 'p', []],
  ])('a package %s: %s', (_name, wanted, annotations, ofDroplet, packages) => {
    expect(packageWith('h', live(annotations), ofDroplet, packages, seen)).toBe(wanted);
  });
});

interface Platform {
  /** What a push of that app ends with. */
  push?: (app: string) => Promise<void>;
  copy?: () => Package | Error;
  copyEnds?: Package['state'];
  apply?: () => void;
  /** At each look at the disk. */
  hash?: (app: string) => string | undefined;
}

/** Candidates `one` and `two`, each of the app of that name; live of both has the bits `h`. */
function platform(how: Platform = {}) {
  const done: string[] = [];
  const packages = new Map<string, Package[]>([['live', [pack('p')]]]);
  const add = (guid: string, made: Package) => packages.set(guid, [...(packages.get(guid) ?? []), made]);
  const world = worldOf(
    {
      packages: async (guid) =>
        (packages.get(guid) ?? []).map((one) =>
          one.state === 'COPYING' ? { ...one, state: how.copyEnds ?? 'READY' } : one,
        ),
      currentDroplet: async () => ({ guid: 'd', state: 'STAGED', createdAtMs: 0, packageGuid: 'p' }),
      copyPackage: async (source, guid) => {
        done.push(`copy ${source} to ${guid}`);
        const made = how.copy?.() ?? pack(`copy-of-${source}`, 'COPYING');
        if (made instanceof Error) throw made;
        add(guid, made);
        return made;
      },
      applyManifest: async (_space, manifest) => {
        how.apply?.();
        done.push(`apply ${manifest}`);
        return 'job';
      },
      finishJob: async () => undefined,
      updateApp: async (guid, { annotations = {} }) => {
        done.push(`record ${annotations[ANNOTATION.package]} of ${annotations[ANNOTATION.bits]} on ${guid}`);
        return candidateAt('made');
      },
    },
    {
      pushBits: async ({ app }) => {
        done.push(`push ${app}`);
        await how.push?.(app);
        add(app, pack(`of-${app}`));
      },
      candidateManifest: ({ app, trialUrl }) => `${app} on ${trialUrl}`,
      fingerprint: async (app): Promise<Fingerprint | undefined> => {
        const bits = how.hash ? how.hash(app) : 'h';
        return bits === undefined ? undefined : { bits, manifest: 'm' };
      },
    },
  );
  const put = (...apps: AppWorld[]) =>
    Promise.allSettled(apps.map((one) => perform({ do: 'push-bits' }, one, world)));
  return { done, world, put };
}

/** @param annotations of live; undefined: nothing is live */
function ofApp(name: string, annotations?: AppState['annotations'], wish: Partial<Intent> = {}): AppWorld {
  const live = annotations && { live: app('live', { annotations, currentDropletGuid: 'd' }) };
  const candidate = candidateAt('made', { guid: name, name: `${name}-candidate` });
  return appWorld({ candidate, ...live }, { app: name, ...wish });
}

const [ONE, TWO] = [ofApp('one'), ofApp('two')];
const ends = (all: PromiseSettledResult<void>[]) => all.map(({ status }) => status);

describe('live has the bits', () => {
  test('its package is copied beside the manifest with the trial route, and recorded last', async () => {
    const { done, world, put } = platform();
    expect(ends(await put(ofApp('one', PUSHED)))).toEqual(['fulfilled']);
    expect(done.slice(0, 2).sort()).toEqual(['apply one on trial.apps.example', 'copy p to one']);
    expect(done.slice(2)).toEqual(['record copy-of-p of h on one']);
    expect(world.told.at(-1)).toBe('one-candidate: nothing was uploaded, its bits are those of live.');
  });

  test.each<[string, Platform]>([
    ['fails', { copyEnds: 'FAILED' }],
    ['expires', { copyEnds: 'EXPIRED' }],
    ['is refused', { copy: () => new PlatformRefusal('no', 422, undefined, undefined) }],
    ['meets a fault', { copy: () => new PlatformFault('down', true) }],
  ])('a copy that %s: the bits are pushed, and that package is recorded', async (_name, how) => {
    const { done, put } = platform(how);
    expect(ends(await put(ofApp('one', PUSHED)))).toEqual(['fulfilled']);
    expect(done.slice(-2)).toEqual(['push one', 'record of-one of h on one']);
  });

  test('a manifest that the platform does not take is the CLI’s to push: what it says of it is known', async () => {
    const { done, world, put } = platform({
      apply: () => {
        throw new PlatformRefusal('the broker is busy', 422, undefined, undefined);
      },
      push: async () => {
        throw new PlatformFault('an operation is in progress', true);
      },
    });
    expect(await put(ofApp('one', PUSHED))).toMatchObject([{ reason: { name: 'PlatformFault' } }]);
    expect(done).toEqual(['copy p to one', 'push one']);
    expect(world.told).toContain('one-candidate: the cf CLI pushes it all. the broker is busy');
  });

  test('a fault is repeated as it is, with nothing pushed', async () => {
    const { done, put } = platform({
      apply: () => {
        throw new PlatformFault('down', true);
      },
    });
    expect(await put(ofApp('one', PUSHED))).toMatchObject([{ reason: { name: 'PlatformFault' } }]);
    expect(done).toEqual(['copy p to one']);
  });

  test.each<[string, AppWorld, Platform]>([
    ['an image', ofApp('one', PUSHED, { docker: true }), {}],
    ['bits that cannot be told', ofApp('one', PUSHED), { hash: () => undefined }],
    ['other bits', ofApp('one', PUSHED), { hash: () => 'other' }],
  ])('%s: pushed as ever', async (_name, one, how) => {
    const { done, put } = platform(how);
    await put(one);
    expect(done[0]).toBe('push one');
    expect(done).toHaveLength(2);
  });
});

describe('several apps of the same bits', () => {
  test('the first one uploads, and who comes while it does waits for its package', async () => {
    let end = () => {};
    const held = new Promise<void>((go) => {
      end = go;
    });
    const { done, put } = platform({ push: () => held });
    const both = put(ONE, TWO);
    await new Promise((go) => setTimeout(go));
    expect([...done].sort()).toEqual(['apply two on trial.apps.example', 'push one']);
    end();
    expect(ends(await both)).toEqual(['fulfilled', 'fulfilled']);
    expect(done.slice(2)).toEqual([
      'record of-one of h on one',
      'copy of-one to two',
      'record copy-of-of-one of h on two',
    ]);
  });

  test('who comes later gets a copy too', async () => {
    const { done, put } = platform();
    await put(ONE);
    await put(TWO);
    expect(done.filter((one) => one.startsWith('push'))).toEqual(['push one']);
  });

  test('of other bits each uploads its own', async () => {
    const { done, put } = platform({ hash: (app) => `of ${app}` });
    await put(ONE, TWO);
    expect(done.filter((one) => /^(push|copy)/.test(one))).toEqual(['push one', 'push two']);
  });

  test('where the first fails, the others go on alone, and it begins anew', async () => {
    let left = 1;
    const { done, put } = platform({
      push: async (app) => {
        if (app === 'one' && left-- > 0) throw new ProgramFailed('no', 1, '');
      },
    });
    expect(ends(await put(ONE, TWO))).toEqual(['rejected', 'fulfilled']);
    expect(done.filter((one) => /^(push|copy)/.test(one))).toEqual(['push one', 'push two']);
    expect(ends(await put(ONE))).toEqual(['fulfilled']);
    expect(done.at(-1)).toBe('record of-one of h on one');
  });

  test('bits that changed while they went up are nobody else’s', async () => {
    const hashes = new Map([['one', ['h', 'other']]]);
    const { done, put } = platform({ hash: (app) => hashes.get(app)?.shift() ?? 'h' });
    await put(ONE, TWO);
    expect(done.filter((one) => /^(push|copy)/.test(one))).toEqual(['push one', 'push two']);
    expect(done).toContain('record of-one of null on one');
    expect(done).toContain('record of-two of h on two');
  });

  test('of thirty one uploads', async () => {
    const many = Array.from({ length: 30 }, (_, at) => ofApp(`app-${at}`));
    const { done, put } = platform();
    expect(new Set(ends(await put(...many)))).toEqual(new Set(['fulfilled']));
    expect(done.filter((one) => one.startsWith('push'))).toEqual(['push app-0']);
  });
});
