/** Tries points on one foundry, side by side, each lane an app of its own. */

import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestOf, writeAppVersion } from '../../../demo/app.js';
import { startWorld } from '../../e2e/support/world.js';
import { type Ground, Lane } from './lane.js';
import { nameOf, type Trial } from './points.js';

export interface Tried {
  name: string;
  /** Nothing when it held. */
  wrong: readonly string[];
}

const FOREIGN = 'somebody-elses';

/**
 * @param lanes how many apps have their points tried at a time
 * @param told each point as soon as it was tried
 * @throws Error when the apps do not even come up
 */
export async function tryOnProcesses(
  trials: readonly Trial[],
  lanes: number,
  told: (tried: Tried) => void = () => undefined,
): Promise<Tried[]> {
  const world = await startWorld({ flags: ['--tick', '300'] });
  try {
    const shares = sharesOf(trials, lanes);
    const names = shares.map((_, at) => `lane-${String.fromCharCode(97 + at)}`);
    const dir = await mkdtemp(join(world.dir, 'foreign-'));
    const url = world.url(FOREIGN);
    await writeAppVersion(dir, { version: 'theirs', manifest: manifestOf({ name: FOREIGN, routes: [url] }) });
    await world.cf('push', '-f', join(dir, 'manifest.yml'), '-p', dir);
    const ground: Ground = { world, lanes: names, foreign: FOREIGN };
    const made = shares.map(([first], at) => new Lane(ground, names[at] ?? '', first?.command ?? 'deploy'));
    await Promise.all(made.map((lane) => lane.begin()));
    const tried: Tried[] = [];
    await Promise.all(
      shares.map(async (share, at) => {
        for (const trial of share) {
          const wrong = await (made[at] as Lane)
            .attempt(trial)
            .catch((error: Error) => [String(error.stack)]);
          const one = { name: nameOf(trial), wrong };
          tried.push(one);
          told(one);
        }
      }),
    );
    const leaks = await world.leaks();
    if (leaks.length > 0) tried.push({ name: 'secrets', wrong: [JSON.stringify(leaks)] });
    return tried;
  } finally {
    await world.close();
  }
}

/** A lane has points of one command only. */
function sharesOf(trials: readonly Trial[], lanes: number): Trial[][] {
  const commands = [...new Set(trials.map(({ command }) => command))];
  const each = Math.max(1, Math.floor(lanes / commands.length));
  return commands.flatMap((command) => {
    const own = trials.filter((trial) => trial.command === command);
    return Array.from({ length: Math.min(each, own.length) }, (_, rest) =>
      own.filter((_one, at) => at % each === rest),
    );
  });
}
