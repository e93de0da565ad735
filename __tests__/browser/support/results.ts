/** Summaries as deploys write them, of every kind of result: played on the virtual clock, by the shipped code. */
import type { FoundryOptions } from '../../../foundry/start.js';
import { act, type RunResult } from '../../matrix/action.js';
import type { AppVersion } from '../../matrix/cells.js';
import { withOneApp } from '../../matrix/one-app.js';
import { startPlatform } from '../../matrix/platform.js';
import { inSpace } from '../../matrix/preview-space.js';
import { APP, commandOf, type Folders, type Settings, USUAL, url } from '../../matrix/scenarios.js';

const ROUTES = { [APP]: [url(APP)] };
/** Live has two instances of 64 MiB: there is no room for two more. */
const FULL = {
  ...{ perProcessMemoryMb: null, totalInstances: null, logRateBps: null, totalRoutes: null },
  ...{ totalReservedPorts: null, totalServiceInstances: null, perAppTasks: null },
};
const ON_PRODUCTION = '- path: /health\n  on: production\n  status: 418\n  within: 5s\n';

/** Commits between two versions, as GitHub tells them. */
function gitHub(path: string): { status: number; json: unknown } | undefined {
  const [, base = '', head = ''] = /\/compare\/(\w+)\.\.\.(\w+)\?/.exec(path) ?? [];
  if (!base) return undefined;
  const isAhead = base < head;
  const messages = [
    'Let a cart be emptied (#41)',
    'Merge pull request #42 from octo/checkout\n\nTake no order without an address',
    'Typo',
  ];
  const commits = messages.map((message, at) => ({ sha: `${at + 1}`.repeat(40), commit: { message } }));
  const [ahead, behind] = isAhead ? [commits.length, 0] : [0, commits.length];
  const json = {
    status: isAhead ? 'ahead' : 'behind',
    base_commit: { sha: base },
    ahead_by: ahead,
    behind_by: behind,
    total_commits: ahead,
    commits: isAhead ? commits : [],
  };
  return { status: 200, json };
}

interface Asked {
  version: AppVersion;
  inputs?: Readonly<Record<string, string>>;
  settings?: Partial<Settings>;
}

/** One platform with version v1 live; each of the runs follows the one before. @returns how the last one ended */
async function after(
  folders: Folders,
  options: Partial<FoundryOptions> & { instances?: number },
  runs: readonly Asked[],
): Promise<RunResult> {
  return withOneApp(folders, options, async ({ platform }) => {
    let last: RunResult | undefined;
    for (const [at, { version, inputs = {}, settings = {} }] of runs.entries()) {
      const { instances = 2 } = options;
      const asked = {
        asked: version,
        routes: ROUTES,
        settings: { ...USUAL, instances, ...settings },
        inputs: { drain: '5s', summary: 'true', report: 'report.html', ...inputs },
      };
      last = await act(platform, { ...commandOf(asked, folders, 10 + at), ...HERE });
      await platform.clock.sleep(10_000);
    }
    if (!last) throw new Error('nothing was run');
    return last;
  });
}

const HERE = {
  gitHub,
  event: { name: 'workflow_dispatch', payload: {} },
  workflow: 'deploy.yml@refs/heads/main',
};

/** By kind of result: what it is called in the output `result`, and how it comes to be. */
export const RESULTS: Readonly<
  Record<string, { result: string; play(folders: Folders): Promise<RunResult> }>
> = {
  'first deploy': {
    result: 'deployed',
    play: async (folders) => {
      const platform = await startPlatform({});
      const asked = {
        asked: { version: 'v1' },
        routes: ROUTES,
        settings: USUAL,
        inputs: { summary: 'true', report: 'report.html' },
      };
      try {
        return await platform.clock.drive(act(platform, { ...commandOf(asked, folders, 1), ...HERE }));
      } finally {
        await platform.close();
      }
    },
  },
  deploy: {
    result: 'deployed',
    play: (folders) =>
      after(folders, {}, [
        {
          version: { version: 'v2' },
          settings: { instances: 3, memoryMb: 96, env: { MODE: 'v2', COLOR: 'green' } },
        },
      ]),
  },
  canary: {
    result: 'deployed',
    play: (folders) =>
      after(folders, { instances: 4 }, [
        { version: { version: 'v2' }, inputs: { strategy: 'canary', 'instance-steps': '25 50' } },
      ]),
  },
  held: {
    result: 'held',
    play: (folders) => after(folders, {}, [{ version: { version: 'v2' }, inputs: { hold: 'true' } }]),
  },
  'reverted in the switch': {
    result: 'reverted',
    play: (folders) =>
      after(folders, {}, [{ version: { version: 'v2' }, inputs: { 'smoke-test': ON_PRODUCTION } }]),
  },
  'version does not start': {
    result: 'reverted',
    play: (folders) =>
      after(folders, {}, [{ version: { version: 'v2', crashes: true }, inputs: { 'keep-failed': 'true' } }]),
  },
  'refused by quota': {
    result: 'refused',
    play: (folders) => {
      const quota = { ...FULL, totalMemoryMb: 200 };
      return after(folders, { quota }, [{ version: { version: 'v2' } }]);
    },
  },
  rollback: {
    result: 'rolled-back',
    play: (folders) =>
      after(folders, {}, [
        { version: { version: 'v2' } },
        { version: { version: 'v2' }, inputs: { command: 'rollback', app: APP } },
      ]),
  },
  preview: {
    result: 'previewed',
    play: () => inSpace((space) => space.run({ inputs: { summary: 'true', report: 'report.html' } })),
  },
  plan: {
    result: 'planned',
    play: (folders) => after(folders, {}, [{ version: { version: 'v2' }, inputs: { plan: 'true' } }]),
  },
};
