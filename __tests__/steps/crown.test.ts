/** What live is called and remembers when a deployment in place has come to its end. */
import { describe, expect, test } from '@jest/globals';
import type { Revision } from '../../src/model/cloud.js';
import { PlatformRefusal } from '../../src/model/errors.js';
import type { InPlace } from '../../src/model/intent.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import { readEarlier } from '../../src/steps/earlier.js';
import { perform } from '../../src/steps/index.js';
import { candidateAt } from '../strategies/support.js';
import { BEFORE, LIVE, START_MS } from './rolled.js';
import { appWorld, worldOf } from './scripted.js';

describe('crown', () => {
  const C1 = { [ANNOTATION.commit]: 'c1' };
  const facts = {
    [ANNOTATION.commit]: 'c2',
    [ANNOTATION.bits]: 'h2',
    [`${ANNOTATION.manifestRoutes}-1`]: 'r',
  };
  const candidate = candidateAt('drained', {
    createdAtMs: 1_000,
    annotations: {
      ...facts,
      [`${ANNOTATION.journal}-1`]: '{}',
      [ANNOTATION.heartbeat]: '1',
      [ANNOTATION.copiedDroplet]: 'd2',
      [ANNOTATION.package]: 'p',
    },
  });
  const known = Array.from({ length: 5 }, (_, at) => ({
    version: `v0${9 - at}`,
    droplet: `d0${at}`,
    untilMs: 5 - at,
    annotations: {},
  }));
  async function crowned(revisions: () => Promise<Revision[]>, inPlace: InPlace = { maxInFlight: 1 }) {
    const changes: { labels?: object; annotations?: Record<string, string | null> }[] = [];
    const live = {
      ...LIVE,
      annotations: {
        [ANNOTATION.commit]: 'c1',
        [ANNOTATION.runUrl]: 'old',
        [ANNOTATION.earlier]: JSON.stringify(known),
        note: 'theirs',
      },
    };
    const app = appWorld({ live, candidate, lock: candidate }, { before: BEFORE, inPlace });
    const world = worldOf({
      revisions,
      updateApp: async (guid, change) => {
        expect(guid).toBe('old');
        changes.push(change as (typeof changes)[number]);
        return LIVE;
      },
    });
    await perform({ do: 'crown' }, app, world);
    expect(changes).toHaveLength(1);
    return changes[0] ?? {};
  }
  const revision: Revision = {
    guid: 'r',
    version: 7,
    dropletGuid: 'd1',
    deployable: true,
    description: '',
    createdAtMs: 0,
    commands: {},
  };

  test('gives live the facts of the version and none of its journal, and remembers the version from before', async () => {
    const { labels, annotations } = await crowned(async () => [revision]);
    expect(labels).toMatchObject({ [LABEL.role]: 'live', [LABEL.version]: 'v2', [LABEL.owner]: null });
    const { [ANNOTATION.earlier]: earlier, ...said } = annotations ?? {};
    expect(said).toEqual({ ...facts, [ANNOTATION.runUrl]: null });
    expect(readEarlier({ [ANNOTATION.earlier]: earlier ?? '' })).toEqual([
      { version: 'v1', droplet: 'd1', revision: 7, untilMs: START_MS, annotations: C1 },
      ...known.slice(0, 4),
    ]);
  });

  test.each<[string, Revision[], number]>([
    ['its own revision is none of it', [{ ...revision, version: 8, createdAtMs: 2_000 }, revision], 7],
    ['without a change there is no other one', [{ ...revision, version: 8 }], 8],
  ])('a restart has the droplet of the version before: %s', async (_name, all, wanted) => {
    const source = { dropletGuid: 'd1', by: 'me' };
    const { annotations } = await crowned(async () => all, { maxInFlight: 1, source });
    const [last] = readEarlier({ [ANNOTATION.earlier]: annotations?.[ANNOTATION.earlier] ?? '' });
    expect(last).toMatchObject({ version: 'v1', droplet: 'd1', revision: wanted });
  });

  test('revisions that are off, or may not be read, hold nothing up', async () => {
    const { annotations } = await crowned(async () => {
      throw new PlatformRefusal('no', 403, 10_003, undefined);
    });
    const [last] = readEarlier({ [ANNOTATION.earlier]: annotations?.[ANNOTATION.earlier] ?? '' });
    expect(last).toEqual({ version: 'v1', droplet: 'd1', untilMs: START_MS, annotations: C1 });
  });
});
