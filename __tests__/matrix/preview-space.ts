/** A space on the virtual clock in which the pull requests of a repository have their previews. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { act, type Deploy, type RunResult } from './action.js';
import { type Ask, signIn } from './by-hand.js';
import { type Platform, startPlatform } from './platform.js';
import { commitOf } from './scenarios.js';
import type { Trial } from './wire.js';

// biome-ignore lint/suspicious/noExplicitAny: answers of every kind
type Body = any;

const made = new Map<string, string>();

/** When all tests of a file are done. */
export function removeWorkspaces(): void {
  for (const folder of made.values()) rmSync(folder, { recursive: true, force: true });
}

/** A workspace with a manifest that names what live has: the same one for the same. */
function workspaceOf(version: string, { manifest: more = [], routes, machine = '' }: Bits): string {
  const key = JSON.stringify([version, more, routes, machine]);
  const there = made.get(key);
  if (there !== undefined) return there;
  const health = version === 'bad' ? 500 : 200;
  const folder = mkdtempSync(join(tmpdir(), 'preview-'));
  made.set(key, folder);
  writeFileSync(join(folder, 'app.json'), JSON.stringify({ version, health }));
  const lines = [
    'applications:',
    '- name: shop',
    '  memory: 64M',
    '  instances: 3',
    '  routes:',
    ...(routes ?? ['shop.apps.localhost']).map((route) => `  - route: ${route}`),
    '  env:',
    '    MODE: small',
    ...more.map((line) => `  ${line}`),
  ];
  writeFileSync(join(folder, 'manifest.yml'), `${lines.join('\n')}\n`);
  return folder;
}

interface Bits {
  manifest?: readonly string[];
  routes?: readonly string[];
  /** Each machine has the same bits at another place. */
  machine?: string;
}

export interface Preview extends Bits {
  version?: string;
  number?: number;
  command?: string;
  inputs?: Readonly<Record<string, string>>;
  event?: string;
  repository?: string;
  gitHub?: Deploy['gitHub'];
  compare?: Deploy['compare'];
  trial?: Trial;
}

export interface Space {
  ask: Ask;
  platform: Platform;
  run(preview: Preview): Promise<RunResult>;
  apps(): Promise<string[]>;
  routes(): Promise<string[]>;
  services(): Promise<string[]>;
  /** What is answered at that host. */
  at(host: string): string;
}

export async function inSpace<T>(work: (space: Space) => Promise<T>): Promise<T> {
  const platform = await startPlatform({});
  let runs = 0;
  const run: Space['run'] = ({ version = 'v1', number = 12, command = 'preview', inputs = {}, ...how }) => {
    runs += 1;
    const { repository = 'octo/shop', gitHub, compare } = how;
    const head = { sha: commitOf(version), repo: { full_name: repository } };
    return act(
      platform,
      {
        workspace: workspaceOf(version, how),
        commit: commitOf(version),
        runId: String(runs),
        inputs: { command, drain: '1s', ...inputs },
        repository,
        ...(gitHub ? { gitHub } : {}),
        ...(compare ? { compare } : {}),
        event: { name: how.event ?? 'pull_request', payload: { pull_request: { number, head } } },
      },
      how.trial,
    );
  };
  try {
    return await platform.clock.drive(
      (async () => {
        const ask: Ask = async (...call) => (await signIn(platform)).ask(...call);
        const list = async (path: string): Promise<Body[]> => (await ask('GET', path)).resources;
        return work({
          ...{ ask, platform, run },
          apps: async () => (await list('/v3/apps')).map(({ name }) => name).sort(),
          routes: async () => (await list('/v3/routes')).map(({ url }) => url).sort(),
          services: async () => (await list('/v3/service_instances')).map(({ name }) => name).sort(),
          at: (host) => {
            const { status, headers } = platform.routers.ask(`${host}.apps.localhost`, '/', {});
            return headers['x-app-version'] ?? String(status);
          },
        });
      })(),
    );
  } finally {
    await platform.close();
  }
}

/** @returns its outputs. Throws its log where it ended otherwise. */
export function went({ outputs, lines }: RunResult, result: string): RunResult['outputs'] {
  if (outputs.result !== result) throw new Error(lines.join('\n'));
  return outputs;
}

export const settle = ({ platform }: Space) => platform.clock.sleep(10_000);

/** GitHub's list of pull requests, by their states. */
export const pulls = (states: Readonly<Record<number, string>>) => (path: string) => {
  if (!path.includes('/pulls?')) return undefined;
  const all = Object.entries(states).map(([number, state]) => ({ number: Number(number), state }));
  return { status: 200, json: all.reverse() };
};
