/** Deploys under traffic, with what is asked of every one of them. */
import { expect } from '@jest/globals';
import type { ActionResult, RunOptions } from '../../../runner/index.js';
import { areServed } from './served.js';
import { type Space, spaceOf } from './space.js';
import { until } from './until.js';
import type { Seen, VersionOptions, Watch, WatchOptions, World } from './world.js';

export interface Watched {
  result: ActionResult;
  seen: Seen;
  space: Space;
}

export interface WatchedOptions {
  inputs?: Readonly<Record<string, string>>;
  run?: Partial<RunOptions>;
  watch?: WatchOptions;
}

/** Deploys a version of an app that is up, under traffic, and expects `deployed` without one failed request. */
export async function deployWatched(
  world: World,
  version: VersionOptions | string,
  { inputs, run, watch: watching }: WatchedOptions = {},
): Promise<Watched> {
  await until('every router to serve its routes', () => areServed(world, watching?.routes ?? [world.url()]));
  const watch = await world.watch(watching);
  const workspace = typeof version === 'string' ? version : await world.workspace(version);
  const result = await world.run(workspace, inputs, run);
  return expectDone(world, result, watch, 'deployed');
}

/** Rolls an app back that is up, under traffic, and expects `rolled-back` without one failed request. No manifest is there. */
export async function rollBackWatched(
  world: World,
  app: string,
  { inputs, run, watch: watching = { apps: [app], routes: [world.url(app)] } }: WatchedOptions = {},
): Promise<Watched> {
  await until('every router to serve its routes', () =>
    areServed(world, watching.routes ?? [world.url(app)]),
  );
  const watch = await world.watch(watching);
  const result = await world.run(world.dir, { command: 'rollback', app, ...inputs }, run);
  return expectDone(world, result, watch, 'rolled-back');
}

/** Promotes a held deploy under traffic, and expects `promoted` without one failed request. No manifest is there. */
export async function promoteWatched(
  world: World,
  app: string,
  { inputs, run, watch: watching = { apps: [app], routes: [world.url(app)] } }: WatchedOptions = {},
): Promise<Watched> {
  const watch = await world.watch(watching);
  const result = await world.run(
    world.dir,
    { command: 'promote', app, 'smoke-test': '', drain: '', ...inputs },
    run,
  );
  return expectDone(world, result, watch, 'promoted');
}

/**
 * As `deployWatched` where nobody serves before: traffic begins when the new version was proven on every production route, and
 * sees the rest of the deploy.
 */
export async function deployFirst(
  world: World,
  version: VersionOptions | string,
  { inputs, run, watch: watching }: WatchedOptions = {},
): Promise<Watched> {
  const workspace = typeof version === 'string' ? version : await world.workspace(version);
  let watch: Promise<Watch> | undefined;
  const result = await world.run(workspace, inputs, {
    ...run,
    onLine: (line) => {
      if (/^##\[group\].*look once more/.test(line)) watch ??= world.watch(watching);
    },
  });
  expect(result.shown).toContain('look once more');
  return expectDone(world, result, await (watch as Promise<Watch>), 'deployed');
}

async function expectDone(
  world: World,
  result: ActionResult,
  watch: Watch,
  wanted: 'deployed' | 'promoted' | 'rolled-back',
): Promise<Watched> {
  const seen = await watch.end();
  expect(result.outputs.error).toBe('');
  expect([result.exitCode, result.outputs.result]).toEqual([0, wanted]);
  expect(seen.figures.firstFailures).toEqual([]);
  expect(seen.figures.failed).toBe(0);
  expect(seen.problems).toEqual([]);
  expect(result.outputs['failed-requests']).toBe('0');
  expect(result.orphans).toEqual([]);
  const space = await spaceOf(world);
  expect(space.leftovers).toEqual([]);
  expect(await world.leaks()).toEqual([]);
  return { result, seen, space };
}

/** The output `live`, or one of the output `apps`. */
export interface Live {
  app?: string;
  guid?: string;
  version?: string;
  instances: { running: number; wanted: number };
  routes: { url: string; by: string[] }[];
}

export function liveOf(outputs: Readonly<Record<string, string>>): Live {
  return JSON.parse(outputs.live ?? 'null') as Live;
}
