import { randomUUID } from 'node:crypto';
import type { Clock } from '../ports.js';
import { Images } from './images.js';
import type * as r from './records.js';
import type * as s from './service-records.js';

/** Records of one kind by GUID, in the order of their creation. */
export class Table<T extends r.Base> {
  readonly #rows = new Map<string, T>();

  get(guid: string): T | undefined {
    return this.#rows.get(guid);
  }

  all(): IterableIterator<T> {
    return this.#rows.values();
  }

  where(test: (row: T) => boolean): T[] {
    const found: T[] = [];
    for (const row of this.#rows.values()) if (test(row)) found.push(row);
    return found;
  }

  find(test: (row: T) => boolean): T | undefined {
    for (const row of this.#rows.values()) if (test(row)) return row;
    return undefined;
  }

  add(row: T): T {
    this.#rows.set(row.guid, row);
    return row;
  }

  remove(guid: string): void {
    this.#rows.delete(guid);
  }

  get size(): number {
    return this.#rows.size;
  }
}

/** Rows grouped by a GUID that never changes (processes of an app): look-ups that every poll makes. */
export class Grouped<T extends r.Base> extends Table<T> {
  readonly #groups = new Map<string, Set<T>>();
  readonly #key: (row: T) => string;

  constructor(key: (row: T) => string) {
    super();
    this.#key = key;
  }

  override add(row: T): T {
    const key = this.#key(row);
    const group = this.#groups.get(key);
    if (group) group.add(row);
    else this.#groups.set(key, new Set([row]));
    return super.add(row);
  }

  override remove(guid: string): void {
    const row = this.get(guid);
    if (row) {
      const group = this.#groups.get(this.#key(row));
      group?.delete(row);
      if (group?.size === 0) this.#groups.delete(this.#key(row));
    }
    super.remove(guid);
  }

  /** In the order of creation. */
  of(key: string): T[] {
    return [...(this.#groups.get(key) ?? [])];
  }
}

/** Everything that the platform remembers. It knows no rules: those are the API's. */
export class Store {
  /** What stands in for docker images. */
  readonly images = new Images();
  readonly organizations = new Table<r.Organization>();
  readonly spaces = new Table<r.Space>();
  readonly isolationSegments = new Table<r.IsolationSegment>();
  readonly quotas = new Table<r.Quota>();
  readonly domains = new Table<r.Domain>();
  readonly apps = new Table<r.App>();
  readonly processes = new Grouped<r.Process>((row) => row.appGuid);
  readonly packages = new Grouped<r.Package>((row) => row.appGuid);
  readonly builds = new Grouped<r.Build>((row) => row.appGuid);
  readonly droplets = new Grouped<r.Droplet>((row) => row.appGuid);
  readonly revisions = new Grouped<r.Revision>((row) => row.appGuid);
  readonly sidecars = new Grouped<r.Sidecar>((row) => row.appGuid);
  readonly deployments = new Grouped<r.Deployment>((row) => row.appGuid);
  readonly tasks = new Grouped<r.Task>((row) => row.appGuid);
  readonly routes = new Table<r.Route>();
  readonly serviceOfferings = new Table<s.ServiceOffering>();
  readonly servicePlans = new Table<s.ServicePlan>();
  readonly serviceInstances = new Table<s.ServiceInstance>();
  /** Of apps, and service keys. */
  readonly bindings = new Table<s.CredentialBinding>();
  readonly routeBindings = new Table<s.RouteBinding>();
  /** The platform's switches, by name. */
  readonly flags = new Map<string, boolean>();
  networkPolicies: s.NetworkPolicy[] = [];
  readonly jobs = new Table<r.Job>();
  readonly events = new Table<r.AuditEvent>();
  /** Routes that name an app, by its GUID. */
  readonly #routesOfApp = new Map<string, Set<r.Route>>();
  readonly #clock: Clock;
  #serial = 0;

  /** @param guid gives one that nobody has had before */
  constructor(
    clock: Clock,
    readonly guid: () => string = randomUUID,
  ) {
    this.#clock = clock;
  }

  /** What every new record starts with. */
  base(guid: string = this.guid()): r.Base {
    const now = this.#clock.now();
    this.#serial += 1;
    return {
      guid,
      serial: this.#serial,
      createdMs: now,
      updatedMs: now,
      metadata: { labels: {}, annotations: {} },
    };
  }

  touch(row: r.Base): void {
    row.updatedMs = this.#clock.now();
  }

  routesOfApp(appGuid: string): r.Route[] {
    return [...(this.#routesOfApp.get(appGuid) ?? [])].sort((a, b) => a.serial - b.serial);
  }

  /** Call after each change of a route's destinations. */
  indexRoute(route: r.Route, before: readonly r.Destination[]): void {
    const now = new Set(route.destinations.map((d) => d.appGuid));
    for (const guid of new Set(before.map((d) => d.appGuid))) {
      if (!now.has(guid)) this.#routesOfApp.get(guid)?.delete(route);
    }
    for (const guid of now) {
      const routes = this.#routesOfApp.get(guid);
      if (routes) routes.add(route);
      else this.#routesOfApp.set(guid, new Set([route]));
    }
  }

  /** `host.domain/path`, or `domain:port` */
  url(route: r.Route): string {
    const domain = this.domains.get(route.domainGuid)?.name ?? '';
    if (route.port !== undefined) return `${domain}:${route.port}`;
    return `${route.host === '' ? '' : `${route.host}.`}${domain}${route.path}`;
  }

  organizationOf(space: r.Space): r.Organization {
    const found = this.organizations.get(space.organizationGuid);
    if (!found) throw new Error(`space ${space.guid} has no organization`);
    return found;
  }

  /** The newest process of a type. */
  process(appGuid: string, type: string): r.Process | undefined {
    return this.processes.of(appGuid).findLast((p) => p.type === type);
  }
}
