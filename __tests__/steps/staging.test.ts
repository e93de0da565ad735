/** Only the package that this deploy pushed is ever recorded, built or started. */
import { describe, expect, test } from '@jest/globals';
import type { Build, Package } from '../../src/model/cloud.js';
import { PlatformFault, VersionFault } from '../../src/model/errors.js';
import type { Intent } from '../../src/model/intent.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import { perform } from '../../src/steps/index.js';
import type { AppWorld } from '../../src/steps/world.js';
import { candidateAt } from '../strategies/support.js';
import { appWorld, worldOf } from './scripted.js';

const CANDIDATE = candidateAt('made', { annotations: { [ANNOTATION.package]: 'mine' } });
const HERE = { candidate: CANDIDATE };

function pack(guid: string, createdAtMs = 0): Package {
  return { guid, type: 'bits', state: 'READY', createdAtMs };
}

function build(over: Partial<Build>): Build {
  return { guid: 'b', state: 'STAGED', packageGuid: 'mine', dropletGuid: 'd', ...over };
}

describe('make-candidate', () => {
  test('takes the lock with labels, journal and heartbeat in the one call', async () => {
    const made: unknown[] = [];
    const world = worldOf({
      createApp: async (_space, app) => {
        made.push(app);
        return CANDIDATE;
      },
    });
    await perform({ do: 'make-candidate' }, appWorld({}), world);
    expect(made).toMatchObject([
      {
        name: 'shop-candidate',
        labels: {
          [LABEL.role]: 'candidate',
          [LABEL.phase]: 'made',
          [LABEL.owner]: 'me',
          [LABEL.version]: 'v2',
        },
        annotations: { [ANNOTATION.heartbeat]: '1000000', [ANNOTATION.journal]: expect.any(String) },
      },
    ]);
  });

  test('an app of images is made as one: it stays what it is made as', async () => {
    const made: unknown[] = [];
    const world = worldOf({
      createApp: async (_space, app) => {
        made.push(app.lifecycle?.type);
        return CANDIDATE;
      },
    });
    await perform({ do: 'make-candidate' }, appWorld({}, { docker: true }), world);
    await perform({ do: 'make-candidate' }, appWorld({}), world);
    expect(made).toEqual(['docker', undefined]);
  });

  test('a name that is taken is no lock', async () => {
    const world = worldOf({ createApp: async () => undefined });
    await expect(perform({ do: 'make-candidate' }, appWorld({}), world)).rejects.toBeInstanceOf(
      PlatformFault,
    );
  });
});

describe('push-bits', () => {
  function pushing(before: Package[], after: Package[], hashes: (string | undefined)[] = ['h', 'h']) {
    const written: unknown[] = [];
    const pushed: unknown[] = [];
    let has = before;
    const world = worldOf(
      {
        packages: async () => has,
        updateApp: async (guid, change) => {
          written.push({ guid, ...change });
          return CANDIDATE;
        },
      },
      {
        pushBits: async (push) => {
          pushed.push(push);
          has = after;
        },
        fingerprint: async () => {
          const bits = hashes.shift();
          return bits === undefined ? undefined : { bits, manifest: 'm' };
        },
      },
    );
    return { written, pushed, run: () => perform({ do: 'push-bits' }, appWorld(HERE), world) };
  }

  test('records the package that came with this push, not one that was there', async () => {
    const { run, written, pushed } = pushing([pack('old', 9)], [pack('old', 9), pack('new', 5)]);
    await run();
    expect(pushed).toEqual([{ app: 'shop', candidate: 'shop-candidate', trialUrl: 'trial.apps.example' }]);
    expect(written).toEqual([
      {
        guid: 'new',
        annotations: {
          [ANNOTATION.package]: 'new',
          [ANNOTATION.bits]: 'h',
          [ANNOTATION.manifestHash]: 'm',
        },
      },
    ]);
  });

  test.each([
    ['that changed while they were pushed', ['one', 'other']],
    ['that cannot be told', [undefined, undefined]],
    ['that could be told before only', ['one', undefined]],
  ])('no hash is recorded of bits %s', async (_, hashes) => {
    const { run, written } = pushing([], [pack('new')], hashes);
    await run();
    expect(written).toMatchObject([{ annotations: { [ANNOTATION.bits]: null } }]);
  });

  test('a push that left no package is a fault, and nothing is recorded', async () => {
    const { run, written } = pushing([pack('old')], [pack('old')]);
    await expect(run()).rejects.toBeInstanceOf(PlatformFault);
    expect(written).toEqual([]);
  });
});

