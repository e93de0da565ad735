import { describe, expect, test } from '@jest/globals';
import { callsOfSwitch } from '../../src/commands/allowance.js';
import { rollOut } from '../../src/commands/roll-out.js';
import { PlatformFault, VersionFault } from '../../src/model/errors.js';
import type { Allowance } from '../../src/platform/calls.js';
import { takeSnapshot } from '../../src/platform/snapshot.js';
import type { StepGroup } from '../../src/steps/step.js';
import { type AppWorld, nothingFound, type World } from '../../src/steps/world.js';
import { TARGET } from './space.js';
import { intentFor, NEW, standing } from './standing.js';

const MINUTE_MS = 60_000;

async function appOf({ world }: ReturnType<typeof standing>, hosts = ['shop']): Promise<AppWorld> {
  const production = hosts.flatMap((host) =>
    intentFor().production.map((route) => ({ ...route, host, url: `${host}.example.com` })),
  );
  const intent = intentFor({ production });
  const snapshot = await takeSnapshot(world.platform, TARGET, { name: 'shop', wanted: intent.production });
  return { intent, snapshot, found: nothingFound() };
}

/** A deploy on a platform that leaves so many calls until a time, and enough afterwards. */
async function deployed(
  at: ReturnType<typeof standing>,
  { calls, inMs, limit }: { calls: number; inMs: number; limit?: number },
  timeoutMs?: number,
  more: Partial<World> = {},
) {
  const resetAtMs = at.clock.now() + inMs;
  const waited: { atMs: number; writes: number }[] = [];
  const allowance = (): Allowance => ({
    sent: at.space.asked,
    left: {
      calls: at.clock.now() < resetAtMs ? calls : 2_000,
      resetAtMs: at.clock.now() < resetAtMs ? resetAtMs : resetAtMs + 60 * MINUTE_MS,
      ...(limit === undefined ? {} : { limit }),
    },
  });
  const platform = new Proxy(at.world.platform, {
    get: (target, name) => (name === 'allowance' ? allowance : target[name as keyof typeof target]),
  });
  at.space.hook = (call) => {
    if (call === 'insertDestinations') waited.push({ atMs: at.clock.now() - resetAtMs, writes: 0 });
  };
  const app = await appOf(at);
  const outcome = await rollOut({
    apps: [app],
    world: { ...at.world, platform, ...more },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  const warnings = at.events.flatMap((event) => (event.type === 'warning' ? [event.text] : []));
  return { outcome, inserts: waited.map(({ atMs }) => atMs), warnings, resetAtMs };
}

describe('the calls of a switch', () => {
  test('are its inserts, removes and marks, a look around each group, and the signs of life', async () => {
    const app = await appOf(standing());
    const one = (step: StepGroup['steps'][number]['step']) => ({ app: 'shop', step });
    const groups: StepGroup[] = [
      { stage: 'switch', steps: [one({ do: 'mark', phase: 'switching' })], after: [] },
      {
        stage: 'map',
        steps: [one({ do: 'map', url: 'shop.example.com', side: 'candidate', to: [] })],
        after: [],
      },
      {
        stage: 'prove',
        steps: [one({ do: 'prove', side: 'candidate', urls: [] })],
        after: [one({ do: 'mark', phase: 'serving' })],
      },
      { stage: 'unmap', steps: [one({ do: 'unmap', url: 'shop.example.com', side: 'live' })], after: [] },
      { stage: 'stop', steps: [one({ do: 'stop', name: 'shop', guid: 'g' })], after: [] },
    ];
    // 4 writes, 5 looks at 20 calls each, 12 signs of life in two minutes.
    expect(callsOfSwitch([app], groups, 20)).toBe(4 + 5 * 20 + 12);
  });
});

describe('too few calls are left', () => {
  test('the deploy waits before the first insert until the limit is new, and says so', async () => {
    const at = standing();
    const { outcome, inserts, warnings, resetAtMs } = await deployed(at, { calls: 10, inMs: 20 * MINUTE_MS });
    expect(outcome).toMatchObject({ result: 'deployed', apps: [{ version: NEW }] });
    expect(inserts[0]).toBeGreaterThanOrEqual(0);
    expect(warnings).toHaveLength(1);
    const until = new Date(resetAtMs).toISOString().slice(11, 19);
    expect(warnings[0]).toMatch(/The switch of shop still needs about \d+ calls/);
    expect(warnings[0]).toContain(`${until} UTC`);
  });

  test('enough calls: no wait', async () => {
    const at = standing();
    const { inserts, warnings } = await deployed(at, { calls: 2_000, inMs: 20 * MINUTE_MS });
    expect(inserts[0]).toBeLessThan(0);
    expect(warnings).toEqual([]);
  });

  test.each([
    ['the timeout', { calls: 10, inMs: 20 * MINUTE_MS }, 15 * MINUTE_MS],
    ['any period of the platform', { calls: 10, inMs: 120 * MINUTE_MS }, undefined],
  ])('longer than %s: it ends at once, and says until when', async (_, left, timeoutMs) => {
    const at = standing();
    const live = structuredClone(at.live);
    const { outcome, inserts, resetAtMs } = await deployed(at, left, timeoutMs);
    expect(outcome).toMatchObject({ result: 'reverted', error: { code: 'rate-limit' } });
    const until = new Date(resetAtMs).toISOString().slice(11, 19);
    expect((outcome.error as { next: string }).next).toContain(until);
    expect(inserts).toEqual([]);
    expect(at.space.servers('shop')).toEqual(['shop']);
    expect(at.live).toEqual(live);
    expect(at.clock.now()).toBeLessThan(resetAtMs);
  });

  test('a whole period does not have enough: no wait helps', async () => {
    const at = standing();
    const { outcome, inserts } = await deployed(at, { calls: 10, inMs: MINUTE_MS, limit: 30 });
    expect(outcome).toMatchObject({ result: 'reverted', error: { code: 'rate-limit' } });
    expect((outcome.error as Error).message).toContain('of 30 in a whole period');
    expect(inserts).toEqual([]);
  });

  test('never between insert and remove: what serves with live beside it goes on', async () => {
    const at = standing();
    let left = 2_000;
    const allowance = (): Allowance => ({
      sent: at.space.asked,
      left: { calls: left, resetAtMs: at.clock.now() + 30 * MINUTE_MS },
    });
    const platform = new Proxy(at.world.platform, {
      get: (target, name) => (name === 'allowance' ? allowance : target[name as keyof typeof target]),
    });
    // The first route gains the version; the second one does not at once, and has to be asked for again.
    let inserts = 0;
    at.space.hook = (call, [, to]) => {
      if (call !== 'insertDestinations' || !JSON.stringify(to).includes('"web"')) return;
      inserts += 1;
      if (inserts !== 2) return;
      left = 0;
      throw new PlatformFault('No answer.', true);
    };
    at.space.addRoute('shop-too', [at.live]);
    const app = await appOf(at, ['shop', 'shop-too']);
    const startedMs = at.clock.now();
    const outcome = await rollOut({ apps: [app], world: { ...at.world, platform } });
    expect(outcome.result).toBe('deployed');
    expect(left).toBe(0);
    expect(at.clock.now() - startedMs).toBeLessThan(30 * MINUTE_MS);
  });

  describe('on the way back, when a bad version serves alone,', () => {
    /** From the bad sign on so many are left until a time; each call from then on is one less. */
    async function ledBack(calls: number) {
      const at = standing();
      let [resetAtMs, left] = [Number.POSITIVE_INFINITY, calls];
      const isShort = () => at.clock.now() < resetAtMs && resetAtMs !== Number.POSITIVE_INFINITY;
      const allowance = (): Allowance => ({
        sent: at.space.asked,
        left: isShort() ? { calls: left, resetAtMs } : { calls: 2_000, resetAtMs: at.clock.now() + 1 },
      });
      const platform = new Proxy(at.world.platform, {
        get: (target, name) => (name === 'allowance' ? allowance : target[name as keyof typeof target]),
      });
      const returned: number[] = [];
      let unmapped = false;
      at.space.hook = (call, [, to]) => {
        if (call === 'removeDestination') unmapped = true;
        const returns = call === 'insertDestinations' && JSON.stringify(to).includes('guid-1');
        // What is read while too few are left is borne; the insert is the last call that there is.
        if (isShort() && returned.length > 0)
          throw new PlatformFault('Too many calls.', false, 429, resetAtMs - at.clock.now());
        if (!returns) return;
        returned.push(at.clock.now() - resetAtMs);
        left -= 1;
      };
      const sign = { route: 'shop.example.com', why: '502', failures: 3 } as never;
      const badSign = () => {
        if (!unmapped) return undefined;
        if (resetAtMs === Number.POSITIVE_INFINITY) resetAtMs = at.clock.now() + 40 * MINUTE_MS;
        return sign;
      };
      const outcome = await rollOut({ apps: [await appOf(at)], world: { ...at.world, platform, badSign } });
      return { at, outcome, returned };
    }

    test('live gets its routes back at once, with the last calls that there are; the rest is done when there are more', async () => {
      const { at, outcome, returned } = await ledBack(1);
      expect(returned).toHaveLength(1);
      expect(returned[0]).toBeLessThan(-39 * MINUTE_MS);
      expect(outcome).toMatchObject({ result: 'reverted', error: expect.any(VersionFault) });
      expect(at.space.servers('shop')).toEqual(['shop']);
    });

    test('it waits when there is not even one', async () => {
      const { at, outcome, returned } = await ledBack(0);
      expect(returned).toHaveLength(1);
      expect(returned[0]).toBeGreaterThanOrEqual(0);
      expect(outcome).toMatchObject({ result: 'reverted', error: expect.any(VersionFault) });
      expect(at.space.servers('shop')).toEqual(['shop']);
    });
  });
});
