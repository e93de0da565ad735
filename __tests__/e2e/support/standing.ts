/** What must not change while something fails: read from the platform itself, and compared as a whole. */
import { expect } from '@jest/globals';
import type { ActionResult } from '../../../runner/index.js';
import type { PlatformState } from '../../../traffic/history.js';
import type { World } from './world.js';

/** `GET /__foundry/state`, as far as it is compared here. */
export interface WholeState extends PlatformState {
  apps: readonly WholeApp[];
}

export interface WholeApp {
  guid: string;
  name: string;
  state: 'STARTED' | 'STOPPED';
  labels: Readonly<Record<string, string>>;
  processes: readonly {
    type: string;
    wanted: number;
    instances: readonly { index: number; instanceGuid: string; pid: number | null; sinceMs: number }[];
  }[];
}

export interface Standing {
  /** GUID, name, labels, annotations, droplet, processes, and the pid and start of each instance. */
  app: WholeApp;
  environment: unknown;
  /** All of the space, each with its GUID and destinations. */
  routes: PlatformState['routes'];
}

export async function wholeState(world: World): Promise<WholeState> {
  return (await world.foundry.state()) as WholeState;
}

/** @throws Error when there is no such app */
export async function appNamed(world: World, name: string): Promise<WholeApp> {
  const app = (await wholeState(world)).apps.find((one) => one.name === name);
  if (!app) throw new Error(`there is no app ${name}`);
  return app;
}

export async function standingOf(world: World, name = 'shop'): Promise<Standing> {
  const app = await appNamed(world, name);
  const environment: unknown = JSON.parse(
    await world.cf('curl', `/v3/apps/${app.guid}/environment_variables`),
  );
  return { app, environment, routes: (await wholeState(world)).routes };
}

/** Names of the apps that a failed version left. */
export async function failedOnes(world: World): Promise<string[]> {
  const { apps } = await wholeState(world);
  return apps.map(({ name }) => name).filter((name) => /-failed-/.test(name));
}

/** The version was kept for diagnosis under its own name: stopped, off all routes; and it is the only one. */
export async function expectKept(world: World, { outputs }: ActionResult): Promise<void> {
  const name = `shop-failed-${outputs.version}`;
  expect(await failedOnes(world)).toEqual([name]);
  const kept = await appNamed(world, name);
  expect(kept.state).toBe('STOPPED');
  const { routes } = await wholeState(world);
  expect(routes.flatMap(({ destinations }) => destinations.map(({ appGuid }) => appGuid))).not.toContain(
    kept.guid,
  );
}

/** It failed with this code, and what stood before stands: nothing of it was touched, and no candidate and no route is left. */
export async function expectReverted(
  world: World,
  { exitCode, outputs, shown }: ActionResult,
  error: string,
  before: Standing,
): Promise<void> {
  if (outputs.result !== 'reverted' || outputs.error !== error)
    throw new Error(`not reverted by ${error}:\n${shown}`);
  expect(exitCode).toBe(1);
  expect(await standingOf(world, before.app.name)).toEqual(before);
  expect((await wholeState(world)).apps.filter(({ name }) => /-candidate/.test(name))).toEqual([]);
  const live: unknown = JSON.parse(outputs.live ?? '');
  const { destinations: _, ...route } = { ...before.routes[0] };
  expect(live).toMatchObject({ app: before.app.name, guid: before.app.guid, routes: [{ url: route.url }] });
  expect(outputs['app-guid']).toBe(before.app.guid);
}

/** One error annotation that says all of this, in the log too. */
export function expectTold(
  { annotations, summary }: ActionResult,
  ...texts: readonly (string | RegExp)[]
): void {
  const errors = annotations.filter(({ level }) => level === 'error').map(({ message }) => message);
  for (const text of texts) {
    expect(errors.join('\n')).toMatch(text);
    expect(summary).toMatch(text);
  }
}
