/** What a step is given: the ports, and the app that it works on. */
import type { Age } from '../github/answers.js';
import type { RouterOverride } from '../model/asked.js';
import type { App, AppState, Route, Snapshot, Target } from '../model/cloud.js';
import { PlatformFault } from '../model/errors.js';
import type { FilledBindings, Intent } from '../model/intent.js';
import type { Clock, Listener } from '../model/ports.js';
import type { Platform } from '../platform/calls.js';
import type { CanaryVerdict } from '../probe/canary-verdict.js';
import type { ProbeContext } from '../probe/context.js';
import type { HeaderReach, ProofResult } from '../probe/proof.js';
import type { LastAnswer } from '../probe/quiet.js';
import type { SmokeReport } from '../probe/smoke.js';
import type { BadSign } from '../probe/watch.js';
import { isAskable, isNamed } from './routes.js';
import type { Side, Step } from './step.js';

/** Hashes of what would be pushed of one app: the same ones stand for the same bits and the same words of the manifest. */
export interface Fingerprint {
  bits: string;
  manifest: string;
}

/** What comes to a candidate with its manifest. */
export interface Push {
  app: string;
  candidate: string;
  /** Mapped to the web process at its own port; undefined: the candidate gets no route by it. */
  trialUrl?: string;
  /** One web instance, and none of any other process, whatever the manifest says. */
  alone?: true;
  /** Said of bindings beside what the manifest says. */
  bindings?: FilledBindings;
}

export interface World {
  platform: Platform;
  /** What a run has that was cancelled: for a few seconds the platform answers it still. */
  afterSignal: Pick<World, 'platform' | 'signal'>;
  target: Target;
  clock: Clock;
  probe: ProbeContext;
  listener: Listener;
  signal: AbortSignal;
  /** When the input `timeout` ends the way forward, by our clock; undefined: it does not. */
  deadlineMs?: number;
  router?: RouterOverride;
  stagingTimeoutMs: number;
  /** undefined: derived from the health checks. */
  startTimeoutMs?: number;
  /** How long a task may take; undefined: as long as a person would wait for it. */
  taskTimeoutMs?: number;
  /** `cf push --no-start` of the candidate manifest of one app. Throws `ProgramFailed`. */
  pushBits(push: Push): Promise<void>;
  /** What the manifest says of one app, for a candidate to which nothing is pushed: YAML, variables filled in. */
  candidateManifest(push: Push): string;
  /** Packages that this run makes of files, by the hash of these; they come to undefined where that fails. */
  uploads: Map<string, Promise<string | undefined>>;
  /**
   * `cf v3-zdt-push` of the bits of one app: it ends when the deployment has begun, which it does not name. Throws as `pushBits`;
   * undefined: this cf CLI cannot.
   */
  zdtPush?(push: { app: string; signal: AbortSignal }): Promise<void>;
  /** What the manifest says of one app, for live itself: YAML, variables filled in, no word of routes, counts and bits. */
  liveManifest(app: string): string;
  /** These values are shown nowhere from here on. */
  hide(secrets: readonly string[]): void;
  /** Hashes of what would be pushed of one app now: its bits on the disk, its part of the manifest; undefined: it cannot be told. */
  fingerprint(app: string): Promise<Fingerprint | undefined>;
  /** Throws `VersionFault` when the script fails, or the signal's reason. */
  runScript(script: {
    command: string;
    trialUrl: string;
    appName: string;
    appGuid: string;
    signal: AbortSignal;
  }): Promise<void>;
  /** Whether the workflow run that this owner's label names is known to have ended; false: nobody knows. */
  hasEnded(owner: string): Promise<boolean>;
  /** How the commit `head` stands to the commit `base`, both in full; undefined: nobody knows. */
  compare(base: string, head: string): Promise<Age | undefined>;
  /** How long the end of a living owner of a lock is waited for, milliseconds; without it: not at all. Throws `Refused`. */
  patience?(holder: App): Promise<number>;
  /** Annotations that say who runs this. */
  facts: Readonly<Record<string, string>>;
  /** What the availability watch holds against the version since then; undefined: nothing. */
  badSign(sinceMs: number): BadSign | undefined;
  /** Nobody shall serve this route from here on: the availability watch lets go of it. */
  unwatch(url: string): void;
  /** Calls `hear` when the availability watch has more to hold against a version. @returns ends that */
  onSign(hear: () => void): () => void;
  /** Routes that the availability watch looks at in turn, of all apps; 0 without it. */
  watchedRoutes(): number;
}

/** What was found out on the way, for the proof and for the summary. Lost with the process: nothing is decided by it later. */
export interface Found {
  /** The lock was asked for: whether it was made may be unknown. */
  begun?: boolean;
  /** The lock app that was made since the last look: it wants signs of life like one that was seen. */
  made?: App;
  /** The candidate was seen, and its lock is ours: something was changed. */
  locked: boolean;
  /** GUID of the candidate that was seen last: whether it is gone, or has another name. */
  candidate?: string;
  /** GUID of the package that this run made, as long as it has asked for no build of it. */
  unbuilt?: string;
  /** By url: whether an instance can be asked for by name, tested before the switch. */
  reach: Map<string, HeaderReach>;
  /** By url: when each side gained the route, as far as this run mapped it. */
  mappedAtMs: Record<Side, Map<string, number>>;
  /** By url of a route: when this run took it from live. */
  takenFromLive: Map<string, number>;
  proofs: ProofResult[];
  smoke?: SmokeReport;
  quiet?: LastAnswer;
  /** Of a canary: what this run saw at each pause. */
  pauses?: readonly JudgedPause[];
  /** From the start to the moment at which all instances ran. */
  bootMs?: number;
  /** The look that found all of the candidate's instances running: when it was there, and how often they had crashed by then. */
  seenUp?: { atMs: number; crashes: number };
  /** When the first production route could gain the candidate. */
  switchedAtMs?: number;
  /** When live had lost its last production route. */
  unmappedAtMs?: number;
  notes: string[];
}

