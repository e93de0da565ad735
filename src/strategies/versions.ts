/**
 * Which versions of an app can go live again: those that are kept as apps of their own, and those that live itself had before it
 * got another one in place. Pure.
 */
import type { AppState, Droplet, Revision, Snapshot } from '../model/cloud.js';
import { ANNOTATION, recordedOn, versionOf } from '../platform/names.js';
import { readEarlier, rememberedOf } from '../steps/earlier.js';
import { hasItsBits } from '../steps/vouched.js';
import { isGoing } from './view.js';

/** A droplet of live's own that can be deployed again; with its revision also what it was started with. */
export interface OwnVersion {
  version: string;
  dropletGuid: string;
  revision?: Revision;
  /** Until when it was live; undefined: nobody wrote it down. Milliseconds of the platform's clock. */
  untilMs?: number;
  /** What its deploy had written on live. */
  annotations: Readonly<Record<string, string>>;
  /** What is written on live of its version, which is of the same droplet: of the same commit, from the same manifest. */
  asLive?: Readonly<Record<string, string>>;
  /** Its droplet cannot be deployed any more. */
  isGone: boolean;
}

/** What there is to go back to. Revisions and droplets are those of live, newest first. */
export interface Standing
  extends Pick<Snapshot, 'live' | 'previous'>,
    Partial<Pick<Snapshot, 'deployments'>> {
  revisions?: readonly Revision[];
  droplets?: readonly Droplet[];
}

/** Whether it is a droplet of live's own, and no app. */
export function isOwn(target: AppState | OwnVersion): target is OwnVersion {
  return 'dropletGuid' in target;
}

/** A commit is named by at least so many of its first characters. */
const COMMIT_LENGTH = 7;

/**
 * @param to a GUID, a version, the number of a revision, or the beginning of a commit; undefined: the one that was live last
 * @returns the version that is meant, which may be live already, or why none is
 */
export function chooseTarget(standing: Standing, to: string | undefined): AppState | OwnVersion | string {
  const { live } = standing;
  const previous = standing.previous.filter((app) => !isGoing(app));
  const own = ownVersions(standing);
  if (to === undefined) return (live && whyUnknown(live, previous)) ?? lastLive(previous, own, live);
  const all = [...previous, ...own];
  const named = all.filter((one) => isNamed(one, to));
  // The same command again, after it came to its end: there is nothing to do.
  if (live && named.length === 0 && (isLiveNamed(standing, to) || isOfCommit(live, to))) return live;
  if (all.length === 0) return NOTHING_KEPT;
  const hits = usable(named.length > 0 ? named : all.filter((one) => isOfCommit(one, to)));
  const versions = [...new Set(hits.map(({ version }) => version))];
  const [hit] = hits;
  if (hit && versions.length === 1) return hit;
  // Started or built once more: which one is meant by their commit is the one that was live last.
  if (hit && named.length === 0 && hits.every((one) => isSameBits(one, hit))) return lastOf(hits, hit);
  if (hits.length > 1) return `"${to}" means several versions: ${versions.join(', ')}`;
  return `"${to}" is none of ${all.map(nameOf).join(', ')}`;
}

function isSameBits(one: AppState | OwnVersion, other: AppState | OwnVersion): boolean {
  if (isOwn(one) && isOwn(other) && one.dropletGuid === other.dropletGuid) return true;
  const told = [ANNOTATION.bits, ANNOTATION.manifestHash];
  return told.every(
    (key) => one.annotations[key] !== undefined && one.annotations[key] === other.annotations[key],
  );
}

function lastOf(
  hits: readonly (AppState | OwnVersion)[],
  first: AppState | OwnVersion,
): AppState | OwnVersion {
  return hits.reduce((last, one) => (untilMsOf(one) > untilMsOf(last) ? one : last), first);
}

function untilMsOf(one: AppState | OwnVersion): number {
  return (isOwn(one) ? one.untilMs : Number(one.annotations[ANNOTATION.liveUntil])) || 0;
}

