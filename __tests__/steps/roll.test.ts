/** A deployment in place: its droplet, how it is begun, waited for and turned around. */
import { describe, expect, test } from '@jest/globals';
import type { App, CrashEvent, Deployment, Droplet, Instance, Process } from '../../src/model/cloud.js';
import { PlatformFault, PlatformRefusal, Refused, Stuck, VersionFault } from '../../src/model/errors.js';
import type { Intent } from '../../src/model/intent.js';
import type { NewDeployment, Platform } from '../../src/platform/calls.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import { startLimitMs } from '../../src/steps/await-instances.js';
import { perform } from '../../src/steps/index.js';
import type { Step } from '../../src/steps/step.js';
import { candidateAt, instance, process, route, to } from '../strategies/support.js';
import { BEFORE, LIVE, START_MS } from './rolled.js';
import { appWorld, worldOf } from './scripted.js';

const LOCK = candidateAt('switching', { annotations: { [ANNOTATION.copiedDroplet]: 'd2' } });

function deployment(over: Partial<Deployment> = {}, role = 'candidate'): Deployment {
  return {
    guid: 'roll',
    createdAtMs: 500,
    value: 'ACTIVE',
    reason: 'DEPLOYING',
    strategy: 'rolling',
    dropletGuid: 'd2',
    webProcessGuid: 'new-web',
    labels: { [LABEL.version]: 'v2', [LABEL.role]: role, [LABEL.app]: 'shop' },
    annotations: {},
    ...over,
  };
}
const DONE = { value: 'FINALIZED', reason: 'DEPLOYED' } as const;

function standing(
  calls: Partial<Platform>,
  deployments: Deployment[] = [],
  wish: Partial<Intent> = {},
  lock = LOCK,
) {
  const app = appWorld(
    { live: LIVE, candidate: lock, lock, deployments },
    { before: BEFORE, inPlace: { maxInFlight: 2 }, ...wish },
  );
  return {
    app,
    world: worldOf(calls),
    run: (step: Step, world = worldOf(calls)) => perform(step, app, world),
  };
}

describe('copy-droplet', () => {
  const SOURCE: Droplet = { guid: 'd', state: 'STAGED', createdAtMs: 100, packageGuid: 'x', checksum: 'sum' };
  const copy = (over: Partial<Droplet> = {}): Droplet => ({
    guid: 'copy',
    state: 'STAGED',
    createdAtMs: 200,
    checksum: 'sum',
    ...over,
  });
  function copying(there: Droplet[], states = ['COPYING', 'STAGED'], brought: string[] = []) {
    const written: unknown[] = [];
    const { app, world } = standing({
      sidecars: async () => brought,
      droplet: async (guid) =>
        guid === 'd'
          ? SOURCE
          : copy({ guid, state: (states.length > 1 ? states.shift() : states[0]) ?? 'STAGED' }),
      droplets: async () => there,
      copyDroplet: async (source, target) => {
        written.push({ source, target });
        return copy({ state: 'COPYING' });
      },
      updateApp: async (guid, change) => {
        written.push({ guid, ...change });
        return LOCK;
      },
    });
    return { written, world, run: () => perform({ do: 'copy-droplet' }, app, world) };
  }
  const said = (guid: string) => ({ guid: 'new', annotations: { [ANNOTATION.copiedDroplet]: guid } });

  test('waits until the copy is ready before the lock names it', async () => {
    const { written, world, run } = copying([]);
    await run();
    expect(written).toEqual([{ source: 'd', target: 'old' }, said('copy')]);
    expect(world.clock.now()).toBeGreaterThan(START_MS);
  });

  test.each([
    ['ready', copy({ guid: 'lost' })],
    ['under way, without a checksum', { guid: 'lost', state: 'COPYING', createdAtMs: 200 }],
  ])('one whose answer was lost is taken: %s', async (_, lost) => {
    const { written, run } = copying([lost]);
    await run();
    expect(written).toEqual([said('lost')]);
  });

  test.each([
    ['staged of a package', copy({ packageGuid: 'y' })],
    ['of before', copy({ createdAtMs: 99 })],
    ['of other bits', copy({ checksum: 'other' })],
    ['that failed', copy({ state: 'FAILED' })],
  ])('any other droplet is none: %s', async (_, other) => {
    const { written, run } = copying([other]);
    await run();
    expect(written).toContainEqual({ source: 'd', target: 'old' });
  });

  test('a droplet whose buildpack brings sidecars is not copied', async () => {
    const { written, run } = copying([], ['COPYING', 'STAGED'], ['agent']);
    await expect(run()).rejects.toThrow(/agent.*the copy of a droplet has none/);
    expect(written).toEqual([]);
  });

  test('a copy that fails is made again, and is named nowhere', async () => {
    const { written, run } = copying([], ['COPYING', 'FAILED']);
    await expect(run()).rejects.toBeInstanceOf(PlatformFault);
    expect(written).toEqual([{ source: 'd', target: 'old' }]);
  });
});

