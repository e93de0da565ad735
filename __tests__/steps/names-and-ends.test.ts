/** Destinations, stops, deletions and renames: nothing that a route names is touched, and names change with their labels. */
import { describe, expect, test } from '@jest/globals';
import { recorded } from '../../src/engine/journal.js';
import type { Route } from '../../src/model/cloud.js';
import { PlatformFault, PlatformRefusal } from '../../src/model/errors.js';
import type { Intent } from '../../src/model/intent.js';
import type { MetadataChange } from '../../src/platform/calls.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import { perform } from '../../src/steps/index.js';
import type { Step } from '../../src/steps/step.js';
import { candidateAt, intent, ours, route, to, wanted } from '../strategies/support.js';
import { appWorld, platformOf, worldOf } from './scripted.js';

const URL = 'shop.apps.example';
const LIVE = ours('old', 'live', 'v1', { name: 'shop' });

describe('what a route names', () => {
  function ending(step: Step, named: Route[]) {
    const written: string[] = [];
    const world = worldOf({
      routesOfApps: async () => named,
      stopApp: async (guid) => void written.push(`stop ${guid}`),
      deleteApp: async (guid) => void written.push(`delete ${guid}`),
    });
    return { written, run: () => perform(step, appWorld({ live: LIVE }), world) };
  }
  const stop: Step = { do: 'stop', name: 'shop', guid: 'old' };
  const remove: Step = { do: 'delete-app', name: 'shop', guid: 'old' };

  test.each<[Step, string]>([
    [stop, 'stop old'],
    [remove, 'delete old'],
  ])('is not touched by %j', async (step, write) => {
    const used = ending(step, [route(URL, [to('new'), to('old')])]);
    await expect(used.run()).rejects.toThrow(`still named by ${URL}`);
    await expect(used.run()).rejects.toBeInstanceOf(PlatformFault);
    expect(used.written).toEqual([]);
    const free = ending(step, [route(URL, [to('new')])]);
    await free.run();
    expect(free.written).toEqual([write]);
  });
});

describe('a route that is deleted is read again right before', () => {
  const EARLY: Step = { do: 'delete-route', url: URL, guid: `route ${URL}`, early: true };
  const made = (role: string, destinations: Route['destinations'] = [], app = 'shop') =>
    route(URL, destinations, { labels: { [LABEL.role]: role, [LABEL.app]: app } });
  function deleting(now: Route[]) {
    const deleted: string[] = [];
    const world = worldOf({
      routesByGuid: async () => now,
      deleteRoute: async (guid) => void deleted.push(guid),
    });
    const step: Step = { do: 'delete-route', url: URL, guid: `route ${URL}` };
    return { deleted, run: () => perform(step, appWorld({ candidate: candidateAt('reverting') }), world) };
  }

  test.each([
    ['without our labels', route(URL)],
    ['with the labels of another app', made('live', [], 'api')],
    ['production, and another hand has mapped it', made('live', [to('new'), to('foreign')])],
  ])('%s: it stays', async (_, now) => {
    const { deleted, run } = deleting([now]);
    await expect(run()).rejects.toBeInstanceOf(PlatformFault);
    expect(deleted).toEqual([]);
  });

  test.each([
    ['production, of the candidate alone', made('live', [to('new')])],
    ['trial, whoever is on it', made('candidate', [to('new'), to('foreign')])],
  ])('%s: it goes', async (_, now) => {
    const { deleted, run } = deleting([now]);
    await run();
    expect(deleted).toEqual([now.guid]);
  });

  test.each<[string, Route[], string[]]>([
    ['trial: asked for', [made('candidate', [to('new')])], ['asked']],
    ['production, of the candidate alone: not before the end', [made('live', [to('new')])], []],
    ['with the labels of another app: it stays', [made('candidate', [], 'api')], []],
    ['gone', [], []],
  ])('early, %s', async (_, now, expected) => {
    const asked: string[] = [];
    const world = worldOf({
      routesByGuid: async () => now,
      askToDeleteRoute: async () => void asked.push('asked'),
    });
    await perform(EARLY, appWorld({ candidate: candidateAt('serving') }), world);
    expect(asked).toEqual(expected);
  });

  test.each([
    ['a fault of the platform', new PlatformFault('busy', true)],
    ['a refusal', new PlatformRefusal('no', 403, 10_003, 'CF-NotAuthorized')],
  ])('early, %s decides nothing: it is done at the end', async (_, error) => {
    const world = worldOf({
      routesByGuid: async () => [made('candidate', [to('new')])],
      askToDeleteRoute: async () => {
        throw error;
      },
    });
    await expect(
      perform(EARLY, appWorld({ candidate: candidateAt('serving') }), world),
    ).resolves.toBeUndefined();
  });

  test('one that is gone is gone', async () => {
    const { deleted, run } = deleting([]);
    await run();
    expect(deleted).toEqual([]);
  });
});

