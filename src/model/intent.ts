/** What one deploy wants for one app: inputs, manifest and the first snapshot, brought together once. */
import type { SmokeCheck } from './asked.js';
import type { RouteOptions } from './cloud.js';

/** A route by what names it on the platform; `url` is `host.domain/path` (or `domain:port`). */
export interface WantedRoute {
  url: string;
  host: string;
  domainGuid: string;
  path: string;
  /** Of a TCP route; 0: whichever the platform chooses, of a trial route that is not there yet. */
  port: number | null;
  /** Of a trial route on TCP: the value of its label `run`, by which it is found, as nobody knew its port before it was made. */
  mark?: string;
  /** For destinations, when the manifest names one; else as live's destination has it. */
  protocol?: string;
  /** Those that the manifest names; what else the route has stays. */
  options?: RouteOptions;
  /** No router reaches it from outside (an internal domain): it is mapped, but cannot be probed. */
  internal: boolean;
}

/** What a destination is made of, beside its app. */
export interface Port {
  processType: string;
  port: number | null;
  protocol: string | null;
}

export interface WantedScale {
  instances?: number;
  memoryMb?: number;
  diskMb?: number;
  logRateBps?: number;
}

/** The part that is recorded on the candidate with the lock: whoever settles an interrupted deploy knows no more than this. */
export interface Journal {
  /** Names of all apps of the deploy: it is ended for all of them, one way. */
  set: readonly string[];
  /** When its turn to switch comes; undefined: all apps of the deploy switch side by side. */
  turn?: Turn;
  /** Guid of the app that was staged before and goes live again; undefined: the candidate is made. */
  target?: string;
  production: readonly WantedRoute[];
  /** Urls of live's routes that the new version shall not have. */
  dropped: readonly string[];
  /** The first one is where the smoke checks go. */
  trials: readonly { route: WantedRoute; to: Port }[];
  /** Live as it was: what going back must bring back. */
  before?: {
    guid: string;
    /** Version under which live is kept: its own label, or its droplet's time when it is adopted. */
    version: string;
    /** Somebody was there to answer: going back has to prove it. */
    ran: boolean;
    /** It was told to run, though none of it did. */
    started?: boolean;
    /** By process type: how many of its instances did not run. Absent: all did. */
    down?: Readonly<Record<string, number>>;
    /** undefined: it had none. */
    dropletGuid?: string;
    destinations: readonly { url: string; to: readonly Port[] }[];
  };
  /** By process type: what the candidate has beyond what the manifest gives it. */
  scale: Readonly<Record<string, WantedScale>>;
  /** Process types of which the candidate has never fewer instances than live at the switch. */
  keepInstancesOf: readonly string[];
  probePath: string;
  /** The deploy stops when the candidate is proven, until `promote` or `abort` ends it. */
  hold: boolean;
  checks: readonly SmokeCheck[];
  /**
   * Inputs that are recorded by name only, as headers and scripts may hold what nobody else shall read: a later proof needs them
   * again. Such as `smoke-script`, or `smoke-test with the header x-token`.
   */
  again: readonly string[];
  watchPath?: string;
  failureLimit: number;
  drainMs: number;
  bakeMs: number;
  keepPrevious: number;
  keepFailed: boolean;
  /** An autoscaler may scale live: it pauses on both sides during the switch. */
  autoscaled?: boolean;
  /** In place: what an earlier manifest gave live and this one does not name. Its variables are in `env`, as null. */
  taken?: Named;
  /** Set where live's own app gets the version, by a deployment of the platform: its GUID stays. */
  inPlace?: InPlace;
  /** The labels of a preview, which all that is made for it carries. */
  preview?: Readonly<Record<string, string>>;
  /** What the candidate's droplet is made of; undefined: what the manifest names, files or an image, is pushed and staged. */
  bits?: Bits;
  /**
   * No manifest says anything of the version: in all but its bits, its variables and its commands it is as live is. A restart, a
   * restage, a rollback in place.
   */
  asLive?: true;
  /** No process other than web ever runs in two versions at once; undefined: each may. */
  handover?: Handover;
}

