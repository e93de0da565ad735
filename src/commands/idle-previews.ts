/** Previews that nobody asks for a long time: told by the routers' lines in the log of their apps, and stopped under their locks. */
import { allOf } from '../engine/converge.js';
import type { Inputs, RunContext } from '../model/asked.js';
import type { App, Route } from '../model/cloud.js';
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

/**
 * Reads only the logs of those that nobody has deployed or started for so long. Routes are those of today, whoever mapped them:
 * what comes by a TCP route, or from another app by an internal one, is in nobody's log.
 */
export async function withIdle(
  decisions: readonly Decision[],
  groups: readonly Group[],
  limits: Idle,
  { platform, target }: Pick<Opened, 'platform' | 'target'>,
): Promise<readonly Decision[]> {
  const asked = new Map<PreviewSeen, number>();
  const open = groups.filter(({ preview }) =>
    decisions.some((one) => one.preview === preview && mayBeIdle(one, limits)),
  );
  if (open.length === 0) return decisions;
  const guids = open.flatMap(({ apps }) => apps.map(({ guid }) => guid));
  const [routes, domains] = await Promise.all([
    platform.routesOfApps(guids),
    platform.domains(target.orgGuid),
  ]);
  const internal = domains.filter((domain) => domain.internal).map(({ guid }) => guid);
  await allOf(open, LANES, async ({ preview, apps }) => {
    const onRoutes = apps.flatMap(({ guid }) => {
      const own = routes.filter(({ destinations }) => destinations.some((to) => to.appGuid === guid));
      return own.length === 0 ? [] : [{ guid, own }];
    });
    const isUnseen = ({ port, domainGuid }: Route) => port !== null || internal.includes(domainGuid);
    if (onRoutes.some(({ own }) => own.some(isUnseen))) return;
    const times = await Promise.all(onRoutes.map(({ guid }) => platform.lastRequestMs(guid)));
    // One of them may have been asked, and nobody can say when.
    if (times.length === 0 || times.includes(undefined)) return;
    asked.set(preview, Math.max(...times.flatMap((time) => time ?? [])));
  });
  return idleOf(decisions, limits, (preview) => asked.get(preview));
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
