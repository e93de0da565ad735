/** Which version is meant, what is taken over from today, and what a rollback leaves is remembered. */
import { describe, expect, test } from '@jest/globals';
import type { AppState, Snapshot } from '../../src/model/cloud.js';
import { ANNOTATION } from '../../src/platform/names.js';
import { makeRollbackIntent } from '../../src/strategies/rollback-intent.js';
import { DOMAIN, inputs, ours, process, route, snapshot, to } from './support.js';

const C1 = `${'a'.repeat(39)}1`;
const C2 = `${'a'.repeat(39)}2`;
const C3 = 'c'.repeat(40);
const URL = 'shop.apps.example';

function version(guid: string, role: 'live' | 'previous', label: string, annotations = {}): AppState {
  return ours(guid, role, label, { annotations });
}

const V1 = version('guid-1', 'previous', '20261101-100000-aaaaaaa', { [ANNOTATION.commit]: C1 });
const V2 = version('guid-2', 'previous', '20261102-100000-aaaaaaa', { [ANNOTATION.commit]: C2 });
const LIVE = version('guid-3', 'live', '20261103-100000-ccccccc', { [ANNOTATION.commit]: C3 });

describe('what is taken over from today', () => {
  const named = (...names: string[]) => ({ [ANNOTATION.manifestEnv]: JSON.stringify(names) });

  function intentFor(live: Partial<AppState>, target: Partial<AppState>, over: Partial<Snapshot> = {}) {
    const now = { ...LIVE, ...live };
    const wish = { ...V1, ...target };
    const seen = snapshot({
      live: now,
      previous: [wish, V2],
      routes: [
        route(URL, [to('guid-3')]),
        route('since.apps.example', [to('guid-3', { port: 9_090 })]),
        route('other.apps.example', [to('guid-1')]),
      ],
      ...over,
    });
    return makeRollbackIntent({
      inputs: inputs({ keepPrevious: 0 }),
      context: { runId: '1', attempt: '1', workspace: '/', temp: '/', actor: 'ann', commit: C2 },
      snapshot: seen,
      target: wish,
      set: ['shop'],
      owner: 'me',
      adoptedVersion: 'adopted',
      trialDomain: { guid: DOMAIN, name: 'apps.example' },
      token: () => 'x',
    });
  }

  test('routes, ports and scale are live’s; as many versions are kept as before', () => {
    const processes = [process('web', 3), process('worker', 1)];
    const { intent, problems } = intentFor({ processes }, {});
    expect(problems).toEqual([]);
    expect(intent).toMatchObject({
      target: 'guid-1',
      version: V1.version,
      production: [{ url: URL }, { url: 'since.apps.example' }],
      trials: [{ to: { port: null } }, { to: { port: 9_090 } }],
      before: { guid: 'guid-3', ran: true, destinations: [{ url: URL }, { url: 'since.apps.example' }] },
      keepInstancesOf: ['web', 'worker'],
      keepPrevious: 2,
      dropped: [],
    });
    // Of the run, not of the version: those of the version stay on it.
    expect(intent.facts).toMatchObject({ [ANNOTATION.actor]: 'ann', [ANNOTATION.strategy]: 'rollback' });
  });

  test('what the version’s manifest named is its own, what was set by hand is live’s', () => {
    const live = {
      env: { COLOUR: 'two', SHAPE: 'round', SINCE: 'now', SAME: 's' },
      annotations: named('COLOUR', 'SHAPE'),
    };
    const target = { env: { COLOUR: 'one', THEN: 'once', SAME: 's' }, annotations: named('COLOUR') };
    const { intent, notes } = intentFor(live, target);
    expect(intent.env).toEqual({ SINCE: 'now', THEN: null });
    expect(intent.carriedEnv).toEqual(['SINCE']);
    expect(notes.join(' ')).toMatch(/by hand: variables SINCE\. Removed.*: variables THEN\./);
    expect(notes.join(' ')).not.toMatch(/now|once/);
  });

  test('on a version that another hand has put on a route, what it will not see yet is named', () => {
    const live = { env: { SINCE: 'now', SAME: 's' }, annotations: named() };
    const target = { env: { SAME: 's' }, annotations: named() };
    const text = /serves already.*next restart only: variables SINCE\.$/;
    const told = (state: AppState['state'], over: Partial<Snapshot> = {}) =>
      intentFor(live, { ...target, state }, over).notes.at(-1);
    expect(told('STARTED')).toMatch(text);
    expect(told('STARTED', { routes: [route(URL, [to('guid-3')])] })).not.toMatch(text);
    expect(told('STOPPED')).not.toMatch(text);
  });

  test('a variable that live’s manifest has taken over stays as the version had it', () => {
    const live = { env: { FLAG: 'manifest' }, annotations: named('FLAG') };
    const { intent } = intentFor(live, { env: { FLAG: 'hand' }, annotations: named() });
    expect(intent.env).toEqual({});
  });

  test.each([
    ['live', {}, named()],
    ['the version', named(), {}],
  ])('without a record on %s the version keeps its own, and the difference is told', (_name, on, other) => {
    const live = { env: { A: '1', B: '2' }, annotations: on };
    const { intent, notes } = intentFor(live, { env: { B: 'own', C: '3' }, annotations: other });
    expect(intent.env).toEqual({});
    expect(notes.join(' ')).toMatch(/differ from live's .*: A, B, C\./);
  });

  test('what is live already makes an intent for which nothing is to do', () => {
    const { intent, problems, notes } = intentFor({}, LIVE);
    expect(problems).toEqual([]);
    expect(intent).not.toHaveProperty('before');
    expect(intent).toMatchObject({ target: 'guid-3', version: LIVE.version, env: {} });
    expect(notes.join()).toContain('already');
  });

  test('live serves no route: the version gets none', () => {
    const { intent, problems } = intentFor({}, {}, { routes: [] });
    expect([intent.production, problems]).toEqual([[], []]);
  });

  test('refused: no live', () => {
    const { live: _, ...seen } = snapshot({ previous: [V1] });
    const { problems } = makeRollbackIntent({
      inputs: inputs(),
      context: { runId: '1', attempt: '1', workspace: '/', temp: '/' },
      snapshot: seen,
      target: V1,
      set: ['shop'],
      owner: 'me',
      adoptedVersion: 'adopted',
      trialDomain: { guid: DOMAIN, name: 'apps.example' },
      token: () => 'x',
    });
    expect(problems).toEqual([expect.stringContaining('no live shop')]);
  });
});
