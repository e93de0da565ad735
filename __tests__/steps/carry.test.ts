import { describe, expect, test } from '@jest/globals';
import type { Binding } from '../../src/model/cloud.js';
import { PlatformFault, PlatformRefusal, Refused } from '../../src/model/errors.js';
import type { Intent } from '../../src/model/intent.js';
import type { Platform } from '../../src/platform/calls.js';
import { ANNOTATION } from '../../src/platform/names.js';
import { perform } from '../../src/steps/index.js';
import { NOTHING_NAMED } from '../../src/steps/named.js';
import { app, candidateAt } from '../strategies/support.js';
import { appWorld, worldOf } from './scripted.js';

const DB = { guid: 'b', instance: 'db', instanceGuid: 'i', name: 'main' };
const POLICY = { source: 'old', destination: 'api', protocol: 'tcp', start: 80, end: 80 };

/** A platform on which live is bound and may reach another app, and whose broker answers as `states` say, one look after the other. */
function platform(states: readonly Binding['state'][], more: Partial<Platform> = {}) {
  const writes: unknown[][] = [];
  const left = [...states];
  let bound = false;
  const calls: Partial<Platform> = {
    serviceBindings: async (guid) => {
      if (guid === 'old') return [DB];
      const state = left.length > 1 ? left.shift() : left[0];
      return bound
        ? [{ ...DB, guid: 'b2', ...(state ? { state, description: 'the broker is tired' } : {}) }]
        : [];
    },
    bindingParameters: async () => ({ mode: 'fast' }),
    bind: async (binding) => {
      bound = true;
      writes.push(['bind', binding]);
    },
    userSidecars: async () => [],
    features: async (guid) => ({ ssh: guid === 'new' }),
    setFeature: async (...change) => void writes.push(['setFeature', ...change]),
    policies: async (guid) => (guid === 'old' ? [POLICY] : []),
    addPolicies: async (policies) => void writes.push(['addPolicies', policies]),
    currentDroplet: async () => undefined,
    command: async () => undefined,
    updateApp: async (guid, change) => {
      writes.push(['updateApp', guid, change]);
      return app(guid);
    },
    ...more,
  };
  return { calls, writes };
}

function carry(
  calls: Partial<Platform>,
  over: Parameters<typeof candidateAt>[1] = { state: 'STOPPED' },
  more: Partial<Intent> = {},
) {
  const candidate = candidateAt('made', over);
  const seen = { live: app('old', { labels: { team: 'a' } }), candidate, lock: candidate };
  const named = more.inPlace ? NOTHING_NAMED : { ...NOTHING_NAMED, labels: ['team'] };
  const wish = { owner: 'me', carry: { named, what: [] }, ...more };
  return perform({ do: 'carry', what: [] }, appWorld(seen, wish), worldOf(calls));
}

