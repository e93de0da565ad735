/** The rule that does not bend, judged on what the platform recorded of itself. Pure. */
import { type AppNow, type HistoryEntry, type PlatformState, Replay, type RouteNow } from './history.js';

export interface InvariantOptions {
  /** User's app names: their own apps, candidates, locks, previous and failed ones are the deploy's to change. */
  apps: readonly string[];
  /** Production routes, `host.domain/path`. */
  routes: readonly string[];
  /** First and last moment that is judged. Before `fromMs` history is only the state to start from. */
  fromMs: number;
  toMs: number;
  /** Apps that may serve production. Default: every app of the deploy. */
  intended?: (app: AppNow) => boolean;
  /** GUIDs of apps that look like the deploy's by name, and are somebody else's. */
  foreign?: readonly string[];
  /** Routes other than production ones that the deploy may make, map and delete. Default: `APP-candidate-…` hosts. */
  trial?: (url: string) => boolean;
}

/**
 * `no-healthy-destination`: in some router, no healthy instance of an intended app that is still a destination. `route`: a
 * production route was deleted, made again or is not there. `stopped`: an app was stopped or deleted while a production route
 * named it. `foreign`: something else in the space changed. `history`: it does not lead to the state that was read, so it
 * proves nothing.
 */
export type ProblemKind = 'no-healthy-destination' | 'route' | 'stopped' | 'foreign' | 'history';

export interface InvariantProblem {
  kind: ProblemKind;
  atMs: number;
  /** For what lasted. */
  untilMs?: number;
  text: string;
}

/**
 * Judges every moment from `fromMs` to `toMs`, one entry at a time: two changes of the same millisecond are two moments, so
 * that a replace of destinations shows the moment at which the routers only know the removed one.
 *
 * @param history from the foundry's start on, complete
 * @param state read after the last entry
 * @returns nothing when the invariant held
 */
export function checkInvariant(
  history: readonly HistoryEntry[],
  state: PlatformState,
  options: InvariantOptions,
): InvariantProblem[] {
  const judge = new Judge(state.routers, options);
  for (const entry of history) judge.take(entry);
  judge.close(state);
  return judge.problems;
}

class Judge {
  readonly problems: InvariantProblem[] = [];
  private readonly replay = new Replay();
  /** Production url -> the problem that lasts there now. */
  private readonly open = new Map<string, InvariantProblem>();
  private begun = false;

  constructor(
    private readonly routers: number,
    private readonly options: InvariantOptions,
  ) {}

  take(entry: HistoryEntry): void {
    if (!this.begun && entry.atMs >= this.options.fromMs) this.begin();
    const judged = this.begun && entry.atMs <= this.options.toMs;
    if (judged) this.judgeChange(entry);
    this.replay.apply(entry);
    if (judged) this.judgeMoment(entry.atMs);
  }

  close(state: PlatformState): void {
    if (!this.begun) this.begin();
    for (const problem of this.open.values()) problem.untilMs = this.options.toMs;
    if (!(this.routers > 0)) this.tell('history', this.options.toMs, 'the state names no routers');
    this.compare(state);
  }

  private begin(): void {
    this.begun = true;
    this.judgeMoment(this.options.fromMs);
  }

  private judgeMoment(atMs: number): void {
    for (const url of this.options.routes) {
      const lack = this.lackOf(url);
      const open = this.open.get(url);
      if (open && open.text !== lack) {
        open.untilMs = atMs;
        this.open.delete(url);
      }
      if (lack === undefined || open?.text === lack) continue;
      const problem: InvariantProblem = { kind: 'no-healthy-destination', atMs, text: lack };
      this.open.set(url, problem);
      this.problems.push(problem);
    }
  }

  /** What a production route lacks now. */
  private lackOf(url: string): string | undefined {
    const [route] = this.replay.routesOf(url);
    if (!route) return `${url}: the route does not exist`;
    for (let router = 0; router < this.routers; router += 1) {
      const behind = this.replay.behind(router, route.guid);
      if (!behind.some((instanceGuid) => this.serves(route, instanceGuid))) {
        const why =
          behind.length === 0 ? 'it knows no instance' : 'none that it knows is a healthy destination';
        return `${url}: router ${router} has no healthy destination of an intended app (${why})`;
      }
    }
    return undefined;
  }

  private serves(route: RouteNow, instanceGuid: string): boolean {
    const instance = this.replay.instances.get(instanceGuid);
    const app = this.replay.apps.get(instance?.appGuid ?? '');
    if (!instance?.healthy || !app || !this.intended(app)) return false;
    return [...route.destinations.values()].some(
      (to) => to.appGuid === instance.appGuid && to.processType === instance.processType,
    );
  }

