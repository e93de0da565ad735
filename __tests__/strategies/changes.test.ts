import { describe, expect, test } from '@jest/globals';
import { ANNOTATION } from '../../src/platform/names.js';
import { changesOf } from '../../src/strategies/changes.js';
import { candidateAt, intent, ours, process, route, snapshot, to, wanted } from './support.js';

const OLD = ours('old', 'live', 'v1', {
  currentDropletGuid: 'd1',
  annotations: { [ANNOTATION.commit]: 'a'.repeat(40), [ANNOTATION.bits]: 'one' },
  env: { SAME: '1', OTHER: 'a-secret-of-old', GONE: 'x' },
});
const NEW = ours('new', 'live', 'v2', {
  currentDropletGuid: 'd2',
  annotations: { [ANNOTATION.commit]: 'b'.repeat(40), [ANNOTATION.bits]: 'two' },
  env: { SAME: '1', OTHER: 'a-secret-of-new', MORE: 'y' },
  processes: [process('web', 3, { memoryMb: 512 }), process('worker', 1)],
});
const BEFORE = snapshot({ live: OLD, routes: [route('shop.apps.example', [to('old')])] });

describe('what a version changes', () => {
  test('names and figures, and no value of a variable', () => {
    const asked = intent({ production: [wanted('shop.apps.example'), wanted('more.apps.example')] });
    const changes = changesOf(BEFORE, { intent: asked, now: snapshot({ live: NEW }) });
    expect(changes).toEqual({
      sameBits: false,
      settings: [
        { what: 'droplet', before: 'd1', after: 'd2' },
        { what: 'instances of web', before: '1', after: '3' },
        { what: 'memory of web', before: '256 MB', after: '512 MB' },
        { what: 'instances of worker', before: '', after: '1' },
        { what: 'memory of worker', before: '', after: '256 MB' },
        { what: 'disk of worker', before: '', after: '1024 MB' },
      ],
      variables: { added: ['MORE'], removed: ['GONE'], changed: ['OTHER'] },
      routes: { added: ['more.apps.example'], removed: [] },
      commits: { before: 'a'.repeat(40), after: 'b'.repeat(40) },
    });
    expect(JSON.stringify(changes)).not.toContain('secret');
  });

  test('of a version that is held, before it is live', () => {
    const held = candidateAt('held', { version: 'v2', env: OLD.env });
    const now = snapshot({ live: OLD, candidate: held });
    const asked = intent({ production: [] });
    expect(changesOf(BEFORE, { intent: asked, now })).toMatchObject({
      variables: { added: [], removed: [], changed: [] },
      routes: { added: [], removed: ['shop.apps.example'] },
    });
  });

  test('in place its counts are told once they are those of live', () => {
    const asked = intent({ inPlace: { maxInFlight: 1 } });
    const now = snapshot({ live: OLD, candidate: candidateAt('held', { processes: [process('web', 9)] }) });
    const { settings = [] } = changesOf(BEFORE, { intent: asked, now }) ?? {};
    expect(settings.map(({ what }) => what)).not.toContain('instances of web');
  });

  test('nothing where nothing was live before, or the version is not there', () => {
    expect(changesOf(snapshot(), { intent: intent(), now: snapshot({ live: NEW }) })).toBeUndefined();
    expect(changesOf(BEFORE, { intent: intent(), now: BEFORE })).toBeUndefined();
  });
});
