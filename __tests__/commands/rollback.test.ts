/** A rollback from its first look to its end, on a space in memory. */
import { describe, expect, test } from '@jest/globals';
import {
  lookUpKept,
  prepareRollback,
  type RollbackPreparation,
} from '../../src/commands/prepare-rollback.js';
import { rollOut } from '../../src/commands/roll-out.js';
import { settle } from '../../src/commands/settle.js';
import { readInputs } from '../../src/inputs.js';
import { PlatformFault, Refused, VersionFault } from '../../src/model/errors.js';
import type { Platform } from '../../src/platform/calls.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import { takeSnapshot } from '../../src/platform/snapshot.js';
import { forward } from '../../src/strategies/forward.js';
import { asTakenBack } from '../../src/strategies/settle.js';
import { type Hook, TARGET } from './space.js';
import { OLD, standing } from './standing.js';

const KEPT = '20261031-090000-ccccccc';
const OLDER = '20261030-090000-ddddddd';

function asked(inputs: Readonly<Record<string, string>> = {}): RollbackPreparation {
  const given = {
    api: 'https://api.example.com',
    org: 'shop',
    space: 'production',
    username: 'a',
    password: 'b',
    app: 'shop',
    command: 'rollback',
    ...inputs,
  };
  const env = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
  );
  return {
    inputs: readInputs(env),
    context: { runId: '7', attempt: '1', workspace: '/', temp: '/tmp', actor: 'ann' },
    set: ['shop'],
    owner: 'run-7-ours',
    token: () => 'rrrrrr',
  };
}

/** `shop` is live, and these versions of it are kept. */
function keeping(...versions: string[]) {
  const at = standing();
  const kept = versions.map((version) =>
    at.space.addApp(`shop-previous-${version}`, {
      labels: { [LABEL.app]: 'shop', [LABEL.role]: 'previous', [LABEL.version]: version },
      droplet: `droplet-of-${version}`,
      // `cf push` made it: this action knows none of its packages.
      packages: [{ guid: version, type: 'bits', state: 'READY', createdAtMs: 0 }],
    }),
  );
  return { ...at, kept };
}

type Keeping = ReturnType<typeof keeping>;

async function prepared(
  at: Keeping,
  { preparation = asked(), rolledBack = [] as string[], more = {} as Partial<Platform> } = {},
) {
  const { platform } = at.world;
  const world = {
    ...at.world,
    platform: new Proxy(platform, { get: (_, name: keyof Platform) => more[name] ?? platform[name] }),
  };
  return prepareRollback(preparation, await lookUpKept(preparation, world), world, rolledBack);
}

/** The production route is one that no router shows outside: what probes see is tested elsewhere. */
async function rolledBackOn(at: Keeping, preparation = asked()) {
  const apps = await prepared(at, { preparation });
  for (const app of apps) {
    const production = app.intent.production.map((one) => ({ ...one, internal: true }));
    app.intent = { ...app.intent, production };
  }
  return rollOut({ apps, world: at.world, result: 'rolled-back' });
}

function names({ space }: Keeping): string[] {
  return space.apps.map(({ name, state }) => `${name} ${state}`).sort();
}

/** Before each call; the count of one kind of call. */
function at(call: keyof Platform, then: (args: readonly unknown[]) => void): Hook {
  return (called, args) => {
    if (called === call) then(args);
  };
}

describe('a rollback that goes well', () => {
  test('is told, and the versions have changed their places', async () => {
    const there = keeping(KEPT);
    const [kept] = there.kept;
    const outcome = await rolledBackOn(there);
    expect(outcome).toMatchObject({
      result: 'rolled-back',
      apps: [
        {
          app: 'shop',
          version: KEPT,
          previousVersion: OLD,
          previousAppGuid: there.live.guid,
          live: { guid: kept?.guid, routes: [{ url: 'shop.example.com', by: ['shop'] }] },
        },
      ],
    });
    expect(names(there)).toEqual(['shop STARTED', `shop-previous-${OLD} STOPPED`]);
    expect(there.space.servers('shop')).toEqual(['shop']);
    expect(there.space.routes).toHaveLength(1);
    for (const call of ['createBuild', 'setCurrentDroplet']) expect(there.space.writes).not.toContain(call);
    const left = there.space.app(`shop-previous-${OLD}`).annotations;
    expect(JSON.parse(left[ANNOTATION.withdrawn] ?? '')).toMatchObject({ by: 'ann' });
    expect(Number(left[ANNOTATION.liveUntil])).toBeGreaterThan(0);
  });

  test('twice toggles, though an older version and a newer one are kept', async () => {
    const there = keeping(OLDER, KEPT);
    const guid = there.live.guid;
    await rolledBackOn(there, asked({ to: OLDER }));
    expect(there.space.app('shop').guid).toBe(there.kept[0]?.guid);
    await rolledBackOn(there);
    expect(there.space.app('shop').guid).toBe(guid);
    expect(there.space.app('shop').annotations).not.toHaveProperty([ANNOTATION.withdrawn]);
    await rolledBackOn(there);
    expect(there.space.app('shop').guid).toBe(there.kept[0]?.guid);
    expect(there.space.apps).toHaveLength(3);
  });

  test('keeps the version that live was, whatever keep-previous says', async () => {
    const there = keeping(KEPT);
    await rolledBackOn(there, asked({ 'keep-previous': '0' }));
    expect(names(there)).toContain(`shop-previous-${OLD} STOPPED`);
  });

  test('changes nothing when the version is live already', async () => {
    const there = keeping(KEPT);
    expect(await rolledBackOn(there, asked({ to: OLD }))).toMatchObject({
      result: 'rolled-back',
      apps: [{ version: OLD, live: { version: OLD } }],
    });
    expect(there.space.writes).toEqual([]);
  });
});