describe('carry', () => {
  test('brings all of it, waits for the broker, and then says so on the candidate', async () => {
    const { calls, writes } = platform(['in progress', 'in progress', 'succeeded']);
    await carry(calls);
    expect(writes).toEqual([
      ['addPolicies', [{ ...POLICY, source: 'new' }]],
      ['setFeature', 'new', 'ssh', false],
      ['bind', { appGuid: 'new', instanceGuid: 'i', name: 'main', parameters: { mode: 'fast' } }],
      ['updateApp', 'new', { annotations: { [ANNOTATION.carried]: 'me' } }],
    ]);
  });

  test.each<[string, ReturnType<typeof platform>, RegExp]>([
    [
      'a broker that fails',
      platform(['in progress', 'failed']),
      /binding to service instance db.*the broker is tired/,
    ],
    [
      'a broker that never ends',
      platform(['in progress']),
      /binding to service instance db.*Gave up waiting/,
    ],
    [
      'a policy that is refused',
      platform(['succeeded'], {
        addPolicies: async () => {
          throw new PlatformRefusal('no such right', 403, undefined, undefined);
        },
      }),
      /network policies.*no such right/,
    ],
  ])('%s stops the deploy with what would be lost', async (_, { calls, writes }, message) => {
    const error = await carry(calls).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Refused);
    expect(error).toMatchObject({ code: 'carry', message: expect.stringMatching(message) });
    expect((error as Refused).next).toContain('carry: manifest');
    expect(writes.filter(([call]) => call === 'updateApp')).toEqual([]);
  });

  test('what comes too late for instances that run stops it, and nothing was written', async () => {
    const { calls, writes } = platform(['succeeded']);
    const error = await carry(calls, { state: 'STARTED' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'live-changed',
      message: expect.stringContaining('binding to service instance db'),
    });
    expect(writes).toEqual([]);
  });

  test('in place nothing is lost: what is refused is missing in the proof alone, and labels stay on live', async () => {
    const refused = platform(['in progress', 'failed'], {
      addPolicies: async () => {
        throw new PlatformRefusal('no such right', 403, undefined, undefined);
      },
    });
    const inPlace = { maxInFlight: 1 };
    const done = [
      ['setFeature', 'new', 'ssh', false],
      ['bind', { appGuid: 'new', instanceGuid: 'i', name: 'main', parameters: { mode: 'fast' } }],
      ['updateApp', 'new', { annotations: { [ANNOTATION.carried]: 'me' } }],
    ];
    await carry(refused.calls, { state: 'STOPPED' }, { inPlace });
    expect(refused.writes).toEqual(done);
    const late = platform(['succeeded']);
    await carry(late.calls, { state: 'STARTED' }, { inPlace });
    expect(late.writes).toEqual([['addPolicies', [{ ...POLICY, source: 'new' }]], ...done]);
  });

  const asked = (parameters: NonNullable<Intent['carry']>['parameters'] & object) => {
    const calls = platform(['succeeded'], {
      bindingParameters: async () => {
        throw new Error('asked twice');
      },
    });
    const wish = { carry: { named: NOTHING_NAMED, what: [], parameters } };
    return carry(calls.calls, { state: 'STOPPED' }, wish).then(() =>
      calls.writes.filter(([one]) => one === 'bind'),
    );
  };

  test('what the broker told before anything was changed is what it is bound with', async () => {
    const [[, told] = []] = await asked({ b: { mode: 'slow' } });
    expect(told).toMatchObject({ parameters: { mode: 'slow' } });
    const [[, silent] = []] = await asked({ b: undefined });
    expect(silent).toEqual({ appGuid: 'new', instanceGuid: 'i', name: 'main' });
  });

  test('a broker that cannot be asked at its time stops it, and nothing is bound without its parameters', async () => {
    const { calls, writes } = platform(['succeeded'], {
      bindingParameters: async () => {
        throw new PlatformFault('no answer', false);
      },
    });
    await expect(carry(calls)).rejects.toThrow(PlatformFault);
    expect(writes.filter(([one]) => one === 'bind')).toEqual([]);
  });

  test.each<[string, Partial<Binding>, 'bound' | 'left' | 'refused']>([
    ['is being taken off live', { operation: 'delete', state: 'in progress' }, 'left'],
    ['is about to be taken off live', { operation: 'delete', state: 'initial' }, 'left'],
    ['could not be taken off live', { operation: 'delete', state: 'failed' }, 'bound'],
    ['never came to live', { operation: 'create', state: 'failed' }, 'left'],
    ['is still coming to live', { operation: 'create', state: 'in progress' }, 'refused'],
  ])('a binding that %s', async (_, over, end) => {
    const own = { ...DB, guid: 'b2', state: 'succeeded' as const };
    let bound = false;
    const { calls } = platform(['succeeded'], {
      serviceBindings: async (guid) => (guid === 'old' ? [{ ...DB, ...over }] : bound ? [own] : []),
      bind: async () => {
        bound = true;
      },
    });
    const error = await carry(calls).catch((thrown: unknown) => thrown);
    expect([bound, (error as Refused | undefined)?.code]).toEqual([
      end === 'bound',
      end === 'refused' ? 'live-changed' : undefined,
    ]);
  });

  test('a command that the new droplet starts by itself comes not too late', async () => {
    const { calls, writes } = platform([], {
      serviceBindings: async () => [],
      features: async () => ({ ssh: true }),
      policies: async () => [],
      command: async () => './server',
      currentDroplet: async (guid) => ({
        guid: `droplet of ${guid}`,
        state: 'STAGED',
        createdAtMs: 0,
        commands: { web: guid === 'new' ? './server' : 'npm start' },
      }),
    });
    await carry(calls, { state: 'STARTED' });
    expect(writes).toEqual([['updateApp', 'new', { annotations: { [ANNOTATION.carried]: 'me' } }]]);
  });
});

describe('an app that is bound', () => {
  const gone = (states: readonly Binding['state'][], more: Partial<Platform> = {}) => {
    const done: string[] = [];
    const left = [...states];
    const calls: Partial<Platform> = {
      routesOfApps: async () => [],
      serviceBindings: async () => {
        const state = left.length > 1 ? left.shift() : left[0];
        return [{ ...DB, ...(state ? { state } : {}) }];
      },
      removeBinding: async (guid) => void done.push(`unbind ${guid}`),
      deleteApp: async (guid) => void done.push(`delete ${guid}`),
      updateApp: async (guid, { name }) => {
        done.push(`rename ${guid} to ${name}`);
        return app(guid);
      },
      platformNowMs: () => 0,
      ...more,
    };
    const candidate = candidateAt('made');
    const world = worldOf(calls);
    const step = { do: 'delete-app', name: candidate.name, guid: candidate.guid } as const;
    return perform(step, appWorld({ candidate, lock: candidate }), world).then(() => done);
  };

  test('is unbound before it is deleted, once its brokers are done', async () => {
    expect(await gone(['in progress', 'in progress', 'failed'])).toEqual(['unbind b', 'delete new']);
  });

  test('by a broker that never ends keeps no name that others need', async () => {
    expect(await gone(['in progress'])).toEqual(['rename new to shop-failed-v2']);
  });
});
