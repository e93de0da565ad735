import { describe, expect, test } from '@jest/globals';
import { outcomeOf } from '../../src/commands/outcome.js';
import { appWorld } from '../steps/scripted.js';
import { candidateAt, intent, ours, route, to } from '../strategies/support.js';

const TRIAL = intent().trials[0]?.route.url ?? 'none';

describe('the outcome of one app', () => {
  test('has the trial route as long as it is there', () => {
    const there = appWorld({ candidate: candidateAt('proven'), routes: [route(TRIAL, [to('new')])] });
    expect(outcomeOf(there).trialUrl).toBe(`https://${TRIAL}`);
    expect(outcomeOf(appWorld({ routes: [] })).trialUrl).toBeUndefined();
  });

  test('of an app without a route live is whoever runs', () => {
    const wish = { production: [], trials: [] };
    const candidate = candidateAt('drained');
    const live = ours('old', 'live', 'v1', { name: 'shop' });
    const shown = (state: 'STARTED' | 'STOPPED') =>
      outcomeOf(appWorld({ live: { ...live, state }, candidate }, wish)).live.guid;
    expect([shown('STARTED'), shown('STOPPED')]).toEqual(['old', 'new']);
    expect(outcomeOf(appWorld({ live: { ...live, state: 'STOPPED' } }, wish)).live.guid).toBe('old');
  });

  test('names the app under which the version before is kept', () => {
    const before = { guid: 'old', version: 'v1', ran: true, destinations: [] };
    const kept = ours('old', 'previous', 'v1', { name: 'shop-previous-v1' });
    expect(outcomeOf(appWorld({ previous: [kept] }, { before }))).toMatchObject({
      previousAppGuid: 'old',
      previousApp: 'shop-previous-v1',
    });
    expect(outcomeOf(appWorld({ previous: [] }, { before })).previousApp).toBeUndefined();
  });
});
