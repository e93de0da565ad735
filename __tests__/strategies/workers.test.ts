import { describe, expect, test } from '@jest/globals';
import type { AppState } from '../../src/model/cloud.js';
import type { Intent } from '../../src/model/intent.js';
import { type Counts, chooseWorkers, registryNotes } from '../../src/strategies/workers.js';
import { intent, manifestApp, ours, process } from './support.js';

const WEB = [process('web', 1)];
const WITH_WORKER = [...WEB, process('worker', 2)];
const live = (processes: AppState['processes'], over: Partial<AppState> = {}) =>
  ours('old', 'live', 'v1', { processes, ...over });
const ROUTELESS = { production: [], trials: [] };
const IN_PLACE = { inPlace: { maxInFlight: 1 } };
const ONE: Counts = { worker: { instances: 1 } };

describe('the input workers', () => {
  test.each<[string, Partial<Intent>, 'overlap' | 'handover', AppState | undefined, Counts, unknown]>([
    ['overlap', {}, 'overlap', live(WITH_WORKER), ONE, undefined],
    ['handover', {}, 'handover', live(WITH_WORKER), ONE, { whole: false, counts: { worker: 1 } }],
    ['handover, named nowhere', {}, 'handover', live(WITH_WORKER), {}, { whole: false, counts: {} }],
    ['handover of web alone', {}, 'handover', live(WEB), {}, undefined],
    ['handover, no route', ROUTELESS, 'handover', live(WEB), {}, { whole: true, counts: {} }],
    ['handover, first deploy', ROUTELESS, 'handover', undefined, ONE, undefined],
    ['handover, live is stopped', ROUTELESS, 'handover', live(WEB, { state: 'STOPPED' }), ONE, undefined],
  ])('%s', (_name, over, workers, lives, named, handover) => {
    const choice = chooseWorkers(intent(over), { workers }, lives, named);
    expect(choice.handover).toEqual(handover);
    expect(choice.problems).toEqual([]);
    expect(choice.notes.join()).toMatch(handover ? /^Handover: / : /^$|nothing to hand over/);
  });

  test('in place the platform restarts them all at once, which is told, and is no handover', () => {
    const told = chooseWorkers(intent(IN_PLACE), { workers: 'overlap' }, live(WITH_WORKER), {});
    expect(told.notes.join()).toMatch(/stops and starts worker of shop all at once/);
    expect(chooseWorkers(intent(IN_PLACE), { workers: 'overlap' }, live(WEB), {}).notes).toEqual([]);
    const refused = chooseWorkers(intent(IN_PLACE), { workers: 'handover' }, live(WITH_WORKER), {});
    expect(refused.problems.join()).toMatch(/Leave the input out/);
  });
});

describe('an app that may tell a registry where it is', () => {
  test.each<[string, Parameters<typeof registryNotes>[1], Record<string, string>, RegExp | undefined]>([
    ['by a service', manifestApp({ services: ['my-registry', 'db'] }), {}, /service my-registry\)/],
    ['by a variable of the manifest', manifestApp({ envNames: ['EUREKA_URL'] }), {}, /variable EUREKA_URL/],
    ['by a variable of live', manifestApp(), { CONSUL_HOST: 'x' }, /variable CONSUL_HOST/],
    ['not at all', manifestApp({ services: ['db'], envNames: ['MODE'] }), {}, undefined],
  ])('%s', (_name, app, env, wanted) => {
    const notes = registryNotes(intent(), app, { env });
    expect(notes.length).toBe(wanted ? 1 : 0);
    if (wanted) expect(notes[0]).toMatch(wanted);
    expect(registryNotes(intent(IN_PLACE), app, { env })).toEqual([]);
  });
});
