/** Which version is meant, what is taken over from today, and what a rollback leaves is remembered. */
import { describe, expect, test } from '@jest/globals';
import type { AppState, Snapshot } from '../../src/model/cloud.js';
import { ANNOTATION } from '../../src/platform/names.js';
import {
  choicesOf,
  chooseTarget,
  isOfCommit,
  makeRollbackIntent,
  withdrawn,
} from '../../src/strategies/rollback-intent.js';
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
/** Without the annotation: the version says as much of its commit as it has. */
const BARE = version('guid-0', 'previous', '20261001-100000-bbbbbbb');
const LIVE = version('guid-3', 'live', '20261103-100000-ccccccc', { [ANNOTATION.commit]: C3 });

describe('the version that is meant', () => {
  test.each<[string, string | undefined, AppState[], string]>([
    ['the first one by default', undefined, [V2, V1], 'guid-2'],
    ['a version', V1.version ?? '', [V2, V1], 'guid-1'],
    ['a GUID', 'guid-1', [V2, V1], 'guid-1'],
    ['a whole commit', C1, [V2, V1], 'guid-1'],
    ['the beginning of a commit', 'BBBBBBB', [V2, BARE], 'guid-0'],
    ['a whole commit of which the version alone knows', `bbbbbbb${'d'.repeat(33)}`, [BARE], 'guid-0'],
    ['live, by its version', LIVE.version ?? '', [V2, V1], 'guid-3'],
    ['live, by its commit', 'ccccccc', [V2, V1], 'guid-3'],
    ['live, though nothing is kept', 'guid-3', [], 'guid-3'],
  ])('%s', (_name, wish, previous, guid) => {
    expect(chooseTarget({ live: LIVE, previous }, wish)).toMatchObject({ guid });
  });

  test('of two versions of a commit, live is the one', () => {
    const twice = { ...V2, annotations: LIVE.annotations };
    expect(chooseTarget({ live: LIVE, previous: [twice] }, C3)).toBe(LIVE);
    expect(chooseTarget({ live: LIVE, previous: [twice] }, V2.version)).toBe(twice);
  });

  test('after a rolling deploy the version before is no app: one that is kept has to be named', () => {
    const rolled = version('guid-3', 'live', '20261103-100000-ccccccc', { [ANNOTATION.strategy]: 'rolling' });
    expect(chooseTarget({ live: rolled, previous: [V2] }, undefined)).toMatch(
      /came by strategy: rolling.*deploy its commit again, or name an earlier version \(\S+2-100000-aaaaaaa\)/,
    );
    expect(chooseTarget({ live: rolled, previous: [] }, undefined)).toMatch(/deploy its commit again$/);
    expect(chooseTarget({ live: rolled, previous: [V2] }, 'guid-2')).toBe(V2);
  });

  test.each<[string, string | undefined, AppState[], RegExp]>([
    ['nothing is kept', undefined, [], /no previous version/],
    ['nothing is kept, and something is named', 'v0', [], /is a revision/],
    ['nothing is kept of what is named', 'guid-9', [], /no previous version/],
    ['a revision', 'v12', [V1], /"v12" is a revision/],
    ['two at once', 'aaaaaaa', [V2, V1], /several versions: \S+2-100000-aaaaaaa, \S+1-100000-aaaaaaa$/],
    ['none', '1234567', [V2, V1], /"1234567" is none of \S+2-100000-aaaaaaa, /],
    ['too little of a commit', 'bbbbbb', [BARE], /is none of/],
    ['a beginning of a version', '20261101', [V1], /is none of/],
  ])('none: %s', (_name, wish, previous, why) => {
    expect(chooseTarget({ live: LIVE, previous }, wish)).toMatch(why);
  });

  test('a version whose delete was asked for is none, though it is there still', () => {
    const going = { ...V2, annotations: { ...V2.annotations, [ANNOTATION.deleting]: '1' } };
    expect(chooseTarget({ live: LIVE, previous: [going, V1] }, undefined)).toBe(V1);
    expect(chooseTarget({ live: LIVE, previous: [going, V1] }, V2.version)).toMatch(/is none of/);
    expect(chooseTarget({ live: LIVE, previous: [going] }, undefined)).toMatch(/no previous version/);
    expect(choicesOf({ previous: [going] }, V1)).toEqual([]);
  });

  test('a commit is named by seven of its characters or more, never by a word that is none', () => {
    expect(isOfCommit(V1, 'aaaaaaa')).toBe(true);
    expect(isOfCommit(V1, 'aaaaaa')).toBe(false);
    expect(isOfCommit(V1, 'aaaaaaz')).toBe(false);
    expect(isOfCommit(V1, C2)).toBe(false);
    expect(isOfCommit(ours('x', 'previous', 'odd-abc'), C1)).toBe(false);
  });

  test('a plan names every one, and the one that is meant', () => {
    const left = { ...V1, annotations: { ...V1.annotations, [ANNOTATION.withdrawn]: '{"by":"ann"}' } };
    const [first, second, ...more] = choicesOf({ previous: [V2, left] }, V2);
    expect(first).toContain(`${V2.version}, commit ${C2}, app guid-2, and it is the one that is meant`);
    expect(second).toMatch(/guid-1, taken from live by a rollback \(ann\)\.$/);
    expect(more).toEqual([]);
  });
});

describe('a commit that a rollback took from live', () => {
  const left = (record: string) => ({
    ...V2,
    annotations: { ...V2.annotations, [ANNOTATION.withdrawn]: record },
  });
  const RECORD = JSON.stringify({ by: 'ann', run: 'https://example.com/7' });

  test('is told with who did it', () => {
    expect(withdrawn({ live: V1, previous: [V1, left(RECORD)] }, C2)).toBe(
      `commit ${C2} was taken from live by a rollback (ann, https://example.com/7)`,
    );
    expect(withdrawn({ live: V1, previous: [left('{}')] }, C2)).toMatch(/by a rollback$/);
  });

  test('also when the same commit is kept a second time', () => {
    const twin = { ...BARE, annotations: V2.annotations };
    expect(withdrawn({ live: V1, previous: [twin, left(RECORD)] }, C2)).toContain('ann');
  });

  test.each<[string, Pick<Snapshot, 'live' | 'previous'>, string | undefined]>([
    ['no commit is known', { live: V1, previous: [left(RECORD)] }, undefined],
    ['another commit', { live: V1, previous: [left(RECORD)] }, C3],
    ['it was replaced, not rolled back', { live: V1, previous: [V2] }, C2],
    ['live has it again', { live: { ...V1, annotations: V2.annotations }, previous: [left(RECORD)] }, C2],
    ['another hand wrote the record', { live: V1, previous: [left('{')] }, C2],
  ])('not when %s', (_name, seen, commit) => {
    expect(withdrawn(seen, commit)).toBeUndefined();
  });
});

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

  test.each<[string, Partial<Snapshot>, RegExp]>([
    ['live serves no route', { routes: [] }, /serves no route/],
    ['a TCP route', { routes: [route(URL, [to('guid-3')], { protocol: 'tcp' })] }, /TCP route/],
  ])('refused: %s', (_name, over, why) => {
    expect(intentFor({}, {}, over).problems.join()).toMatch(why);
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
