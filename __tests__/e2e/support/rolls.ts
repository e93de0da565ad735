/** Rolling deploys of several apps of one foundry, side by side, each under its own traffic. */
import { expect } from '@jest/globals';
import type { ActionResult, RunOptions } from '../../../runner/index.js';
import { areServed } from './served.js';
import { spaceOf } from './space.js';
import { until } from './until.js';
import type { Seen, VersionOptions, World } from './world.js';

export const ROLLING = { strategy: 'rolling' };
/** Requests a second and app: several have traffic at the same time. */
const RATE = 20;

export interface Rolled {
  result: ActionResult;
  seen: Seen;
}

/** A version of an app that has one route, `NAME.DOMAIN`. */
export function versionOf(
  world: World,
  name: string,
  version: string,
  more: Partial<VersionOptions> = {},
): VersionOptions {
  return { name, version, routes: [world.url(name)], ...more };
}

/** Runs whatever it is under traffic on the app's own route; `apps` are all those of the space that tests change meanwhile. */
export async function underTraffic(
  world: World,
  apps: readonly string[],
  name: string,
  work: () => Promise<ActionResult>,
  rate = RATE,
): Promise<Rolled> {
  const routes = [world.url(name)];
  await until(`every router to serve ${name}`, () => areServed(world, routes));
  const watch = await world.watch({ apps, routes, rate });
  const result = await work();
  const seen = await watch.end();
  // On other routes the other deploys are at work.
  return { result, seen: { ...seen, problems: seen.problems.filter(({ kind }) => kind !== 'foreign') } };
}

/** Deploys a version by rolling, under traffic. */
export async function roll(
  world: World,
  apps: readonly string[],
  version: VersionOptions & { name: string },
  inputs: Readonly<Record<string, string>> = {},
  run: Partial<RunOptions> = {},
): Promise<Rolled> {
  return underTraffic(world, apps, version.name, () => world.deploy(version, { ...ROLLING, ...inputs }, run));
}

export function expectNothingMissed({ figures, problems }: Seen): void {
  expect(figures.firstFailures).toEqual([]);
  expect(figures.failed).toBe(0);
  expect(problems).toEqual([]);
}

/** No candidate, lock or trial route of this app. */
export async function expectNothingLeft(world: World, name: string): Promise<void> {
  const { leftovers } = await spaceOf(world);
  expect(leftovers.filter((one) => one.startsWith(`${name}-`))).toEqual([]);
}

export async function expectDeployed(world: World, name: string, { result, seen }: Rolled): Promise<void> {
  if (result.outputs.result !== 'deployed') throw new Error(`not deployed:\n${result.shown}`);
  expect([result.exitCode, result.outputs.error, result.outputs['failed-requests']]).toEqual([0, '', '0']);
  expect(result.orphans).toEqual([]);
  expectNothingMissed(seen);
  await expectNothingLeft(world, name);
}
