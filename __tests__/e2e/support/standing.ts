/** What must not change while something fails: read from the platform itself, and compared as a whole. */
import { expect } from '@jest/globals';
import type { ActionResult } from '../../../runner/index.js';
import { liveOf } from './deploys.js';
import { type SpaceApp, type SpaceRoute, spaceOf, variablesOf } from './space.js';
import type { World } from './world.js';

export interface Standing {
  /** With labels, annotations, droplet, and the pid and start of each instance. */
  app: SpaceApp;
  variables: Readonly<Record<string, string>>;
  /** All that lead to it, each with its GUID, labels and destinations. */
  routes: readonly SpaceRoute[];
}

/** @throws Error when there is no such app */
export async function standingOf(world: World, name = 'shop'): Promise<Standing> {
  const space = await spaceOf(world);
  const app = space.app(name);
  const routes = space.routes.filter(({ destinations }) =>
    destinations.some((to) => to.appGuid === app.guid),
  );
  return { app, variables: await variablesOf(world, app.guid), routes };
}

/** Names of the apps that failed versions of `app` left. */
export async function failedOnes(world: World, app = 'shop'): Promise<string[]> {
  return (await spaceOf(world)).names.filter((name) => name.startsWith(`${app}-failed-`));
}

/** The version was kept for diagnosis under a name that says so, stopped and off all routes; and it is the only one. */
export async function expectKept(world: World, { outputs }: ActionResult, app = 'shop'): Promise<void> {
  const name = `${app}-failed-${outputs.version}`;
  expect(await failedOnes(world, app)).toEqual([name]);
  const space = await spaceOf(world);
  expect(space.app(name).state).toBe('STOPPED');
  expect(Object.values(space.serving).flat()).not.toContain(name);
}

export interface Reverted {
  /** Live had lost its routes and has got them back: its destinations there are new ones. */
  remapped?: boolean;
}

/**
 * It failed with this code, and what stood before stands: nothing of it was touched, the platform serves by it alone, and
 * neither a candidate nor a trial route is left.
 */
export async function expectReverted(
  world: World,
  { exitCode, outputs, shown }: ActionResult,
  error: string,
  before: Standing,
  { remapped = false }: Reverted = {},
): Promise<void> {
  if (outputs.result !== 'reverted' || outputs.error !== error)
    throw new Error(`not reverted (${error}):\n${shown}`);
  expect(exitCode).toBe(1);
  const { app, routes } = before;
  const now = await standingOf(world, app.name);
  if (remapped) expect(withoutDestinationGuids(now)).toEqual(withoutDestinationGuids(before));
  else expect(now).toEqual(before);
  const space = await spaceOf(world);
  expect(space.leftovers.filter((name) => name.startsWith(`${app.name}-`))).toEqual([]);
  const live = liveOf(outputs);
  expect(live).toMatchObject({ app: app.name, guid: app.guid });
  expect(live.routes).toEqual(routes.map(({ url }) => ({ url, by: [app.name] })));
}

function withoutDestinationGuids({ routes, ...rest }: Standing) {
  const bare = routes.map((route) => ({
    ...route,
    destinations: route.destinations.map(({ guid: _, ...destination }) => destination),
  }));
  return { ...rest, routes: bare };
}

/** The error annotation and the job summary both say it. */
export function expectTold({ annotations, summary }: ActionResult, text: string | RegExp): void {
  const errors = annotations.filter(({ level }) => level === 'error');
  expect(errors.map(({ message }) => message).join('\n')).toMatch(text);
  expect(withoutEscapes(summary)).toMatch(text);
}

/** Markdown as its reader sees the words. */
export function withoutEscapes(markdown: string): string {
  return markdown.replace(/\\([\p{P}\p{S}])/gu, '$1');
}
