/** The way back of a change, by what its journal says. Pure. */
import type { Snapshot } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import type { Work } from '../steps/step.js';
import { backOut } from './back-out.js';
import { unroll } from './unroll.js';

export function backward(intent: Intent, snapshot: Snapshot): Work {
  return intent.inPlace ? unroll(intent, snapshot) : backOut(intent, snapshot);
}
