/** No history of a deploy breaks a promise, whatever interrupts it; and the search finds strategies that break one. */
import { describe, expect, test } from '@jest/globals';
import { isDone, rollOf } from '../../src/steps/deployments.js';
import type { StageWork, Step, Work } from '../../src/steps/step.js';
import { CARRIES } from './model/carries.js';
import { explore, REAL, type Strategies } from './model/explore.js';
import { HOLDS } from './model/holds.js';
import { OWN_VERSIONS } from './model/own-versions.js';
import { ROLLBACKS } from './model/rollbacks.js';
import { ROLLS } from './model/rolls.js';
import { SCENARIOS } from './model/scenarios.js';
import { SOURCES } from './model/sources.js';
import { TASKS } from './model/tasks.js';
import { WORKERS } from './model/workers.js';

describe('every interruption of', () => {
  // Far fewer states would mean that the search stopped early; a rollback has fewer steps than a deploy.
  const every = [
    ...SCENARIOS.map((scenario) => [scenario.name, scenario, 500] as const),
    ...ROLLBACKS.map((scenario) => [scenario.name, scenario, 250] as const),
    ...HOLDS.map((scenario) => [scenario.name, scenario, 250] as const),
    ...ROLLS.map((scenario) => [scenario.name, scenario, 250] as const),
    ...CARRIES.map((scenario) => [scenario.name, scenario, 250] as const),
    ...WORKERS.map((scenario) => [scenario.name, scenario, 100] as const),
    ...OWN_VERSIONS.map((scenario) => [scenario.name, scenario, 250] as const),
    ...SOURCES.map((scenario) => [scenario.name, scenario, 250] as const),
    ...TASKS.map((scenario) => [scenario.name, scenario, 250] as const),
  ];
  test.each(every)('%s', (_name, scenario, fewest) => {
    const { violation, states, ends } = explore(scenario);
    expect(violation).toBeUndefined();
    expect(states).toBeGreaterThan(fewest);
    expect(ends).toBeGreaterThan(0);
  });
});

type Change = (work: Work) => Work;

function broken(way: keyof Strategies, change: Change): Strategies {
  return { ...REAL, [way]: (...asked: Parameters<Strategies['forward']>) => change(REAL[way](...asked)) };
}

function notEarly({ steps, ...more }: StageWork): StageWork {
  return { ...more, steps: steps.filter((step) => !('early' in step)) };
}

function without(...stages: (keyof Work)[]): Change {
  return (work) =>
    Object.fromEntries(Object.entries(work).filter(([stage]) => !stages.includes(stage as keyof Work)));
}

describe('the search finds a strategy that', () => {
  test.each<[string, Strategies, RegExp]>([
    [
      'unmaps before it proves',
      broken('forward', ({ prove, unmap, ...work }) => ({
        ...work,
        ...(unmap ? { prove: unmap } : {}),
        ...(prove ? { unmap: prove } : {}),
      })),
      /nobody who was seen there answers/,
    ],
    [
      'unmaps before it maps',
      broken('forward', ({ map, unmap, ...work }) => ({
        ...work,
        ...(unmap ? { map: unmap } : {}),
        ...(map ? { unmap: map } : {}),
      })),
      /nobody who was seen there answers/,
    ],
    [
      'proves nothing on the trial route',
      broken('forward', ({ check, ...work }) =>
        check ? { ...work, check: { steps: [{ do: 'mark', phase: 'proven' }] } } : work,
      ),
      /before it is proven/,
    ],
    [
      'does not drain',
      broken('forward', ({ drain, ...work }) =>
        drain ? { ...work, drain: { steps: [{ do: 'mark', phase: 'drained' }] } } : work,
      ),
      /before it is drained/,
    ],
    [
      'leaves trial routes',
      broken('forward', ({ drain, tidy, ...work }) => ({
        ...work,
        ...(drain ? { drain: notEarly(drain) } : {}),
      })),
      /trial route is left/,
    ],
    [
      'gives the name away before live has left it',
      broken('forward', without('retire')),
      /two apps named shop/,
    ],
    ['keeps every previous version', broken('forward', without('prune')), /4 previous versions/],
    [
      'keeps what failed running',
      broken('back', ({ end, ...work }) => (end ? { ...work, end: { ...end, steps: [] } } : work)),
      /still runs/,
    ],
    [
      'goes back without giving live its routes',
      broken('back', without('map', 'prove')),
      /nobody who was seen there answers/,
    ],
    [
      'goes back without proving live',
      broken('back', ({ prove, ...work }) => (prove ? { ...work, prove: { ...prove, steps: [] } } : work)),
      /nobody who was seen there answers/,
    ],
    [
      'goes back without draining',
      broken('back', ({ drain, ...work }) =>
        drain ? { ...work, drain: { steps: [{ do: 'mark', phase: 'withdrawn' }] } } : work,
      ),
      /before it is drained/,
    ],
    [
      'never says how far it has come',
      broken('forward', ({ prove, ...work }) => (prove ? { ...work, prove: { steps: prove.steps } } : work)),
      /goes round in circles/,
    ],
  ])('%s', (_name, strategies, why) => {
    const [keeping] = SCENARIOS.filter(({ name }) => name === 'keep-previous 3');
    if (!keeping) throw new Error('the scenario is gone');
    expect(explore(keeping, strategies).violation).toMatch(why);
  });
});

