import { describe, expect, test } from '@jest/globals';
import { recalled, recorded } from '../../src/engine/journal.js';
import { ANNOTATION, ANNOTATION_LIMIT, LABEL } from '../../src/platform/names.js';
import { candidateAt, intent, wanted } from '../strategies/support.js';

const BEFORE = {
  guid: 'old',
  version: 'v1',
  ran: true,
  destinations: [{ url: 'shop.apps.example', to: [{ processType: 'web', port: 8080, protocol: 'http1' }] }],
};

describe('the journal', () => {
  test.each([
    ['with a live', intent({ before: BEFORE, dropped: ['old.apps.example'], keepInstancesOf: ['web'] })],
    ['of a first deploy', intent()],
    ['of many routes, in parts', intent({ production: manyRoutes() })],
  ])('says the same when it is recalled: %s', (_name, wish) => {
    const annotations = recorded(wish);
    for (const text of Object.values(annotations)) expect(text.length).toBeLessThanOrEqual(ANNOTATION_LIMIT);
    expect(recalled('shop', candidateAt('switching', { annotations }))).toEqual(wish);
  });

  test('holds no value of a variable, no check and no script', () => {
    const secret = 'hunter2';
    const check = {
      label: '/',
      target: { path: '/' },
      method: 'GET',
      status: 'success' as const,
      headers: { authorization: secret },
      follow: false,
      withinMs: 1,
      attemptsInARow: 1,
      on: 'trial' as const,
    };
    const wish = intent({ env: { PASSWORD: secret }, checks: [check], smokeScript: `curl ${secret}` });
    expect(JSON.stringify(recorded(wish))).not.toContain(secret);
  });

  const whole = recorded(intent({ before: BEFORE }));
  const withoutPart = (part: string) => {
    const journal = JSON.parse(whole[ANNOTATION.journal] ?? '') as Record<string, unknown>;
    delete journal[part];
    return { [ANNOTATION.journal]: JSON.stringify(journal) };
  };

  test('of an earlier release is read without what it did not write', () => {
    const journal = JSON.parse(whole[ANNOTATION.journal] ?? '') as Record<string, unknown>;
    for (const part of ['hold', 'checks', 'again', 'failureLimit']) delete journal[part];
    const annotations = { [ANNOTATION.journal]: JSON.stringify(journal) };
    const { hold, checks, again } = recalled('shop', candidateAt('proven', { annotations })) ?? {};
    expect([hold, checks, again]).toEqual([false, [], []]);
  });

  test.each<[string, Record<string, string>]>([
    ['that is not there', {}],
    ['that is cut', { [ANNOTATION.journal]: (whole[ANNOTATION.journal] ?? '').slice(0, -1) }],
    ['that is no object', { [ANNOTATION.journal]: '"text"' }],
    ['that is null', { [ANNOTATION.journal]: 'null' }],
    ['that is a number', { [ANNOTATION.journal]: '1' }],
    ['without routes', withoutPart('production')],
    ['without the drain', withoutPart('drainMs')],
  ])('one %s is not guessed', (_name, annotations) => {
    expect(recalled('shop', candidateAt('switching', { annotations }))).toBeUndefined();
  });

  test.each([LABEL.owner])('without %s nobody can say whose it is', (label) => {
    const candidate = candidateAt('switching', { annotations: whole });
    const { [label]: _gone, ...labels } = candidate.labels;
    expect(recalled('shop', { ...candidate, labels })).toBeUndefined();
  });

  test('without a version nothing can be named', () => {
    const { version: _gone, ...candidate } = candidateAt('switching', { annotations: whole });
    expect(recalled('shop', candidate)).toBeUndefined();
  });
});

function manyRoutes() {
  return Array.from({ length: 200 }, (_, index) => wanted(`route-${index}.apps.example/ä`));
}