describe('apply-to-live', () => {
  test('the manifest, and then what the inputs set', async () => {
    const order: unknown[] = [];
    const { app } = standing({}, [], {
      env: { COLOUR: 'green', GONE: null, CARRIED: 'x' },
      carriedEnv: ['CARRIED'],
    });
    const world = worldOf(
      {
        updateApp: async () => app.snapshot.live as App,
        applyManifest: async (_space, manifest) => {
          order.push(manifest);
          return 'job';
        },
        finishJob: async (job) => void order.push(`${job} done`),
        setEnvironment: async (guid, change) => void order.push({ guid, change }),
      },
      { liveManifest: (name) => `the manifest of ${name}` },
    );
    await perform({ do: 'apply-to-live' }, app, world);
    expect(order).toEqual([
      'the manifest of shop',
      'job done',
      { guid: 'old', change: { COLOUR: 'green', GONE: null } },
    ]);
  });
});

describe('scale-live', () => {
  test('only what differs, and the steps behind it know of it', async () => {
    const scaled: unknown[] = [];
    const { app, run } = standing({ scale: async (guid, wanted) => void scaled.push({ guid, wanted }) }, [], {
      scale: { web: { instances: 5, memoryMb: 256 }, nobody: { instances: 2 } },
    });
    await run({ do: 'scale-live' });
    expect(scaled).toEqual([{ guid: 'old-web', wanted: { instances: 5 } }]);
    expect(app.snapshot.live?.processes.map(({ instances }) => instances)).toEqual([5]);
    await run({ do: 'scale-live' });
    expect(scaled).toHaveLength(1);
  });
});

describe('create-deployment', () => {
  function creating(active: Deployment[], wish: Partial<Intent> = {}, lock = LOCK) {
    const made: NewDeployment[] = [];
    const calls: Partial<Platform> = {
      deployments: async (_app, only) => active.filter(({ value }) => value === only),
      createDeployment: async (wanted) => {
        made.push(wanted);
        return deployment();
      },
    };
    return { made, ...standing(calls, [], wish, lock) };
  }
  const labels = (role: string) => ({
    [LABEL.app]: 'shop',
    [LABEL.version]: 'v2',
    [LABEL.role]: role,
    [LABEL.owner]: 'me',
  });

  test.each<[string, Partial<Intent>, Step & { do: 'create-deployment' }, Partial<NewDeployment>]>([
    [
      'the copy',
      {},
      { do: 'create-deployment', of: 'candidate' },
      { dropletGuid: 'd2', strategy: 'rolling', labels: labels('candidate') },
    ],
    [
      'the copy as a canary',
      { inPlace: { maxInFlight: 2, instanceSteps: [10, 50] } },
      { do: 'create-deployment', of: 'candidate' },
      { dropletGuid: 'd2', strategy: 'canary', steps: [10, 50], labels: labels('candidate') },
    ],
    [
      'what live had, without steps',
      { inPlace: { maxInFlight: 2, instanceSteps: [10, 50] } },
      { do: 'create-deployment', of: 'live' },
      { dropletGuid: 'd1', strategy: 'rolling', labels: labels('live') },
    ],
  ])('brings %s', async (_, wish, step, expected) => {
    const { made, app, run } = creating([], wish);
    await run(step);
    expect(made).toEqual([{ appGuid: 'old', maxInFlight: 2, annotations: {}, ...expected }]);
    expect(app.found.switchedAtMs).toBe(step.of === 'candidate' ? START_MS : undefined);
  });

  test('is not made beside another one; its own, whose answer was lost, is enough', async () => {
    const step: Step = { do: 'create-deployment', of: 'candidate' };
    const strange = creating([deployment({ guid: 'strange', labels: {} })]);
    await expect(strange.run(step)).rejects.toMatchObject({ name: 'Refused', code: 'live-changed' });
    // Back, whatever is under way comes to its end first.
    await expect(strange.run({ ...step, of: 'live' })).rejects.toBeInstanceOf(PlatformFault);
    const back = creating([deployment({}, 'live')]);
    await expect(back.run(step)).rejects.toBeInstanceOf(PlatformFault);
    const own = creating([deployment()]);
    await own.run(step);
    expect([...strange.made, ...back.made, ...own.made]).toEqual([]);
  });

  test('one that another run has made for the same version is not its own', async () => {
    const step: Step = { do: 'create-deployment', of: 'candidate' };
    const by = (owner: string) =>
      deployment({ labels: { [LABEL.version]: 'v2', [LABEL.role]: 'candidate', [LABEL.owner]: owner } });
    const inPlace = { maxInFlight: 1, source: { dropletGuid: 'd0', by: 'me' } };
    const own = creating([by('me')], { inPlace });
    await own.run(step);
    const other = creating([by('somebody')], { inPlace });
    await expect(other.run(step)).rejects.toBeInstanceOf(PlatformFault);
    expect([...own.made, ...other.made]).toEqual([]);
  });

  test('needs a droplet that is written down', async () => {
    const none = creating([], {}, candidateAt('switching'));
    await expect(none.run({ do: 'create-deployment', of: 'candidate' })).rejects.toBeInstanceOf(
      PlatformFault,
    );
    const { dropletGuid, ...before } = BEFORE;
    const never = creating([], { before });
    await expect(never.run({ do: 'create-deployment', of: 'live' })).rejects.toBeInstanceOf(Stuck);
    expect([dropletGuid, ...none.made, ...never.made]).toEqual(['d1']);
  });
});

