/** `promote`: a deploy that is held is proven once more and goes live. From any machine, days later: all of it is on the platform. */
import type { Inputs, RunContext } from '../model/asked.js';
import type { Snapshot } from '../model/cloud.js';
import { Refused } from '../model/errors.js';
import type { Intent } from '../model/intent.js';
import { ANNOTATION, ownerLabel } from '../platform/names.js';
import { hostOf } from '../probe/address.js';
import { refusedChecks } from '../probe/smoke.js';
import { type AppWorld, nothingFound, type World } from '../steps/world.js';
import { carries, givenToLive, makePromoteIntent, withRecorded } from '../strategies/promote-intent.js';
import { assertRoomFor } from './capacity.js';
import { lackOf } from './carrying.js';
import { change, type Seen } from './change.js';
import { heldSet, lookUpHeld, ofEach, takeHeld } from './held.js';
import { namesOf } from './names.js';
import { open, type Ports } from './open.js';
import type { Outcome } from './outcome.js';
import { refuse } from './prepare.js';
import type { SettledHeld } from './settle.js';
import { inTheWayOf } from './still-ours.js';

/** Throws what forbids it before anything could be read of the apps; everything later is in the outcome. */
export async function promote(inputs: Inputs, context: RunContext, ports: Ports): Promise<Outcome> {
  const asked = await namesOf(inputs, context);
  const opened = await open(inputs, context, ports);
  try {
    const owner = ownerLabel(context.runId, context.attempt, ports.random.token(8));
    const { names, first, torn } = await heldSet(asked, opened);
    if (torn) throw torn;
    const promoting = {
      result: 'promoted' as const,
      owner,
      names,
      held: 'own' as const,
      look: (world: World) => lookUpHeld(names, world),
      prepare: (
        seen: readonly Seen[],
        world: World,
        _rolledBack: readonly string[],
        settled: readonly SettledHeld[],
      ) => prepare(seen, world, settled, inputs, owner),
      assertRoom: (apps: readonly AppWorld[], _seen: unknown, world: World) =>
        assertRoomFor(apps.filter(isLeftToDo), world),
      take: (apps: readonly AppWorld[], world: World) => takeHeld(apps, owner, world),
    };
    return await change(opened, promoting, first ? withRecorded(inputs, first) : inputs, context, ports);
  } finally {
    await opened.close();
  }
}

/** Of a canary all that it needs runs already; and a lock that is gone was brought to its end. */
function isLeftToDo({ snapshot: { candidate } }: AppWorld): boolean {
  return candidate !== undefined && candidate.phase !== 'paused';
}

/** Throws `Refused` with everything that forbids it; the held deploy stays as it is then. */
async function prepare(
  seen: readonly Seen[],
  world: World,
  settled: readonly SettledHeld[],
  inputs: Inputs,
  owner: string,
): Promise<AppWorld[]> {
  const apps = await ofEach(seen, world, settled, 'forward');
  const changes = await Promise.all(
    apps.map(({ intent, snapshot, isDone }) => (isDone ? [] : sinceHeld(intent, snapshot, inputs, world))),
  );
  const prepared = apps.map(({ intent: held, snapshot, isDone }, at) => {
    const { intent, problems } = makePromoteIntent(held, snapshot, inputs, owner);
    if (isDone) return { app: { intent: held, snapshot, found: nothingFound() }, problems: [] };
    const hosts = intent.production.map(({ url }) => hostOf(url));
    return {
      app: { intent, snapshot, found: nothingFound() },
      problems: [
        ...problems,
        ...(changes[at] ?? []),
        ...snapshot.inTheWay.map(({ name }) => inTheWayOf(name)),
        ...refusedChecks(intent.checks, hosts).map(
          ({ text }) => new Refused(text, 'Change what is named above and run again.'),
        ),
      ],
    };
  });
  refuse(prepared.flatMap(({ problems }) => problems));
  return prepared.map(({ app }) => app);
}

/** What another hand did since then to live or to the held version, and a snapshot does not show. */
async function sinceHeld(
  held: Intent,
  snapshot: Snapshot,
  inputs: Inputs,
  world: World,
): Promise<readonly Refused[]> {
  const { candidate, live } = snapshot;
  // A canary is a part of live: what live was given since then it has.
  if (!candidate || candidate.phase === 'paused') return [];
  const { platform } = world;
  // What live's own app is given it keeps.
  const isSame = live !== undefined && live.guid === held.before?.guid && !held.inPlace;
  const [lost, droplet] = await Promise.all([
    isSame && carries(candidate, inputs) ? lackOf(candidate, live, world) : [],
    platform.currentDroplet(candidate.guid),
  ]);
  const builtOf = droplet?.packageGuid;
  const isOther = builtOf !== undefined && builtOf !== candidate.annotations[ANNOTATION.package];
  return [
    ...givenToLive(held, lost),
    ...(isOther
      ? [
          new Refused(
            `${candidate.name} has other bits than those of ${held.version}, which were held: another hand pushed them.`,
            'End the held deploy with command: abort, and deploy anew.',
          ),
        ]
      : []),
  ];
}