describe('stage', () => {
  function staging(known: Build[], looks: Build[]) {
    const writes: string[] = [];
    const world = worldOf({
      builds: async () => known,
      createBuild: async (guid) => {
        writes.push(`build ${guid}`);
        return build({ state: 'STAGING' });
      },
      build: async (guid) => {
        const [look = build({})] = looks.length > 1 ? looks.splice(0, 1) : looks;
        return { ...look, guid };
      },
      setCurrentDroplet: async (app, droplet) => {
        writes.push(`droplet ${app} ${droplet}`);
      },
      droplet: async (guid) => {
        if (guid === 'unreadable') throw new PlatformFault('no answer', false);
        return { guid, state: 'STAGED', createdAtMs: 0, port: 9000 };
      },
    });
    const run = async (wish: Partial<Intent> = {}, found: Partial<AppWorld['found']> = {}) => {
      const app = appWorld(HERE, wish);
      Object.assign(app.found, found);
      await perform({ do: 'stage' }, app, world);
      return app;
    };
    return { world, writes, run };
  }
  const busy = build({ state: 'STAGING' });

  test.each([
    ['InsufficientResources - Insufficient resources', 'no-room'],
    ['NoCompatibleCell - Found no compatible cell', 'no-room'],
    ['NoAppDetectedError - An app was not successfully detected', 'staging'],
  ])('a build that ends with %s is of the code %s', async (error, code) => {
    const { dropletGuid: _, ...failed } = build({ state: 'FAILED', error });
    await expect(staging([], [busy, failed]).run()).rejects.toMatchObject({ name: 'VersionFault', code });
  });

  test('builds the recorded package and sets its droplet', async () => {
    const { run, writes } = staging(
      [build({ packageGuid: 'strange', guid: 'other' })],
      [busy, busy, build({})],
    );
    await run();
    expect(writes).toEqual(['build mine', 'droplet new d']);
  });

  test('a build whose answer was lost is found, and not made twice', async () => {
    const { run, writes } = staging([build({ guid: 'lost', state: 'STAGING' })], [busy, build({})]);
    await run();
    expect(writes).toEqual(['droplet new d']);
  });

  test('a package that this run has just made has no build: none is looked for, but after it was asked for', async () => {
    const { run, writes } = staging([build({ guid: 'lost' })], [build({})]);
    const { found } = await run({}, { unbuilt: 'mine' });
    expect(writes).toEqual(['build mine', 'droplet new d']);
    await run({}, found);
    expect(writes.slice(2)).toEqual(['droplet new d']);
    await run({}, { unbuilt: 'other' });
    expect(writes.slice(3)).toEqual(['droplet new d']);
  });

  test('what it holds from here on is known to the next look, as far as it could be read', async () => {
    const known = await staging([], [build({ dropletGuid: 'new one' })]).run();
    expect(known.snapshot.candidate).toMatchObject({ currentDropletGuid: 'new one', imagePort: 9000 });
    const unread = staging([], [build({ dropletGuid: 'unreadable' })]);
    const { snapshot } = await unread.run();
    expect(snapshot.candidate).toEqual(CANDIDATE);
    expect(unread.writes).toEqual(['build mine', 'droplet new unreadable']);
  });

  test('without a recorded package nothing is built', async () => {
    const { world, writes } = staging([], [build({})]);
    const nothing = appWorld({ candidate: candidateAt('made') });
    await expect(perform({ do: 'stage' }, nothing, world)).rejects.toBeInstanceOf(PlatformFault);
    expect(writes).toEqual([]);
  });

  test('a failed build is a sign against the version, with the reason that the platform gives', async () => {
    const { dropletGuid: _none, ...failed } = build({ state: 'FAILED', error: 'NoAppDetectedError' });
    const { run, writes } = staging([], [failed]);
    const error = await run().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(VersionFault);
    expect(error).toMatchObject({ code: 'staging' });
    expect((error as Error).message).toContain('NoAppDetectedError');
    expect(writes).toEqual(['build mine']);
  });

  test('an image that cannot be had: what a registry may want is told', async () => {
    const { dropletGuid: _none, ...failed } = build({ state: 'FAILED', error: 'staging failed' });
    const told = staging([], [failed]).run({ docker: true });
    await expect(told).rejects.toThrow(/staging failed.*docker-username and docker-password/);
    await expect(staging([], [failed]).run()).rejects.toThrow(/staging failed$/);
  });

  test('a build without an end is given up at the deadline', async () => {
    const { run, world } = staging([], [busy]);
    await expect(run()).rejects.toMatchObject({ name: 'VersionFault', code: 'staging' });
    expect(world.clock.now()).toBe(1_000_000 + 60_000);
    // Said once, not at every look.
    expect(world.told.filter((text) => text.startsWith('staging'))).toHaveLength(1);
  });
});

describe('start', () => {
  function starting(packages: Package[], packageGuid: string | undefined, wish: Partial<Intent> = {}) {
    const started: string[] = [];
    const world = worldOf({
      packages: async () => packages,
      currentDroplet: async () => ({
        guid: 'd',
        state: 'STAGED',
        createdAtMs: 0,
        ...(packageGuid === undefined ? {} : { packageGuid }),
      }),
      startApp: async (guid) => {
        started.push(guid);
      },
    });
    const run = () => perform({ do: 'start', side: 'candidate' }, appWorld(HERE, wish), world);
    return { started, run };
  }

  test.each<[string, Package[], string | undefined]>([
    ['its own bits only', [pack('mine')], 'mine'],
    ['its own droplet, though strange bits were pushed', [pack('mine'), pack('strange')], 'mine'],
  ])('starts with %s', async (_name, packages, dropletOf) => {
    const { run, started } = starting(packages, dropletOf);
    await run();
    expect(started).toEqual(['new']);
  });

  test('what was live before starts with what it held then: also what this action never pushed', async () => {
    const { run, started } = starting([pack('of-cf-push')], 'of-cf-push', { target: 'new' });
    await run();
    expect(started).toEqual(['new']);
  });

  test.each<[string, Package[], string | undefined]>([
    ['built of strange bits', [pack('mine'), pack('strange')], 'strange'],
    [
      'of which nobody says what it was built of, with strange bits there',
      [pack('mine'), pack('strange')],
      undefined,
    ],
    ['built of strange bits whose package is gone', [pack('mine')], 'strange'],
  ])('refuses a droplet %s', async (_name, packages, dropletOf) => {
    const { run, started } = starting(packages, dropletOf);
    await expect(run()).rejects.toBeInstanceOf(PlatformFault);
    expect(started).toEqual([]);
  });
});