/** What the platform shows in turn; the last one again and again. */
interface Shown {
  deployment?: Partial<Deployment>;
  wanted?: number;
  instances?: Instance[];
  crashes?: CrashEvent[];
  processes?: Process[];
}

function awaiting(of: 'candidate' | 'live', shown: Shown[], wish: Partial<Intent> = {}) {
  const turns = [...shown];
  let now: Shown = {};
  const calls: Partial<Platform> = {
    deployment: async () => {
      now = (turns.length > 1 ? turns.shift() : turns[0]) ?? {};
      return deployment(now.deployment);
    },
    processes: async () =>
      now.processes ?? [
        process('web', 3, { guid: 'old-web' }),
        process('web', now.wanted ?? 1, { guid: 'new-web' }),
      ],
    instances: async (guid) => (guid === 'new-web' || now.processes ? (now.instances ?? []) : []),
    crashes: async () => now.crashes ?? [],
  };
  const { app, world } = standing(calls, [deployment()], wish);
  return { world, run: () => perform({ do: 'await-deployment', of }, app, world) };
}
const up = (count: number) => Array.from({ length: count }, (_, index) => instance(index, 'RUNNING'));
const crash = (over: Partial<CrashEvent> = {}): CrashEvent => ({
  atMs: 900,
  index: 0,
  reason: 'CRASHED',
  exitStatus: 7,
  processGuid: 'new-web',
  ...over,
});
const LIMIT_MS = startLimitMs([{ instances: 2, healthCheck: { type: 'port' } }]);