/** One pause of a canary. The platform splits requests by instances alone: their share is the share of requests. */
export interface JudgedPause {
  /** From 1. */
  pause: number;
  pauses: number;
  /** Instances of each. */
  canary: number;
  live: number;
  verdict: CanaryVerdict;
}

/** One app of the deploy. The snapshot is replaced before each group of steps. */
export interface AppWorld {
  intent: Intent;
  snapshot: Snapshot;
  found: Found;
}

export function nothingFound(): Found {
  return {
    locked: false,
    reach: new Map(),
    mappedAtMs: { live: new Map(), candidate: new Map() },
    takenFromLive: new Map(),
    proofs: [],
    notes: [],
  };
}

/** One kind of step: how it is named, what it stands for in a plan, and how it is done. */
export interface StepKind<S extends Step> {
  /** For the log and the timeline, in a few words. */
  title(step: S, intent: Intent): string;
  /**
   * The cf commands and API calls that it stands for.
   * @param watchedRoutes how many the availability watch would look at in turn, of all apps
   */
  plan(step: S, intent: Intent, watchedRoutes: number): readonly string[];
  /**
   * Does it. Safe to repeat after any interruption. Throws `PlatformFault` (is repeated with a fresh snapshot), or whatever
   * leads the deploy back.
   */
  run(step: S, app: AppWorld, world: World): Promise<void>;
}

/** The app on one side. Throws `PlatformFault` when it is not there (any more): the strategy is asked again. */
export function appOn(side: Side, { snapshot }: AppWorld): AppState {
  const app = side === 'live' ? snapshot.live : snapshot.candidate;
  if (!app) throw new PlatformFault(`The ${side} of ${snapshot.name} is not there.`, false);
  return app;
}

/**
 * The app whose instances are the ones of this side: where live gets the version in place, its own new ones are the candidate on
 * every production route.
 */
export function serverOn(side: Side, app: AppWorld): AppState {
  return appOn(side === 'candidate' && app.intent.inPlace ? 'live' : side, app);
}

/** The app that is our lock. Throws `PlatformFault` when it is not there (any more): the strategy is asked again. */
export function lockOf({ snapshot }: AppWorld): AppState {
  if (!snapshot.lock) throw new PlatformFault(`The lock of ${snapshot.name} is not there.`, false);
  return snapshot.lock;
}

/** The route of this url. Throws `PlatformFault` when it is not there (any more). */
export function routeNamed(url: string, { snapshot }: AppWorld): Route {
  const route = snapshot.routes.find((one) => one.url === url);
  if (!route) throw new PlatformFault(`Route ${url} is not there.`, false);
  return route;
}

/** A trial route as it is there. Throws `PlatformFault` when it is not (any more). */
export function trialRoute({ route }: Intent['trials'][number], { snapshot }: AppWorld): Route {
  const there = snapshot.routes.find((one) => isNamed(one, route));
  if (!there) throw new PlatformFault(`The trial route ${route.url} is not there.`, false);
  return there;
}

/** Why this route cannot be asked by HTTP from outside; undefined: it can. */
export function whyUnasked(url: string, { intent, snapshot }: AppWorld): string | undefined {
  const there = snapshot.routes.find((route) => route.url === url);
  const isInside = snapshot.domains.some(({ guid, internal }) => internal && guid === there?.domainGuid);
  const route = intent.production.find((one) => one.url === url) ?? {
    internal: isInside,
    port: there?.port ?? null,
  };
  if (isAskable(route)) return undefined;
  return route.internal ? 'an internal route' : 'a TCP route';
}

/** Urls of routes that the new version shall not have, as far as they can be reached from outside: live is drained of them too. */
export function droppedOutside(app: AppWorld): readonly string[] {
  const { intent, snapshot } = app;
  return snapshot.routes
    .map(({ url }) => url)
    .filter((url) => intent.dropped.includes(url) && whyUnasked(url, app) === undefined);
}

export function note(world: World, text: string): void {
  world.listener.tell({ type: 'note', text });
}

const MOST_NOTES = 10;

/** Many routes wait for routers alike: the first notes of `work` are told, the others counted at its end. */
export async function withFewNotes<T>(world: World, work: (world: World) => Promise<T>): Promise<T> {
  let [notes, ended] = [0, false];
  const { listener } = world;
  const tell: World['listener']['tell'] = (event) => {
    // One route ends it for all, and what the others still tell comes too late.
    if (event.type === 'note') notes += ended ? 0 : 1;
    if (event.type !== 'note' || (!ended && notes <= MOST_NOTES)) listener.tell(event);
  };
  const record = listener.record?.bind(listener);
  try {
    return await work({ ...world, listener: { tell, ...(record ? { record } : {}) } });
  } finally {
    ended = true;
    if (notes > MOST_NOTES) note(world, `... and ${notes - MOST_NOTES} more notes like these`);
  }
}
