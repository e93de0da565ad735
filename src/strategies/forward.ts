/** The way forward of a change, by what its journal says. Pure. */
import type { Snapshot } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import type { Work } from '../steps/step.js';
import { blueGreen } from './blue-green.js';
import { rollBack } from './rollback.js';
import { rolling } from './rolling.js';

export function forward(intent: Intent, snapshot: Snapshot): Work {
  if (intent.inPlace) return rolling(intent, snapshot);
  return intent.target === undefined ? blueGreen(intent, snapshot) : rollBack(intent, snapshot);
}
