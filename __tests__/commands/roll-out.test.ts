import { describe, expect, test } from '@jest/globals';
import { rollOut } from '../../src/commands/roll-out.js';
import { Cancelled, PlatformFault, PlatformRefusal, Refused, VersionFault } from '../../src/model/errors.js';
import type { Intent } from '../../src/model/intent.js';
import { LABEL } from '../../src/platform/names.js';
import { takeSnapshot } from '../../src/platform/snapshot.js';
import { type AppWorld, nothingFound, type World } from '../../src/steps/world.js';
import { atPhase, names, rolledOut } from './rolled-out.js';
import { type Hook, TARGET } from './space.js';
import { intentFor, NEW, OLD, standing } from './standing.js';

const NEXT = '20261121-091500-ccccccc';

/** As long as `hangs` takes, asking for the end of a route has no answer. */
function hangingAtEnds(platform: World['platform'], hangs: () => Promise<void>): World['platform'] {
  return new Proxy(platform, {
    get: (target, name: keyof World['platform']) => (name === 'askToDeleteRoute' ? hangs : target[name]),
  });
}

const DOWN = new PlatformFault('The platform does not answer.', false, 502);
const down: Hook = () => {
  throw DOWN;
};

describe('all goes well', () => {
  test('the new version is live, the old one is kept', async () => {
    const at = standing();
    const outcome = await rolledOut(at);
    expect(outcome).toMatchObject({
      result: 'deployed',
      apps: [
        {
          app: 'shop',
          version: NEW,
          previousVersion: OLD,
          previousAppGuid: 'guid-1',
          live: { app: 'shop', version: NEW, routes: [{ url: 'shop.example.com', by: ['shop'] }] },
          previous: [`shop-previous-${OLD}`],
        },
      ],
    });
    expect(outcome.error).toBeUndefined();
    expect(names(at)).toEqual(['shop STARTED', `shop-previous-${OLD} STOPPED`]);
    expect(at.space.routes.map(({ host }) => host)).toEqual(['shop']);
  });

  test('a run that waited for its end, and takes the lock as soon as it is free, does not make it a failure', async () => {
    const at = standing();
    const theirs = { [LABEL.app]: 'shop', [LABEL.role]: 'candidate', [LABEL.owner]: 'run-2-theirs' };
    at.space.hook = () => {
      const crowned = at.space.apps.some(
        ({ name, labels }) => name === 'shop' && labels[LABEL.version] === NEW,
      );
      if (crowned && !at.space.apps.some(({ name }) => name === 'shop-candidate'))
        at.space.addApp('shop-candidate', { labels: theirs });
    };
    expect(await rolledOut(at)).toMatchObject({ result: 'deployed', apps: [{ version: NEW }] });
    expect(names(at)).toContain('shop-candidate STOPPED');
  });
});

describe('before anything was changed', () => {
  test('a refusal of the lock is thrown, and nothing was written', async () => {
    const at = standing();
    at.space.addApp('shop-candidate');
    await expect(rolledOut(at)).rejects.toThrow(Refused);
    expect(at.space.writes).toEqual([]);
  });

  test("another run's lock is refused", async () => {
    const at = standing();
    at.space.addApp('shop-candidate', {
      labels: { [LABEL.app]: 'shop', [LABEL.role]: 'candidate', [LABEL.owner]: 'run-2-theirs' },
    });
    await expect(rolledOut(at)).rejects.toMatchObject({ name: 'Refused', code: 'locked' });
    expect(at.space.writes).toEqual([]);
  });

  test('a platform that may not be read', async () => {
    const at = standing();
    const hook: Hook = (call) => {
      if (call === 'createApp') throw new PlatformRefusal('no', 403, 10003, 'CF-NotAuthorized');
    };
    at.space.hook = hook;
    await expect(rolledOut(at)).rejects.toThrow(PlatformRefusal);
  });

  test('a cancelled run that has not asked for the lock', async () => {
    const at = standing();
    at.cancelling.abort(new Cancelled('SIGINT'));
    await expect(rolledOut(at)).rejects.toThrow(Cancelled);
    expect(at.space.writes).toEqual([]);
  });

  test('a lock whose answer was lost, and a platform that is silent ever after, is no refusal: something may be there', async () => {
    const at = standing();
    let lost = false;
    at.space.hook = (call) => {
      if (call === 'createApp') lost = true;
      if (lost) throw new PlatformFault('No answer.', true);
    };
    expect(await rolledOut(at)).toMatchObject({ result: 'failed', error: { message: 'No answer.' } });
  });

  test('a cancel right after the lock is no refusal either', async () => {
    const at = standing();
    at.space.hook = (call) => {
      if (call !== 'createApp') at.cancelling.signal.throwIfAborted();
      else at.cancelling.abort(new Cancelled('SIGINT'));
    };
    expect(await rolledOut(at)).toMatchObject({ result: 'failed', error: { name: 'Cancelled' } });
    expect(at.space.writes).toEqual(['createApp']);
  });
});

