/** Previews that nobody asks for a long time: told by the routers' lines in the log of their apps, and stopped under their locks. */
import { allOf } from '../engine/converge.js';
import type { Inputs, RunContext } from '../model/asked.js';
import type { App } from '../model/cloud.js';
import type { Platform } from '../platform/calls.js';
import { LABEL } from '../platform/names.js';
import { released } from '../strategies/removal.js';
import { asleep } from '../strategies/sleep.js';
import { type Decision, type Idle, idleOf, mayBeIdle, type PreviewSeen } from '../strategies/sweep.js';
import type { Opened, Ports } from './open.js';
import { type Outcome, outcomeOf } from './outcome.js';
import { pursue } from './pursue.js';
import { underLocks } from './remove-previews.js';
import type { Group } from './sweep.js';

/** Previews whose logs are read at a time. */
const LANES = 6;

/** Reads only the logs of those that nobody has deployed or started for so long. */
export async function withIdle(
  decisions: readonly Decision[],
  groups: readonly Group[],
  limits: Idle,
  platform: Pick<Platform, 'lastRequestMs'>,
): Promise<readonly Decision[]> {
  const asked = new Map<PreviewSeen, number>();
  const open = groups.filter(({ preview }) =>
    decisions.some((one) => one.preview === preview && mayBeIdle(one, limits)),
  );
  await allOf(open, LANES, async (group) => {
    const atMs = await lastAskedMs(group, platform);
    if (atMs !== undefined) asked.set(group.preview, atMs);
  });
  return idleOf(decisions, limits, (preview) => asked.get(preview));
}

/** @returns undefined: one of its apps that requests come to may have been asked, and nobody can say when */
async function lastAskedMs(
  { apps, routes }: Group,
  platform: Pick<Platform, 'lastRequestMs'>,
): Promise<number | undefined> {
  const destinations = routes.flatMap((route) =>
    route.destinations.map((to) => ({ ...to, port: route.port })),
  );
  // Connections to a TCP route are in nobody's log.
  if (destinations.some(({ port }) => port !== null)) return undefined;
  const asked = apps.filter(({ guid }) => destinations.some(({ appGuid }) => appGuid === guid));
  const times = await Promise.all(asked.map(({ guid }) => platform.lastRequestMs(guid)));
  if (times.length === 0 || times.includes(undefined)) return undefined;
  return Math.max(...times.flatMap((time) => time ?? []));
}

/**
 * Stops the apps that serve a preview, unless somebody deploys it just then: its routes, its services and its address stay.
 * @param apps those that carry its labels
 */
export function stopNow(
  apps: readonly App[],
  opened: Opened,
  inputs: Inputs,
  context: RunContext,
  ports: Ports,
): Promise<Outcome> {
  const idle = apps.filter(({ labels }) => labels[LABEL.role] === 'preview').map(({ guid }) => guid);
  const strategy = asleep(idle);
  return underLocks(
    apps,
    {
      called: 'sweep',
      strategy,
      perform: async (going, world) => {
        await pursue({ world, apps: going, strategy, way: 'back' });
        await pursue({ world, apps: going, strategy: released, way: 'back' });
        return { result: 'swept', apps: going.map((app) => outcomeOf(app, inputs.router)) };
      },
    },
    opened,
    inputs,
    context,
    ports,
  );
}
