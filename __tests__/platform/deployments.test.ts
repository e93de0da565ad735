import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PlatformFault, PlatformRefusal } from '../../src/model/errors.js';
import type { NewDeployment, Platform } from '../../src/platform/calls.js';
import { createPlatform } from '../../src/platform/client.js';
import { realClock } from '../../src/system/clock.js';
import { type ClosableHttp, createHttp } from '../../src/system/http.js';
import { type Scripted, scripted as scriptedFoundry, until, world } from '../foundry/scripted.js';
import { inTurn, lost, page, refusal, scripted } from './scripted.js';

const AT = '2026-11-20T10:00:00Z';

function deploymentJson(change: object = {}) {
  return {
    guid: 'd',
    created_at: AT,
    updated_at: AT,
    status: {
      value: 'ACTIVE',
      reason: 'DEPLOYING',
      details: { last_successful_healthcheck: null, last_status_change: AT },
    },
    strategy: 'rolling',
    options: { max_in_flight: 1 },
    droplet: { guid: 'new' },
    previous_droplet: { guid: 'old' },
    new_processes: [{ guid: 'p', type: 'web' }],
    revision: { guid: 'r', version: 3 },
    relationships: { app: { data: { guid: 'a' } } },
    metadata: { labels: { a: 'b' }, annotations: { c: 'd' } },
    links: {},
    ...change,
  };
}

const DEPLOYMENT = {
  guid: 'd',
  createdAtMs: Date.parse(AT),
  value: 'ACTIVE',
  reason: 'DEPLOYING',
  strategy: 'rolling',
  dropletGuid: 'new',
  previousDropletGuid: 'old',
  webProcessGuid: 'p',
  revisionVersion: 3,
  labels: { a: 'b' },
  annotations: { c: 'd' },
};

describe('what a deployment is asked with', () => {
  const base = { appGuid: 'a', labels: { a: 'b' }, annotations: {} };
  const CASES: [string, Omit<NewDeployment, 'appGuid' | 'labels' | 'annotations'>, object][] = [
    ['the current droplet', { strategy: 'rolling' }, { strategy: 'rolling' }],
    [
      'a droplet, one instance at a time as the platform does by itself',
      { strategy: 'rolling', dropletGuid: 'new', maxInFlight: 1 },
      { strategy: 'rolling', droplet: { guid: 'new' } },
    ],
    [
      'several at a time',
      { strategy: 'rolling', dropletGuid: 'new', maxInFlight: 3 },
      { strategy: 'rolling', droplet: { guid: 'new' }, options: { max_in_flight: 3 } },
    ],
    [
      'a revision',
      { strategy: 'rolling', revisionGuid: 'r' },
      { strategy: 'rolling', revision: { guid: 'r' } },
    ],
    [
      'steps of a canary',
      { strategy: 'canary', maxInFlight: 2, steps: [10, 50] },
      {
        strategy: 'canary',
        options: { max_in_flight: 2, canary: { steps: [{ instance_weight: 10 }, { instance_weight: 50 }] } },
      },
    ],
  ];

  test.each(CASES)('%s', async (_what, wanted, sent) => {
    const { platform, http } = scripted(inTurn({ status: 201, json: deploymentJson() }));
    expect(await platform.createDeployment({ ...base, ...wanted })).toEqual(DEPLOYMENT);
    expect(http.lines).toEqual(['POST /v3/deployments']);
    expect(JSON.parse(String(http.requests[0]?.body))).toEqual({
      ...sent,
      relationships: { app: { data: { guid: 'a' } } },
      metadata: { labels: { a: 'b' }, annotations: {} },
    });
  });

  test.each([
    ['a lost answer', lost(true)],
    ['a 502', { status: 502, text: '' }],
    ['an answer that is none', { status: 201, json: { guid: 'd' } }],
  ])('%s is ambiguous, and nothing is sent twice', async (_what, answer) => {
    const { platform, http } = scripted(inTurn(answer));
    const error = await platform
      .createDeployment({ ...base, strategy: 'rolling' })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PlatformFault);
    expect(error).toMatchObject({ ambiguous: true });
    expect(http.requests).toHaveLength(1);
  });

  test('a refusal is told in the words of the platform', async () => {
    const text = 'The revision does not exist';
    const { platform } = scripted(inTurn(refusal(422, 10008, 'CF-UnprocessableEntity', text)));
    const wanted = { ...base, strategy: 'rolling' as const, revisionGuid: 'r' };
    await expect(platform.createDeployment(wanted)).rejects.toThrow(text);
  });
});

