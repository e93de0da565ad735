import { describe, expect, test } from '@jest/globals';
import { makeServices } from '../../src/commands/preview-services.js';
import type { ServiceInstance, Target } from '../../src/model/cloud.js';
import { PlatformRefusal } from '../../src/model/errors.js';
import type { Platform } from '../../src/platform/calls.js';
import { previewLabels } from '../../src/platform/preview-names.js';

const OF = { repository: 'octo/shop', id: '12' };
const LABELS = previewLabels(OF, 2_000_000);
const WANTED = { name: 'db', offering: 'postgres', plan: 'small' };

type Seen = ServiceInstance | undefined;

const instance = (type: string, state: string): ServiceInstance => ({
  ...{ guid: 'one', name: 'shop-pr-12-db', labels: previewLabels(OF, 1_000_000), annotations: {} },
  operation: { type, state, description: 'no room' },
});

/** @param looks what is there at each look; the last one stays */
async function made(...looks: readonly Seen[]): Promise<{ done: readonly string[]; error?: string }> {
  const done: string[] = [];
  let [at, nowMs] = [0, 0];
  const look = () => looks[Math.min(at++, looks.length - 1)];
  const platform = {
    servicesByName: async () => [look()].filter((one) => one !== undefined),
    service: async () => look() ?? Promise.reject(new PlatformRefusal('gone', 404, undefined, undefined)),
    servicePlan: async () => 'plan',
    createService: async () => void done.push('create'),
    deleteService: async () => void done.push('delete'),
    labelService: async () => void done.push('label'),
  } as unknown as Platform;
  const clock = {
    now: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
    },
  };
  const place = { platform, target: { spaceGuid: 'space' } as Target, clock, tell: () => undefined };
  const signal = new AbortController().signal;
  try {
    await makeServices('shop-pr-12', [WANTED], { labels: LABELS, annotations: {} }, { ...place, signal });
    return { done };
  } catch (error) {
    return { done, error: (error as Error).message };
  }
}

const READY = instance('create', 'succeeded');
const BUSY = instance('create', 'in progress');
const of = (repository: string, one: ServiceInstance) => ({
  ...one,
  labels: previewLabels({ ...OF, repository }, 1_000_000),
});

describe('the service instance of a preview', () => {
  test.each<[string, readonly Seen[], readonly string[]]>([
    ['is made and waited for', [undefined, BUSY, BUSY, READY], ['create']],
    ['that is there is kept, for longer', [READY], ['label']],
    ['that failed is made anew', [instance('create', 'failed'), undefined, READY], ['delete', 'create']],
    [
      'that is just being deleted is made anew',
      [instance('delete', 'in progress'), instance('delete', 'in progress'), undefined, undefined, READY],
      ['create'],
    ],
  ])('%s', async (_what, looks, done) => {
    const { done: calls, error } = await made(...looks);
    expect([error, calls.filter((one) => one !== 'label' || done.includes(one))]).toEqual([undefined, done]);
  });

  test.each<[string, readonly Seen[], RegExp]>([
    ['its broker refuses', [undefined, BUSY, instance('create', 'failed')], /could not be made: no room/],
    ['somebody deletes it meanwhile', [undefined, BUSY, undefined], /was deleted/],
    ['it is not ready in time', [undefined, BUSY], /still being made/],
    ['another one has its name', [{ ...READY, labels: {} }], /not of this preview/],
    ["another repository's has its name", [of('octo/other', READY)], /not of this preview/],
    ["another repository's failed", [of('octo/other', instance('create', 'failed'))], /not of this preview/],
  ])('is told where %s', async (_what, looks, why) => {
    const { done, error } = await made(...looks);
    expect(error).toMatch(why);
    if (looks[0] !== undefined) expect(done).toEqual([]);
  });
});
