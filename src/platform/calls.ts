/**
 * Cloud Foundry as typed calls. Reads are retried inside their own deadline and throw `PlatformFault` when they stay
 * ambiguous; a 404 is an answer only with the platform's own error body. Writes are sent once: `PlatformFault` with
 * `ambiguous: true` means that the caller looks before it repeats; `PlatformRefusal` is the platform's clear no.
 */
import type {
  App,
  Binding,
  Build,
  CrashEvent,
  Deployment,
  Destination,
  Domain,
  Droplet,
  HealthCheck,
  Instance,
  LogLine,
  NetworkPolicy,
  NewBinding,
  Package,
  Process,
  Quota,
  Revision,
  Route,
  RouteOptions,
  ServiceInstance,
  Sidecar,
  Target,
  Task,
} from '../model/cloud.js';

/** A label or annotation set to null is removed. */
export interface MetadataChange {
  labels?: Readonly<Record<string, string | null>>;
  annotations?: Readonly<Record<string, string | null>>;
}

/** What names a route on the platform. `host` is '' for an apex route, `path` '' for none. */
export interface RouteName {
  host: string;
  domainGuid: string;
  path: string;
  /** Of a TCP route; 0: whichever the platform chooses, for one that is made. */
  port: number | null;
}

/** What the platform lets this account call, as its last answer said. */
export interface Allowance {
  /** Calls that were sent so far. */
  sent: number;
  /** undefined: the platform tells of no limit. `limit`: calls in a whole period. Times by the platform's clock. */
  left?: { calls: number; resetAtMs: number; limit?: number };
}

/** What is null is as the platform has it by itself. What is not named stays. */
export interface ProcessChange {
  /** null: as its droplet starts it. */
  command?: string | null;
  healthCheck?: CheckChange;
  readiness?: CheckChange;
}

export type CheckChange = { [Part in keyof HealthCheck]?: HealthCheck[Part] | null };

/** A droplet, a revision, or neither: the app's current droplet. Never both. */
export interface NewDeployment extends Pick<Deployment, 'labels' | 'annotations'> {
  appGuid: string;
  strategy: 'rolling' | 'canary';
  dropletGuid?: string;
  /** Restores droplet, variables, commands and sidecars. */
  revisionGuid?: string;
  /** 1 unless given; more than 1 since 3.173. */
  maxInFlight?: number;
  /** Canary: percent of the instances, ascending (since 3.189); without steps one canary instance. */
  steps?: readonly number[];
}

export interface Platform {
  /** The platform's clock (`Date` header of the last answer, carried on by our own), milliseconds; our own clock before the first. */
  platformNowMs(): number;
  /** Read once. */
  apiVersion(): Promise<string>;
  /** Whether the API answers at this moment: one call, not repeated. Never throws. */
  answers(): Promise<boolean>;
  /** Whether a write was done, or may have been: from then on nobody can say that nothing was changed. */
  hasWritten(): boolean;
  /** Read from the headers of the answers so far: no call. */
  allowance(): Allowance;
  /** Throws `Refused` when it does not exist or may not be seen. */
  target(org: string, space: string): Promise<Target>;
  /** Whether a switch of the platform is on; undefined: it does not tell. */
  isOn(flag: string): Promise<boolean | undefined>;
  /** Of the organization and the space, where they have one. `unknown`: one of them may not be read, or the platform has no figures. */
  quotas(target: Target): Promise<{ quotas: readonly Quota[]; unknown: boolean }>;
  /** Read once: nothing that a deploy decides on changes with them. */
  domains(orgGuid: string): Promise<readonly Domain[]>;

  appsByName(spaceGuid: string, names: readonly string[]): Promise<readonly App[]>;
  /** `selector` as in the API, for example `prefix/app=key`. */
  appsByLabel(spaceGuid: string, selector: string): Promise<readonly App[]>;
  appsByGuid(guids: readonly string[]): Promise<readonly App[]>;
  /** Every app of the space. */
  apps(spaceGuid: string): Promise<readonly App[]>;
  /** undefined only when the platform says that the name is taken. */
  createApp(
    spaceGuid: string,
    app: { name: string; lifecycle?: App['lifecycle'] } & MetadataChange,
  ): Promise<App | undefined>;
  updateApp(
    guid: string,
    change: { name?: string; lifecycle?: App['lifecycle'] } & MetadataChange,
  ): Promise<App>;
  /** Waits for the job. */
  deleteApp(guid: string): Promise<void>;
  startApp(guid: string): Promise<void>;
  stopApp(guid: string): Promise<void>;

