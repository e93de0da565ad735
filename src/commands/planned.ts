/** What a command would do, as steps with the cf commands and API calls that they stand for. Pure. */
import type { Snapshot } from '../model/cloud.js';
import { isOfRollback } from '../platform/names.js';
import { planOf, titleOf } from '../steps/index.js';
import type { StepGroup } from '../steps/step.js';
import type { AppWorld } from '../steps/world.js';
import { groups } from '../strategies/work.js';
import { type Held, whichHeld } from './held.js';
import type { PlannedStep } from './outcome.js';
import { type Strategy, titleOfAll } from './pursue.js';

export interface Planning {
  strategy: Strategy;
  /** With the candidate that is there: a deploy that is held. */
  goesOn: boolean;
  /** Held deploys that are ended first. */
  ended: readonly Held[];
  /** How many the availability watch would look at in turn, of all apps. */
  watchedRoutes: number;
}

/** What was interrupted is settled before anything else: the plan is for the state after that. */
export function planned(
  apps: readonly AppWorld[],
  { strategy, goesOn, ended, watchedRoutes }: Planning,
): PlannedStep[] {
  const settling = apps.flatMap(({ snapshot: { name, lock } }): PlannedStep[] => {
    if (!lock || goesOn) return [];
    const held = ended.find(({ apps: all }) => all.some(({ intent }) => intent.app === name));
    if (held)
      return [
        {
          app: name,
          title: `end ${whichHeld(held)}, which is held`,
          calls: [`PATCH /v3/apps/<${lock.name}>`],
        },
      ];
    const phase = lock.phase ?? 'made';
    const what = isOfRollback(lock) ? 'rollback to' : 'deploy of';
    const title = `settle the interrupted ${what} ${lock.version ?? 'an unknown version'} (${phase}), or wait for it`;
    return [
      {
        app: name,
        title,
        calls: [`GET /v3/apps?names=${lock.name} until its owner is known to be dead`],
      },
    ];
  });
  const work = apps.map(({ intent, snapshot }) => ({
    app: intent.app,
    turn: intent.turn,
    work: strategy(intent, goesOn ? snapshot : withoutLock(snapshot)),
  }));
  // As the log groups them: with many routes, a step for each would bury the others.
  const steps = groups(work).flatMap((group) =>
    inOrder(group, apps).flatMap(({ intent }): PlannedStep[] => {
      const own = [...group.steps, ...group.after].flatMap(({ app, step }) =>
        app === intent.app ? [step] : [],
      );
      if (own.length === 0) return [];
      const title = titleOfAll(own.map((step) => titleOf(step, intent)));
      return [{ app: intent.app, title, calls: own.flatMap((step) => planOf(step, intent, watchedRoutes)) }];
    }),
  );
  return [...settling, ...steps];
}

/** Locks are taken in the order of names, all else is told in that of the manifest. */
function inOrder({ stage, after }: StepGroup, apps: readonly AppWorld[]): readonly AppWorld[] {
  if (stage !== 'lock') return apps;
  return after.flatMap(({ app }) => apps.filter(({ intent }) => intent.app === app));
}

function withoutLock({ candidate: _candidate, lock: _lock, ...snapshot }: Snapshot): Snapshot {
  return { ...snapshot, takers: [] };
}