describe('the search finds a handover that', () => {
  const omitting =
    (kind: Step['do']): Change =>
    (work) =>
      Object.fromEntries(
        Object.entries(work).map(([stage, { steps, after = [] }]) => [
          stage,
          { steps, after: after.filter((step) => step.do !== kind) },
        ]),
      );
  const unwaited = omitting('await-gone');
  test.each<[string, string, Strategies, RegExp]>([
    [
      'starts what is new while the old one ends',
      'handed over as a whole',
      broken('forward', unwaited),
      /run at once/,
    ],
    ['starts live while the new one ends', 'handed over as a whole', broken('back', unwaited), /run at once/],
    [
      'starts workers while the old ones end',
      'workers handed over',
      broken('forward', unwaited),
      /run at once/,
    ],
    [
      'gives them back while the new ones end',
      'workers handed over',
      broken('back', unwaited),
      /run at once/,
    ],
    [
      'does not write down what live had',
      'workers handed over',
      broken('forward', omitting('record-given-up')),
      /run at once|live has no worker/,
    ],
  ])('%s', (_name, scenario, strategies, why) => {
    const found = WORKERS.find(({ name }) => name === scenario);
    if (!found) throw new Error('the scenario is gone');
    expect(explore(found, strategies).violation).toMatch(why);
  });
});

describe('the search finds a deploy with a task that', () => {
  test.each<[string, Strategies, RegExp]>([
    ['starts without it', broken('forward', without('task')), /starts before its task has run/],
    [
      'starts it beside its instances',
      broken('forward', ({ task, check, ...work }) => ({
        ...work,
        ...(check ? { check: { ...check, steps: [...(task?.steps ?? []), ...check.steps] } } : {}),
      })),
      /starts before its task has run|runs beside its instances/,
    ],
    [
      'takes it away while it runs',
      broken('back', ({ drain, ...work }) => ({
        ...work,
        ...(drain && drain.steps[0]?.do !== 'await-task' ? { drain } : {}),
      })),
      /while its task runs/,
    ],
  ])('%s', (_name, strategies, why) => {
    const [plain] = TASKS;
    if (!plain) throw new Error('the scenario is gone');
    expect(explore(plain, strategies).violation).toMatch(why);
  });
});

describe('the search finds a rollback that', () => {
  const STILL_MAPPED = 'back, with a route that is still mapped by hand';
  test.each<[string, string, Strategies, RegExp]>([
    [
      'starts a version that a production route still names',
      STILL_MAPPED,
      broken('forward', ({ routes, ...work }) => {
        const steps = (routes?.steps ?? []).filter((step) => step.do !== 'unmap');
        return steps.length > 0 ? { ...work, routes: { steps } } : work;
      }),
      /before it is proven/,
    ],
    ['leaves its lock', 'back twice', broken('forward', without('end')), /a candidate is left/],
    ['leaves its lock when it fails', 'back twice', broken('back', without('end')), /a candidate is left/],
    ['leaves a version running when it fails', 'back twice', broken('back', without('retire')), /still runs/],
    [
      'leaves live without routes when the version is gone',
      'back, and the version is deleted by another hand',
      broken('back', without('map', 'prove')),
      /is not live's any more/,
    ],
  ])('%s', (_name, scenario, strategies, why) => {
    const found = ROLLBACKS.find(({ name }) => name === scenario);
    if (!found) throw new Error('the scenario is gone');
    expect(explore(found, strategies).violation).toMatch(why);
  });
});

