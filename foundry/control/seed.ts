import { randomUUID } from 'node:crypto';
import { createApp } from '../api/app-rules.js';
import { type Core, SYSTEM } from '../api/core.js';
import { lifecycleOf } from '../api/lifecycle.js';
import { changeDestinations, createRoute } from '../api/route-rules.js';
import type * as r from '../state/records.js';

export interface Seed {
  /** How many stopped apps to make, named PREFIX-1, PREFIX-2, … */
  apps: number;
  /** How many routes to make, PREFIX-1.DOMAIN, …, mapped to the apps in turn, or all to `app`. */
  routes: number;
  prefix: string;
  /** Name of an app that exists. */
  app?: string;
}

/** Fills a space with many apps and routes at once. */
export function seed(core: Core, space: r.Space, wanted: Seed): { apps: string[]; routes: string[] } {
  const domain = core.store.domains.find((d) => !d.internal && d.organizationGuid === undefined);
  if (!domain) throw new Error('there is no shared domain');
  const made: r.App[] = [];
  for (let i = 1; i <= wanted.apps; i += 1) {
    const name = `${wanted.prefix}-${i}`;
    made.push(createApp(core, space, { name, lifecycle: lifecycleOf(core, undefined) }, SYSTEM));
  }
  const target = core.store.apps.find((a) => a.spaceGuid === space.guid && a.name === wanted.app);
  if (wanted.app !== undefined && !target) throw new Error(`there is no app ${wanted.app}`);
  const targets = target ? [target] : made;
  const routes: string[] = [];
  for (let i = 1; i <= wanted.routes; i += 1) {
    const route = createRoute(core, space, domain, { host: `${wanted.prefix}-${i}`, path: '' });
    routes.push(route.guid);
    const app = targets[i % Math.max(1, targets.length)];
    if (!app) continue;
    const destination = {
      guid: randomUUID(),
      appGuid: app.guid,
      processType: 'web',
      port: 8080,
      protocol: 'http1',
    };
    changeDestinations(core, route, [destination], SYSTEM);
  }
  return { apps: made.map((a) => a.guid), routes };
}
