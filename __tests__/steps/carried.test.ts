import { describe, expect, test } from '@jest/globals';
import type { HealthCheck } from '../../src/model/cloud.js';
import type { Named } from '../../src/model/intent.js';
import {
  type Belongings,
  type Carry,
  keptCheck,
  linesOf,
  missing,
  newApp,
  ofStart,
} from '../../src/steps/carried.js';
import { eitherOf, NOTHING_NAMED } from '../../src/steps/named.js';
import { PAUSED, PAUSES } from '../../src/steps/scaling.js';

const NONE: Belongings = {
  guid: 'live',
  bindings: [],
  sidecars: [],
  features: { ssh: true, revisions: true },
  labels: {},
  annotations: {},
  processes: { web: { command: null, healthCheck: { type: 'port' }, readiness: { type: 'process' } } },
  policies: [],
};
const DB = { guid: 'b', instance: 'db', instanceGuid: 'i' };
const AGENT = { guid: 's', name: 'agent', command: './agent', processTypes: ['web'], memoryMb: null };
const OUT = { source: 'live', destination: 'api', protocol: 'tcp', start: 80, end: 80 };
const IN = { source: 'api', destination: 'live', protocol: 'udp', start: 53, end: 60 };
const EMPTY: Carry = {
  bindings: [],
  sidecars: [],
  features: {},
  labels: {},
  annotations: {},
  processes: {},
  addedPolicies: [],
  removedPolicies: [],
};

describe('what a new app lacks of live', () => {
  test.each<[string, Partial<Belongings>, Partial<Named>, Partial<Carry>]>([
    ['nothing', {}, {}, {}],
    ['a binding', { bindings: [DB] }, {}, { bindings: [DB] }],
    ['no binding that is named', { bindings: [DB] }, { services: ['db'] }, {}],
    ['no binding that failed', { bindings: [{ ...DB, state: 'failed' }] }, {}, {}],
    ['a sidecar', { sidecars: [AGENT] }, {}, { sidecars: [AGENT] }],
    ['no sidecar that is named', { sidecars: [AGENT] }, { sidecars: ['agent'] }, {}],
    [
      'a feature that is off',
      { features: { ssh: false, revisions: true } },
      {},
      { features: { ssh: false } },
    ],
    ['no feature that is named', { features: { ssh: false } }, { features: ['ssh'] }, {}],
    [
      'labels of others, none of ours',
      { labels: { team: 'a', 'cf-zero-downtime.github.io/role': 'live', named: 'x', [PAUSES]: PAUSED } },
      { labels: ['named'] },
      { labels: { team: 'a' } },
    ],
    [
      'the pause of an autoscaler that a person set',
      { labels: { [PAUSES]: 'by-hand' } },
      {},
      { labels: { [PAUSES]: 'by-hand' } },
    ],
    ['annotations', { annotations: { note: 'a' } }, {}, { annotations: { note: 'a' } }],
    [
      'policies of both directions, for its own guid',
      { policies: [OUT, IN] },
      {},
      {
        addedPolicies: [
          { ...OUT, source: '' },
          { ...IN, destination: '' },
        ],
      },
    ],
    ['no policies that nobody tells', { policies: undefined }, {}, {}],
    [
      'a command of its own',
      {
        processes: {
          web: { command: './run', healthCheck: { type: 'port' }, readiness: { type: 'process' } },
        },
      },
      {},
      { processes: { web: { command: './run' } } },
    ],
    [
      'no command that is named',
      {
        processes: {
          web: { command: './run', healthCheck: { type: 'port' }, readiness: { type: 'process' } },
        },
      },
      { processes: { web: ['command'] } },
      {},
    ],
    [
      'checks',
      {
        processes: {
          web: {
            command: null,
            healthCheck: { type: 'http', endpoint: '/up', timeoutS: 90 },
            readiness: { type: 'http', endpoint: '/ready' },
          },
        },
      },
      {},
      {
        processes: {
          web: {
            healthCheck: { type: 'http', endpoint: '/up', timeoutS: 90 },
            readiness: { type: 'http', endpoint: '/ready' },
          },
        },
      },
    ],
  ])('%s', (_, has, named, expected) => {
    const live = { ...NONE, ...has };
    expect(missing(live, newApp(live), { ...NOTHING_NAMED, ...named })).toEqual({ ...EMPTY, ...expected });
  });

  test('is nothing once it has it', () => {
    const live = { ...NONE, bindings: [DB], sidecars: [AGENT], policies: [OUT], labels: { team: 'a' } };
    const candidate = {
      ...live,
      guid: 'new',
      bindings: [{ ...DB, guid: 'b2' }],
      sidecars: [{ ...AGENT, guid: 's2' }],
      policies: [{ ...OUT, source: 'new' }],
    };
    expect(missing(live, candidate, NOTHING_NAMED)).toEqual(EMPTY);
    const half = { ...candidate, bindings: [{ ...DB, guid: 'b2', state: 'in progress' as const }] };
    expect(missing(live, half, NOTHING_NAMED).bindings).toEqual([DB]);
  });

  test("a policy that live has no more is taken off; where nobody tells live's, none", () => {
    const kept = { ...NONE, guid: 'kept', policies: [{ ...OUT, source: 'kept' }] };
    expect(missing(NONE, kept, undefined).removedPolicies).toEqual(kept.policies);
    expect(missing({ ...NONE, policies: undefined }, kept, undefined).removedPolicies).toEqual([]);
  });

  test('without a record of what was named: the policies alone', () => {
    const live = { ...NONE, bindings: [DB], labels: { a: 'b' }, policies: [OUT] };
    expect(missing(live, newApp(live), undefined)).toEqual({
      ...EMPTY,
      addedPolicies: [{ ...OUT, source: '' }],
    });
  });
});