describe('await-deployment of the candidate', () => {
  test('ends when it is deployed, and tells what the platform says of it', async () => {
    const error = 'memory quota_exceeded';
    const { world, run } = awaiting('candidate', [
      { wanted: 2 },
      { wanted: 2, instances: up(1), deployment: { error } },
      { wanted: 3, instances: up(3), deployment: DONE },
    ]);
    await run();
    expect(world.told.join('\n')).toContain(error);
    expect(world.told.at(-1)).toContain('deployed, instances ready 3/3');
  });

  test('the instances of its process are asked for together with the rest', async () => {
    const asked: string[] = [];
    const never = () => new Promise<never>(() => undefined);
    const calls: Partial<Platform> = {
      ...{ deployment: never, processes: never, crashes: never },
      instances: async (guid) => {
        asked.push(guid);
        return up(1);
      },
    };
    void standing(calls, [deployment()]).run({ do: 'await-deployment', of: 'candidate' });
    expect(asked).toEqual(['new-web']);
  });

  test('as long as there is progress nothing ends it, however long that takes', async () => {
    const shown = Array.from({ length: 18 }, (_, at) =>
      Array.from({ length: 60 }, () => ({ wanted: at + 1, instances: up(at) })),
    ).flat();
    const { world, run } = awaiting('candidate', [...shown, { instances: up(18), deployment: DONE }]);
    await run();
    expect(world.clock.now() - START_MS).toBeGreaterThan(3 * LIMIT_MS);
  });

  test('without any for as long as a start may take it is a sign against the version', async () => {
    const { world, run } = awaiting('candidate', [{ wanted: 2, instances: up(1) }]);
    await expect(run()).rejects.toMatchObject({ name: 'VersionFault', code: 'start' });
    expect(world.clock.now() - START_MS).toBe(LIMIT_MS);
  });

  test.each<[string, Shown, string]>([
    [
      'no cell has room',
      { instances: [instance(0, 'DOWN', { details: 'insufficient resources: memory' })] },
      'insufficient resources: memory',
    ],
    [
      'another hand has taken what the quota had left',
      { wanted: 2, instances: up(1), deployment: { error: 'memory quota_exceeded for organization shop.' } },
      'quota_exceeded',
    ],
  ])('%s: it ends long before the deadline, and not as a fault of the version', async (_, shown, text) => {
    const { world, run } = awaiting('candidate', [shown]);
    await expect(run()).rejects.toMatchObject({ code: 'no-room', message: expect.stringContaining(text) });
    expect(world.clock.now() - START_MS).toBeLessThan(LIMIT_MS / 2);
  });

  test('no room for a moment late in a slow start is not the end of it', async () => {
    const slow = { instances: [instance(0, 'STARTING')] };
    const full = { instances: [instance(0, 'DOWN', { details: 'insufficient resources: memory' })] };
    const late = [...Array(80).fill(slow), full, full, { instances: up(1), deployment: DONE }];
    const { world, run } = awaiting('candidate', late);
    await run();
    expect(world.clock.now() - START_MS).toBeGreaterThan(70_000);
  });

  test('an instance that comes and goes is no progress', async () => {
    const flapping = [{ wanted: 2, instances: up(1) }, { wanted: 2 }];
    const { run } = awaiting(
      'candidate',
      Array.from({ length: 5_000 }, (_, at) => flapping[at % 2] as Shown),
    );
    await expect(run()).rejects.toBeInstanceOf(VersionFault);
  });

  test('crashes beyond what is borne end it at once, with their reasons', async () => {
    const crashes = [crash({ atMs: 903 }), crash({ atMs: 902 }), crash({ atMs: 901 })];
    const down = [instance(0, 'CRASHED')];
    const { world, run } = awaiting('candidate', [{ instances: down }, { instances: down, crashes }]);
    await expect(run()).rejects.toMatchObject({
      code: 'start',
      message: expect.stringContaining('instance 0: CRASHED, exit status 7'),
    });
    expect(world.clock.now() - START_MS).toBeLessThan(1_000);
  });

  test('crashes of the old instances say nothing, nor do those before the last progress', async () => {
    const old = Array.from({ length: 5 }, () => crash({ processGuid: 'old-web' }));
    const past = Array.from({ length: 3 }, () => crash());
    const { run } = awaiting('candidate', [
      { wanted: 2, crashes: old },
      { wanted: 2, instances: up(1), crashes: past },
      { wanted: 3, instances: up(2), crashes: [...past, ...old] },
      { deployment: DONE },
    ]);
    await expect(run()).resolves.toBeUndefined();
  });

  test.each(['CANCELING', 'CANCELED', 'SUPERSEDED'] as const)(
    '%s is the work of another hand',
    async (reason) => {
      const value = reason === 'CANCELING' ? 'ACTIVE' : 'FINALIZED';
      const { run } = awaiting('candidate', [{}, { deployment: { value, reason } }]);
      await expect(run()).rejects.toBeInstanceOf(Refused);
    },
  );
});

