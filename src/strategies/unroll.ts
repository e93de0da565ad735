/**
 * Rolling, back: live gets its droplet and its settings again, as they were written down. A deployment that is under way is
 * cancelled; after one that has come to its end another one brings the recorded droplet back. After either nothing is written to
 * live until the platform has come to its end. Pure.
 */
import type { Snapshot } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import { isActive, isDone, overtakenBy, returnOf, rollOf } from '../steps/deployments.js';
import type { Step, Work } from '../steps/step.js';
import { mapsToLive, retirement } from './back-out.js';
import { reached, runningCount, servedBy } from './view.js';
import { compact, steps } from './work.js';

export function unroll(intent: Intent, snapshot: Snapshot): Work {
  return compact({
    ...(isOurs(intent, snapshot) ? returnOfLive(intent, snapshot) : {}),
    ...retirement(intent, snapshot),
  });
}

/**
 * Once another hand has brought its own version, nothing of live is put back to what was before ours; and nothing is where it was
 * withdrawn, held, before it touched live. Nor where live is gone: another app under its name was never changed by this deploy.
 */
function isOurs(intent: Intent, snapshot: Snapshot): boolean {
  const { lock, live } = snapshot;
  const isThere = live !== undefined && live.guid === intent.before?.guid;
  return (
    isThere && reached(lock, 'switching') && !reached(lock, 'withdrawn') && !overtakenBy(intent, snapshot)
  );
}

function returnOfLive(intent: Intent, snapshot: Snapshot): Work {
  const { lock, live } = snapshot;
  const owed = intent.before?.destinations ?? [];
  const had = owed.map(({ url }) => url);
  // What another hand gave live since then stays: only what this deploy asked for goes.
  const gained = servedBy(snapshot, live).filter(
    ({ url }) => !had.includes(url) && intent.production.some((one) => one.url === url),
  );
  const unmap = steps(gained.map(({ url }): Step => ({ do: 'unmap', url, side: 'live' })));
  if (reached(lock, 'restored')) return { unmap };
  const ran = intent.before?.ran === true;
  return {
    switch: steps(reached(lock, 'reverting') ? [] : [{ do: 'mark', phase: 'reverting' }]),
    map: steps(mapsToLive(owed, snapshot)),
    roll: { steps: [], after: turnAround(intent, snapshot) },
    await: steps(endOf(intent, snapshot)),
    prove: {
      steps: [],
      after: [
        { do: 'restore-live' },
        ...(ran ? ([{ do: 'await-instances', side: 'live' }] as const) : []),
        ...(ran ? ([{ do: 'prove', side: 'live', urls: had }] as const) : []),
        { do: 'mark', phase: 'restored' },
      ],
    },
    unmap,
  };
}

/** What makes the platform turn around; nothing where it does already. */
function turnAround(intent: Intent, snapshot: Snapshot): Step[] {
  const roll = rollOf(intent, snapshot);
  const back = returnOf(intent, snapshot);
  if (!roll || isActive(back) || isDone(back)) return [];
  if (isActive(roll)) return roll.reason === 'CANCELING' ? [] : [{ do: 'cancel-deployment' }];
  return isDone(roll) ? [{ do: 'restore-live' }, { do: 'create-deployment', of: 'live' }] : [];
}

/** Whatever was turned around, by us or by another hand, has an end that is waited for. */
function endOf(intent: Intent, snapshot: Snapshot): Step[] {
  const roll = rollOf(intent, snapshot);
  const back = returnOf(intent, snapshot);
  const isUnderWay = [roll, back].some(isActive);
  const isStarting = roll?.reason === 'CANCELED' && !back && !isAtRest(intent, snapshot);
  return isUnderWay || isStarting ? [{ do: 'await-deployment', of: 'live' }] : [];
}

/** A cancel ends the new instances at once; the old ones that they stood for have to start again. */
function isAtRest({ before }: Intent, { live }: Snapshot): boolean {
  const webs = live?.processes.filter(({ type }) => type === 'web') ?? [];
  const down = before?.down?.web ?? 0;
  const runs = webs.every((process) => runningCount(process) >= process.instances - down);
  return webs.length === 1 && (runs || before?.ran !== true);
}
