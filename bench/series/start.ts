import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAction } from '../../runner/index.js';
import { node24, projectRoot } from '../../runner/tools.js';
import type { Sample } from '../figure.js';
import { inTurns, type Series } from './series.js';

/** Nobody is asked there: what is measured ends before. */
const NOWHERE = 'http://127.0.0.1:9';

/** From the start of the process until it has started a cf, which notes when that was and does no more. */
export const start: Series = async (context) => {
  const dir = await mkdtemp(join(tmpdir(), 'bench-start-'));
  try {
    await writeFile(join(dir, 'manifest.yml'), 'applications:\n  - name: ours\n    no-route: true\n');
    const measure = (bundle: string) => () => startOf(bundle, dir, context.signal);
    const ours = process.env.BENCH_BUNDLE || join(projectRoot(), 'dist', 'index.js');
    const empty = process.env.EMPTY_BUNDLE;
    if (!empty) throw new Error('EMPTY_BUNDLE names no bundle: `npm run bench` makes it');
    // The first one reads from the disk, and fills Node's own caches.
    for (const bundle of [ours, empty]) await startOf(bundle, dir, context.signal);
    return await inTurns(context, measure(ours), measure(empty), context.settings.starts);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};

async function startOf(bundle: string, dir: string, signal: AbortSignal): Promise<Sample> {
  const cf = join(dir, 'cf');
  const noted = join(dir, 'noted');
  await rm(noted, { force: true });
  // The first one counts, whatever comes after it.
  await writeFile(cf, `#!/bin/sh\n[ -e '${noted}' ] || date +%s%N > '${noted}'\nexit 1\n`);
  await chmod(cf, 0o755);
  let startedMs = 0;
  await runAction({
    bundle,
    actionFile: join(projectRoot(), 'action.yml'),
    node: node24(),
    inputs: { api: NOWHERE, org: 'o', space: 's', username: 'u', password: 'p' },
    env: { CF_CLI: cf },
    workspace: dir,
    workDir: join(dir, 'runner'),
    onStart: () => {
      startedMs ||= performance.timeOrigin + performance.now();
    },
    post: false,
    signal,
  });
  const atNs = await readFile(noted, 'utf8').catch(() => {
    throw new Error(`${bundle} started no cf`);
  });
  return { ms: Number(BigInt(atNs.trim()) / 1_000n) / 1_000 - startedMs };
}