describe('the search finds a rolling deploy that', () => {
  const TO_LIVE: Step = { do: 'copy-package', side: 'live' };
  const rewritten =
    (stage: keyof Work, change: (steps: readonly Step[]) => readonly Step[]): Change =>
    (work) => {
      const { steps = [], after = [] } = work[stage] ?? {};
      return work[stage] ? { ...work, [stage]: { steps: change(steps), after: change(after) } } : work;
    };
  const leaveOut = (stage: keyof Work, ...names: Step['do'][]) =>
    rewritten(stage, (steps) => steps.filter((step) => !names.includes(step.do)));
  test.each<[string, string, Strategies, RegExp]>([
    [
      'changes live before it is written down',
      'rolling',
      broken('forward', leaveOut('switch', 'record-live')),
      /before it is written down/,
    ],
    [
      'changes live before the switch is marked',
      'rolling',
      broken('forward', leaveOut('switch', 'mark')),
      /before the switch|goes round/,
    ],
    [
      'is called live before its instances are there',
      'rolling',
      broken('forward', (work) => (work.crown && work.roll ? { crown: work.crown } : work)),
      /but runs old/,
    ],
    [
      'keeps the package from live',
      'rolling',
      broken('forward', (work) => leaveOut('prove', 'copy-package')(leaveOut('await', 'copy-package')(work))),
      /without the package/,
    ],
    [
      'gives live the package before its deployment',
      'rolling',
      broken('forward', ({ switch: begin, ...work }) =>
        begin ? { ...work, switch: { ...begin, after: [TO_LIVE, ...(begin.after ?? [])] } } : work,
      ),
      /before its deployment/,
    ],
    ['leaves its lock', 'rolling', broken('forward', without('end')), /a candidate is left/],
    [
      'puts the settings back in mid-cancel',
      'rolling',
      broken('back', without('await')),
      /restore-live in mid-deployment/,
    ],
    [
      'leaves what the manifest changed',
      'rolling',
      broken('back', leaveOut('prove', 'restore-live')),
      /with (half|manifest) of/,
    ],
    [
      'leaves the new version when the watched time finds it bad',
      'rolling',
      broken('back', leaveOut('roll', 'create-deployment')),
      /goes round in circles|it runs copy of/,
    ],
    [
      'does not give back a dropped route',
      'rolling with a new route and a dropped one',
      broken('back', without('map')),
      /where it is not mapped/,
    ],
  ])('%s', (_name, scenario, strategies, why) => {
    const found = ROLLS.find(({ name }) => name === scenario);
    if (!found) throw new Error('the scenario is gone');
    expect(explore(found, strategies).violation).toMatch(why);
  });
});

describe('the search finds a canary that', () => {
  const without =
    (...names: Step['do'][]): Change =>
    (work) => {
      const left = (steps: readonly Step[] = []) => steps.filter((step) => !names.includes(step.do));
      const all = Object.entries(work).map(([stage, { steps, after }]) => {
        return [stage, { steps: left(steps), after: left(after) }] as const;
      });
      return Object.fromEntries(all.filter(([, { steps, after }]) => steps.length + after.length > 0));
    };
  const HELD = 'canary, held and promoted';
  const unjudged = (until: 'held' | 'live'): Strategies => ({
    ...REAL,
    forward: (intent, seen) => {
      const work = REAL.forward(intent, seen);
      return intent.hold && intent.until === until ? without('judge-canary')(work) : work;
    },
  });
  test.each<[string, string, Strategies, RegExp]>([
    [
      'goes on without being judged',
      'canary',
      broken('forward', without('judge-canary')),
      /goes on unjudged/,
    ],
    ['is held without being judged', HELD, unjudged('held'), /it was not judged/],
    [
      'is promoted by what was judged when it was held',
      HELD,
      unjudged('live'),
      /by what another run has judged/,
    ],
    [
      'never goes on',
      'canary',
      broken('forward', without('continue-deployment')),
      /bakes|goes round|but runs old/,
    ],
    [
      'is taken back before it is said',
      'canary',
      broken('back', ({ switch: _, ...work }) => work),
      /cancelled before it is said/,
    ],
    [
      'is aborted without its settings',
      'canary, held and aborted',
      broken('away', without('restore-live')),
      /with (half|manifest) of/,
    ],
    [
      'is aborted and left paused',
      'canary, held and aborted',
      broken('away', without('cancel-deployment')),
      /goes round|mid-deployment|a deployment goes on/,
    ],
  ])('%s', (_name, scenario, strategies, why) => {
    const found = ROLLS.find(({ name }) => name === scenario);
    if (!found) throw new Error('the scenario is gone');
    expect(explore(found, strategies).violation).toMatch(why);
  });
});

