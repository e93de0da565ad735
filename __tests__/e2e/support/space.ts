/** The space as the platform has it now, by the names that users know. */
import type { World } from './world.js';

export interface SpaceApp {
  guid: string;
  name: string;
  state: 'STARTED' | 'STOPPED';
  labels: Readonly<Record<string, string>>;
  processes: readonly {
    type: string;
    wanted: number;
    instances: readonly { instanceGuid: string; state: string; sinceMs: number }[];
  }[];
}

export interface SpaceRoute {
  guid: string;
  url: string;
  labels: Readonly<Record<string, string>>;
  destinations: readonly { guid: string; appGuid: string; processType: string; port: number | null }[];
}

const LABEL = 'cf-zero-downtime.github.io/';

/** One reading; `spaceOf` makes it. */
export class Space {
  constructor(
    readonly apps: readonly SpaceApp[],
    readonly routes: readonly SpaceRoute[],
  ) {}

  get names(): string[] {
    return this.apps.map(({ name }) => name).sort();
  }

  /** Throws when there is none of that name. */
  app(name: string): SpaceApp {
    const app = this.apps.find((one) => one.name === name);
    if (!app) throw new Error(`no app ${name}: ${this.names.join(', ')}`);
    return app;
  }

  /** Throws when there is none of that url. */
  route(url: string): SpaceRoute {
    const route = this.routes.find((one) => one.url === url);
    if (!route) throw new Error(`no route ${url}: ${this.routes.map((one) => one.url).join(', ')}`);
    return route;
  }

  /** Route by route, the names of the apps that it leads to, each as often as it has a destination. */
  get serving(): Record<string, string[]> {
    const nameOf = (guid: string) => this.apps.find((app) => app.guid === guid)?.name ?? guid;
    return Object.fromEntries(
      this.routes.map(({ url, destinations }) => [url, destinations.map((to) => nameOf(to.appGuid)).sort()]),
    );
  }

  /** Candidates, locks and trial routes: none of it may outlast a deploy. */
  get leftovers(): string[] {
    const of = (labels: SpaceApp['labels']) => ['candidate', 'lock'].includes(labels[`${LABEL}role`] ?? '');
    const apps = this.apps.filter(({ name, labels }) => of(labels) || /-candidate(-lock-\d+)?$/.test(name));
    const routes = this.routes.filter(({ url, labels }) => of(labels) || /^[^.]*-candidate-/.test(url));
    return [...apps.map(({ name }) => name), ...routes.map(({ url }) => url)];
  }
}

export async function spaceOf({ foundry }: World): Promise<Space> {
  const { apps, routes } = (await foundry.control('GET', 'state')) as {
    apps: SpaceApp[];
    routes: SpaceRoute[];
  };
  return new Space(apps, routes);
}

/** A label of ours: `label(app, 'role')`. */
export function label({ labels }: Pick<SpaceApp, 'labels'>, name: string): string | undefined {
  return labels[`${LABEL}${name}`];
}

/** The variables that a user set on an app, as the platform has them. */
export async function variablesOf(world: World, guid: string): Promise<Record<string, string>> {
  const answer = JSON.parse(await world.cf('curl', `/v3/apps/${guid}/environment_variables`)) as {
    var: Record<string, string>;
  };
  return answer.var;
}