describe('destinations', () => {
  test('map is one insert, and the switch counts from the first production route', async () => {
    const inserted: unknown[] = [];
    const world = worldOf({
      insertDestinations: async (guid, destinations) => void inserted.push([guid, destinations]),
    });
    const trial = route('trial.apps.example');
    const app = appWorld({ candidate: candidateAt('switching'), routes: [route(URL, [to('old')]), trial] });
    const port = { processType: 'web', port: 9000, protocol: 'http2' };
    await perform({ do: 'map', url: trial.url, side: 'candidate', to: [port] }, app, world);
    expect(app.found.switchedAtMs).toBeUndefined();
    await perform({ do: 'map', url: URL, side: 'candidate', to: [port] }, app, world);
    expect(app.found.switchedAtMs).toBe(1_000_000);
    expect(app.found.mappedAtMs.candidate.get(URL)).toBe(1_000_000);
    expect(app.found.mappedAtMs.live.get(URL)).toBeUndefined();
    expect(inserted).toEqual([
      [trial.guid, [{ appGuid: 'new', ...port }]],
      [`route ${URL}`, [{ appGuid: 'new', ...port }]],
    ]);
  });

  test('unmap removes the destinations of one side, each by its guid, and no other', async () => {
    const removed: string[] = [];
    const world = worldOf({
      removeDestination: async (guid, destination) => void removed.push(`${guid} ${destination}`),
    });
    const destinations = [to('old'), to('foreign'), to('old', { port: 9000 }), to('new')];
    const app = appWorld({ live: LIVE, routes: [route(URL, destinations)] });
    await perform({ do: 'unmap', url: URL, side: 'live' }, app, world);
    expect(removed).toEqual([`route ${URL} old-web-default`, `route ${URL} old-web-9000`]);
    expect(app.found.unmappedAtMs).toBe(1_000_000);
    expect([...app.found.takenFromLive.keys()]).toEqual([URL]);
  });

  test('unmap throws when all of its writes have ended, not before', async () => {
    let ended = 0;
    const world = worldOf({
      removeDestination: async (_guid, destination) => {
        if (destination.endsWith('default')) throw new PlatformFault('away', true);
        await new Promise((resolve) => setImmediate(resolve));
        ended += 1;
      },
    });
    const app = appWorld({ live: LIVE, routes: [route(URL, [to('old'), to('old', { port: 9000 })])] });
    await expect(perform({ do: 'unmap', url: URL, side: 'live' }, app, world)).rejects.toBeInstanceOf(
      PlatformFault,
    );
    expect(ended).toBe(1);
  });

  test('a route or an app that is gone is a fault, and nothing is written', async () => {
    const world = worldOf({});
    const unmap: Step = { do: 'unmap', url: URL, side: 'live' };
    await expect(perform(unmap, appWorld({ live: LIVE }), world)).rejects.toBeInstanceOf(PlatformFault);
    await expect(perform(unmap, appWorld({ routes: [route(URL)] }), world)).rejects.toBeInstanceOf(
      PlatformFault,
    );
  });
});