describe('a rollback that fails', () => {
  test('leaves live as it was, and the version previous', async () => {
    const there = keeping(KEPT);
    const before = names(there);
    const runScript = async () => {
      throw new VersionFault('The script failed.', 'script');
    };
    const apps = await prepared(there, { preparation: asked({ 'smoke-script': './check' }) });
    const outcome = await rollOut({ apps, world: { ...there.world, runScript }, result: 'rolled-back' });
    expect(outcome).toMatchObject({ result: 'reverted', error: { code: 'script' } });
    expect(names(there)).toEqual(before);
    expect(there.space.servers('shop')).toEqual(['shop']);
    expect(there.space.routes).toHaveLength(1);
    expect(there.space.app(`shop-previous-${KEPT}`).annotations).toEqual({});
  });

  test('takes its lock away when another hand deletes the version', async () => {
    const there = keeping(KEPT);
    const [kept] = there.kept;
    there.space.hook = at('updateApp', (args) => {
      if (!kept || !JSON.stringify(args).includes('"proven"')) return;
      there.space.apps.splice(there.space.apps.indexOf(kept), 1);
      for (const { destinations } of there.space.routes) {
        const gone = destinations.findIndex(({ appGuid }) => appGuid === kept.guid);
        if (gone >= 0) destinations.splice(gone, 1);
      }
    });
    const outcome = await rolledBackOn(there);
    expect(outcome).toMatchObject({ result: 'reverted', error: { code: 'target-gone' } });
    expect(names(there)).toEqual(['shop STARTED']);
    expect(there.space.routes).toHaveLength(1);
  });
});

describe('refused', () => {
  const refusals: [string, Keeping, Parameters<typeof prepared>[1], RegExp, string][] = [
    ['nothing is kept', keeping(), {}, /no previous version/, 'no-target'],
    ['none is meant', keeping(KEPT), { preparation: asked({ to: '7777777' }) }, /is none of/, 'no-target'],
    [
      'its droplet is gone',
      keeping(KEPT),
      { more: { currentDroplet: async () => undefined } },
      /no droplet any more/,
      'refused',
    ],
    [
      'its droplet has expired',
      keeping(KEPT),
      { more: { currentDroplet: async () => ({ guid: 'd', state: 'EXPIRED', createdAtMs: 0 }) } },
      /no droplet any more/,
      'refused',
    ],
    [
      'a check asks a production route',
      keeping(KEPT),
      { preparation: asked({ 'smoke-test': 'https://shop.example.com/health' }) },
      /it would test live/,
      'refused',
    ],
  ];
  test.each(refusals)('%s, and nothing is written', async (_name, there, wish, why, code) => {
    const error = await prepared(there, wish).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Refused);
    expect(error).toMatchObject({ message: expect.stringMatching(why), code });
    expect(there.space.writes).toEqual([]);
  });
});

