/** What the foundry remembers, as the platform's own database would. Times are milliseconds since the epoch. */
import type { HealthCheckSpec } from '../ports.js';

export interface Metadata {
  labels: Record<string, string | null>;
  annotations: Record<string, string | null>;
}

/** What every record has. `serial` rises with each creation: it breaks ties between equal times. */
export interface Base {
  guid: string;
  serial: number;
  createdMs: number;
  updatedMs: number;
  metadata: Metadata;
}

export interface Organization extends Base {
  name: string;
  quotaGuid: string;
}

export interface Space extends Base {
  name: string;
  organizationGuid: string;
  quotaGuid?: string;
  isolationSegmentGuid?: string;
}

export interface IsolationSegment extends Base {
  name: string;
  /** Whose spaces may have it. */
  organizationGuids: string[];
}

/** null: unlimited. */
export interface Limits {
  totalMemoryMb: number | null;
  perProcessMemoryMb: number | null;
  totalInstances: number | null;
  logRateBps: number | null;
  totalRoutes: number | null;
  totalReservedPorts: number | null;
  totalServiceInstances: number | null;
  /** Of all apps, whatever the API calls it. */
  perAppTasks: number | null;
}

export interface Quota extends Base {
  name: string;
  kind: 'organization' | 'space';
  /** Owner of a space quota. */
  organizationGuid?: string;
  limits: Limits;
}

export interface Domain extends Base {
  name: string;
  internal: boolean;
  /** Of a domain of TCP routes. */
  routerGroupGuid?: string;
  /** Absent: shared with every organization. */
  organizationGuid?: string;
}

export interface Lifecycle {
  type: 'buildpack' | 'docker';
  buildpacks: string[];
  stack: string;
}

export interface App extends Base {
  name: string;
  spaceGuid: string;
  state: 'STARTED' | 'STOPPED';
  lifecycle: Lifecycle;
  env: Record<string, string>;
  dropletGuid?: string;
  features: {
    ssh: boolean;
    revisions: boolean;
    /** Absent: off. */
    'service-binding-k8s'?: boolean;
    'file-based-vcap-services'?: boolean;
  };
}

export interface Process extends Base {
  appGuid: string;
  type: string;
  /** Set by the user; the droplet's own command otherwise. */
  command?: string;
  instances: number;
  memoryMb: number;
  diskMb: number;
  /** -1: unlimited. */
  logRateBps: number;
  healthCheck: Check;
  readiness: Check;
  /** App ports that destinations name, in the order in which they came; a change takes effect at the next start. */
  ports: number[];
  /** New at each start: instances of an older version may still be stopping. */
  version: string;
  /** What it was started with; absent before its first start, and while the app had its revisions switched off. */
  revisionGuid?: string;
}

/** A command beside a process, set by the user or brought by the droplet. */
export interface Sidecar extends Base, RevisionSidecar {
  appGuid: string;
  origin: 'user' | 'buildpack';
}

export interface RevisionSidecar {
  name: string;
  command: string;
  /** null: the process's own. */
  memoryMb: number | null;
  processTypes: string[];
}

export interface Revision extends Base {
  appGuid: string;
  /** 1 to 9999, then 1 again. */
  version: number;
  description: string;
  dropletGuid: string;
  env: Record<string, string>;
  /** By process type; null: the droplet's own. */
  commands: Record<string, string | null>;
  sidecars: RevisionSidecar[];
}

