/** A pause of a canary: how many instances there are, what is asked of whom, and what is written down. */
import { describe, expect, test } from '@jest/globals';
import { unjudgeable } from '../../src/commands/judgeable.js';
import type { CrashEvent, Deployment, Process } from '../../src/model/cloud.js';
import { PlatformRefusal } from '../../src/model/errors.js';
import type { HttpRequest } from '../../src/model/ports.js';
import type { Platform } from '../../src/platform/calls.js';
import { ANNOTATION, LABEL } from '../../src/platform/names.js';
import { instancesAt, shareOf, sharesText } from '../../src/steps/canary.js';
import { perform, planOf, titleOf } from '../../src/steps/index.js';
import { candidateAt, ours, process, route, to, wanted } from '../strategies/support.js';
import { type Answer, appWorld, REFUSED, worldOf } from './scripted.js';

const URL = 'shop.apps.example';
const IN_PLACE = { maxInFlight: 1, instanceSteps: [10, 50], instances: 3 };

describe('instances at a pause, as the platform rounds', () => {
  test.each([
    [10, 1, 1, 10],
    [10, 20, 2, 9],
    [10, 45, 5, 6],
    [10, 80, 8, 3],
    [10, 100, 10, 0],
    [3, 10, 1, 3],
    [3, 50, 2, 2],
    [1, 10, 1, 1],
    [1, 50, 1, 1],
    [2, 100, 2, 0],
  ])('of %i, %i percent: %i new and %i old', (count, weight, canary, live) => {
    expect(instancesAt(count, weight)).toEqual({ canary, live });
  });

  test('in words', () => {
    expect(sharesText(IN_PLACE)).toBe('1 of 4 instances (25 %), 2 of 4 instances (50 %)');
    expect(sharesText({ maxInFlight: 1, instanceSteps: [5] })).toBe('5 %');
    expect(shareOf(1, 2)).toBe('33 %');
  });
});

function roll(over: Partial<Deployment> = {}): Deployment {
  return {
    guid: 'roll',
    createdAtMs: 500,
    value: 'ACTIVE',
    reason: 'PAUSED',
    strategy: 'canary',
    canary: { step: 1, steps: 2 },
    dropletGuid: 'd2',
    webProcessGuid: 'new-web',
    labels: { [LABEL.version]: 'v2', [LABEL.role]: 'candidate' },
    annotations: {},
    ...over,
  };
}

const WEBS = [process('web', 3, { guid: 'old-web' }), process('web', 1, { guid: 'new-web' })];
const wants = ({ headers = {} }: HttpRequest) => headers['X-CF-Process-Instance'] ?? '';

/** A router that heeds the header: an instance that nobody has is refused. */
function heeded(answer: (request: HttpRequest) => Answer = () => ({})) {
  return (request: HttpRequest): Answer => {
    const [, index] = wants(request).split(':');
    return Number(index) > 100 ? REFUSED : answer(request);
  };
}

function standing(calls: Partial<Platform> = {}, answer = heeded(), processes: readonly Process[] = WEBS) {
  const live = ours('old', 'live', 'v1', { name: 'shop', processes: WEBS });
  const lock = candidateAt('switching');
  const app = appWorld(
    { live, candidate: lock, lock, deployments: [roll()], routes: [route(URL, [to('old')])] },
    { inPlace: IN_PLACE, production: [wanted(URL)], probePath: '/', checks: [] },
  );
  const written: unknown[] = [];
  const world = worldOf(
    {
      processes: async () => processes,
      crashes: async () => [],
      updateApp: async (guid, change) => {
        written.push([guid, change]);
        return lock;
      },
      ...calls,
    },
    {},
    answer,
  );
  return { app, world, written, run: () => perform({ do: 'judge-canary', pause: 1 }, app, world) };
}