describe('what a deployment shows', () => {
  const status = (value: string, reason: string, more: object = {}) => ({
    status: { value, reason, details: { last_successful_healthcheck: AT, ...more } },
  });
  const CASES: [string, object, object][] = [
    ['one that nobody saw healthy', {}, {}],
    [
      'an error that is retried',
      status('ACTIVE', 'DEPLOYING', { error: 'memory quota_exceeded' }),
      { lastHealthyAtMs: Date.parse(AT), error: 'memory quota_exceeded' },
    ],
    [
      'a canary at its pause',
      {
        strategy: 'canary',
        status: { value: 'ACTIVE', reason: 'PAUSED', canary: { steps: { current: 2, total: 3 } } },
      },
      { strategy: 'canary', reason: 'PAUSED', canary: { step: 2, steps: 3 } },
    ],
    [
      'its end, by somebody else',
      { status: { value: 'FINALIZED', reason: 'SUPERSEDED' } },
      { value: 'FINALIZED', reason: 'SUPERSEDED' },
    ],
    [
      'a first one: no droplet before, no revisions',
      { previous_droplet: { guid: null }, revision: null },
      { previousDropletGuid: undefined, revisionVersion: undefined },
    ],
    [
      'an older platform',
      { strategy: undefined, new_processes: undefined, previous_droplet: null },
      { previousDropletGuid: undefined, webProcessGuid: undefined },
    ],
  ];

  test.each(CASES)('%s', async (_what, json, wanted) => {
    const { platform, http } = scripted(inTurn({ json: deploymentJson(json) }));
    expect(await platform.deployment('d')).toEqual({ ...DEPLOYMENT, ...wanted });
    expect(http.lines).toEqual(['GET /v3/deployments/d']);
  });

  test('a state that nobody knows is no answer', async () => {
    const { platform } = scripted(inTurn({ json: deploymentJson(status('ACTIVE', 'DREAMING')) }));
    await expect(platform.deployment('d')).rejects.toThrow(PlatformFault);
  });

  test('one that is gone is a refusal', async () => {
    const gone = refusal(404, 10010, 'CF-ResourceNotFound', 'Deployment not found');
    await expect(scripted(inTurn(gone)).platform.deployment('d')).rejects.toMatchObject({ status: 404 });
  });
});

test('they are listed newest first; all, or those that are not at their end', async () => {
  const { platform, http } = scripted(inTurn(page([deploymentJson()])));
  expect(await platform.deployments('a')).toEqual([DEPLOYMENT]);
  await platform.deployments('a', 'ACTIVE');
  expect(http.lines).toEqual([
    'GET /v3/deployments?per_page=5000&app_guids=a&order_by=-created_at',
    'GET /v3/deployments?per_page=5000&app_guids=a&status_values=ACTIVE&order_by=-created_at',
  ]);
});

describe.each(['cancel', 'continue'] as const)('%s', (action) => {
  const call = action === 'cancel' ? 'cancelDeployment' : 'continueDeployment';

  test('is one call, answered by nothing', async () => {
    const { platform, http } = scripted(inTurn({ status: 200, text: '' }));
    await expect(platform[call]('d')).resolves.toBeUndefined();
    expect(http.lines).toEqual([`POST /v3/deployments/d/actions/${action}`]);
  });

  test('is refused in a state that does not allow it', async () => {
    const text = `Cannot ${action} a deployment with status: FINALIZED and reason: DEPLOYED`;
    const { platform } = scripted(inTurn(refusal(422, 10008, 'CF-UnprocessableEntity', text)));
    const error = await platform[call]('d').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PlatformRefusal);
    expect(String(error)).toContain(text);
  });

  test('whose answer is lost is ambiguous, and is sent once', async () => {
    const { platform, http } = scripted(inTurn(lost(true)));
    await expect(platform[call]('d')).rejects.toMatchObject({ ambiguous: true });
    expect(http.requests).toHaveLength(1);
  });
});

