/** What a change brought, for whoever reads of it: settings, names, commits. It only informs: whatever fails is left out. */
import type { CommitsBetween } from '../github/commits.js';
import type { Snapshot } from '../model/cloud.js';
import type { Clock } from '../model/ports.js';
import { ANNOTATION } from '../platform/names.js';
import type { AppWorld } from '../steps/world.js';
import { changesOf } from '../strategies/changes.js';
import type { AppOutcome, CommitChange, Outcome } from './outcome.js';

/** The deploy is over by then: nobody waits for GitHub for longer. */
const LONGEST_MS = 10_000;
const NONE: CommitsBetween = { commits: [], total: 0, missing: 0 };

export interface Asking {
  clock: Clock;
  signal: AbortSignal;
  /** As GitHub tells it (github/client.ts), until the signal is aborted. undefined: nobody is asked. */
  between?(base: string, head: string, signal: AbortSignal): Promise<CommitsBetween | undefined>;
}

/** @param before what was there first, by app; `apps` as they were seen last. Never throws. */
export async function withChanges(
  outcome: Outcome,
  before: readonly Snapshot[],
  apps: readonly AppWorld[],
  asking: Asking,
): Promise<Outcome> {
  return added(outcome, before, apps, asking).catch(() => outcome);
}

async function added(
  outcome: Outcome,
  before: readonly Snapshot[],
  apps: readonly AppWorld[],
  asking: Asking,
): Promise<Outcome> {
  const told = outcome.apps.map((one): AppOutcome & { ends?: Ends } => {
    const first = before.find(({ name }) => name === one.app);
    const app = apps.find(({ intent }) => intent.app === one.app);
    if (!first || !app) return one;
    const changes = changesOf(first, { intent: app.intent, now: app.snapshot });
    const ends = changes?.commits ?? (outcome.result === 'planned' ? plannedCommits(first, app) : undefined);
    return { ...one, ...(changes ? { changes } : {}), ...(ends ? { ends } : {}) };
  });
  const commits = await commitsOf(
    told.flatMap(({ ends }) => ends ?? []),
    asking,
  );
  return {
    ...outcome,
    apps: told.map(({ ends, ...one }) => {
      const known = ends && commits.get(keyOf(ends));
      return known ? { ...one, commits: known } : one;
    }),
  };
}

interface Ends {
  before: string;
  after: string;
}

const keyOf = ({ before, after }: Ends) => `${before} ${after}`;

/** Nothing is made yet: the commit is the one that would be recorded, or the one of the version that would be live again. */
function plannedCommits({ live }: Snapshot, { intent, snapshot }: AppWorld): Ends | undefined {
  const target = snapshot.previous.find(({ guid }) => guid === intent.target);
  const after = target ? target.annotations[ANNOTATION.commit] : intent.facts[ANNOTATION.commit];
  const before = live?.annotations[ANNOTATION.commit];
  return before && after ? { before, after } : undefined;
}

/** Of the apps of one deploy they are mostly the same two. */
async function commitsOf(
  all: readonly Ends[],
  { clock, signal: cancelled, between }: Asking,
): Promise<ReadonlyMap<string, CommitChange>> {
  const known = new Map<string, CommitChange>();
  const asked = new Map(
    all.filter(({ before, after }) => before !== after).map((ends) => [keyOf(ends), ends]),
  );
  if (!between || asked.size === 0 || cancelled.aborted) return known;
  const over = new AbortController();
  const signal = AbortSignal.any([cancelled, over.signal]);
  const timer = clock.sleep(LONGEST_MS, signal).then(
    () => over.abort(),
    () => undefined,
  );
  const ask = async (ends: Ends) => {
    const come = await between(ends.before, ends.after, signal);
    if (!come) return;
    const leave = come.missing > 0 ? await between(ends.after, ends.before, signal) : NONE;
    if (leave) known.set(keyOf(ends), { ...ends, come, leave });
  };
  await Promise.allSettled([...asked.values()].map(ask));
  over.abort();
  await timer;
  return known;
}