/** The web process of an app on its way to a droplet. */
export interface Deployment extends Base {
  appGuid: string;
  /** PREPAUSED: a canary on its way to its next pause. A superseded one is DEPLOYED if it was DEPLOYING, else CANCELED. */
  state: 'DEPLOYING' | 'PREPAUSED' | 'PAUSED' | 'DEPLOYED' | 'CANCELING' | 'CANCELED';
  reason: 'DEPLOYING' | 'PAUSED' | 'DEPLOYED' | 'CANCELING' | 'CANCELED' | 'SUPERSEDED';
  strategy: 'rolling' | 'canary';
  options: {
    maxInFlight: number;
    webInstances?: number;
    memoryMb?: number;
    diskMb?: number;
    logRateBps?: number;
    /** Percent of the instances, ascending. */
    canarySteps?: number[];
  };
  dropletGuid: string;
  previousDropletGuid?: string;
  revision?: { guid: string; version: number };
  /** The new web process; absent when the app was stopped and only started. It may be gone by now. */
  processGuid?: string;
  /** Of the oldest web process before the first of a chain of deployments: to this count a cancel goes back. */
  originalInstances: number;
  /** From 1. */
  canaryStep: number;
  statusChangedMs: number;
  lastHealthyMs?: number;
  error?: string;
}

/** A health check as it was set; what is null follows the platform's default. */
export interface Check {
  type: HealthCheckSpec['type'];
  timeout: number | null;
  invocationTimeout: number | null;
  interval: number | null;
  endpoint: string | null;
}

export interface DockerImage {
  reference: string;
  username?: string;
  password?: string;
}

export interface Package extends Base {
  appGuid: string;
  type: 'bits' | 'docker';
  state: 'AWAITING_UPLOAD' | 'PROCESSING_UPLOAD' | 'COPYING' | 'READY' | 'FAILED' | 'EXPIRED';
  error?: string;
  /** GUID of the package that it is a copy of. */
  copiedFrom?: string;
  /** Of a docker package; its password is never shown. */
  image?: DockerImage;
  /** Unpacked bits. */
  dir?: string;
  sha256?: string;
}

export interface Build extends Base {
  appGuid: string;
  packageGuid: string;
  /** MiB that it has; not counted against a quota while it runs. */
  memoryMb: number;
  state: 'STAGING' | 'STAGED' | 'FAILED';
  lifecycle: Lifecycle;
  dropletGuid?: string;
  error?: string;
}

export interface Droplet extends Base {
  appGuid: string;
  packageGuid?: string;
  state: 'STAGED' | 'FAILED' | 'EXPIRED' | 'COPYING';
  error?: string;
  lifecycle: Lifecycle;
  processTypes: Readonly<Record<string, string>>;
  buildpack?: { name: string; detectOutput: string };
  /** Instead of bits. */
  image?: DockerImage;
  /** Ports that the image exposes. */
  ports?: readonly number[];
  /** GUID of the droplet whose bits it has. */
  copiedFrom?: string;
  /** What the buildpack added beside the app; a copy of the droplet has none. */
  sidecars: RevisionSidecar[];
  dir: string;
}

export interface Task extends Base {
  appGuid: string;
  dropletGuid: string;
  /** Of its app, from 1. */
  sequenceId: number;
  name: string;
  command: string;
  state: 'RUNNING' | 'CANCELING' | 'SUCCEEDED' | 'FAILED';
  failure?: string;
  memoryMb: number;
  diskMb: number;
  logRateBps: number;
}

export interface Destination {
  guid: string;
  appGuid: string;
  processType: string;
  /** null: the first port that a docker image exposes. */
  port: number | null;
  protocol: string;
  /** Percent; told, and of no effect. */
  weight?: number;
}

export interface Route extends Base {
  spaceGuid: string;
  domainGuid: string;
  host: string;
  path: string;
  /** Of a TCP route. */
  port?: number;
  /** Beside its own. */
  sharedSpaceGuids?: string[];
  options: Record<string, unknown>;
  destinations: Destination[];
}

export interface Job extends Base {
  operation: string;
  /** POLLING: a service broker works on. */
  state: 'PROCESSING' | 'POLLING' | 'COMPLETE' | 'FAILED';
  errors: { code: number; title: string; detail: string }[];
  /** `links` entry of the resource that the job is about. */
  about?: { kind: string; plural: string; guid: string };
}

export interface AuditEvent extends Base {
  type: string;
  actor: { guid: string; type: string; name: string };
  target: { guid: string; type: string; name: string };
  data: Record<string, unknown>;
  spaceGuid?: string;
  organizationGuid?: string;
}
