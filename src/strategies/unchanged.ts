/** Whether a deploy would bring anything that live does not have already. Pure; in doubt it does. */
import type { Inputs } from '../model/asked.js';
import { ANNOTATION } from '../platform/names.js';
import { hasItsBits } from '../steps/vouched.js';
import {
  doubtsOf,
  type LiveConfiguration,
  liveSettings,
  type Settings,
  type Sides,
  wantedSettings,
} from './configuration.js';
import { allRunning, destinationsOf, routeOf, trialRoutes } from './view.js';
import { stopIdle } from './work.js';

export interface Difference {
  /** Of settings: names, never a value of a variable. */
  what: string;
  how: 'added' | 'changed' | 'only-live';
}

/** In the order of `wanted`, then what only `live` has. */
export function differences(wanted: Settings, live: Settings): readonly Difference[] {
  const named = [...wanted].flatMap(([what, value]): Difference[] => {
    const now = live.get(what);
    if (now === undefined) return [{ what, how: 'added' }];
    return now === value ? [] : [{ what, how: 'changed' }];
  });
  const others = [...live.keys()].filter((what) => !wanted.has(what));
  return [...named, ...others.map((what): Difference => ({ what, how: 'only-live' }))];
}

/** Why it has to be deployed whatever live is. */
export function whyAsked({
  env,
  force,
  dropletGuid,
}: Pick<Inputs, 'env' | 'force' | 'dropletGuid'>): readonly string[] {
  return [
    ...(force ? ['force is given'] : []),
    ...(Object.keys(env).length > 0 ? ['the input env is given'] : []),
    ...(dropletGuid === undefined ? [] : ['the input droplet-guid is given']),
  ];
}

/** Why live as the platform shows it is not a state to leave alone. */
export function whyUnsound(sides: Pick<Sides, 'snapshot' | 'intent'>): readonly string[] {
  const { snapshot, intent } = sides;
  const { live, lock, candidate, takers, previous, failed } = snapshot;
  if (!live) return ['nothing is live'];
  const running = stopIdle(snapshot, [...previous, ...failed]);
  const isLeft = lock || candidate || [...takers, ...running].length > 0 || trialRoutes(snapshot).length > 0;
  const badly = intent.production.filter((wanted) => {
    const route = routeOf(snapshot, wanted);
    const own = destinationsOf(route, live);
    return own.length === 0 || own.length !== route?.destinations.length;
  });
  return [
    ...(isLeft ? ['something of an earlier deploy is left'] : []),
    ...(allRunning(live) ? [] : ['not all instances of live run']),
    ...badly.map(({ url }) => `route ${url} is not served by live alone`),
  ];
}

/** @param bits hash of the bits on the disk, @param manifest hash of what the manifest says; undefined: they cannot be told */
export function whyOther(
  sides: Sides,
  now: { bits: string; manifest: string } | undefined,
): readonly string[] {
  const { live, read, said } = sides;
  if (!now)
    return [
      sides.intent.docker
        ? 'a tag names its image, and may have been moved'
        : 'the bits cannot be told from others',
    ];
  if (!hasItsBits(live, read.packageGuid, sides.snapshot)) return ['it is not known which bits live has'];
  const { bits, manifestHash } = ANNOTATION;
  const doubts = [...doubtsOf(said), ...hiddenOf(read)];
  return [
    ...(live.annotations[bits] === now.bits ? [] : ['other bits']),
    ...(live.annotations[manifestHash] === now.manifest ? [] : ['another manifest']),
    ...differences(wantedSettings(sides, true), liveSettings(sides)).map(({ what }) => what),
    ...doubts.map((what) => `${what}, which cannot be compared`),
  ];
}

/** What this sign-in may not read of live. */
export function hiddenOf({ hidesVariables, commands }: LiveConfiguration): readonly string[] {
  return [...(hidesVariables ? ['variables'] : []), ...(commands ? [] : ['commands'])];
}

/** What the manifest would change of live, and what only live has, for people: one line for each kind. */
export function driftOf(sides: Sides): readonly string[] {
  const found = differences(wantedSettings(sides, false), liveSettings(sides)).filter(
    ({ what, how }) => !(how === 'only-live' && isSize(what)),
  );
  const line = (title: string, wanted: Difference['how']) => {
    const names = found.flatMap(({ what, how }) => (how === wanted ? [what] : []));
    return names.length > 0 ? [`${title}: ${names.join(', ')}.`] : [];
  };
  return [
    ...line('The manifest would add', 'added'),
    ...line('The manifest would change', 'changed'),
    ...line('Only live has', 'only-live'),
  ];
}

/** What the manifest leaves to the platform, or to `scale`. */
function isSize(what: string): boolean {
  return / (instances|memory|disk|log rate)$/.test(what);
}
