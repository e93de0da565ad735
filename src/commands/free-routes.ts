/** Routes that a deploy needs and that others may have: asked before anything is changed. Spaces that may not be seen count too. */
import type { Inputs } from '../model/asked.js';
import type { Snapshot } from '../model/cloud.js';
import { Refused } from '../model/errors.js';
import type { Intent, WantedRoute } from '../model/intent.js';
import { notInside } from '../probe/inside.js';
import { noPolicies } from '../steps/inside.js';
import type { World } from '../steps/world.js';
import { routeOf } from '../strategies/view.js';

type Asking = Pick<World, 'platform'>;

const DRAWS = 5;

/**
 * @param make draws other hosts for the trial routes at each call
 * @returns what it made with hosts that nobody has: one that is taken is replaced by another, never fought for
 * @throws Refused when every draw meets one that is taken
 */
export async function withFreeTrials<T extends { intent: Pick<Intent, 'trials'> }>(
  make: () => T,
  world: Asking,
): Promise<T> {
  for (let draws = 1; ; draws += 1) {
    const made = make();
    const taken = await takenOf(
      // A port that the platform chooses is one that nobody has.
      made.intent.trials.flatMap(({ route }) => (route.mark === undefined ? [route] : [])),
      world,
    );
    const [first] = taken;
    if (!first) return made;
    if (draws === DRAWS) {
      throw new Refused(
        `Every host for the trial route that was drawn is taken, the last one is ${first.url}.`,
        'Set the input trial-domain to a domain with more room, or run again.',
        'trial-route',
      );
    }
  }
}

/** @returns a problem for each production route that would have to be made and that somebody has whose space is not seen from here */
export async function takenElsewhere(
  { production }: Pick<Intent, 'production'>,
  snapshot: Snapshot,
  world: Asking,
): Promise<readonly string[]> {
  const missing = production.filter((route) => !routeOf(snapshot, route));
  const taken = await takenOf(missing, world);
  const hosts = await takenHosts(missing, snapshot, world);
  return [...taken, ...hosts.filter((route) => !taken.includes(route))].map(
    ({ url }) =>
      `Route ${url} is taken by a space that this account cannot see: name another one, or have it shared with the space ${snapshot.target.space}.`,
  );
}

/** The platform is asked for a host with exactly this path, and lets no two spaces have paths of one host on a shared domain. */
async function takenHosts(
  missing: readonly WantedRoute[],
  { domains, target }: Snapshot,
  { platform }: Asking,
): Promise<readonly WantedRoute[]> {
  const isShared = ({ domainGuid }: WantedRoute) =>
    domains.some(({ guid, shared }) => shared && guid === domainGuid);
  const deeper = missing.filter((route) => route.path !== '' && isShared(route));
  const elsewhere = await Promise.all(
    deeper.map(async (route) => {
      const whole = { ...route, path: '' };
      if (!(await platform.isReserved(whole))) return false;
      return (await platform.findRoute(target.spaceGuid, whole)) === undefined;
    }),
  );
  return deeper.filter((_, at) => elsewhere[at]);
}

/** @returns guids of the routes of other spaces that are shared with ours, of those that the manifest names */
export async function sharedWithUs(
  named: readonly WantedRoute[],
  snapshot: Snapshot,
  { platform }: Asking,
): Promise<readonly string[]> {
  const { spaceGuid } = snapshot.target;
  const others = named.flatMap((route) => routeOf(snapshot, route) ?? []);
  const asked = others.filter((route) => route.spaceGuid !== spaceGuid);
  const shared = await Promise.all(asked.map(({ guid }) => platform.spacesSharing(guid)));
  return asked.filter((_, at) => shared[at]?.includes(spaceGuid)).map(({ guid }) => guid);
}

/**
 * Checks are asked from outside, or by a task of an app that only others inside reach: where neither can, an app has none of them, and
 * a deploy of such apps alone refuses them.
 */
export function uncheckable(
  apps: readonly { intent: Pick<Intent, 'app' | 'trials'> }[],
  { smokeTest }: Pick<Inputs, 'smokeTest'>,
): { problems: readonly Refused[]; notes: readonly string[] } {
  const isOutside = ({ intent }: (typeof apps)[number]) => intent.trials.some(({ route }) => !route.internal);
  const without = apps.filter(({ intent }) => intent.trials.length === 0).map(({ intent }) => intent.app);
  const inside = apps.filter((app) => !isOutside(app) && app.intent.trials.length > 0);
  const texts = [
    ...(without.length > 0 && smokeTest.length > 0
      ? [
          `${without.join(', ')}: there is no route on which a smoke check can be asked${lostInside(smokeTest)}`,
        ]
      : []),
    ...(inside.length > 0 && lostInside(smokeTest) !== ''
      ? [
          `${inside.map(({ intent }) => intent.app).join(', ')}: not all smoke checks can be asked${lostInside(smokeTest)}`,
        ]
      : []),
  ];
  if (apps.some(isOutside))
    return { problems: [], notes: texts.map((text) => `${text}; that all instances stay up has to do.`) };
  const next =
    'Take such checks out of the input smoke-test: the health checks of the app prove it, and smoke-script may.';
  return { problems: texts.map((text) => new Refused(`${text}.`, next, 'input')), notes: [] };
}

/** Which checks no task can ask, and why. */
function lostInside(checks: Inputs['smokeTest']): string {
  const reasons = checks.flatMap((check) => {
    const why = notInside(check);
    return why === undefined ? [] : [`"${check.label}" ${why}`];
  });
  return reasons.length > 0 ? ` by a task inside the platform: ${reasons.join(', ')}` : '';
}

/** A task asks the checks of an app that only others inside reach: the platform has to let it. */
export async function withoutPolicies(
  { app, trials }: Pick<Intent, 'app' | 'trials'>,
  { live, target }: Pick<Snapshot, 'live' | 'target'>,
  { platform }: Asking,
): Promise<readonly Refused[]> {
  if (!trials[0]?.route.internal) return [];
  // Any guid will do: whether policies are there and may be read is the same for all.
  return (await platform.policies(live?.guid ?? target.spaceGuid)) ? [] : [noPolicies(app)];
}

async function takenOf(
  routes: readonly WantedRoute[],
  { platform }: Asking,
): Promise<readonly WantedRoute[]> {
  const reserved = await Promise.all(routes.map((route) => platform.isReserved(route)));
  return routes.filter((_, at) => reserved[at] === true);
}