describe('judge-canary', () => {
  test('asks new and old instances by their process, and writes down which pause was passed', async () => {
    const { app, world, written, run } = standing();
    await run();
    expect(written).toEqual([['new', { annotations: { [ANNOTATION.judged]: '1' } }]]);
    const asked = new Set(world.requests.map(wants).filter((one) => !one.endsWith(':99999')));
    expect([...asked].sort()).toEqual(['new-web:0', 'old-web:0', 'old-web:1', 'old-web:2']);
    expect(app.found.pauses).toMatchObject([
      { pause: 1, pauses: 2, canary: 1, live: 3, verdict: { canary: { probes: 20 }, live: { probes: 20 } } },
    ]);
    expect(world.told.join('\n')).toMatch(/pause 1 of 2: 1 of 4 instances are new, 25 % of the requests/);
  });

  test('a bad one is a sign against the version, and nothing is written down', async () => {
    const bad = heeded((request) => (wants(request).startsWith('new-web') ? { status: 500 } : {}));
    const { written, run, app } = standing({}, bad);
    await expect(run()).rejects.toMatchObject({ name: 'VersionFault', code: 'canary' });
    expect(written).toEqual([]);
    expect(app.found.pauses).toHaveLength(1);
  });

  test('so is one that crashed meanwhile; a crash of an old instance is none', async () => {
    const crash = (processGuid: string): CrashEvent => ({
      atMs: 1_000_001,
      processGuid,
      index: 0,
      reason: 'CRASHED',
    });
    await expect(standing({ crashes: async () => [crash('new-web')] }).run()).rejects.toThrow(
      /crashed 1 times/,
    );
    await standing({ crashes: async () => [crash('old-web')] }).run();
  });

  test('where the header is lost nobody says that it was judged', async () => {
    const { run, written } = standing({}, () => ({}));
    await expect(run()).rejects.toMatchObject({
      name: 'Refused',
      message: expect.stringMatching(/X-CF-Process-Instance does not reach the router of shop.apps.example/),
    });
    expect(written).toEqual([]);
  });

  test('a new process that is not there is looked for again', async () => {
    const { run } = standing({}, heeded(), WEBS.slice(0, 1));
    await expect(run()).rejects.toMatchObject({ name: 'PlatformFault' });
  });

  test('its plan names the instances', () => {
    const { app } = standing();
    const step = { do: 'judge-canary', pause: 2 } as const;
    expect(titleOf(step, app.intent)).toBe('compare the canary with live at pause 2 of 2');
    expect(planOf(step, { ...app.intent, bakeMs: 90_000 }, 1)[0]).toMatch(
      /each of the 2 new instances .* at least 20 times each and for 90 s/,
    );
  });
});

describe('continue-deployment', () => {
  const going = (calls: Partial<Platform>) => {
    const { app } = standing();
    return perform({ do: 'continue-deployment', pause: 1 }, app, worldOf(calls));
  };
  const refused = () =>
    Promise.reject(new PlatformRefusal('Cannot continue', 422, 10008, 'CF-UnprocessableEntity'));

  test('lets the deployment of this version go on', async () => {
    const continued: string[] = [];
    const continueDeployment = async (guid: string) => void continued.push(guid);
    await going({ continueDeployment, deployment: async () => roll() });
    expect(continued).toEqual(['roll']);
  });

  test('another hand was faster: the next look says how', async () => {
    const looks = [roll(), roll({ reason: 'DEPLOYING' })];
    const deployment = async () => looks.shift() ?? roll();
    await going({ continueDeployment: refused, deployment });
    expect(looks).toEqual([]);
  });

  test('it waits at another pause by now, which is judged first: nothing is asked for', async () => {
    await going({ deployment: async () => roll({ canary: { step: 2, steps: 2 } }) });
  });

  test('a refusal while it is paused is one', async () => {
    await expect(going({ continueDeployment: refused, deployment: async () => roll() })).rejects.toThrow(
      'Cannot',
    );
  });
});

describe('before anything is changed', () => {
  const refusals = async (answer: (request: HttpRequest) => Answer, steps = true) => {
    const { app, world } = standing({}, answer);
    const { instanceSteps: _, ...rolled } = IN_PLACE;
    const intent = steps ? app.intent : { ...app.intent, inPlace: rolled };
    return unjudgeable({ intent, snapshot: app.snapshot }, world);
  };
  test('a header that is heeded is enough; a lost one is refused with the way out; rolling needs none', async () => {
    expect(await refusals(heeded())).toEqual([]);
    expect(await refusals(() => ({}))).toMatchObject([{ next: expect.stringMatching(/strategy: rolling/) }]);
    expect(await refusals(() => ({}), false)).toEqual([]);
  });
});