  processes(appGuid: string): Promise<readonly Process[]>;
  /** `processes` for many apps in few calls; of an app that is gone there are none. */
  processesOfApps(appGuids: readonly string[]): Promise<readonly (Process & { appGuid: string })[]>;
  instances(processGuid: string): Promise<readonly Instance[]>;
  /** What it is started with, '' for nothing; undefined: this sign-in may not read it. Lists never tell. */
  command(processGuid: string): Promise<string | undefined>;
  scale(
    processGuid: string,
    to: { instances?: number; memoryMb?: number; diskMb?: number; logRateBps?: number },
  ): Promise<void>;
  /** Counts with the next start. Throws `PlatformRefusal` for a web process while a deployment of its app is under way. */
  updateProcess(guid: string, change: ProcessChange): Promise<void>;
  environment(appGuid: string): Promise<Readonly<Record<string, string>>>;
  setEnvironment(appGuid: string, change: Readonly<Record<string, string | null>>): Promise<void>;
  features(appGuid: string): Promise<Readonly<Record<string, boolean>>>;
  /** Names of the bound service instances. Throws `Refused` on a platform that has no list of them. */
  bindings(appGuid: string): Promise<readonly string[]>;
  /** As `bindings`. */
  serviceBindings(appGuid: string): Promise<readonly Binding[]>;
  /** undefined: the broker does not tell, or there is none. Throws as any read where it cannot be asked now. Secrets. */
  bindingParameters(guid: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Resolves when it is accepted: its state says when it is done. Throws `PlatformRefusal` with the broker's words. */
  bind(binding: NewBinding): Promise<void>;
  /** By guid of the service instance; a user-provided one has none. */
  offerings(instanceGuids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Waits for the job. */
  removeBinding(guid: string): Promise<void>;
  servicesByName(spaceGuid: string, names: readonly string[]): Promise<readonly ServiceInstance[]>;
  servicesByLabel(spaceGuid: string, selector: string): Promise<readonly ServiceInstance[]>;
  /** Throws `PlatformRefusal` with status 404 when it is gone. */
  service(guid: string): Promise<ServiceInstance>;
  /** Which apps are bound to these instances, in every space that the account may see. */
  appsBoundTo(
    instanceGuids: readonly string[],
  ): Promise<readonly { instanceGuid: string; appGuid: string }[]>;
  /** @returns the GUID of the plan; undefined: the space has none of that name, or may not use it. */
  servicePlan(spaceGuid: string, offering: string, plan: string): Promise<string | undefined>;
  /** Resolves when it is accepted: its last operation says when it is done. */
  createService(wanted: {
    spaceGuid: string;
    name: string;
    planGuid: string;
    parameters?: Readonly<Record<string, unknown>>;
    labels: Readonly<Record<string, string>>;
    annotations: Readonly<Record<string, string>>;
  }): Promise<void>;
  labelService(guid: string, labels: Readonly<Record<string, string>>): Promise<void>;
  /** With all its bindings. Waits for the job. */
  deleteService(guid: string): Promise<void>;
  setFeature(appGuid: string, name: string, enabled: boolean): Promise<void>;
  /** Network policies that name the app, as source or as destination; undefined: the platform has no such API, or it may not be read. */
  policies(appGuid: string): Promise<readonly NetworkPolicy[] | undefined>;
  /** One that is there already is fine, and so is one that is not there. */
  addPolicies(policies: readonly NetworkPolicy[]): Promise<void>;
  removePolicies(policies: readonly NetworkPolicy[]): Promise<void>;
  /** Names; with `only` those that came that way: from a buildpack, or from the user. */
  sidecars(appGuid: string, only?: 'buildpack' | 'user'): Promise<readonly string[]>;
  /** Those that a manifest or a person made; a droplet's own ones come and go with it. */
  userSidecars(appGuid: string): Promise<readonly Sidecar[]>;
  createSidecar(appGuid: string, sidecar: Omit<Sidecar, 'guid'>): Promise<void>;
  updateSidecar(sidecar: Sidecar): Promise<void>;
  removeSidecar(guid: string): Promise<void>;

  packages(appGuid: string): Promise<readonly Package[]>;
  /** The new package, COPYING: it is ready when `packages` shows it READY. */
  copyPackage(packageGuid: string, appGuid: string): Promise<Package>;
  /** Also when it is gone already. */
  deletePackage(guid: string): Promise<void>;
  builds(appGuid: string): Promise<readonly Build[]>;
  build(guid: string): Promise<Build>;
  createBuild(packageGuid: string): Promise<Build>;
  /** undefined: the app has none. */
  currentDroplet(appGuid: string): Promise<Droplet | undefined>;
  setCurrentDroplet(appGuid: string, dropletGuid: string): Promise<void>;
  /** Newest first. */
  droplets(appGuid: string): Promise<readonly Droplet[]>;
  /** Throws `PlatformRefusal` with status 404 when it is gone. */
  droplet(guid: string): Promise<Droplet>;
  /** The new droplet, COPYING: it is ready when `droplet` shows it STAGED. It has no package and no sidecars of a buildpack. */
  copyDroplet(dropletGuid: string, appGuid: string): Promise<Droplet>;

  /**
   * Asks for a manifest (YAML, nothing of it a variable) to be applied to the apps that it names. @returns the GUID of the job,
   * which may begin at any time from now on.
   */
  applyManifest(spaceGuid: string, manifest: string): Promise<string>;
  /**
   * Waits for the end of a job. Throws `PlatformRefusal` with the job's first error when it failed, and `PlatformFault` with the
   * status 404 when the platform does not know it any more.
   */
  finishJob(guid: string): Promise<void>;

  /** Newest first. */
  revisions(appGuid: string): Promise<readonly Revision[]>;
  /** Secrets: for whoever may read the app's variables. */
  revisionEnvironment(guid: string): Promise<Readonly<Record<string, string>>>;

  /** The droplet is the app's current one from then on. A stopped app is started without rolling: the answer is DEPLOYED already. */
  createDeployment(wanted: NewDeployment): Promise<Deployment>;
  /** Throws `PlatformRefusal` with status 404 when it is gone. */
  deployment(guid: string): Promise<Deployment>;
  /** Labels of a deployment that another hand, or another program of ours, has made. */
  labelDeployment(guid: string, labels: Deployment['labels']): Promise<void>;
  /** Newest first; with `only` those that are not, or that are, at their end. */
  deployments(appGuid: string, only?: Deployment['value']): Promise<readonly Deployment[]>;
  /** Resolves when it is accepted: the old instances come back later. Throws `PlatformRefusal` when it has ended, or its previous droplet is gone. */
  cancelDeployment(guid: string): Promise<void>;
  /** Throws `PlatformRefusal` when it is not PAUSED. */
  continueDeployment(guid: string): Promise<void>;

  routesOfApps(appGuids: readonly string[]): Promise<readonly Route[]>;
  routesByGuid(guids: readonly string[]): Promise<readonly Route[]>;
  routesByLabel(spaceGuid: string, selector: string): Promise<readonly Route[]>;
  /** Without a space: in every space that the account may see. */
  findRoute(spaceGuid: string | undefined, route: RouteName): Promise<Route | undefined>;
  /** `findRoute` for many in few calls; those that do not exist are left out. */
  findRoutes(spaceGuid: string | undefined, routes: readonly RouteName[]): Promise<readonly Route[]>;
  /** Whether there is such a route, in a space that may not be seen too; undefined: this sign-in may not ask. */
  isReserved(route: RouteName): Promise<boolean | undefined>;
  /** Guids of those whose requests pass a route service; none where this sign-in may not ask. */
  behindService(routeGuids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Guids of the spaces that its own space shares it with. */
  spacesSharing(routeGuid: string): Promise<readonly string[]>;
  createRoute(
    spaceGuid: string,
    route: RouteName & { options?: RouteOptions } & MetadataChange,
  ): Promise<Route>;
  /** Those that are not named stay. Since 3.183. */
  setRouteOptions(guid: string, options: RouteOptions): Promise<void>;
  /** Waits for the job. */
  deleteRoute(guid: string): Promise<void>;
  /** As `deleteRoute`, and leaves the job to the platform. */
  askToDeleteRoute(guid: string): Promise<void>;
  insertDestinations(
    routeGuid: string,
    to: readonly Pick<Destination, 'appGuid' | 'processType' | 'port' | 'protocol'>[],
  ): Promise<void>;
  removeDestination(routeGuid: string, destinationGuid: string): Promise<void>;

  /**
   * Of its current droplet. What is not given is as the platform has it by itself: without a limit of log lines, which a quota may
   * forbid (cloud_controller_ng max_log_rate_limit_policy.rb). Throws `PlatformRefusal` where tasks are switched off.
   */
  createTask(
    appGuid: string,
    task: { name: string; command: string; memoryMb?: number; diskMb?: number; logRateBps?: number },
  ): Promise<Task>;
  task(guid: string): Promise<Task>;
  /** Those of the app that have this name. */
  tasksNamed(appGuid: string, name: string): Promise<readonly Task[]>;
  /** Asks for its end, which comes later. Throws `PlatformRefusal` (422) of one that has ended. */
  cancelTask(guid: string): Promise<void>;

  /** Newest first, not older than `sinceMs`. */
  crashes(appGuid: string, sinceMs: number): Promise<readonly CrashEvent[]>;
  /** Oldest first; empty when the log cache does not answer (it only informs). */
  recentLogs(appGuid: string, limit: number): Promise<readonly LogLine[]>;
  /** When a router logged the app's newest request; undefined: none is in the log cache, or it does not answer. */
  lastRequestMs(appGuid: string): Promise<number | undefined>;
}
