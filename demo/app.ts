import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AppBehaviour } from './server.js';

export type { AppBehaviour } from './server.js';

export interface AppVersion extends AppBehaviour, Partial<Programs> {
  /** Text of `manifest.yml`; none is written without it. */
  manifest?: string;
  /** Bits that no buildpack takes: staging fails. */
  failStaging?: boolean;
}

/** What the programs beside the server are told, which a manifest names as commands. */
export interface Programs {
  /** `node demo/worker.js AS`: absolute path of the file in which it tells its work. */
  worksOn: string;
  /** It ends as soon as it is started. */
  workFails: boolean;
  /** `node demo/service.js`: absolute path of the file in which it tells its calls. */
  callsIn: string;
  service: { name: string; calls: string; as: 'instance' | 'first-uri' };
}

/** What the server needs beside Node, below the folder of the compiled code. */
const PROGRAM = ['demo/server.js', 'traffic/frames.js'];
/** What is added where it is asked for. */
const WORKER = 'demo/worker.js';
const SERVICE = ['demo/service.js', 'demo/registry.js'];

/**
 * Writes one version of the demo app into `dir` (made if it is missing): a Node app without dependencies, its `app.json`
 * and, when given, `manifest.yml`. `/` answers 200 with `X-App-Version`, `/health` as `health` says, `/slow?ms=` takes that long,
 * `/missing` is a 404, `/turn-bad` does what it says to a version with `turnsBad`, a POST answers the length of its body, a websocket
 * echoes.
 */
export async function writeAppVersion(dir: string, app: AppVersion): Promise<void> {
  const { manifest, failStaging, ...behaviour } = app;
  await mkdir(dir, { recursive: true });
  if (manifest !== undefined) await writeFile(join(dir, 'manifest.yml'), manifest);
  if (failStaging) {
    await writeFile(join(dir, 'README.txt'), `version ${app.version}: nothing that a buildpack knows\n`);
    return;
  }
  const compiled = fileURLToPath(new URL('..', import.meta.url));
  const { worksOn, service } = behaviour;
  for (const file of [...PROGRAM, ...(worksOn ? [WORKER] : []), ...(service ? SERVICE : [])]) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await copyFile(join(compiled, file), join(dir, file));
  }
  const pack = { name: 'demo-app', version: '1.0.0', private: true, type: 'module' };
  await writeFile(
    join(dir, 'package.json'),
    `${JSON.stringify({ ...pack, scripts: { start: 'node demo/server.js' } }, null, 2)}\n`,
  );
  await writeFile(join(dir, 'app.json'), `${JSON.stringify(behaviour, null, 2)}\n`);
}

export interface ManifestOptions {
  name: string;
  /** `host.domain/path`, no scheme. */
  routes?: readonly string[];
  instances?: number;
  /** Further lines of the app's block, each as `key: value`. */
  more?: readonly string[];
}

/** A manifest of one app. Small memory: many instances run side by side in the foundry. */
export function manifestOf(options: ManifestOptions): string {
  const routes = options.routes ?? [];
  return [
    'applications:',
    `  - name: ${options.name}`,
    '    memory: 64M',
    '    disk_quota: 128M',
    `    instances: ${options.instances ?? 1}`,
    ...(options.more ?? []).map((line) => `    ${line}`),
    ...(routes.length > 0 ? ['    routes:'] : []),
    ...routes.map((route) => `      - route: '${route}'`),
    '',
  ].join('\n');
}
