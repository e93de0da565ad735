/** A deploy, and somebody who changes its apps meanwhile. */
import { describe, expect, test } from '@jest/globals';
import type { Deployment } from '../../src/model/cloud.js';
import { PlatformRefusal, Stuck } from '../../src/model/errors.js';
import type { Intent } from '../../src/model/intent.js';
import { LABEL } from '../../src/platform/names.js';
import { atPhase, names, rolledOut } from './rolled-out.js';
import { intentFor, NEW, OLD, standing } from './standing.js';

describe('another hand', () => {
  test('takes the lock: nothing is written any more', async () => {
    const at = standing();
    at.space.hook = (call) => {
      if (call === 'startApp') at.space.app('shop-candidate').labels[LABEL.owner] = 'run-2-theirs';
    };
    const outcome = await rolledOut(at);
    expect(outcome).toMatchObject({ result: 'failed', error: { name: 'Refused', code: 'locked' } });
    expect(outcome.second).toBeUndefined();
    expect(at.space.writes.at(-1)).toBe('startApp');
  });

  test.each(['proven', 'serving'])(
    'deletes the candidate when it is %s: live serves as before',
    async (phase) => {
      const at = standing();
      at.space.hook = atPhase(phase, (call) => {
        const { apps, routes } = at.space;
        const gone = apps.find(({ name }) => name === 'shop-candidate');
        if (call !== 'routesOfApps' || !gone) return;
        apps.splice(apps.indexOf(gone), 1);
        for (const route of routes)
          route.destinations = route.destinations.filter(({ appGuid }) => appGuid !== gone.guid);
      });
      expect((await rolledOut(at)).result).toBe('reverted');
      expect(names(at)).toEqual(['shop STARTED']);
      expect(at.space.servers('shop')).toEqual(['shop']);
    },
  );

  test('deletes the candidate while live is drained: its routes lead to live again', async () => {
    const at = standing();
    let gone = false;
    at.space.hook = atPhase('serving', (call, [guid]) => {
      if (gone || call !== 'instances' || at.space.servers('shop').includes('shop')) return;
      gone = true;
      at.space.apps.splice(at.space.apps.indexOf(at.space.app('shop-candidate')), 1);
      for (const route of at.space.routes) route.destinations = [];
      throw new PlatformRefusal(`no process ${guid}`, 404, 10010, 'CF-ResourceNotFound');
    });
    const outcome = await rolledOut(at);
    expect(outcome.result).toBe('reverted');
    expect(outcome.apps[0]?.live.routes).toEqual([{ url: 'shop.example.com', by: ['shop'] }]);
  });

  test('renames the candidate: it is not replaced, and a person has to look', async () => {
    const at = standing();
    at.space.hook = (call) => {
      if (call === 'crashes') {
        const app = at.space.apps.find(({ name }) => name === 'shop-candidate');
        if (app) app.name = 'mine-now';
      }
    };
    const outcome = await rolledOut(at);
    expect(outcome).toMatchObject({ result: 'failed', error: { code: 'target-gone' } });
    expect(outcome.second).toBeInstanceOf(Stuck);
    expect(names(at)).toEqual(['mine-now STARTED', 'shop STARTED']);
    expect(at.space.servers('shop')).toEqual(['shop']);
  });

  test('puts an app of its own on the name of the lock: it is refused and left alone', async () => {
    const at = standing();
    at.space.hook = (call) => {
      const app = at.space.apps.find(({ name }) => name === 'shop-candidate');
      if (call === 'startApp' && app) app.labels = {};
    };
    const outcome = await rolledOut(at);
    expect(outcome).toMatchObject({ result: 'failed', error: { code: 'in-the-way' } });
    expect(at.space.writes.at(-1)).toBe('startApp');
  });

  test('renames live and puts another app under its name while the version is proven: taken back, both untouched', async () => {
    const at = standing();
    at.space.hook = (call) => {
      if (call !== 'startApp' || at.space.apps.some(({ name }) => name === 'old-shop')) return;
      at.space.app('shop').name = 'old-shop';
      at.space.addApp('shop', { state: 'STOPPED' });
    };
    const outcome = await rolledOut(at);
    expect(outcome).toMatchObject({ result: 'reverted', error: { code: 'in-the-way' } });
    expect(at.space.servers('shop')).toEqual(['old-shop']);
    expect(at.space.writes).not.toContain('deleteApp');
    expect(names(at)).toEqual(['old-shop STARTED', 'shop STOPPED', `shop-failed-${NEW} STOPPED`]);
  });

  const theirs = (over: Partial<Deployment> = {}): Deployment => ({
    guid: 'theirs',
    createdAtMs: 0,
    value: 'ACTIVE',
    reason: 'DEPLOYING',
    strategy: 'rolling',
    dropletGuid: 'd',
    labels: {},
    annotations: {},
    ...over,
  });
  const overtaken = { code: 'live-changed', message: expect.stringMatching(/Another hand/) };

  test.each(['proven', 'switching', 'serving'])(
    'begins a deployment of live when the version is %s: it is taken back, and said',
    async (phase) => {
      const at = standing();
      at.space.hook = atPhase(phase, () => {
        at.space.deployments = [theirs()];
      });
      const outcome = await rolledOut(at);
      expect(outcome).toMatchObject({ result: 'reverted', error: overtaken });
      expect(at.space.servers('shop')).toEqual(['shop']);
      expect(names(at)).toEqual(['shop STARTED', `shop-failed-${NEW} STOPPED`]);
    },
  );

  test('begins one once live is drained: what it brings is kept with live', async () => {
    const at = standing();
    at.space.hook = atPhase('drained', () => {
      at.space.deployments = [theirs()];
    });
    expect(await rolledOut(at)).toMatchObject({ result: 'deployed' });
    expect(at.space.servers('shop')).toEqual(['shop']);
  });

  test('brings another droplet to live while the version is proven: live stays as it is', async () => {
    const at = standing();
    at.space.app('shop').droplet = 'droplet-of-theirs';
    at.space.hook = (call) => {
      if (call === 'startApp') at.space.app('shop').droplet = 'droplet-of-others';
    };
    const before = intentFor().before;
    const had = { before: { ...(before as object & typeof before), dropletGuid: 'droplet-of-theirs' } };
    const outcome = await rolledOut(at, {}, had as Partial<Intent>);
    expect(outcome).toMatchObject({ result: 'failed', error: overtaken });
    expect(at.space.app('shop').droplet).toBe('droplet-of-others');
  });

  test('puts an app under the name once live has left it: nothing more is renamed', async () => {
    const at = standing();
    at.space.hook = (call, [, change]) => {
      if (call === 'updateApp' && JSON.stringify(change).includes(`shop-previous-${OLD}`))
        at.space.addApp('shop', { state: 'STOPPED' });
    };
    const outcome = await rolledOut(at);
    expect(outcome).toMatchObject({ result: 'failed' });
    expect(outcome.error).toBeInstanceOf(Stuck);
    expect(names(at)).toContain('shop-candidate STARTED');
    expect(at.space.servers('shop')).toEqual(['shop-candidate']);
  });
});
