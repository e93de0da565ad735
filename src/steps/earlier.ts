/** What live itself was before its app got another version in place: written on live, for a later way back. Pure. */
import type { Intent } from '../model/intent.js';
import { ANNOTATION, isPartOf, joinAnnotation, PREFIX, splitAnnotation } from '../platform/names.js';

/** A version that live had before: its droplet is one of live's own. */
export interface EarlierVersion {
  version: string;
  droplet: string;
  /** Number of live's revision with this droplet; absent: the app's revisions are off. */
  revision?: number;
  /** Until when it was live, milliseconds of the platform's clock. */
  untilMs: number;
  /** What its deploy had written on live, by annotation. */
  annotations: Readonly<Record<string, string>>;
}

/** The platform keeps the newest five droplets that were staged. */
const EARLIER_KEPT = 5;

/** What tells a version from others, and what its own manifest set. */
const REMEMBERED = [
  ANNOTATION.commit,
  ANNOTATION.bits,
  ANNOTATION.builtOf,
  ANNOTATION.manifestHash,
  ANNOTATION.manifestEnv,
  ANNOTATION.restartEnv,
  ANNOTATION.manifestRoutes,
  ANNOTATION.manifestScale,
  ANNOTATION.manifestNamed,
  ANNOTATION.task,
] as const;

type Annotations = Readonly<Record<string, string>>;

/** @returns what was written on live, newest first; what cannot be read is nothing */
export function readEarlier(annotations: Annotations): EarlierVersion[] {
  try {
    const list: unknown = JSON.parse(joinAnnotation(ANNOTATION.earlier, annotations) ?? '[]');
    return Array.isArray(list) ? list.filter(isEarlier).map(unpacked) : [];
  } catch {
    return [];
  }
}

type Packed = EarlierVersion;

/** Another hand, or an earlier release, may have written it otherwise. */
function isEarlier(one: unknown): one is Packed {
  if (typeof one !== 'object' || one === null) return false;
  const { version, droplet, annotations } = one as Partial<Packed>;
  return (
    typeof version === 'string' &&
    typeof droplet === 'string' &&
    (annotations === undefined || (typeof annotations === 'object' && annotations !== null))
  );
}

function unpacked({ annotations = {}, untilMs = 0, ...one }: Packed): EarlierVersion {
  const whole = Object.entries(annotations).map(([key, text]) => [`${PREFIX}/${key}`, text]);
  return { ...one, untilMs, annotations: Object.fromEntries(whole) };
}

/** What is told of bits. */
const OF_BITS: readonly string[] = [ANNOTATION.bits, ANNOTATION.builtOf];

/**
 * @param isStrange its droplet is another hand's: what is told of bits is told of others
 * @returns of what is written on an app that which tells its version from others, and what its manifest set
 */
export function rememberedOf(annotations: Annotations, isStrange: boolean): Annotations {
  const said = REMEMBERED.filter((key) => !isStrange || !OF_BITS.includes(key)).flatMap((key) => {
    const text = joinAnnotation(key, annotations);
    return text === undefined ? [] : [[key, text] as const];
  });
  return Object.fromEntries(said);
}

/** How live leaves a version. */
export interface Leaving {
  /** Number of live's revision with the droplet that it had before. */
  revision: number | undefined;
  untilMs: number;
  /** By a rollback. */
  isWithdrawn: boolean;
  /** With a droplet of another hand. */
  isStrange?: boolean;
}

export function leftNow(
  { before, facts }: Intent,
  annotations: Annotations,
  { revision, untilMs, isWithdrawn, isStrange = false }: Leaving,
): EarlierVersion | undefined {
  if (before?.dropletGuid === undefined) return undefined;
  const withdrawn = isWithdrawn ? { [ANNOTATION.withdrawn]: withdrawnBy(facts) } : {};
  return {
    version: before.version,
    droplet: before.dropletGuid,
    ...(revision === undefined ? {} : { revision }),
    untilMs,
    annotations: { ...rememberedOf(annotations, isStrange), ...withdrawn },
  };
}

/** Who took a version from live by a rollback, in which run; as JSON. */
export function withdrawnBy(facts: Intent['facts']): string {
  return JSON.stringify({ by: facts[ANNOTATION.actor], run: facts[ANNOTATION.runUrl] });
}

/**
 * @param version that live has from now on: it is none that it had before
 * @returns annotations for live; null: removed
 */
export function earlierAfter(
  left: EarlierVersion | undefined,
  version: string,
  annotations: Annotations,
): Record<string, string | null> {
  const all = allAfter(left, version, annotations).slice(0, EARLIER_KEPT).map(packed);
  return splitAnnotation(ANNOTATION.earlier, JSON.stringify(all), annotations);
}

/**
 * Copies of packages expire by no staging: each one goes with the last version that was built of it.
 * @param now what the version that is live from now on was built of
 * @returns guids of those that nobody goes back to
 */
export function packagesGivenUp(
  left: EarlierVersion | undefined,
  version: string,
  annotations: Annotations,
  now: string | undefined,
): readonly string[] {
  const all = allAfter(left, version, annotations);
  const of = (list: readonly EarlierVersion[]) =>
    list.flatMap((one) => one.annotations[ANNOTATION.builtOf] ?? []);
  const kept = [...of(all.slice(0, EARLIER_KEPT)), ...(now ? [now] : [])];
  return of(all.slice(EARLIER_KEPT)).filter((guid) => !kept.includes(guid));
}

/** Newest first. */
function allAfter(
  left: EarlierVersion | undefined,
  version: string,
  annotations: Annotations,
): EarlierVersion[] {
  const others = readEarlier(annotations).filter((one) => ![left?.version, version].includes(one.version));
  return [...(left ? [left] : []), ...others];
}

/** Each annotation without what all of ours begin with. */
function packed({ annotations, ...one }: EarlierVersion): Packed {
  const short = Object.entries(annotations).map(([key, text]) => [key.slice(PREFIX.length + 1), text]);
  return { ...one, annotations: Object.fromEntries(short) };
}

/** Whether an annotation holds, wholly or in part, the versions that live had before. */
export function isOfEarlier(key: string): boolean {
  return isPartOf(ANNOTATION.earlier, key);
}