describe('await-deployment of live', () => {
  const one = [process('web', 3, { guid: 'old-web' })];

  test('ends when the platform is at its end, one web process is left, and all of it runs', async () => {
    const over = { value: 'FINALIZED', reason: 'CANCELED' } as const;
    const { world, run } = awaiting('live', [
      { deployment: { reason: 'CANCELING' } },
      { deployment: over },
      { deployment: over, processes: one, instances: up(2) },
      { deployment: over, processes: one, instances: up(3) },
    ]);
    await run();
    expect(world.told.at(-1)).toContain('instances ready 3/3');
    expect(world.told.length).toBeGreaterThanOrEqual(3);
  });

  test('what did not run when the deploy began is not waited for', async () => {
    const over = { value: 'FINALIZED', reason: 'CANCELED' } as const;
    const crashed = [...up(2), instance(2, 'CRASHED')];
    const shown = [{ deployment: over, processes: one, instances: crashed }];
    await awaiting('live', shown, { before: { ...BEFORE, down: { web: 1 } } }).run();
    await expect(awaiting('live', shown, { before: { ...BEFORE, down: {} } }).run()).rejects.toBeInstanceOf(
      Stuck,
    );
  });

  test('is stuck where it does not come to one: nothing more is changed', async () => {
    const { world, run } = awaiting('live', [
      { deployment: { reason: 'CANCELING' }, processes: one, instances: up(3) },
    ]);
    await expect(run()).rejects.toBeInstanceOf(Stuck);
    expect(world.clock.now() - START_MS).toBeGreaterThan(2 * LIMIT_MS);
  });
});

describe('cancel-deployment', () => {
  function cancelling(error: Error | undefined, then: Partial<Deployment> = {}) {
    const cancelled: string[] = [];
    const { run } = standing(
      {
        cancelDeployment: async (guid) => {
          cancelled.push(guid);
          if (error) throw error;
        },
        deployment: async () => deployment(then),
      },
      [deployment({ guid: 'strange', labels: {} }), deployment()],
    );
    return { cancelled, run: () => run({ do: 'cancel-deployment' }) };
  }
  const refusal = new PlatformRefusal('the droplet must be in staged state', 422, 10_008, undefined);

  test('cancels its own', async () => {
    const { cancelled, run } = cancelling(undefined);
    await run();
    expect(cancelled).toEqual(['roll']);
  });

  test('one that ended meanwhile is looked at again; one that the platform does not cancel needs a person', async () => {
    await expect(cancelling(refusal, DONE).run()).resolves.toBeUndefined();
    const error = await cancelling(refusal)
      .run()
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Stuck);
    expect((error as Stuck).message).toContain('must be in staged state');
  });
});

describe('where the version serves', () => {
  const url = 'shop.apps.example';

  test('prove asks the new instances of live, each by its process', async () => {
    const live = { ...LIVE, processes: [process('web', 2, { guid: 'new-web' })] };
    const app = appWorld(
      { live, candidate: LOCK, lock: LOCK, routes: [route(url, [to('old')])] },
      { before: BEFORE, inPlace: { maxInFlight: 1 } },
    );
    const asked = new Set<string>();
    const world = worldOf({}, {}, ({ headers = {} }) => {
      const [, value = ''] =
        Object.entries(headers).find(([name]) => name.toLowerCase() === 'x-cf-process-instance') ?? [];
      const [, index] = value.split(':');
      if (value !== '' && Number(index) < 2) asked.add(value);
      return Number(index) > 1 ? { status: 400, headers: { 'x-cf-routererror': 'unknown_route' } } : {};
    });
    await perform({ do: 'prove', side: 'candidate', urls: [url] }, app, world);
    expect([...asked].sort()).toEqual(['new-web:0', 'new-web:1']);
    expect(app.found.proofs).toMatchObject([{ routeUrl: url, proof: 'every-instance' }]);
  });

  test('bake watches for as long as it was asked to, and ends with a bad sign', async () => {
    const { app, world } = standing({}, [], { bakeMs: 60_000, drainMs: 90_000 });
    await perform({ do: 'bake' }, app, world);
    expect(world.clock.now() - START_MS).toBe(60_000);
    app.found.switchedAtMs = 1;
    const bad = worldOf({}, { badSign: () => ({ route: url, why: '3 in a row', sinceMs: 1, untilMs: 1 }) });
    await expect(perform({ do: 'bake' }, app, bad)).rejects.toMatchObject({ code: 'watch' });
  });
});
