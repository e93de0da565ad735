/** One app on a platform of its own, at which other hands are at work while it is deployed. */
import type { FoundryOptions } from '../../foundry/start.js';
import { Replay } from '../../traffic/history.js';
import { act, type RunResult } from './action.js';
import { type Ask, build, signIn } from './by-hand.js';
import type { AppVersion } from './cells.js';
import { settingsOf } from './in-place.js';
import { failedRequests } from './judge.js';
import { type Platform, startPlatform } from './platform.js';
import { APP, commandOf, type Folders, type Settings, USUAL, url } from './scenarios.js';

// biome-ignore lint/suspicious/noExplicitAny: answers of every kind
type Body = any;

export interface OneApp {
  platform: Platform;
  /** As another user of the space. */
  ask: Ask;
  /** GUID of the app that was live first. */
  live: string;
  /** Runs the action; an empty input leaves it out. */
  run(
    version: AppVersion,
    inputs?: Readonly<Record<string, string>>,
    of?: Partial<Settings>,
  ): Promise<RunResult>;
  /** @returns GUID of a droplet of the app that is live first, built by another hand */
  build(version: AppVersion): Promise<string>;
  /** Of the app, newest first. */
  deployments(): Promise<Body[]>;
  web(): Promise<Body>;
  /** Of the app, without what every deploy changes. */
  settings(): Promise<unknown>;
  /** Looks again and again while time passes. */
  until(what: string, holds: () => Promise<boolean>): Promise<void>;
  /** A candidate is there that has come so far. */
  untilPhase(phase: string): Promise<void>;
  /** The version that a user meets in each router. */
  met(): Set<string>;
  /** What users missed since the first deploy: the first request that failed. */
  missed(): Promise<string[]>;
  /** The fewest instances that were ready to serve at any moment since the first deploy. */
  fewestReady(): Promise<number>;
}

const LABEL = 'cf-zero-downtime.github.io/';
const LOOK_MS = 150;
const LONGEST_MS = 3 * 3_600_000;

/** @param instances of version v1, which is live when the work begins */
export async function withOneApp<T>(
  folders: Folders,
  { instances = 2, ...options }: Partial<FoundryOptions> & { instances?: number },
  work: (one: OneApp) => Promise<T>,
): Promise<T> {
  const platform = await startPlatform(options);
  const { clock } = platform;
  const routes = { [APP]: [url(APP)] };
  let runs = 0;
  const run: OneApp['run'] = (asked, inputs = {}, of = {}) => {
    runs += 1;
    const settings = { ...USUAL, instances, ...of };
    const given = Object.fromEntries(
      Object.entries({ 'keep-failed': 'false', drain: '1s', ...inputs }).filter(([, value]) => value !== ''),
    );
    return act(platform, commandOf({ asked, routes, settings, inputs: given }, folders, runs));
  };
  try {
    return await clock.drive(
      (async () => {
        const first = await run({ version: 'v1' });
        if (first.code !== 0) throw new Error(first.lines.join('\n'));
        await clock.sleep(10_000);
        const fromMs = clock.now();
        // A token of a short life does not last.
        const ask: Ask = async (...call) => (await signIn(platform)).ask(...call);
        const list = async (path: string): Promise<Body[]> => (await ask('GET', path)).resources;
        const live: string = (await list(`/v3/apps?names=${APP}`))[0].guid;
        const until: OneApp['until'] = async (what, holds) => {
          const overMs = clock.now() + LONGEST_MS;
          while (!(await holds())) {
            if (clock.now() > overMs) throw new Error(`never: ${what}`);
            await clock.sleep(LOOK_MS);
          }
        };
        const since = async <A>(read: (history: Awaited<ReturnType<Platform['history']>>) => A) =>
          read(await platform.history());
        return work({
          platform,
          ask,
          live,
          run,
          until,
          build: (version) => build(platform, live, folders.of(version, routes)),
          deployments: () => list(`/v3/deployments?app_guids=${live}&order_by=-created_at`),
          web: async () => (await list(`/v3/apps/${live}/processes?types=web`))[0],
          settings: async () => (await settingsOf(platform, await platform.state()))[APP],
          untilPhase: (phase) =>
            until(`a candidate that is ${phase}`, async () => {
              const [candidate] = await list(`/v3/apps?names=${APP}-candidate`);
              return candidate?.metadata.labels[`${LABEL}phase`] === phase;
            }),
          met: () =>
            new Set(
              Array.from({ length: 40 }, () => {
                const { status, headers } = platform.routers.ask(url(APP), '/', {});
                return headers['x-app-version'] ?? String(status);
              }),
            ),
          missed: async () => {
            const { routers } = await platform.state();
            return since((history) => failedRequests(history, routers, [url(APP)], fromMs));
          },
          fewestReady: () =>
            since((history) => {
              const replay = new Replay();
              const counts: number[] = [];
              for (const entry of history) {
                replay.apply(entry);
                const ready = [...replay.instances.values()].filter((i) => i.appGuid === live && i.healthy);
                if (entry.atMs >= fromMs) counts.push(ready.length);
              }
              return Math.min(...counts);
            }),
        });
      })(),
    );
  } finally {
    await platform.close();
  }
}

/** Requests of a run that changed something. */
export function writesOf({ calls }: RunResult): string[] {
  return calls.filter(({ kind, name }) => kind === 'write' && name.includes(' /v3/')).map(({ name }) => name);
}