/** What is gone is meant only where nothing else is. */
function usable(hits: readonly (AppState | OwnVersion)[]): readonly (AppState | OwnVersion)[] {
  const left = hits.filter((one) => !isOwn(one) || !one.isGone);
  return left.length > 0 ? left : hits;
}

/** An app that was never deployed this way has no record: the revision before the one that it runs is meant. */
function lastLive(
  previous: readonly AppState[],
  own: readonly OwnVersion[],
  live: AppState | undefined,
): AppState | OwnVersion | string {
  const apps = previous.map((app) => ({
    one: app,
    untilMs: untilMsOf(app),
  }));
  const recorded = own.flatMap((one) => (one.untilMs === undefined ? [] : [{ one, untilMs: one.untilMs }]));
  const [last] = [...recorded, ...apps].sort((one, other) => other.untilMs - one.untilMs);
  if (last) return last.one;
  const isStrange = live !== undefined && live.role === undefined;
  return (isStrange ? own.find(({ revision }) => revision) : undefined) ?? NOTHING_KEPT;
}

/** Which version was live before is not written down: an earlier release brought live its version in place. */
function whyUnknown(live: AppState, previous: readonly AppState[]): string | undefined {
  const { [ANNOTATION.strategy]: strategy } = live.annotations;
  const isInPlace = strategy === 'rolling' || strategy === 'canary' || strategy === 'zdt-push';
  if (!isInPlace || readEarlier(live.annotations).length > 0) return undefined;
  const others = previous.map(({ version }) => version).join(', ');
  return `live came by strategy: ${strategy}, and the version before it is not written down: deploy its commit again${others ? `, or name an earlier version (${others})` : ''}`;
}

const NOTHING_KEPT = 'there is no previous version that was kept';

/**
 * Newest first: what deploys of live have written down, each with the revision that it was started as; then the other
 * revisions. What live is now is none of them.
 */
function ownVersions({ live, revisions = [], droplets = [], deployments = [] }: Standing): OwnVersion[] {
  if (!live) return [];
  const staged = new Set(droplets.filter(({ state }) => state === 'STAGED').map(({ guid }) => guid));
  const [now, ...before] = revisions;
  const written = readEarlier(live.annotations).map((one): OwnVersion => {
    const { version, droplet: dropletGuid, untilMs, annotations } = one;
    // A restart without a change makes no revision: the version before it ran as live runs.
    const revision =
      revisions.find((other) => other.version === one.revision && other.dropletGuid === dropletGuid) ??
      before.find((other) => other.dropletGuid === dropletGuid);
    const isGone = !staged.has(dropletGuid);
    return { version, dropletGuid, untilMs, annotations, isGone, ...(revision ? { revision } : {}) };
  });
  const packageGuid = droplets.find(({ guid }) => guid === live.currentDropletGuid)?.packageGuid;
  const isStrange = !hasItsBits(live, packageGuid, { deployments });
  const known = new Set([live.version, ...written.map(({ version }) => version)]);
  const others = before
    .filter((revision) => revision !== now && !written.some((one) => one.revision === revision))
    .map((revision): OwnVersion => {
      const { dropletGuid, deployable, createdAtMs } = revision;
      const asLive =
        dropletGuid === live.currentDropletGuid ? rememberedOf(live.annotations, isStrange) : undefined;
      const version = freeVersion(createdAtMs, asLive?.[ANNOTATION.commit], known);
      known.add(version);
      const isGone = !deployable || !staged.has(dropletGuid);
      return { version, dropletGuid, revision, annotations: {}, isGone, ...(asLive ? { asLive } : {}) };
    });
  return [...written, ...others];
}

/** Revisions of one second have versions that differ. */
function freeVersion(
  atMs: number,
  commit: string | undefined,
  known: ReadonlySet<string | undefined>,
): string {
  const version = versionOf(atMs, commit);
  return known.has(version) ? freeVersion(atMs + 1_000, commit, known) : version;
}

function isNamed(one: AppState | OwnVersion, to: string): boolean {
  if (!isOwn(one)) return one.guid === to || one.version === to;
  return (
    one.version === to ||
    one.dropletGuid === to ||
    (one.revision !== undefined && isNumbered(one.revision, to))
  );
}