describe('the search finds a rollback in place that', () => {
  const leaveOut =
    (...names: Step['do'][]): Change =>
    (work) =>
      Object.fromEntries(
        Object.entries(work).flatMap(([stage, { steps, after = [] }]) => {
          const [left, rest] = [steps, after].map((list) => list.filter((step) => !names.includes(step.do)));
          return left && rest && left.length + rest.length > 0 ? [[stage, { steps: left, after: rest }]] : [];
        }),
      );
  test.each<[string, Strategies, RegExp]>([
    [
      'brings the settings of no version',
      broken('forward', leaveOut('apply-version')),
      /with manifest of v1/,
    ],
    [
      'changes live before it is written down',
      broken('forward', leaveOut('record-live')),
      /before it is written down/,
    ],
    ['is not proven with the droplet', broken('forward', leaveOut('smoke')), /before it is proven/],
    [
      'leaves the variables of the version when it fails',
      broken('back', leaveOut('restore-live')),
      /with (half|manifest) of/,
    ],
    ['leaves its lock', broken('forward', without('end')), /a candidate is left/],
    [
      'takes the deployment of then for that of now',
      {
        ...REAL,
        forward: (intent, seen) => {
          const { source, ...inPlace } = intent.inPlace ?? { maxInFlight: 1 };
          const work = REAL.forward(intent, seen);
          const known = source && rollOf({ version: intent.version, inPlace }, seen);
          return known && isDone(known) ? leaveOut('create-deployment', 'await-deployment')(work) : work;
        },
      },
      /crowned as v2, but runs|goes round in circles/,
    ],
  ])('%s', (title, strategies, why) => {
    const isOfThen = title.includes('deployment of then');
    const found = OWN_VERSIONS.find(({ name }) =>
      isOfThen ? name.includes('deployment of then') : name === 'back in place twice',
    );
    if (!found) throw new Error('the scenario is gone');
    expect(explore(found, strategies).violation).toMatch(why);
  });
});

describe('the search finds a held deploy that', () => {
  const unproven: Strategies = {
    ...REAL,
    forward: (intent, seen) => {
      const { check, ...work } = REAL.forward(intent, seen);
      if (!check || intent.until === 'held') return check ? { ...work, check } : work;
      return { ...work, check: { steps: [{ do: 'mark', phase: 'proven' }] } };
    },
  };
  test.each<[string, string, Strategies, RegExp]>([
    ['is promoted without a new proof', 'promoted, and the same again', unproven, /before it is proven/],
    [
      'leaves the lock of a promote that failed',
      'promoted, and the same again',
      broken('held', without('end')),
      /a taker is left/,
    ],
    [
      'is not held again after a promote that failed',
      'promoted, and the same again',
      broken('held', without('switch')),
      /goes before its lock/,
    ],
    [
      'is promoted without the manifest that live shall get',
      'rolling, held, promoted, and the same again',
      broken('forward', ({ check, ...work }) => {
        const after = (check?.after ?? []).filter((step) => step.do !== 'record-wish');
        return check ? { ...work, check: { ...check, after } } : work;
      }),
      /shall get with v2 is not written down/,
    ],
    [
      'is held again half taken away',
      'aborted, and the same again',
      broken('away', without('lock')),
      /there is no trial route/,
    ],
  ])('%s', (_name, scenario, strategies, why) => {
    const found = HOLDS.find(({ name }) => [scenario, `held, ${scenario}`].includes(name));
    if (!found) throw new Error('the scenario is gone');
    expect(explore(found, strategies).violation).toMatch(why);
  });
});

test('the search finds apps that switch side by side where they shall in turn', () => {
  const found = SCENARIOS.find(({ name }) => name === 'two apps that switch in turn');
  if (!found) throw new Error('the scenario is gone');
  expect(explore({ ...found, turns: {} }).violation).toMatch(/shop switches before admin has/);
});
