import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { type RunOptions, runAction } from '../../runner/index.js';
import { cfCli, node24, projectRoot } from '../../runner/tools.js';
import type { Sample, Samples } from '../figure.js';
import { type Context, inTurns, type Series } from './series.js';

/** Nobody is asked there: what is measured ends before. */
const NOWHERE = 'http://127.0.0.1:9';
/** Any: the archive is kept and asked for under it. */
const VERSION = '8.18.4';

/** Where the bundle has its cf from. `inputs` are beside those of each start. */
type Cli = Pick<RunOptions, 'env' | 'inputs' | 'toolCache'>;

/** From the start of the process until it has started the cf that `CF_CLI` names. */
export const start: Series = (context) => startWith(context, async (_dir, cf) => namedBy(cf));

/** The same until it has started the one that the runner kept, beside the empty bundle with `CF_CLI`. */
export const startCached: Series = (context) => startWith(context, cachedCli);

/** @param cliOf gets a folder for what it makes, and the path of the cf that is to be started */
async function startWith(
  context: Context,
  cliOf: (dir: string, cf: string) => Promise<Cli>,
): Promise<Samples> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-start-'));
  try {
    await writeFile(join(dir, 'manifest.yml'), 'applications:\n  - name: ours\n    no-route: true\n');
    const noted = join(dir, 'noted');
    const cf = await notingCf(dir, noted);
    const cli = await cliOf(dir, cf);
    const ours = process.env.BENCH_BUNDLE || join(projectRoot(), 'dist', 'index.js');
    const empty = process.env.EMPTY_BUNDLE;
    if (!empty) throw new Error('EMPTY_BUNDLE names no bundle: `npm run bench` makes it');
    const ways = [
      () => startOf(ours, cli, dir, noted, context.signal),
      () => startOf(empty, namedBy(cf), dir, noted, context.signal),
    ] as const;
    // The first one reads from the disk, and fills Node's own caches.
    for (const way of ways) await way();
    return await inTurns(context, ...ways, context.settings.starts);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** @returns path of a cf that notes the time of its first start, in nanoseconds, and does no more */
async function notingCf(dir: string, noted: string): Promise<string> {
  const cf = join(dir, 'cf');
  const script = `#!/bin/sh\n[ -e '${noted}' ] || date +%s%N > '${noted}'\nexit 1\n`;
  await writeFile(cf, script, { mode: 0o755 });
  return cf;
}

function namedBy(cf: string): Cli {
  return { inputs: {}, env: { CF_CLI: cf } };
}

/**
 * As on a self-hosted runner that downloaded a release in an earlier job: an archive with the real binary, and with `cf` in place
 * of the link to it. Nobody answers at `cf-url`, and no other cf is on the PATH: what starts comes from the cache.
 */
async function cachedCli(dir: string, cf: string): Promise<Cli> {
  const release = join(dir, 'release');
  const kept = join(dir, 'tools', 'cf-cli-archive', VERSION, `${process.platform}-${process.arch}`);
  for (const folder of [release, kept]) await mkdir(folder, { recursive: true });
  await copyFile(cf, join(release, 'cf'));
  await copyFile(cfCli(), join(release, 'cf8'));
  const archive = join(kept, 'cf.tgz');
  await promisify(execFile)('tar', ['-czf', archive, '-C', release, 'cf', 'cf8']);
  await writeFile(`${kept}.complete`, '');
  const sum = createHash('sha256')
    .update(await readFile(archive))
    .digest('hex');
  return {
    inputs: { 'cf-version': VERSION, 'cf-checksum': sum, 'cf-url': NOWHERE },
    env: { PATH: await pathOf(['date', 'gzip', 'tar'], join(dir, 'bin')) },
    toolCache: join(dir, 'tools'),
  };
}

/** @returns a PATH on which nothing is but these programs. @throws Error when one is not on ours */
async function pathOf(programs: readonly string[], bin: string): Promise<string> {
  await mkdir(bin);
  for (const name of programs) {
    const all = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
    const found = all.find((path) => existsSync(path));
    if (found === undefined) throw new Error(`${name} is not on the PATH`);
    await symlink(found, join(bin, name));
  }
  return bin;
}

/** @throws Error with the log when no cf was started: then there is nothing to measure */
async function startOf(
  bundle: string,
  cli: Cli,
  dir: string,
  noted: string,
  signal: AbortSignal,
): Promise<Sample> {
  await rm(noted, { force: true });
  let startedMs = 0;
  const { shown } = await runAction({
    bundle,
    actionFile: join(projectRoot(), 'action.yml'),
    node: node24(),
    ...cli,
    inputs: { api: NOWHERE, org: 'o', space: 's', username: 'u', password: 'p', ...cli.inputs },
    workspace: dir,
    workDir: join(dir, 'runner'),
    onStart: () => {
      startedMs ||= performance.timeOrigin + performance.now();
    },
    post: false,
    signal,
  });
  const atNs = await readFile(noted, 'utf8').catch(() => {
    throw new Error(`${bundle} started no cf:\n${shown}`);
  });
  return { ms: Number(BigInt(atNs.trim()) / 1_000n) / 1_000 - startedMs };
}