/** Of the groups of apps that switch one after the other. */
export interface Turn {
  /** From 1. */
  number: number;
  of: number;
}

export interface Handover {
  /** The app has no route: live stops as a whole before the new version starts. */
  whole: boolean;
  /** Of processes other than web, by type: instances of the new version by its manifest, or as it was live before. */
  counts: Readonly<Record<string, number>>;
}

/** Where the droplet of a version comes from that nobody pushes. */
export type Bits =
  /** The package of this GUID is copied into the candidate, and staged anew. */
  | { from: 'package'; guid: string }
  /**
   * The droplet of this GUID, staged before, is copied into the candidate; with `packageGuid` the package that it was built of, too,
   * for a later restage. It may be another app's, or another space's.
   */
  | { from: 'droplet'; guid: string; packageGuid?: string; stack?: string };

/** Names, and never a value: of what manifest and inputs set. Settings of processes by type, as the manifest calls them. */
export interface Named {
  services: readonly string[];
  /** By service, of its binding: `binding_name`, `parameters`. Absent: of none. */
  bindings?: Readonly<Record<string, readonly string[]>>;
  sidecars: readonly string[];
  features: readonly string[];
  labels: readonly string[];
  annotations: readonly string[];
  processes: Readonly<Record<string, readonly string[]>>;
}

export interface InPlace {
  /** Instances that may be replaced at a time. */
  maxInFlight: number;
  /** Canary: percent of the instances at each pause, ascending; undefined: rolling. */
  instanceSteps?: readonly number[];
  /** Web instances of live when the deploy began: what the steps are percent of. */
  instances?: number;
  /** By cf v6: the bits are pushed to live and staged there once more, and the CLI begins the deployment (`v3-zdt-push`). */
  stagesAgain?: true;
  /** A rollback: the version is one that live had before, and nothing is pushed. */
  source?: Source;
}

/** A droplet of live's own. */
export interface Source {
  dropletGuid: string;
  /** Owner of the run that began it: tells its deployments from those that brought the same version before. */
  by: string;
}

/** By service that the manifest names: what live's binding has and the manifest does not say. Stays in memory, too. */
export type FilledBindings = Readonly<
  Record<string, { name?: string; parameters?: Readonly<Record<string, unknown>> }>
>;

type Parameters = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

export interface Intent extends Journal {
  /** The candidate is an app of docker images: what it is made as it stays. undefined: of bits. */
  docker?: true;
  app: string;
  /** Of the new version. */
  version: string;
  /** Whose lock it is: run id, attempt and a nonce. */
  owner: string;
  /** Set on the candidate beside the manifest: the input `env` and what is carried; null: removed. Values stay in memory. */
  env: Readonly<Record<string, string | null>>;
  carriedEnv: readonly string[];
  /**
   * What live has beside its variables and routes comes to the candidate, but for what is `named`; without `named` its network
   * policies alone. `what` says it, for people. `parameters`: of live's bindings by their GUID, as the broker told them before anything
   * was changed; undefined: it does not tell. They stay in memory, too. undefined: nothing is carried.
   */
  carry?: { named?: Named; what: readonly string[]; parameters?: Parameters; filled?: FilledBindings };
  /** Of a rollback in place, by process type, as far as they are known: null: as the droplet starts it. Stay in memory too. */
  commands?: Readonly<Record<string, string | null>>;
  /** How far this run goes. */
  until: 'held' | 'live';
  smokeScript?: string;
  /** A command that runs once on the candidate's droplet before it starts. Stays in memory. */
  task?: string;
  /** cf v6 pushes the bits, which takes another command. */
  byV6?: true;
  /** What later runs and people want to know of this deploy, written with the lock; keys without prefix. */
  facts: Readonly<Record<string, string>>;
}
