import { join } from 'node:path';

/** Archives that are kept on the runner between runs, by version and platform. */
export interface ToolCache {
  /** Path of the kept archive. Whoever can write the folder can change it: it is verified before each use. */
  find(version: string, platform: string): Promise<string | undefined>;
  keep(archive: string, version: string, platform: string): Promise<void>;
}

const TOOL = 'cf-cli-archive';
const FILE = 'cf.tgz';

/** The runner's own cache (`RUNNER_TOOL_CACHE`). Its library is loaded when it is first needed: most runs never do. */
export function runnerToolCache(): ToolCache {
  return {
    async find(version, platform) {
      const { find } = await import('@actions/tool-cache');
      const folder = find(TOOL, version, platform);
      return folder === '' ? undefined : join(folder, FILE);
    },
    async keep(archive, version, platform) {
      const { cacheFile } = await import('@actions/tool-cache');
      await cacheFile(archive, FILE, TOOL, version, platform);
    },
  };
}