/** As `cf revisions` shows it, with or without the letter. */
function isNumbered({ guid, version }: Revision, to: string): boolean {
  return guid === to || `v${version}` === to || String(version) === to;
}

function isLiveNamed({ live, revisions: [now] = [] }: Standing, to: string): boolean {
  return (
    live !== undefined &&
    ([live.guid, live.version, live.currentDropletGuid].includes(to) ||
      (now !== undefined && isNumbered(now, to)))
  );
}

/** Whether the two name one commit: either may be the beginning of the other, of at least seven characters. */
export function isOfCommit({ annotations, version }: Told, commit: string): boolean {
  if (commit.length < COMMIT_LENGTH || !/^[0-9a-f]+$/i.test(commit)) return false;
  const known = commitOf({ annotations, version });
  const [short, long] = known.length < commit.length ? [known, commit] : [commit, known];
  return short.length >= COMMIT_LENGTH && long.toLowerCase().startsWith(short.toLowerCase());
}

type Told = Pick<AppState, 'annotations'> & { version?: string | undefined };

/** The commit that its deploy had, else as much of it as its version says. */
export function commitOf({ annotations, version }: Told): string {
  return annotations[ANNOTATION.commit] ?? version?.split('-').at(-1) ?? '';
}

/** As people may name it. */
function nameOf(one: AppState | OwnVersion): string {
  const isNumber = isOwn(one) && one.untilMs === undefined && one.revision;
  return isNumber ? `revision v${isNumber.version}` : (one.version ?? '');
}

/** For a plan: each version that could go live again, one line each. */
export function choicesOf(standing: Standing, target: AppState | OwnVersion): readonly string[] {
  const apps = standing.previous
    .filter((app) => !isGoing(app))
    .map((app) => lineOf(app, `app ${app.guid}`, !isOwn(target) && target.guid === app.guid));
  const own = ownVersions(standing).map((one) => {
    const { revision, dropletGuid, isGone } = one;
    const number = revision
      ? `revision v${revision.version} (${revision.description.replace(/\.$/, '')}), `
      : '';
    const isMeant = isOwn(target) && target.version === one.version;
    const what = `${number}droplet ${dropletGuid} of live${isGone ? ', which is gone' : ''}`;
    return lineOf(one, what, isMeant);
  });
  return [...apps, ...own];
}

function lineOf(one: AppState | OwnVersion, what: string, isMeant: boolean): string {
  const why = withdrawalOf(one);
  const commit = isOwn(one) && one.untilMs === undefined ? '' : `, commit ${commitOf(one)}`;
  const can = isOwn(one) && one.isGone ? 'Cannot' : 'Can';
  return `${can} be rolled back to: ${one.version}${commit}, ${what}${why ? `, taken from live by a rollback${why}` : ''}${isMeant ? ', and it is the one that is meant' : ''}.`;
}

/** @returns why this commit is not deployed unasked: a rollback took it from live, and it is not live again */
export function withdrawn(
  { live, previous }: Pick<Snapshot, 'live' | 'previous'>,
  commit: string | undefined,
): string | undefined {
  if (commit === undefined || (live && isOfCommit(live, commit))) return undefined;
  const kept = [...previous, ...(live ? readEarlier(live.annotations) : [])];
  const who = kept.filter((one) => isOfCommit(one, commit)).map(withdrawalOf);
  const [first] = who.filter((one) => one !== undefined);
  return first === undefined ? undefined : `commit ${commit} was taken from live by a rollback${first}`;
}

/** @returns who did it, in brackets; undefined: no rollback took it from live */
function withdrawalOf(one: Pick<AppState, 'annotations'>): string | undefined {
  const how = recordedOn(one, ANNOTATION.withdrawn) as { by?: string; run?: string } | undefined;
  if (!how) return undefined;
  const who = [how.by, how.run].filter((part) => part !== undefined).join(', ');
  return who ? ` (${who})` : '';
}
