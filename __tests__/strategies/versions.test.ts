/** Which version is meant by a rollback, and what it leaves is remembered. */
import { describe, expect, test } from '@jest/globals';
import type { AppState, Revision, Snapshot } from '../../src/model/cloud.js';
import { ANNOTATION } from '../../src/platform/names.js';
import { earlierAfter } from '../../src/steps/earlier.js';
import {
  choicesOf,
  chooseTarget,
  isOfCommit,
  type Standing,
  withdrawn,
} from '../../src/strategies/versions.js';
import { ours } from './support.js';

const C1 = `${'a'.repeat(39)}1`;
const C2 = `${'a'.repeat(39)}2`;
const C3 = 'c'.repeat(40);

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

  test('after a rolling deploy of an earlier release the version before is not written down: one has to be named', () => {
    const rolled = version('guid-3', 'live', '20261103-100000-ccccccc', { [ANNOTATION.strategy]: 'rolling' });
    expect(chooseTarget({ live: rolled, previous: [V2] }, undefined)).toMatch(
      /came by strategy: rolling.*deploy its commit again, or name an earlier version \(\S+2-100000-aaaaaaa\)/,
    );
    expect(chooseTarget({ live: rolled, previous: [] }, undefined)).toMatch(/deploy its commit again$/);
    expect(chooseTarget({ live: rolled, previous: [V2] }, 'guid-2')).toBe(V2);
  });

  test('of one commit whose bits were started or built once more it is the one that was live last', () => {
    const of = (app: AppState, bits: string, untilMs: number): AppState => ({
      ...app,
      annotations: {
        [ANNOTATION.commit]: C1,
        [ANNOTATION.bits]: bits,
        [ANNOTATION.manifestHash]: 'm',
        [ANNOTATION.liveUntil]: String(untilMs),
      },
    });
    const again = of(V2, 'b', 9);
    expect(chooseTarget({ live: LIVE, previous: [of(V1, 'b', 3), again] }, 'aaaaaaa')).toBe(again);
    const others = chooseTarget({ live: LIVE, previous: [of(V1, 'other', 3), again] }, 'aaaaaaa');
    expect(others).toMatch(/several versions/);
  });

  test.each<[string, string | undefined, AppState[], RegExp]>([
    ['nothing is kept', undefined, [], /no previous version/],
    ['nothing is kept, and something is named', 'v0', [], /no previous version/],
    ['nothing is kept of what is named', 'guid-9', [], /no previous version/],
    ['a revision that is not there', 'v12', [V1], /"v12" is none of/],
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

describe('what live itself had', () => {
  const droplet = (guid: string, state = 'STAGED') => ({ guid, state, createdAtMs: 0 });
  const revision = (number: number, dropletGuid: string, over: Partial<Revision> = {}): Revision => ({
    guid: `revision-${number}`,
    version: number,
    dropletGuid,
    deployable: true,
    description: 'New droplet deployed.',
    createdAtMs: Date.UTC(2026, 9, number),
    commands: {},
    ...over,
  });
  const left = (label: string, dropletGuid: string, untilMs: number, over: Record<string, string> = {}) => ({
    version: label,
    droplet: dropletGuid,
    untilMs,
    annotations: { [ANNOTATION.commit]: C1, ...over },
  });
  const earlier = (...all: ReturnType<typeof left>[]) => {
    const annotations: Record<string, string> = {};
    for (const one of all.toReversed())
      Object.assign(annotations, earlierAfter(one, LIVE.version ?? '', annotations));
    return annotations;
  };
  const FIRST = left('20261101-100000-aaaaaaa', 'd1', 10);
  const SECOND = left('20261102-100000-bbbbbbb', 'd2', 20, { [ANNOTATION.commit]: C2 });
  const live = {
    ...LIVE,
    currentDropletGuid: 'd3',
    annotations: { ...LIVE.annotations, ...earlier(SECOND, FIRST) },
  };
  const revisions = [revision(4, 'd3'), revision(3, 'd3'), revision(2, 'd2'), revision(1, 'd1')];
  const droplets = ['d3', 'd2', 'd1'].map((guid) => droplet(guid));
  const standing = { live, previous: [], revisions, droplets };

  test.each<[string, string | undefined, object]>([
    ['the one that was live last by default', undefined, { version: SECOND.version, dropletGuid: 'd2' }],
    ['a version, with its revision', FIRST.version, { dropletGuid: 'd1', revision: { version: 1 } }],
    ['a commit', C1, { version: FIRST.version }],
    ['the number of a revision', 'v1', { version: FIRST.version }],
    ['the bare number of a revision', '2', { version: SECOND.version }],
    [
      'a revision that no deploy has written down, of the bits that live has',
      'v3',
      {
        version: '20261003-000000-ccccccc',
        dropletGuid: 'd3',
        annotations: {},
        asLive: { [ANNOTATION.commit]: C3 },
      },
    ],
    ['the GUID of a revision', 'revision-3', { revision: { version: 3 } }],
    ['the GUID of a droplet', 'd1', { version: FIRST.version }],
    ['what live is now, by its revision', 'v4', { guid: 'guid-3' }],
    ['what live is now, by its droplet', 'revision-4', { guid: 'guid-3' }],
  ])('%s', (_name, wish, found) => {
    expect(chooseTarget(standing, wish)).toMatchObject(found);
  });

  test.each([4, 3])('the version before a restart is told by its revision, v%d', (number) => {
    const before = { ...left('20261103-100000-ccccccc', 'd3', 30), revision: number };
    const restarted = { ...live, annotations: { ...LIVE.annotations, ...earlier(before, SECOND) } };
    expect(chooseTarget({ ...standing, live: restarted }, undefined)).toMatchObject({
      version: before.version,
      dropletGuid: 'd3',
      revision: { version: number },
    });
  });

  test('of what is kept and what live had, the one that was live last is meant', () => {
    const kept = (untilMs: number) => ({ ...V2, annotations: { [ANNOTATION.liveUntil]: String(untilMs) } });
    expect(chooseTarget({ ...standing, previous: [kept(30)] }, undefined)).toMatchObject({ guid: 'guid-2' });
    expect(chooseTarget({ ...standing, previous: [kept(15)] }, undefined)).toMatchObject({
      dropletGuid: 'd2',
    });
  });

  test('an app that nobody has deployed this way goes back by one revision; one of ours has to be asked', () => {
    const { role: _, version: _version, ...plain } = { ...live, annotations: {} };
    const before = chooseTarget({ ...standing, live: plain }, undefined);
    expect(before).toMatchObject({ dropletGuid: 'd3', revision: { version: 3 } });
    expect(chooseTarget({ ...standing, live: plain, revisions: [revision(1, 'd3')] }, undefined)).toMatch(
      /no previous/,
    );
    expect(chooseTarget({ ...standing, live: { ...live, annotations: {} } }, undefined)).toMatch(
      /no previous/,
    );
  });

  test.each<[string, Partial<Standing>, boolean]>([
    ['there with its revision', {}, false],
    ['there without a revision', { revisions: [] }, false],
    ['expired', { droplets: [droplet('d2', 'EXPIRED')] }, true],
    ['pruned', { droplets: [] }, true],
  ])('a droplet that is %s', (_name, over, isGone) => {
    expect(chooseTarget({ ...standing, ...over }, SECOND.version)).toMatchObject({ isGone });
  });

  test('what is gone is not meant where the version is kept as an app', () => {
    const kept = { ...V2, version: SECOND.version };
    expect(chooseTarget({ ...standing, droplets: [], previous: [kept] }, SECOND.version)).toBe(kept);
  });

  test('a revision that the platform does not deploy any more is gone', () => {
    const expired = revisions.map((one) => ({ ...one, deployable: false }));
    expect(chooseTarget({ ...standing, revisions: expired }, 'v3')).toMatchObject({ isGone: true });
  });

  test('a plan names all of both kinds, and what is gone', () => {
    const lines = choicesOf({ ...standing, previous: [V1], droplets: [droplet('d2'), droplet('d3')] }, V1);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/app guid-1, and it is the one that is meant\.$/);
    expect(lines[1]).toMatch(
      /^Can be rolled back to: \S+-bbbbbbb, commit \w+, revision v2 \(New droplet deployed\), droplet d2/,
    );
    expect(lines[2]).toMatch(
      /^Cannot be rolled back to: \S+1-100000-aaaaaaa, .*droplet d1 of live, which is gone\.$/,
    );
    expect(lines[3]).toMatch(/revision v3/);
  });

  test('a commit that was taken from live in place is told', () => {
    const gone = left('20261102-100000-bbbbbbb', 'd2', 20, {
      [ANNOTATION.commit]: C2,
      [ANNOTATION.withdrawn]: '{"by":"ann"}',
    });
    const now = { ...live, annotations: { ...LIVE.annotations, ...earlier(gone) } };
    expect(withdrawn({ live: now, previous: [] }, C2)).toMatch(/by a rollback \(ann\)$/);
    expect(withdrawn({ live, previous: [] }, C2)).toBeUndefined();
  });
});
