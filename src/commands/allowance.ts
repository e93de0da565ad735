/** Before a switch begins: whether the platform's rate limit leaves the calls that bring it to its end. */
import { HEARTBEAT_MS } from '../engine/lock.js';
import { Refused } from '../model/errors.js';
import { MINUTE_MS } from '../model/words.js';
import { utc } from '../platform/sender.js';
import type { StepGroup } from '../steps/step.js';
import type { AppWorld, World } from '../steps/world.js';
import { destinationsOf, reached, servedBy } from '../strategies/view.js';

type Way = 'forward' | 'back';

/** Up to the last remove; what comes after it can wait with the routes as they shall be. */
const OF_SWITCH: readonly StepGroup['stage'][] = ['switch', 'map', 'prove', 'unmap'];
/** The first group that a way begins its switch with. On the way back only the routes matter: the mark says that it has begun. */
const BEGINS = { forward: ['switch', 'map'], back: ['map'] } as const satisfies Record<
  Way,
  StepGroup['stage'][]
>;
/** For so long signs of life are reckoned: proofs last a minute or two. */
const BEATS_MS = 2 * MINUTE_MS;
/** The platform's usual period is an hour (`reset_interval_in_minutes`), and each account's ends at a time of its own. */
const PERIOD_MS = 61 * MINUTE_MS;

/**
 * Calls from here to the last remove: inserts, removes and marks, a look before each group and one after the last, and the signs
 * of life. Pure.
 * @param next every group that is left, in order
 * @param callsOfLook what reading the platform once takes for all apps
 */
export function callsOfSwitch(
  apps: readonly AppWorld[],
  next: readonly StepGroup[],
  callsOfLook: number,
): number {
  const ofSwitch = next.filter(({ stage }) => OF_SWITCH.includes(stage));
  const writes = ofSwitch
    .flatMap((group) => [...group.steps, ...group.after])
    .map(({ app, step }) => {
      if (step.do !== 'unmap') return step.do === 'map' || step.do === 'mark' ? 1 : 0;
      const snapshot = apps.find(({ intent }) => intent.app === app)?.snapshot;
      const route = snapshot?.routes.find(({ url }) => url === step.url);
      return Math.max(1, destinationsOf(route, snapshot?.[step.side]).length);
    });
  const beats = apps.length * (BEATS_MS / HEARTBEAT_MS);
  return writes.reduce((sum, one) => sum + one, 0) + (ofSwitch.length + 1) * callsOfLook + beats;
}

/** A production route has both sides: whoever waits here keeps two versions live. */
function isBetween({ snapshot }: AppWorld): boolean {
  const lives = new Set(servedBy(snapshot, snapshot.live).map(({ guid }) => guid));
  return servedBy(snapshot, snapshot.candidate).some(({ guid }) => lives.has(guid));
}

/** The apps of a turn have switched: those of the next one do not keep them waiting beside versions that were not made for them. */
function hasSwitched({ snapshot: { candidate } }: AppWorld): boolean {
  return reached(candidate, 'serving') && !reached(candidate, 'drained');
}

/**
 * How much longer than other faults too few calls are borne on the way back: until there are new ones, at most a whole period. As
 * long as routes are owed to live, whoever gives up leaves a bad version on them. Milliseconds.
 */
export function patienceForCalls(
  apps: readonly AppWorld[],
  { platform }: Pick<World, 'platform'>,
  way: Way,
): number {
  const owes = ({ snapshot: { lock } }: AppWorld) =>
    reached(lock, 'reverting') && !reached(lock, 'withdrawn');
  const { left } = platform.allowance();
  if (way !== 'back' || left?.calls !== 0 || !apps.some(owes)) return 0;
  return Math.min(PERIOD_MS, Math.max(0, left.resetAtMs - platform.platformNowMs()));
}

/**
 * @returns asks before each group, with what a look takes, whether the switch may begin. true: it has waited, and what was read
 * is old. It throws `Refused` when the wait would be longer than the deploy has time, or the whole allowance is too small.
 */
export function allowanceGate(world: World, way: Way) {
  let deadlineMs: number | undefined;
  return async (
    apps: readonly AppWorld[],
    next: readonly StepGroup[],
    callsOfLook: number,
  ): Promise<boolean> => {
    const { clock, platform, listener, signal } = world;
    const begins: readonly StepGroup['stage'][] = BEGINS[way];
    const [first] = next;
    const inserts = next.some(({ stage }) => stage === 'map');
    if (!first || !inserts || !begins.includes(first.stage) || apps.some(isBetween)) return false;
    if (way === 'forward' && apps.some(hasSwitched)) return false;
    const { left } = platform.allowance();
    // Who goes back here leaves a version alone that is bad: each insert helps at once, and the rest is waited for with live beside it.
    const needed = way === 'back' ? first.steps.length : callsOfSwitch(apps, next, callsOfLook);
    if (!left || left.calls >= needed) return false;
    const waitMs = left.resetAtMs - platform.platformNowMs();
    if (waitMs <= 0) return false;
    const names = apps.map(({ intent }) => intent.app).join(', ');
    const what = `The switch of ${names} still needs about ${needed} calls of the API, and the rate limit of this account leaves ${left.calls}`;
    const until = utc(left.resetAtMs);
    deadlineMs ??= world.deadlineMs ?? clock.now() + PERIOD_MS;
    if (left.limit !== undefined && left.limit < needed) {
      throw new Refused(
        `${what}, of ${left.limit} in a whole period.`,
        'Ask the operator of the platform for a higher rate limit, or deploy fewer apps and routes at a time.',
        'rate-limit',
      );
    }
    if (clock.now() + waitMs >= deadlineMs) {
      throw new Refused(
        `${what} until ${until}: that is later than this run may wait. No route was changed.`,
        `Run again after ${until}.`,
        'rate-limit',
      );
    }
    listener.tell({ type: 'warning', text: `${what}. It waits until ${until}; no route is changed before.` });
    // The platform tells whole seconds.
    await clock.sleep(waitMs + 1_000, signal);
    return true;
  };
}