describe('make-route', () => {
  test.each([
    ['production', 'live'],
    ['trial', 'candidate'],
  ] as const)(
    'a %s route carries our labels from its first moment, and has no destination',
    async (as, role) => {
      const made: unknown[] = [];
      const world = worldOf({
        createRoute: async (space, asked) => {
          made.push([space, asked]);
          return route(URL);
        },
      });
      await perform({ do: 'make-route', route: wanted('shop.apps.example/v1'), as }, appWorld({}), world);
      const labels = { [LABEL.role]: role, [LABEL.app]: 'shop', [LABEL.version]: 'v2' };
      expect(made).toEqual([
        ['space-1', { host: 'shop', domainGuid: 'domain-1', path: '/v1', port: null, labels }],
      ]);
    },
  );
});

describe('rename', () => {
  async function renamed(step: Step & { do: 'rename' }, more: Partial<Intent> = {}) {
    const calls: ({ name?: string } & MetadataChange)[] = [];
    const platform = platformOf({
      platformNowMs: () => 1_234,
      updateApp: async (guid, change) => {
        calls.push({ ...change, name: `${guid} ${change.name}` });
        return LIVE;
      },
    });
    const wish = intent({ before: { guid: 'old', version: 'v1', ran: true, destinations: [] }, ...more });
    const annotations = {
      ...recorded({ ...wish, dropped: Array.from({ length: 400 }, (_, n) => `route-${n}.apps.example`) }),
      [ANNOTATION.heartbeat]: '1',
      [ANNOTATION.commit]: 'abc',
    };
    const candidate = candidateAt('drained', { annotations });
    await perform(step, appWorld({ live: LIVE, candidate }, wish), { ...worldOf({}), platform });
    return { calls, annotations };
  }

  test.each([
    ['candidate', 'live', 'new shop', 'v2'],
    ['candidate', 'failed', 'new shop-failed-v2', 'v2'],
    ['live', 'previous', 'old shop-previous-v1', 'v1'],
  ] as const)(
    '%s to %s: name and labels in one call, the lock is freed',
    async (side, role, name, version) => {
      const { calls } = await renamed({ do: 'rename', side, to: role });
      expect(calls).toHaveLength(1);
      expect(calls[0]).toMatchObject({
        name,
        labels: {
          [LABEL.role]: role,
          [LABEL.app]: 'shop',
          [LABEL.version]: version,
          [LABEL.phase]: null,
          [LABEL.owner]: null,
        },
      });
    },
  );

  test('takes every part of the journal and the heartbeat away, and nothing else', async () => {
    const { calls, annotations } = await renamed({ do: 'rename', side: 'candidate', to: 'live' });
    const gone = Object.keys(annotations).filter((key) => key !== ANNOTATION.commit);
    expect(gone.length).toBeGreaterThan(2);
    const removed = [...gone, ANNOTATION.liveUntil];
    expect(calls[0]?.annotations).toEqual(Object.fromEntries(removed.map((key) => [key, null])));
  });

  test('what is previous now says until when it was live', async () => {
    const { calls } = await renamed({ do: 'rename', side: 'live', to: 'previous' });
    expect(calls[0]?.annotations).toEqual({ [ANNOTATION.liveUntil]: '1234' });
  });

  test('a rollback records who took the version from live, and that what goes live again is withdrawn no more', async () => {
    const facts = { [ANNOTATION.actor]: 'ann', [ANNOTATION.runUrl]: 'https://example.com/run' };
    const rollback = { target: 'new', facts };
    const left = await renamed({ do: 'rename', side: 'live', to: 'previous' }, rollback);
    const record = JSON.parse(left.calls[0]?.annotations?.[ANNOTATION.withdrawn] ?? '');
    expect(record).toEqual({ by: 'ann', run: 'https://example.com/run' });
    const crowned = await renamed({ do: 'rename', side: 'candidate', to: 'live' }, rollback);
    expect(crowned.calls[0]?.annotations).toMatchObject({ [ANNOTATION.withdrawn]: null });
  });
});