describe('on the foundry', () => {
  let f: Scripted;
  let http: ClosableHttp;
  let platform: Platform;
  let app: string;
  let droplet: string;
  const metadata = { labels: { version: 'one' }, annotations: { note: 'why' } };

  beforeEach(async () => {
    f = await scriptedFoundry({ tickMs: 20 });
    http = createHttp({ skipSslValidation: false });
    platform = createPlatform({
      http,
      clock: realClock,
      api: f.api,
      token: async () => `bearer ${f.token}`,
      invalidateToken: () => {},
      readDeadlineMs: 5_000,
    });
    ({ app, droplet } = await (await world(f)).staged('shop'));
    await platform.startApp(app);
    f.cells.all(app, { state: 'RUNNING', routable: true });
  });

  afterEach(async () => {
    http.close();
    await f.close();
  });

  test('one is made, seen under way, and seen at its end', async () => {
    const made = await platform.createDeployment({
      appGuid: app,
      strategy: 'rolling',
      dropletGuid: droplet,
      ...metadata,
    });
    expect(made).toMatchObject({
      value: 'ACTIVE',
      reason: 'DEPLOYING',
      strategy: 'rolling',
      dropletGuid: droplet,
      previousDropletGuid: droplet,
      revisionVersion: 1,
      ...metadata,
    });
    expect(made.webProcessGuid).not.toBe(app);
    expect((await platform.processes(app)).filter((p) => p.type === 'web')).toHaveLength(2);
    expect(await platform.deployments(app, 'ACTIVE')).toHaveLength(1);
    f.cells.all(app, { state: 'RUNNING', routable: true });
    const ended = await until(
      () => platform.deployment(made.guid),
      ({ value }) => value === 'FINALIZED',
    );
    expect(ended.reason).toBe('DEPLOYED');
    expect(await platform.deployments(app, 'ACTIVE')).toEqual([]);
    expect(await platform.deployments(app)).toEqual([ended]);
  });

  test('a canary pauses, goes on and can be cancelled; a rollback names its revision', async () => {
    await platform.setEnvironment(app, { COLOUR: 'green' });
    const canary = await platform.createDeployment({
      appGuid: app,
      strategy: 'canary',
      steps: [10, 50],
      ...metadata,
    });
    await expect(platform.continueDeployment(canary.guid)).rejects.toThrow(PlatformRefusal);
    const isPausedAt = (step: number) =>
      until(
        async () => {
          f.cells.all(app, { state: 'RUNNING', routable: true });
          return platform.deployment(canary.guid);
        },
        ({ reason, canary: at }) => reason === 'PAUSED' && at?.step === step,
      );
    expect((await isPausedAt(1)).canary).toEqual({ step: 1, steps: 2 });
    await platform.continueDeployment(canary.guid);
    await isPausedAt(2);
    await platform.cancelDeployment(canary.guid);
    const ended = await until(
      () => platform.deployment(canary.guid),
      ({ value }) => value === 'FINALIZED',
    );
    expect(ended.reason).toBe('CANCELED');
    await expect(platform.cancelDeployment(canary.guid)).rejects.toThrow(
      'Cannot cancel a deployment with status: FINALIZED and reason: CANCELED',
    );

    const [, first] = await platform.revisions(app);
    const back = await platform.createDeployment({
      appGuid: app,
      strategy: 'rolling',
      revisionGuid: first?.guid ?? '',
      ...metadata,
    });
    expect(back.revisionVersion).toBe(3);
    expect(await platform.environment(app)).toEqual({});
  });
});