  /** Sees the change before it is applied. */
  private judgeChange(entry: HistoryEntry): void {
    const say = (kind: ProblemKind, text: string): void => this.tell(kind, entry.atMs, text);
    switch (entry.kind) {
      case 'app': {
        const app = this.replay.apps.get(entry.appGuid) ?? { guid: entry.appGuid, name: entry.name };
        if (!this.ours(app)) say('foreign', `${app.name} was ${entry.change}`);
        if (entry.change !== 'stopped' && entry.change !== 'deleted') return;
        for (const route of this.production()) {
          if (![...route.destinations.values()].some((to) => to.appGuid === entry.appGuid)) continue;
          say('stopped', `${app.name} was ${entry.change} while ${route.url} named it`);
        }
        return;
      }
      case 'name':
        for (const name of [entry.from, entry.to]) {
          if (this.ours({ guid: entry.appGuid, name })) continue;
          say('foreign', `${entry.from} was renamed to ${entry.to}`);
          return;
        }
        return;
      case 'route':
        if (this.options.routes.includes(entry.url)) {
          say('route', `the production route ${entry.url} was ${entry.change}`);
        } else if (!this.trial(entry.url)) say('foreign', `the route ${entry.url} was ${entry.change}`);
        return;
      case 'destination': {
        const app = this.replay.apps.get(entry.appGuid) ?? { guid: entry.appGuid, name: entry.appGuid };
        const url = this.replay.routes.get(entry.routeGuid)?.url ?? entry.routeGuid;
        const known = this.options.routes.includes(url) || this.trial(url);
        if (this.ours(app) && known) return;
        say('foreign', `a destination of ${app.name} on ${url} was ${entry.change}`);
        return;
      }
      case 'instance': {
        const app = this.replay.apps.get(entry.appGuid);
        // The instances of an app that was deleted end after it; the deletion has been judged.
        if (!app || this.ours(app)) return;
        say('foreign', `instance ${entry.index} of ${app.name} became ${entry.state}`);
      }
    }
  }

  private compare(state: PlatformState): void {
    const seen = [...this.replay.routes.values()].map((route) => ({
      guid: route.guid,
      url: route.url,
      destinations: [...route.destinations].map(([guid, to]) => ({ guid, ...to })),
    }));
    const apps = [...this.replay.apps.values()];
    for (const [what, told, read] of [
      ['routes', seen.map(lineOfRoute), state.routes.map(lineOfRoute)],
      ['apps', apps.map(lineOfApp), state.apps.map(lineOfApp)],
    ] as const) {
      const off = [
        ...told.filter((line) => !read.includes(line)).map((line) => `only in the history: ${line}`),
        ...read.filter((line) => !told.includes(line)).map((line) => `only in the state: ${line}`),
      ];
      if (off.length === 0) continue;
      const text = `history and state tell different ${what}; ${off.join('; ')}`;
      this.tell('history', this.options.toMs, text);
    }
  }

  private tell(kind: ProblemKind, atMs: number, text: string): void {
    this.problems.push({ kind, atMs, text });
  }

  private production(): readonly RouteNow[] {
    return this.options.routes.flatMap((url) => this.replay.routesOf(url));
  }

  private intended(app: AppNow): boolean {
    return this.options.intended ? this.options.intended(app) : this.ours(app);
  }

  private ours(app: Pick<AppNow, 'guid' | 'name'>): boolean {
    if (this.options.foreign?.includes(app.guid)) return false;
    return this.options.apps.some((name) => isOfDeploy(app.name, name));
  }

  private trial(url: string): boolean {
    if (this.options.trial) return this.options.trial(url);
    return this.options.apps.some((name) => url.startsWith(`${name.toLowerCase()}-candidate-`));
  }
}

const SUFFIX = /^(-candidate(-lock-\d+)?|-(previous|failed)-\d{8}-\d{6}-[0-9a-f]{7})?$/;

/** Whether an app's name is one that a deploy of `user` gives to its apps. */
export function isOfDeploy(name: string, user: string): boolean {
  return name.startsWith(user) && SUFFIX.test(name.slice(user.length));
}

function lineOfRoute(route: PlatformState['routes'][number]): string {
  const destinations = route.destinations.map((to) => `${to.guid}=${to.appGuid}/${to.processType}`).sort();
  return `${route.url} (${route.guid}) -> ${destinations.join(' ') || 'nothing'}`;
}

function lineOfApp(app: AppNow): string {
  return `${app.name} (${app.guid}) ${app.state}`;
}
