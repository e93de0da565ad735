/**
 * The programs that demo and tests run: real ones, built from pinned module files or brought by npm. A binary that the
 * environment names (CF_CLI, CF6, NODE24, K6, ACT, ACTIONLINT, ZIZMOR) wins. `runner/tools.ts` finds
 * them by their links in `.cache/bin/`.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { aptInstall } from './apt.mjs';
import { run } from './child.mjs';
import { contents, once } from './once.mjs';
import { at } from './paths.mjs';
import { timed } from './say.mjs';

const CF_VERSION = '8.18.3';
/** The last one with `v3-zdt-push`. */
const CF6_VERSION = '6.53.0';
const NODE_VERSION = '24.21.0';
const EXE = process.platform === 'win32' ? '.exe' : '';

/** Releases that stand in for Go: platform -> suffix of the archive's name and its SHA-256 (no checksum is published with them). */
const CF_RELEASES = {
  'linux-x64': ['linux_x86-64', '8942e2c3c98e83c7e14edbce939876bba7ff12a26f0f722c5aa5b079d357d50b'],
  'darwin-arm64': ['macosarm', 'f4bd3664ac2f4884ef294d14f8ead9d002c012b580bf694c343f71156f1ee4c7'],
};

/** @returns path of the real cf CLI v8. Without Go, where `release` allows it, the published release is taken. */
export async function cf({ release = false } = {}) {
  if (process.env.CF_CLI) return process.env.CF_CLI;
  const binary = at('.cache', 'cf', CF_VERSION, `cf8${EXE}`);
  const symbol = `-X code.cloudfoundry.org/cli/v8/version.binaryVersion=${CF_VERSION}`;
  const make = async () => {
    if (!release || (await hasGo())) await goBuild('cf-v8', 'code.cloudfoundry.org/cli/v8', binary, symbol);
    else await download(binary);
  };
  await once(
    'cf',
    () => contents(at('tools', 'cf-v8', 'go.sum')),
    binary,
    () => timed(`cf ${CF_VERSION}`, make),
  );
  return linked('cf', binary);
}

/** @returns path of the real cf CLI v6 */
export async function cf6() {
  if (process.env.CF6) return process.env.CF6;
  const binary = at('.cache', 'cf', CF6_VERSION, `cf6${EXE}`);
  const symbol = `-X code.cloudfoundry.org/cli/version.binaryVersion=${CF6_VERSION}`;
  await once(
    'cf6',
    () => contents(at('tools', 'cf-v6', 'go.sum')),
    binary,
    () => timed(`cf ${CF6_VERSION}`, () => goBuild('cf-v6', 'code.cloudfoundry.org/cli', binary, symbol)),
  );
  return linked('cf6', binary);
}

/** @returns path of the load generator */
export function k6() {
  return goTool('k6', 'go.k6.io/k6');
}

/** @returns path of the program that runs workflows without GitHub */
export function act() {
  return goTool('act', 'github.com/nektos/act');
}

/** @returns path of the workflow linter */
export function actionlint() {
  return goTool('actionlint', 'github.com/rhysd/actionlint/cmd/actionlint');
}

/** @returns path of the auditor of workflows, which pip brings: it is on no other registry as a program */
export async function zizmor() {
  if (process.env.ZIZMOR) return process.env.ZIZMOR;
  const list = at('tools', 'zizmor', 'requirements.txt');
  const folder = at('.cache', 'zizmor');
  const binary = join(folder, 'bin', `zizmor${EXE}`);
  const install = ['-m', 'pip', 'install', '--quiet', '--require-hashes', '--no-deps', '--only-binary=:all:'];
  await once(
    'zizmor',
    () => contents(list),
    binary,
    () =>
      timed('zizmor', async () => {
        rmSync(folder, { recursive: true, force: true });
        await run('python3', ['-m', 'pip', '--version']).catch(() => aptInstall('python3', 'python3-pip'));
        await run('python3', [...install, '--target', folder, '--requirement', list]);
      }),
  );
  return linked('zizmor', binary);
}

/** @returns path of a Node of 24 or newer: this one, or the one of the npm package of this platform */
export async function node24() {
  if (process.env.NODE24) return process.env.NODE24;
  if (Number.parseInt(process.versions.node, 10) >= 24) return linked('node24', process.execPath);
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const folder = at('.cache', 'node', NODE_VERSION);
  const binary = join(folder, 'node_modules', name, 'bin', `node${EXE}`);
  const install = ['install', '--no-save', '--no-package-lock', '--ignore-scripts', '--loglevel=error'];
  await once(
    'node24',
    () => `${name}@${NODE_VERSION}`,
    binary,
    () =>
      timed(`Node ${NODE_VERSION}`, () => {
        mkdirSync(folder, { recursive: true });
        return run('npm', [...install, '--prefix', folder, `${name}@${NODE_VERSION}`], { cwd: folder });
      }),
  );
  return linked('node24', binary);
}

async function goTool(name, module) {
  const named = process.env[name.toUpperCase()];
  if (named) return named;
  const binary = at('.cache', 'go', `${name}${EXE}`);
  const files = [at('tools', name, 'go.mod'), at('tools', name, 'go.sum')];
  await once(
    name,
    () => contents(...files),
    binary,
    () => timed(name, () => goBuild(name, module, binary)),
  );
  return linked(name, binary);
}

async function goBuild(folder, module, binary, ldflags = '') {
  mkdirSync(dirname(binary), { recursive: true });
  const args = ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags', `-s -w ${ldflags}`];
  await run('go', [...args, '-o', binary, module], { cwd: at('tools', folder) }).catch((error) => {
    if (error.code === 'ENOENT')
      throw new Error(`Go is needed to build ${module}: install it from https://go.dev/dl/`);
    throw error;
  });
}

/** Where `runner/tools.ts` finds it. */
export function linked(name, binary) {
  const link = at('.cache', 'bin', name);
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(binary, link);
  return binary;
}

function hasGo() {
  return run('go', ['version']).then(
    () => true,
    () => false,
  );
}

/** The archive is unpacked only when it is the one that is known. */
async function download(binary) {
  const refuse = (why) => {
    throw new Error(`${why}: install Go, or name a cf CLI v8 in CF_CLI`);
  };
  const platform = `${process.platform}-${process.arch}`;
  const [suffix, sha256] =
    CF_RELEASES[platform] ?? refuse(`No cf release with a known checksum for ${platform}`);
  const url = `https://github.com/cloudfoundry/cli/releases/download/v${CF_VERSION}/cf8-cli_${CF_VERSION}_${suffix}.tgz`;
  const response = await fetch(url).catch((error) =>
    refuse(`${url} cannot be reached (${error.cause?.code ?? error.message})`),
  );
  if (!response.ok) refuse(`${url} answered ${response.status}`);
  const bytes = Buffer.from(await response.arrayBuffer());
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) refuse(`${url} has another checksum`);
  mkdirSync(dirname(binary), { recursive: true });
  const archive = `${binary}.tgz`;
  writeFileSync(archive, bytes);
  await run('tar', ['-xzf', archive, '-C', dirname(binary), 'cf8']);
  rmSync(archive);
}