describe('a check', () => {
  const live: HealthCheck = { type: 'http', endpoint: '/up', timeoutS: 90, invocationTimeoutS: 3 };
  const own: HealthCheck = { type: 'port', timeoutS: 30 };
  test.each<[string, readonly string[], HealthCheck]>([
    ['of which nothing is named is as live has it', [], live],
    ['keeps a timeout that is named', ['timeout'], { ...live, timeoutS: 30 }],
    [
      'of another type that is named keeps only the timeout',
      ['health-check-type'],
      { type: 'port', timeoutS: 90 },
    ],
    [
      'keeps an endpoint that is named',
      ['health-check-http-endpoint'],
      { type: 'http', timeoutS: 90, invocationTimeoutS: 3 },
    ],
  ])('%s', (_, named, expected) => {
    expect(keptCheck(live, own, named, 'health-check')).toEqual(expected);
  });
});

test('lines name everything, and what waits for a start is among them', () => {
  const carry = {
    ...EMPTY,
    bindings: [DB],
    features: { ssh: false, revisions: false },
    labels: { team: 'secret' },
    addedPolicies: [OUT, IN],
  };
  expect(ofStart(carry)).toEqual(['binding to service instance db', 'app feature ssh off']);
  expect(linesOf(carry, (guid) => (guid === 'live' ? 'shop' : guid))).toEqual([
    ...ofStart(carry),
    'app feature revisions off',
    'label team',
    'network policy shop -> api:80/tcp',
    'network policy api -> shop:53-60/udp',
  ]);
});

test('what either manifest names', () => {
  const one = { ...NOTHING_NAMED, services: ['a'], processes: { web: ['command'] } };
  const other = {
    ...NOTHING_NAMED,
    services: ['a', 'b'],
    processes: { web: ['timeout'], worker: ['command'] },
  };
  expect(eitherOf(one, other)).toEqual({
    ...NOTHING_NAMED,
    services: ['a', 'b'],
    processes: { web: ['command', 'timeout'], worker: ['command'] },
  });
});
