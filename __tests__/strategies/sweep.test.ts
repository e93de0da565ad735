import { describe, expect, test } from '@jest/globals';
import { idleOf, type Known, type PreviewSeen, sweepOf } from '../../src/strategies/sweep.js';

const NOW = 1_000_000_000;
const seen = (name: string, over: Partial<PreviewSeen> = {}): PreviewSeen => ({
  ...{ name, expiresAtMs: NOW + 1, deployedAtMs: NOW - 1, hasApp: true },
  ...over,
});
const sweep = (previews: readonly PreviewSeen[], known: Partial<Known> = {}) =>
  sweepOf(previews, { nowMs: NOW, max: 20, ...known }).map(
    ({ preview, what, why }) => `${preview.name} ${what}: ${why}`,
  );
const pulls = (...states: readonly (readonly [number, 'open' | 'closed'])[]) => new Map(states);

describe('a preview goes', () => {
  test('when its pull request is positively closed', () => {
    expect(sweep([seen('a', { pull: 1 })], { pulls: pulls([1, 'closed']) })).toEqual([
      'a remove: pull request 1 is closed',
    ]);
  });

  test('when its time is over, be its pull request open or not known', () => {
    const over = { expiresAtMs: NOW };
    const known = { pulls: pulls([1, 'open']) };
    expect(sweep([seen('a', { pull: 1, ...over })], known)).toEqual(['a remove: its time is over']);
    expect(sweep([seen('a', { pull: 1, ...over })])).toEqual(['a remove: its time is over']);
    expect(sweep([seen('a', over)])).toEqual(['a remove: its time is over']);
  });
});

describe('a preview stays', () => {
  test.each<[string, Partial<PreviewSeen>, Partial<Known>, string]>([
    ['while its pull request is open', { pull: 1 }, { pulls: pulls([1, 'open']) }, '1 is open'],
    ['where GitHub said nothing', { pull: 1 }, {}, 'does not say whether pull request 1'],
    ['where GitHub said nothing of it', { pull: 1 }, { pulls: pulls([12, 'closed']) }, 'does not say'],
    ['without a pull request', {}, { pulls: pulls([1, 'closed']) }, 'of no pull request'],
    ['where nothing tells its time', { expiresAtMs: undefined as never }, {}, 'of no pull request'],
  ])('%s', (_what, over, known, why) => {
    const [line] = sweep([seen('a', over)], known);
    expect(line).toMatch(/^a keep: /);
    expect(line).toContain(why);
  });
});

describe('of more than preview-max', () => {
  const many = [1, 2, 3, 4].map((n) => seen(`p${n}`, { pull: n, deployedAtMs: NOW - n }));
  const open = pulls([1, 'open'], [2, 'open'], [3, 'open'], [4, 'open']);

  test('those go that were not deployed for the longest', () => {
    const lines = sweep(many, { max: 2, pulls: open });
    expect(lines.map((line) => line.split(':')[0])).toEqual(['p1 keep', 'p2 keep', 'p3 remove', 'p4 remove']);
    expect(lines[3]).toContain('there are 4, and preview-max is 2');
  });

  test('those count that stay, and have an app', () => {
    const closed = pulls([1, 'open'], [2, 'open'], [3, 'closed'], [4, 'closed']);
    expect(sweep(many, { max: 2, pulls: closed }).filter((line) => line.includes('preview-max'))).toEqual([]);
    const [, ...rest] = many;
    const routeOnly = seen('p1', { pull: 1, hasApp: false });
    expect(sweep([routeOnly, ...rest], { max: 3, pulls: open }).every((line) => / keep/.test(line))).toBe(
      true,
    );
  });

  test('none goes as long as nobody knows which pull requests are open', () => {
    expect(sweep(many, { max: 2 }).every((line) => / keep/.test(line))).toBe(true);
  });
});

describe('with preview-idle', () => {
  const long = { pull: 1, deployedAtMs: NOW - 100 };
  const idle = (over: Partial<PreviewSeen>, askedAtMs: number | undefined, known: Partial<Known> = {}) => {
    const decisions = sweepOf([seen('a', { ...long, ...over })], { nowMs: NOW, max: 20, ...known });
    const [one] = idleOf(decisions, { nowMs: NOW, idleMs: 50 }, () => askedAtMs);
    return `${one?.what}: ${one?.why}`;
  };

  test.each<[string, Partial<PreviewSeen>, number | undefined, string]>([
    ['one that nobody asked for so long is stopped', {}, NOW - 50, 'stop: nobody asked it since 1970-01-12'],
    ['one that was asked is kept', {}, NOW - 49, 'keep: '],
    [
      'one of which nobody can say is kept',
      {},
      undefined,
      'is not over; when it was asked last is not known',
    ],
    ['one that was deployed since is kept', { deployedAtMs: NOW - 49 }, NOW - 90, 'keep: '],
    ['one that was started since is kept', { startedAtMs: NOW - 49 }, NOW - 90, 'keep: '],
    ['one that sleeps is kept, and said to', { sleeps: true }, NOW - 90, 'is not over; it sleeps'],
    ['what has no app is kept', { hasApp: false }, NOW - 90, 'keep: '],
    ['one whose time is over goes', { expiresAtMs: NOW }, NOW - 90, 'remove: its time is over'],
  ])('%s', (_what, over, askedAtMs, said) => {
    expect(idle(over, askedAtMs)).toContain(said);
  });

  test('one that is closed goes', () => {
    expect(idle({}, NOW - 90, { pulls: pulls([1, 'closed']) })).toBe('remove: pull request 1 is closed');
  });
});
