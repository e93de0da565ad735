import { describe, expect, test } from '@jest/globals';
import { olderThanLive, outrun, patienceOf } from '../../src/commands/commits.js';
import type { Age } from '../../src/github/client.js';
import { PlatformFault, Refused } from '../../src/model/errors.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import { appWorld, platformOf } from '../steps/scripted.js';
import { app, candidateAt, inputs, ours, snapshot } from '../strategies/support.js';

const OURS = 'a'.repeat(40);
const THEIRS = 'b'.repeat(40);
const CONTEXT = { runId: '1', attempt: '1', workspace: '/', temp: '/', commit: OURS };

function comparison(age: Age | undefined) {
  const asked: string[][] = [];
  const compare = async (base: string, head: string) => {
    asked.push([base, head]);
    return age;
  };
  return { asked, compare };
}

function holderWith(annotations: Record<string, string>) {
  return app('holder', { name: 'shop-candidate', labels: { [LABEL.owner]: 'run-9' }, annotations });
}

const HOLDER = holderWith({
  [ANNOTATION.commit]: THEIRS,
  [ANNOTATION.actor]: 'ann',
  [ANNOTATION.runUrl]: 'https://runs/9',
});

describe('patience with the run that holds the lock', () => {
  test.each<[string, Age | undefined, boolean, boolean]>([
    ['ours is newer', 'newer', false, true],
    ['ours is newer, with force', 'newer', true, true],
    ['the same', 'same', false, false],
    ['diverged', 'diverged', false, false],
    ['nobody knows', undefined, false, false],
    ['ours is older, with force', 'older', true, false],
  ])('%s', async (_name, age, force, waits) => {
    const { compare, asked } = comparison(age);
    const waitMs = await patienceOf(inputs({ force }), CONTEXT, compare)(HOLDER);
    expect(waitMs > 0).toBe(waits);
    expect(asked).toEqual([[THEIRS, OURS]]);
  });

  test('the older one leaves, and says to whom', async () => {
    const { compare } = comparison('older');
    const error: unknown = await patienceOf(
      inputs({ force: false }),
      CONTEXT,
      compare,
    )(HOLDER).catch((e) => e);
    expect(error).toMatchObject({ name: 'Refused', code: 'older-commit' });
    for (const part of ['run-9', 'ann', THEIRS, 'https://runs/9'])
      expect((error as Refused).message).toContain(part);
  });

  test.each([
    ['its commit is not known', holderWith({}), CONTEXT],
    [
      'it goes back to a version',
      holderWith({ [ANNOTATION.commit]: THEIRS, [ANNOTATION.target]: 'x' }),
      CONTEXT,
    ],
    ['ours is not known', HOLDER, { runId: '1', attempt: '1', workspace: '/', temp: '/' }],
  ])('nobody is asked where %s', async (_name, holder, context) => {
    const { compare, asked } = comparison('newer');
    expect(await patienceOf(inputs(), context, compare)(holder)).toBe(0);
    expect(asked).toEqual([]);
  });

  test('the input timeout ends it, else what a deploy takes', async () => {
    const { compare } = comparison('newer');
    expect(await patienceOf(inputs({ timeoutMs: 77_000 }), CONTEXT, compare)(HOLDER)).toBe(77_000);
    const longer = inputs({ stagingTimeoutMs: 900_000, bakeMs: 600_000 });
    expect(await patienceOf(longer, CONTEXT, compare)(HOLDER)).toBeGreaterThan(1_500_000);
  });
});

describe('who lost the race for the lock', () => {
  const LOCKED = new Refused('another run', 'wait', 'locked');
  const OLDER = new Refused('older', 'nothing', 'older-commit');
  const lock = { ...candidateAt('made'), annotations: HOLDER.annotations };
  const lost = [appWorld({ lock, candidate: lock })];
  const world = (patience?: () => Promise<number>, wrote = false) => ({
    platform: platformOf({ hasWritten: () => wrote }),
    ...(patience ? { patience } : {}),
  });

  test('begins anew where it may wait', async () => {
    expect(
      await outrun(
        LOCKED,
        lost,
        world(async () => 1),
      ),
    ).toMatchObject({ again: true });
  });

  test.each([
    ['is not to wait', LOCKED, lost, world(async () => 0)],
    ['waits for nobody', LOCKED, lost, world()],
    ['has written something', LOCKED, lost, world(async () => 1, true)],
    ['sees no lock', LOCKED, [appWorld({})], world(async () => 1)],
    ['has failed otherwise', new PlatformFault('down', false), lost, world(async () => 1)],
  ])('says so as before where it %s', async (_name, error, apps, where) => {
    expect(await outrun(error, apps, where)).toEqual({ again: false, error });
  });

  test('says that it is the older one', async () => {
    const older = world(() => Promise.reject(OLDER));
    expect(await outrun(LOCKED, lost, older)).toEqual({ again: false, error: OLDER });
  });
});

describe('live and the commit that is deployed', () => {
  const annotations = {
    [ANNOTATION.commit]: THEIRS,
    [ANNOTATION.actor]: 'ann',
    [ANNOTATION.runUrl]: 'https://runs/9',
  };
  const LIVE = snapshot({ live: ours('old', 'live', 'v1', { annotations }) });

  test('a plain run of an older one does not undo a newer one', async () => {
    const { compare, asked } = comparison('older');
    const { problem } = await olderThanLive(LIVE, { force: false }, CONTEXT, compare);
    expect(problem).toMatchObject({ code: 'older-commit', next: expect.stringContaining('force: true') });
    expect(problem?.message).toContain('by ann, https://runs/9');
    expect(asked).toEqual([[THEIRS, OURS]]);
  });

  test.each<Age>(['newer', 'same', 'diverged'])('%s goes on', async (age) => {
    expect(await olderThanLive(LIVE, { force: false }, CONTEXT, comparison(age).compare)).toEqual({});
  });

  test('what nobody knows is said, and goes on', async () => {
    const { note, problem } = await olderThanLive(
      LIVE,
      { force: false },
      CONTEXT,
      comparison(undefined).compare,
    );
    expect(note).toContain('could not be told');
    expect(problem).toBeUndefined();
  });

  test.each([
    ['it is forced', LIVE, { force: true }, CONTEXT],
    ['there is no live', snapshot(), { force: false }, CONTEXT],
    ["live's commit is not known", snapshot({ live: ours('old', 'live', 'v1') }), { force: false }, CONTEXT],
    ['it is the same', LIVE, { force: false }, { ...CONTEXT, commit: THEIRS }],
    ['ours is not known', LIVE, { force: false }, { runId: '1', attempt: '1', workspace: '/', temp: '/' }],
  ])('nobody is asked where %s', async (_name, seen, force, context) => {
    const { compare, asked } = comparison('older');
    expect(await olderThanLive(seen, force, context, compare)).toEqual({});
    expect(asked).toEqual([]);
  });
});
