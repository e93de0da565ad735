import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import type { Clock, Stager } from '../ports.js';

export interface StagerOptions {
  clock: Clock;
  /** Milliseconds that a build takes. */
  stagingMs: number;
}

const NOT_DETECTED = 'NoAppDetectedError - An app was not successfully detected by any available buildpack';
const COMPILE_FAILED = 'BuildpackCompileFailed - App staging failed in the buildpack compile phase';

/**
 * Stages what a Procfile or a package.json says. Bits with neither, for which no buildpack was named, are refused as no
 * buildpack would detect them; a package.json that is not JSON fails as a build does. Each build leaves a `staging_info.yml`, in which
 * no two are alike: buildpacks change from one build to the next.
 */
export function createStager({ clock, stagingMs }: StagerOptions): Stager {
  let builds = 0;
  return {
    async stage({ packageDir, dropletDir, buildpacks, log }) {
      const done = new Promise<void>((resolve) => void clock.after(stagingMs, resolve));
      log('Downloading app package...');
      const procfile = await read(packageDir, 'Procfile');
      const manifest = await read(packageDir, 'package.json');
      log('Downloaded app package');
      await done;
      if (procfile === undefined && manifest === undefined && buildpacks.length === 0) {
        log('None of the buildpacks detected a compatible application');
        log('Exit status 222');
        throw new Error(NOT_DETECTED);
      }
      const name = buildpacks.at(-1) ?? (manifest === undefined ? 'binary_buildpack' : 'nodejs_buildpack');
      log(`-----> ${name}`);
      let web: string | undefined;
      if (manifest !== undefined) {
        try {
          web = startScript(manifest);
        } catch (error) {
          log(`       Unable to parse package.json: ${(error as Error).message}`);
          log('Exit status 223');
          throw new Error(COMPILE_FAILED);
        }
      }
      await cp(packageDir, dropletDir, { recursive: true, verbatimSymlinks: true });
      builds += 1;
      await writeFile(
        join(dropletDir, 'staging_info.yml'),
        `detected_buildpack: ${name}\nbuild: ${builds}\n`,
      );
      log('Exit status 0');
      log('Uploading complete');
      return {
        processTypes: { ...(web === undefined ? {} : { web }), ...parseProcfile(procfile ?? '') },
        buildpack: { name, detectOutput: manifest === undefined ? 'binary' : 'nodejs' },
        sidecars: parseLaunch((await read(packageDir, 'launch.yml')) ?? '{}'),
      };
    },
  };
}

/**
 * What `npm start` would run, without npm in between: npm would stand between the platform's SIGTERM and the app. Without a
 * start script it is `npm start` itself, which fails at the start as it does on the platform.
 */
export function startScript(packageJson: string): string {
  const { scripts } = JSON.parse(packageJson) as { scripts?: { start?: unknown } };
  return typeof scripts?.start === 'string' ? scripts.start : 'npm start';
}

/** `type: command` lines of a Procfile. */
export function parseProcfile(text: string): Record<string, string> {
  const lines = text.matchAll(/^([A-Za-z0-9_-]+):[ \t]*(\S.*?)[ \t\r]*$/gm);
  return Object.fromEntries([...lines].map(([, type, command]) => [type, command]));
}

interface LaunchProcess {
  type?: unknown;
  command?: unknown;
  platforms?: { cloudfoundry?: { sidecar_for?: unknown } };
  limits?: { memory?: unknown };
}

/** The sidecars of a launch.yml, the file in which buildpacks name them; here it comes with the bits. */
export function parseLaunch(text: string): NonNullable<Awaited<ReturnType<Stager['stage']>>['sidecars']> {
  const launch = load(text) as { processes?: LaunchProcess[] };
  return (launch.processes ?? []).flatMap(({ type, command, platforms, limits }) => {
    const types = platforms?.cloudfoundry?.sidecar_for;
    if (!Array.isArray(types)) return [];
    const memoryMb = typeof limits?.memory === 'number' ? limits.memory : null;
    return [{ name: String(type), command: String(command), processTypes: types.map(String), memoryMb }];
  });
}

async function read(dir: string, name: string): Promise<string | undefined> {
  try {
    return await readFile(join(dir, name), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
