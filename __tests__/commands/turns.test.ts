import { describe, expect, test } from '@jest/globals';
import { inTurn, tellTurns, tellUploads } from '../../src/commands/turns.js';
import { alone, onlyChanged } from '../../src/commands/unchanged.js';
import { recalled, recorded } from '../../src/engine/journal.js';
import type { Intent } from '../../src/model/intent.js';
import { LABEL } from '../../src/platform/names.js';
import { type AppWorld, nothingFound, type World } from '../../src/steps/world.js';
import { ours, snapshot } from '../strategies/support.js';
import { intentFor } from './standing.js';

const NAMES = ['web', 'api', 'db'];
const ORDER = [
  { before: 'db', after: 'api' },
  { before: 'api', after: 'web' },
];

function apps(wish: Partial<Intent> = {}): AppWorld[] {
  return NAMES.map((app) => ({
    intent: intentFor({ app, set: NAMES, ...wish }),
    snapshot: snapshot({}),
    found: nothingFound(),
  }));
}

const turnsIn = (all: readonly AppWorld[]) => all.map(({ intent: { turn } }) => turn?.number);

function told(all: readonly AppWorld[]): string[] {
  const lines: string[] = [];
  const listener = { tell: (event: { text?: string }) => void lines.push(event.text ?? '') };
  tellTurns(all, { listener } as unknown as World);
  return lines;
}

describe('the turns of a change', () => {
  test('are those of the input, and are told once, in log and summary', () => {
    const all = inTurn(apps(), { command: 'deploy', order: ORDER });
    expect(turnsIn(all)).toEqual([3, 2, 1]);
    expect(told(all)).toEqual(['Routes are switched in turn: db; then api; then web.']);
    expect(all.flatMap(({ found }) => found.notes)).toHaveLength(1);
  });

  test('of a rollback come in reverse', () => {
    expect(turnsIn(inTurn(apps(), { command: 'rollback', order: ORDER }))).toEqual([1, 2, 3]);
  });

  test('of a held deploy stay as they were recorded, unless they are given again', () => {
    const held = apps({ turn: { number: 2, of: 2 } });
    expect(turnsIn(inTurn(held, { command: 'promote' }))).toEqual([2, 2, 2]);
    expect(turnsIn(inTurn(held, { command: 'promote', order: ORDER }))).toEqual([3, 2, 1]);
    expect(turnsIn(inTurn(held.slice(0, 1), { command: 'promote', order: ORDER }))).toEqual([undefined]);
  });

  test('are none without an order', () => {
    const all = inTurn(apps(), { command: 'deploy' });
    expect(turnsIn(all)).toEqual([undefined, undefined, undefined]);
    expect(told(all)).toEqual([]);
  });

  test('are in the journal: whoever settles goes on by them', () => {
    const [first] = inTurn(apps(), { command: 'deploy', order: ORDER });
    const { intent } = first as AppWorld;
    const labels = { [LABEL.owner]: intent.owner };
    const lock = ours('new', 'candidate', intent.version, { annotations: recorded(intent) });
    const back = recalled('web', { ...lock, labels: { ...lock.labels, ...labels } });
    expect(back?.turn).toEqual({ number: 3, of: 3 });
  });
});

describe('apps that are unchanged among others', () => {
  const compared = apps().map((app) => ({
    app,
    reasons: app.intent.app === 'api' ? [] : ['other bits'],
    drift: [],
    hides: [],
  }));

  test('are no part of the deploy: no journal names them', () => {
    const left = onlyChanged(
      compared.map(({ app }) => app),
      compared,
    );
    expect(left.map(({ intent }) => [intent.app, intent.set])).toEqual([
      ['web', ['web', 'db']],
      ['db', ['web', 'db']],
    ]);
    expect(turnsIn(inTurn(left, { command: 'deploy', order: ORDER }))).toEqual([2, 1]);
  });

  test('are told as left alone', () => {
    expect(alone(compared).map(({ intent, found }) => [intent.app, found.notes])).toEqual([
      ['api', ['api is unchanged, and is left alone.']],
    ]);
  });

  test('where nothing is compared nothing is left out', () => {
    expect(onlyChanged(apps())).toHaveLength(3);
    expect(alone()).toEqual([]);
  });
});

describe('how far several apps go side by side', () => {
  test.each([
    [2, 4, 'at most 4 at a time'],
    [3, 1, 'one at a time'],
  ])('%i apps, %i uploads at a time: it is told', (count, uploadsAtATime, text) => {
    const told = toldOfUploads(apps().slice(0, count), uploadsAtATime);
    expect(told).toEqual([
      `${count} apps are deployed side by side, at most 20 at a time; their bits are uploaded ${text}, the same ones once.`,
    ]);
  });

  test('of one there is nothing to tell', () => {
    expect(toldOfUploads(apps().slice(0, 1), 4)).toEqual([]);
  });
});

function toldOfUploads(all: readonly AppWorld[], uploadsAtATime: number): string[] {
  const lines: string[] = [];
  tellUploads(
    all,
    { uploadsAtATime },
    { listener: { tell: (one) => lines.push('text' in one ? one.text : '') } },
  );
  return lines;
}