describe('before the switch', () => {
  test('a version that fails is taken back, kept for diagnosis, and live was not touched', async () => {
    const at = standing();
    const before = structuredClone(at.live);
    const error = new VersionFault('The build failed.', 'staging');
    at.space.hook = (call) => {
      if (call === 'startApp') throw error;
    };
    const outcome = await rolledOut(at);
    expect(outcome).toMatchObject({
      result: 'reverted',
      error: { message: 'shop-candidate: The build failed.' },
      apps: [{ live: { app: 'shop', version: OLD }, failed: [`shop-failed-${NEW}`] }],
    });
    expect(outcome.second).toBeUndefined();
    expect(names(at)).toEqual(['shop STARTED', `shop-failed-${NEW} STOPPED`]);
    expect(at.live).toEqual(before);
    expect(at.space.routes.map(({ host }) => host)).toEqual(['shop']);
  });

  test('a platform that is down for good takes the deploy back', async () => {
    const at = standing();
    at.space.hook = (call) => {
      if (call === 'startApp') throw DOWN;
    };
    expect(await rolledOut(at)).toMatchObject({ result: 'reverted', error: DOWN });
  });

  test('a time that is over takes the deploy back', async () => {
    const at = standing();
    const intent = intentFor();
    const snapshot = await takeSnapshot(at.world.platform, TARGET, {
      name: 'shop',
      wanted: intent.production,
    });
    const apps: AppWorld[] = [{ intent, snapshot, found: nothingFound() }];
    const outcome = await rollOut({ apps, world: at.world, timeoutMs: 1_000 });
    expect(outcome).toMatchObject({ result: 'reverted', error: { message: 'The timeout of 1 s is over.' } });
    expect(at.space.servers('shop')).toEqual(['shop']);
    expect(at.space.app('shop').guid).toBe('guid-1');
  });

  test('when the way back fails too, both errors are told', async () => {
    const at = standing();
    at.space.hook = (call) => {
      if (call === 'startApp') throw new VersionFault('It crashed.', 'start');
      if (call === 'deleteRoute') throw DOWN;
    };
    const outcome = await rolledOut(at);
    expect(outcome).toMatchObject({ result: 'failed', error: { code: 'start' }, second: DOWN });
    expect(outcome.apps[0]?.live.version).toBe(OLD);
  });
});

