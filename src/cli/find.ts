import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Inputs } from '../model/asked.js';
import { Refused } from '../model/errors.js';
import type { ChildResult, Children, Clock, Files, Http, Listener } from '../model/ports.js';
import { begun } from '../system/begun.js';
import { findProgram } from '../system/children.js';
import { download } from './download.js';
import { toolEnvironment } from './environment.js';
import { type CliPlatform, isWanted, type Release, releaseOf } from './releases.js';
import type { ToolCache } from './tool-cache.js';

export interface FoundCf {
  path: string;
  /** What the binary itself says. */
  version: string;
  source: 'CF_CLI' | 'path' | 'cache' | 'download';
  /** Of the archive it was unpacked from, compared before that; of one that was there already, of the binary itself. */
  sha256?: string;
}

export interface FindCf {
  inputs: Pick<Inputs, 'cfVersion' | 'cfChecksum' | 'cfUrl'>;
  env: Readonly<Record<string, string | undefined>>;
  platform: CliPlatform;
  children: Children;
  /** Without the user's `skip-ssl-validation`: that is for the platform only. */
  http: Http;
  clock: Clock;
  files: Files;
  /** undefined: nothing is kept between runs. */
  toolCache?: ToolCache;
  /** A private folder that lives as long as the binary is needed. */
  folder: string;
  listener: Listener;
  signal?: AbortSignal;
}

const VERSION_TIMEOUT_MS = 30_000;
const UNPACK_TIMEOUT_MS = 120_000;

/**
 * The cf CLI to use: the one that `CF_CLI` names, whatever its version; else the asked version on the PATH, in the tool cache,
 * or downloaded. An archive is compared with its SHA-256 on every use, before anything of it is unpacked. Throws `Refused`
 * (no such binary, unknown checksum, wrong checksum, no such release), `PlatformFault` (the download stays broken).
 */
export async function findCf(find: FindCf): Promise<FoundCf> {
  const named = find.env.CF_CLI;
  if (named !== undefined && named !== '') return await namedCf(named, find);

  const path = await findProgram('cf', find.env.PATH).catch(() => undefined);
  const installed = path === undefined ? undefined : await versionOf(path, find);
  if (path !== undefined && installed !== undefined && isWanted(installed, find.inputs.cfVersion))
    return unverified({ path, version: installed, source: 'path', sha256: await sumOf(path, find) }, find);

  const { cfVersion, cfChecksum, cfUrl } = find.inputs;
  const release = releaseOf(
    {
      version: cfVersion,
      ...(cfChecksum === undefined ? {} : { checksum: cfChecksum }),
      ...(cfUrl === undefined ? {} : { url: cfUrl }),
    },
    find.platform,
  );
  const kept = await keptArchive(release, find);
  if (kept !== undefined) return await unpacked(kept, 'cache', release, find);

  find.listener.tell({ type: 'note', text: `Downloading cf ${release.version}` });
  const archive = await download(release.url, find);
  const sum = sha256(archive);
  if (sum !== release.sha256)
    throw new Refused(
      `The archive of cf ${release.version} has the SHA-256 ${sum}, expected was ${release.sha256}. It was not unpacked.`,
      'Check cf-url and cf-checksum; if both are right, the download was tampered with or cut.',
      'cf-checksum',
    );
  const found = await unpacked(archive, 'download', release, find);
  await keep(release, find);
  return found;
}

async function namedCf(named: string, find: FindCf): Promise<FoundCf> {
  const path = await findProgram(named, find.env.PATH).catch(() => undefined);
  const sum = begun(path === undefined ? Promise.resolve('') : sumOf(path, find));
  const version = path === undefined ? undefined : await versionOf(path, find);
  if (path === undefined || version === undefined)
    throw new Refused(
      `CF_CLI names ${named}, which is not a cf CLI that runs here.`,
      'Let CF_CLI name a cf binary, or remove it from the environment.',
      'cf-cli',
    );
  return unverified({ path, version, source: 'CF_CLI', sha256: await sum }, find);
}

