/** What the user asked for: the inputs, parsed. Defaults are applied; absent means that nothing was given. */
import type { RouteOptions } from './cloud.js';
import type { SourcePosition } from './ports.js';
import type { Command, Strategy } from './words.js';

export interface SmokeCheck {
  /** What the user wrote, for messages. */
  label: string;
  /** A path on the trial route (or on each production route when `on` is `production`), or a full URL. */
  target: { path: string } | { url: string };
  method: string;
  /** Accepted statuses; by default every 2xx. */
  status: readonly number[] | 'success';
  body?: string;
  json?: unknown;
  headers: Readonly<Record<string, string>>;
  follow: boolean;
  /** Until when all attempts in a row must have passed. */
  withinMs: number;
  attemptsInARow: number;
  on: 'trial' | 'production';
}

export type Credentials =
  | { kind: 'user'; username: string; password: string; origin?: string }
  | { kind: 'client'; clientId: string; clientSecret: string }
  /** The workflow's own identity; its audience is by default UAA's token endpoint. */
  | { kind: 'oidc-user'; audience?: string }
  | { kind: 'oidc-client'; clientId: string; audience?: string };

export interface RouterOverride {
  protocol: 'http:' | 'https:';
  host: string;
  port: number;
}

/** A service instance that is made for a preview. */
export interface PreviewService {
  /** As the manifest binds it. */
  name: string;
  offering: string;
  plan: string;
  parameters?: Readonly<Record<string, unknown>>;
}

/** One app is live before another one switches. No circle is in it once the manifest was read. */
export type Order = readonly { before: string; after: string }[];

export interface PreviewInputs {
  /** undefined: the number of the pull request. */
  id?: string;
  /** undefined: that of the app's first route. */
  domain?: string;
  ttlMs: number;
  /** How long one may go without a request; undefined: for ever. */
  idleMs?: number;
  max: number;
  services: {
    /** The manifest's services are bound, or none. */
    bind: 'manifest' | 'none';
    /** Names of those that may be bound although an app that is no preview is bound to them. */
    shared: readonly string[];
    make: readonly PreviewService[];
  };
  allowFork: boolean;
}

export interface Inputs {
  command: Command;
  plan: boolean;
  api: string;
  org: string;
  space: string;
  skipSslValidation: boolean;
  /** PEM. */
  caCertificate?: string;
  router?: RouterOverride;
  credentials: Credentials;
  /** An exact version such as `8.18.4`, or a major such as `8`. */
  cfVersion: string;
  cfChecksum?: string;
  cfUrl?: string;
  manifest: string;
  app?: string;
  path?: string;
  /** Which apps of several switch before which others; undefined: all side by side. */
  order?: Order;
  vars: Readonly<Record<string, unknown>>;
  varsFiles: readonly string[];
  env: Readonly<Record<string, string>>;
  /** An image instead of bits, and who signs in to its registry; the manifest may name image and user as well. */
  docker: { image?: string; username?: string; password?: string };
  /** A droplet that is there, instead of bits. */
  dropletGuid?: string;
  strategy: Strategy;
  /** Rolling: instances that may be replaced at a time. */
  maxInFlight: number;
  /** Percent of the instances at each pause, ascending; set with the strategy canary. */
  instanceSteps?: readonly number[];
  /** Processes other than web: both versions run for a while, or never two at once. */
  workers: 'overlap' | 'handover';
  carry: 'all' | 'manifest';
  scale: 'keep' | 'manifest';
  smokeTest: readonly SmokeCheck[];
  trialDomain?: string;
  smokeScript?: string;
  /** Run once on the staged droplet of a new version, before its first instance starts. */
  task?: string;
  /** Stop when the candidate is proven. */
  hold: boolean;
  bakeMs: number;
  drainMs: number;
  watch: boolean;
  watchPath?: string;
  failureLimit: number;
  keepPrevious: number;
  keepFailed: boolean;
  /** What to roll back to; undefined: the previous version that was live last. */
  to?: string;
  /** A commit that was withdrawn is deployed all the same. */
  force: boolean;
  timeoutMs?: number;
  stagingTimeoutMs: number;
  startTimeoutMs?: number;
  preview: PreviewInputs;
  /** Of a preview: tell the pull request, and make a deployment of GitHub's. */
  comment: boolean;
  deployment: boolean;
  /** For look-ups of workflow runs and commits; undefined: they are not asked. */
  githubToken?: string;
  summary: boolean;
  /** Path of the HTML report, as it was named. */
  report?: string;
  /** Names of the inputs that were given and differ from the default. */
  given: readonly string[];
  /** Every value that must never be shown. */
  secrets: readonly string[];
  warnings: readonly string[];
}

/** The run of the workflow, from `GITHUB_*`. */
export interface RunContext {
  /** `GITHUB_RUN_ID`, or `local`. */
  runId: string;
  attempt: string;
  /** Full commit, or undefined. */
  commit?: string;
  actor?: string;
  runUrl?: string;
  workflowRef?: string;
  /** `owner/name` of the workflow. */
  repository?: string;
  /** `GITHUB_API_URL`, as the runner says it. */
  apiUrl?: string;
  /** What the workflow runs for: `GITHUB_EVENT_NAME`, and the file with the event's payload. */
  event?: { name: string; path: string };
  workspace: string;
  /** Private temporary folder of the runner. */
  temp: string;
  toolCache?: string;
}

/** One app of the manifest, with variables filled in, as the CLI would read it. */
export interface ManifestApp {
  name: string;
  /** As written; undefined when the manifest has no `routes`. */
  routes?: readonly {
    route: string;
    protocol?: string;
    options?: RouteOptions;
    at?: SourcePosition;
  }[];
  noRoute: boolean;
  randomRoute: boolean;
  defaultRoute: boolean;
  /** Absolute path of the bits; undefined for docker. */
  path?: string;
  /** Instead of bits. */
  docker?: { image: string; username?: string };
  /** `buildpack`, `cnb` or `docker`; undefined when the manifest does not name it. */
  lifecycle?: string;
  /** undefined when the manifest does not name it. */
  stack?: string;
  /** By process type: what the manifest names, MiB. `web` holds the app-level values too. */
  processes: Readonly<Record<string, ManifestProcess>>;
  envNames: readonly string[];
  services: readonly string[];
  /** By service, what the manifest names of its binding beside that (`binding_name`, `parameters`). Absent: of none. */
  bindings?: Readonly<Record<string, readonly string[]>>;
  /** Names of those that the manifest itself lists; a buildpack may bring more. */
  sidecars: readonly string[];
  /** Names of the app features, labels and annotations that the manifest sets. */
  features: readonly string[];
  labels: readonly string[];
  annotations: readonly string[];
}

export interface ManifestProcess {
  instances?: number;
  memoryMb?: number;
  diskMb?: number;
  logRateBps?: number;
  /** Seconds. */
  timeoutS?: number;
  /** Names of further keys that are set, such as `health-check-type` or `command`. */
  named: readonly string[];
}