describe('from the switch on', () => {
  test('a sign against the version while it serves takes it back', async () => {
    const at = standing();
    const badSign = () => ({ route: 'shop.example.com', why: '502', failures: 3 }) as never;
    let serving = false;
    at.space.hook = atPhase('serving', () => {
      serving = true;
    });
    const outcome = await rolledOut(at, { badSign: () => (serving ? badSign() : undefined) });
    expect(outcome).toMatchObject({ result: 'reverted', error: { code: 'watch' } });
    expect(at.space.servers('shop')).toEqual(['shop']);
    expect(at.space.app('shop').guid).toBe('guid-1');
  });

  test('and is not kept waiting by a platform that does not answer who asks for the end of the trial route', async () => {
    const at = standing();
    const { clock, world } = at;
    let signMs: number | undefined;
    let backMs: number | undefined;
    at.space.hook = (call, [, change]) => {
      if (call === 'updateApp' && JSON.stringify(change).includes('"reverting"')) backMs ??= clock.now();
    };
    const bad = { route: 'shop.example.com', why: '502', failures: 3 } as never;
    const outcome = await rolledOut(at, {
      platform: hangingAtEnds(world.platform, () => clock.sleep(60_000)),
      badSign: () => (signMs === undefined ? undefined : bad),
      onSign: (heard) => {
        const draining = at.events.some((event) => event.type === 'group-start' && event.stage === 'drain');
        if (draining)
          void clock.sleep(2_000).then(() => {
            signMs ??= clock.now();
            heard();
          });
        return () => undefined;
      },
    });
    expect(outcome).toMatchObject({ result: 'reverted', error: { code: 'watch' } });
    expect((backMs ?? Number.NaN) - (signMs ?? Number.NaN)).toBeLessThan(1_000);
  });

  test('nor is what goes on by itself', async () => {
    const at = standing();
    const { clock, world } = at;
    const outcome = await rolledOut(at, {
      platform: hangingAtEnds(world.platform, () => clock.sleep(60_000)),
    });
    expect(outcome).toMatchObject({ result: 'deployed' });
    const draining = at.events.findIndex((event) => event.type === 'group-start' && event.stage === 'drain');
    const end = at.events.slice(draining).find(({ type }) => type === 'group-end');
    expect((end as { durationMs: number }).durationMs).toBeLessThan(40_000);
  });

  test('a fault of the platform while it serves takes nothing back', async () => {
    const at = standing();
    at.space.hook = atPhase('serving', (call) => {
      if (call === 'removeDestination') throw DOWN;
    });
    const outcome = await rolledOut(at);
    expect(outcome).toMatchObject({ result: 'failed', error: DOWN });
    expect(outcome.second).toBeUndefined();
    expect(at.space.servers('shop')).toEqual(['shop', 'shop-candidate']);
    expect(outcome.apps[0]?.live.routes).toEqual([
      { url: 'shop.example.com', by: ['shop', 'shop-candidate'] },
    ]);
  });

  test('also when it cannot be read any more that it serves', async () => {
    const at = standing();
    let up = false;
    at.space.hook = atPhase('serving', (...call) => {
      if (!up) down(...call);
    });
    const tell = at.world.listener.tell;
    const outcome = await rolledOut(at, {
      listener: {
        tell(event) {
          // The platform is back just when a way back would begin.
          if (event.type === 'warning') up = true;
          tell(event);
        },
      },
    });
    expect(outcome).toMatchObject({ result: 'failed', error: DOWN });
    expect(at.space.servers('shop')).toEqual(['shop', 'shop-candidate']);
    expect(at.space.app('shop-candidate').labels[LABEL.phase]).toBe('serving');
  });

  test('a platform that comes back in time is waited for', async () => {
    const at = standing();
    let faults = 0;
    at.space.hook = atPhase('serving', (call) => {
      if (call === 'removeDestination' && faults++ < 30) throw DOWN;
    });
    expect(await rolledOut(at)).toMatchObject({ result: 'deployed' });
    expect(faults).toBeGreaterThan(30);
  });

  test.each<[string, Parameters<Hook>[0], Partial<Intent>]>([
    ['stopping the old version', 'stopApp', {}],
    ['deleting the trial route', 'deleteRoute', {}],
    ['deleting the old version', 'deleteApp', { keepPrevious: 0 }],
  ])('%s fails for ever: the new version is live, and the next deploy cleans up', async (_, fails, wish) => {
    const at = standing();
    at.space.hook = atPhase('drained', (call) => {
      if (call === fails) throw new PlatformRefusal('It cannot be done.', 422, 10008, 'CF-Unprocessable');
    });
    const outcome = await rolledOut(at, {}, wish);
    expect(outcome.error).toBeUndefined();
    expect(outcome).toMatchObject({ result: 'deployed', apps: [{ live: { app: 'shop', version: NEW } }] });
    expect(at.space.servers('shop')).toEqual(['shop']);
    const warned = at.events.flatMap((event) => (event.type === 'warning' ? [event.text] : []));
    expect(warned).toEqual([expect.stringContaining('It cannot be done.')]);
    expect(outcome.apps[0]?.found?.notes).toEqual(warned);

    at.space.hook = () => undefined;
    const guid = at.space.app('shop').guid;
    const { destinations = [] } = intentFor().before ?? {};
    const before = { guid, version: NEW, ran: true, destinations };
    const next = await rolledOut(at, {}, { ...wish, version: NEXT, owner: 'run-2-ours', before });
    expect(next.result).toBe('deployed');
    const kept = wish.keepPrevious === 0 ? [] : [`shop-previous-${NEW} STOPPED`];
    expect(names(at)).toEqual(['shop STARTED', ...kept]);
    expect(at.space.routes.map(({ host }) => host)).toEqual(['shop']);
  });

  test.each(['shop', `shop-previous-${OLD}`])(
    'renaming to %s fails for ever: it is not done',
    async (name) => {
      const at = standing();
      at.space.hook = atPhase('drained', (call, [, change]) => {
        if (call === 'updateApp' && (change as { name?: string }).name === name) throw DOWN;
      });
      const outcome = await rolledOut(at);
      expect(outcome).toMatchObject({ result: 'failed', error: DOWN });
      expect(outcome.apps[0]?.live).toMatchObject({ app: 'shop-candidate', version: NEW });
      expect(at.space.servers('shop')).toEqual(['shop-candidate']);
    },
  );

  test('a version that was kept, and that runs on no route, is stopped by the next deploy', async () => {
    const at = standing();
    at.space.addApp('shop-previous-20261001-100000-0000000', {
      state: 'STARTED',
      labels: {
        [LABEL.app]: 'shop',
        [LABEL.role]: 'previous',
        [LABEL.version]: '20261001-100000-0000000',
      },
    });
    expect(await rolledOut(at, {}, { keepPrevious: 3 })).toMatchObject({ result: 'deployed' });
    expect(names(at)).toEqual([
      'shop STARTED',
      'shop-previous-20261001-100000-0000000 STOPPED',
      `shop-previous-${OLD} STOPPED`,
    ]);
  });

  test('once live is drained nothing leads back', async () => {
    const at = standing();
    at.space.hook = atPhase('drained', (call) => {
      if (call === 'stopApp') throw new VersionFault('too late', 'watch');
    });
    const outcome = await rolledOut(at);
    expect(outcome).toMatchObject({ result: 'failed', error: { message: 'shop-candidate: too late' } });
    expect(outcome.second).toBeUndefined();
    expect(at.space.servers('shop')).toEqual(['shop-candidate']);
  });
});