/** Nobody compared it with anything: the log says what it was. */
function unverified(found: FoundCf, { listener }: FindCf): FoundCf {
  const from = found.source === 'path' ? 'the PATH' : 'CF_CLI';
  listener.tell({
    type: 'note',
    text: `cf ${found.version} is ${found.path} (from ${from}), SHA-256 ${found.sha256}`,
  });
  return found;
}

async function sumOf(path: string, { files }: FindCf): Promise<string> {
  const binary = await files.read(path);
  return binary === undefined ? 'not readable' : sha256(binary);
}

/** undefined: there is none, or it is something else. `0.0.0` when it was built without a version. */
async function versionOf(file: string, find: FindCf): Promise<string | undefined> {
  let result: ChildResult;
  try {
    result = await find.children.run({
      file,
      args: ['version'],
      // Every cf command writes its configuration.
      env: toolEnvironment(find.env, { CF_HOME: find.folder }),
      timeoutMs: VERSION_TIMEOUT_MS,
      ...(find.signal === undefined ? {} : { signal: find.signal }),
    });
  } catch {
    find.signal?.throwIfAborted();
    return undefined;
  }
  find.signal?.throwIfAborted();
  return /\bversion (\d+\.\d+\.\d+)/.exec(result.stdout)?.[1];
}

async function keptArchive(release: Release, find: FindCf): Promise<Buffer | undefined> {
  const path = await find.toolCache?.find(release.version, platformKey(find));
  const archive = path === undefined ? undefined : await find.files.read(path);
  if (archive === undefined || sha256(archive) === release.sha256) return archive;
  find.listener.tell({
    type: 'warning',
    text: `The archive of cf ${release.version} that the runner kept (${path}) is not what it was: it is not used, and downloaded anew.`,
  });
  return undefined;
}

async function keep(release: Release, find: FindCf): Promise<void> {
  try {
    await find.toolCache?.keep(archivePath(release, find), release.version, platformKey(find));
  } catch (error) {
    find.listener.tell({
      type: 'note',
      text: `cf ${release.version} could not be kept for later runs: ${String(error)}`,
    });
  }
}

async function unpacked(
  archive: Buffer,
  source: FoundCf['source'],
  release: Release,
  find: FindCf,
): Promise<FoundCf> {
  await find.files.writePrivate(archivePath(release, find), archive);
  const { code, stderr } = await find.children.run({
    file: tarOf(find),
    args: ['-xf', archivePath(release, find), '-C', find.folder],
    env: toolEnvironment(find.env),
    timeoutMs: UNPACK_TIMEOUT_MS,
    ...(find.signal === undefined ? {} : { signal: find.signal }),
  });
  find.signal?.throwIfAborted();
  // Since v7 `cf` is a link to the binary of the major's name.
  const path = join(find.folder, find.platform.os === 'win32' ? 'cf.exe' : 'cf');
  const version = code === 0 ? await versionOf(path, find) : undefined;
  if (version === undefined)
    throw new Refused(
      `The archive of cf ${release.version} holds no cf that runs here: ${stderr.trim()}`,
      'Check cf-url and cf-checksum, and that the archive is for this platform.',
      'cf-cli',
    );
  return { path, version, source, sha256: release.sha256 };
}

function archivePath({ type }: Release, { folder }: FindCf): string {
  return join(folder, `cf.${type}`);
}

/** That of Windows itself unpacks ZIP archives, too; the one of its Git, often before it on the PATH, does not. */
function tarOf({ platform, env }: FindCf): string {
  return platform.os === 'win32' ? `${env.SystemRoot ?? 'C:\\Windows'}\\System32\\tar.exe` : 'tar';
}

function platformKey({ platform }: FindCf): string {
  return `${platform.os}-${platform.arch}`;
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
