/** Which way an interrupted deploy is brought to its end. Pure. */
import type { Snapshot } from '../model/cloud.js';
import { reached, servedBy } from './view.js';

export type Way = 'forward' | 'back';

/**
 * Before its first production route a candidate is taken away: what it was proven with is not known any more. From the
 * switch on it was proven, and forward is the shorter way to one version. A deploy that was going back goes on going back.
 */
export function wayOf(snapshot: Snapshot): Way {
  const { candidate } = snapshot;
  if (reached(candidate, 'reverting')) return 'back';
  if (reached(candidate, 'switching')) return 'forward';
  return servedBy(snapshot, candidate).length > 0 ? 'forward' : 'back';
}