describe('told', () => {
  const notesOf = async (...wish: Parameters<typeof prepared>) =>
    (await prepared(...wish)).flatMap(({ found }) => found.notes).join('\n');

  test('by a plan: every version that can go live again', async () => {
    const notes = await notesOf(keeping(KEPT, OLDER), { preparation: asked({ plan: 'true', to: OLDER }) });
    expect(notes).toMatch(new RegExp(`${KEPT}, commit ccccccc, app \\S+\\.$`, 'm'));
    expect(notes).toMatch(new RegExp(`${OLDER}, .*it is the one that is meant`));
  });

  test('what live has and the version has not', async () => {
    const there = keeping(KEPT);
    const bound = (instance: string) => ({ guid: instance, instance, instanceGuid: instance });
    const isLive = (guid: string) => guid === there.live.guid;
    const serviceBindings = async (guid: string) => ['old', ...(isLive(guid) ? ['new'] : [])].map(bound);
    const policies = async (guid: string) =>
      isLive(guid) ? [{ source: guid, destination: 'api', protocol: 'tcp', start: 8_080, end: 8_080 }] : [];
    const notes = await notesOf(there, { more: { serviceBindings, policies } });
    expect(notes).toContain(
      'Not taken over, live has it and the version that goes live has not: binding to service instance new.',
    );
    expect(notes).toMatch(
      /Taken over from live, set by hand: network policy shop-previous-\S+ -> api:8080\/tcp\./,
    );
    expect(notes).not.toContain('instance old');
  });

  test('by a plan: also what is removed from the version, which was read for it', async () => {
    const there = keeping(KEPT);
    const [kept] = there.kept;
    const record = { [ANNOTATION.manifestEnv]: '[]' };
    Object.assign(there.live.annotations, record);
    Object.assign(kept?.annotations ?? {}, record);
    if (kept) kept.env.THEN = 'by-hand';
    const [app] = await prepared(there, { preparation: asked({ plan: 'true' }) });
    if (!app) throw new Error('no app');
    expect(forward(app.intent, app.snapshot).configure?.steps).toContainEqual({
      do: 'set-env',
      names: ['THEN'],
    });
  });

  test('variables by their names', async () => {
    const there = keeping(KEPT);
    there.live.env.TOKEN = 'of-live';
    const notes = await notesOf(there);
    expect(notes).toMatch(/differ from live's .*: TOKEN\./);
    expect(notes).not.toContain('of-live');
  });
});

describe('interrupted', () => {
  /** The run dies at the n-th write of this kind, and its lock grows old. */
  async function diedAt(call: keyof Platform, fits: (text: string) => boolean) {
    const there = keeping(KEPT);
    let dead = false;
    there.space.hook = (called, args) => {
      if (called === call && fits(JSON.stringify(args))) dead = true;
      if (dead) throw new Refused('the run is dead', '');
    };
    const outcome = await rolledBackOn(there).catch((error: unknown) => error);
    expect(dead).toBe(true);
    expect(outcome).toBeDefined();
    there.space.hook = () => undefined;
    await there.clock.sleep(600_000);
    return there;
  }

  test('before its switch it is taken back', async () => {
    const there = await diedAt('updateApp', (text) => text.includes('"proven"'));
    expect(await settle('shop', 'run-8', there.world)).toEqual({
      told: `An interrupted rollback to ${KEPT} was taken back first.`,
      rolledBack: [],
    });
    expect(names(there)).toEqual(['shop STARTED', `shop-previous-${KEPT} STOPPED`]);
  });

  test('when only its lock is left it is finished, and by default there is nothing more to do', async () => {
    const there = await diedAt('deleteApp', () => true);
    expect(names(there)).toContain('shop-candidate STOPPED');
    const settled = await settle('shop', 'run-8', there.world);
    expect(settled).toEqual({
      told: `An interrupted rollback to ${KEPT} was finished first.`,
      rolledBack: ['shop'],
    });
    expect(names(there)).toEqual(['shop STARTED', `shop-previous-${OLD} STOPPED`]);
    const [again] = await prepared(there, { rolledBack: ['shop'] });
    expect(again?.intent.version).toBe(KEPT);
    const [named] = await prepared(there, { rolledBack: ['shop'], preparation: asked({ to: OLD }) });
    expect(named?.intent.version).toBe(OLD);
  });

  test('a plan is made for the state after it was taken back', async () => {
    const there = await diedAt('updateApp', (text) => text.includes('"proven"'));
    const seen = await takeSnapshot(there.world.platform, TARGET, { name: 'shop', wanted: [] });
    expect(seen).toMatchObject({
      candidate: { phase: 'made' },
      lock: { name: 'shop-candidate' },
      previous: [],
    });
    const after = asTakenBack(seen);
    expect(after).toMatchObject({ lock: { name: 'shop-candidate' }, previous: [{ version: KEPT }] });
    expect([after.candidate, after.previous[0]?.phase]).toEqual([undefined, undefined]);
    expect(asTakenBack(after)).toBe(after);
  });

  test('a platform that fails for a while is borne', async () => {
    const there = keeping(KEPT);
    let left = 3;
    there.space.hook = at('insertDestinations', () => {
      if (left-- > 0) throw new PlatformFault('down', false);
    });
    expect(await rolledBackOn(there)).toMatchObject({ result: 'rolled-back' });
  });
});
