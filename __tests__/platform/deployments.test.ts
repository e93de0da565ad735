import { describe, expect, test } from '@jest/globals';
import { PlatformFault, PlatformRefusal } from '../../src/model/errors.js';
import type { NewDeployment } from '../../src/platform/calls.js';
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
