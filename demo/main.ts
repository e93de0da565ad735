/**
 * `npm run demo`: a new version goes live under steady traffic, a broken one does not, and nobody notices either. Everything is
 * real but the cloud: the committed bundle as the runner runs it, the cf CLI, the app's processes, the requests.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type ActionResult, runAction } from '../runner/index.js';
import { cfCli, node24 } from '../runner/tools.js';
import { startTraffic, type Traffic } from '../traffic/client.js';
import { shoot } from '../traffic/request.js';

import { manifestOf, writeAppVersion } from './app.js';
import { type Foundry, startFoundry } from './foundry.js';
import { type Deploy, judgeDeployed, judgeRefused } from './judge.js';
import { type Check, checkLine, duration, stepLine, switchMs, trafficTable } from './show.js';

const APP = 'shop';
const RATE = 200;
/** Enough requests before and after a deploy to see what was and what is. */
const AROUND = RATE;

const say = (text = ''): void => {
  process.stdout.write(`${text}\n`);
};

interface Scene {
  foundry: Foundry;
  bundle: string;
  /** Production route. */
  url: string;
  dir: string;
}

async function deploy(scene: Scene, version: string, healthy: boolean): Promise<ActionResult> {
  const { foundry, dir } = scene;
  const workspace = join(dir, version, 'workspace');
  await writeAppVersion(workspace, {
    version,
    health: healthy ? 'ok' : '500',
    manifest: manifestOf({ name: APP, routes: [scene.url], instances: 2 }),
  });
  const result = await runAction({
    bundle: scene.bundle,
    actionFile: resolve('action.yml'),
    node: node24(),
    inputs: {
      api: foundry.api,
      router: foundry.router,
      org: foundry.org,
      space: foundry.space,
      username: foundry.username,
      password: foundry.password,
      'smoke-test': '- path: /health\n  within: 10s',
      drain: '5s',
    },
    env: { CF_CLI: cfCli() },
    secrets: [foundry.password],
    workspace,
    workDir: join(dir, version, 'runner'),
    onLine: (line) => {
      const shown = stepLine(line);
      if (shown !== undefined) say(shown);
    },
  });
  await writeFile(join(dir, version, 'summary.md'), result.summary);
  await writeFile(join(dir, version, 'raw.log'), result.log);
  say(
    `  ${result.outputs.result ?? 'no result'}, exit code ${result.exitCode}, ${duration(result.durationMs)}`,
  );
  return result;
}

/** A deploy with traffic before, through and after it. */
async function underTraffic(scene: Scene, version: string, healthy: boolean): Promise<Deploy> {
  const { foundry, url } = scene;
  const traffic = await startTraffic({
    router: foundry.router,
    routes: [{ host: url, path: '/' }],
    rate: RATE,
  });
  try {
    await sendMore(traffic);
    const before = await foundry.state();
    const fromMs = Date.now();
    const { exitCode, outputs } = await deploy(scene, version, healthy);
    const toMs = Date.now();
    await sendMore(traffic);
    const metNow = await meet(scene);
    const figures = await traffic.stop();
    const [history, after] = [await foundry.history(), await foundry.state()];
    return { app: APP, url, fromMs, toMs, exitCode, outputs, figures, history, before, after, metNow };
  } finally {
    // Its death counts where its figures are missed.
    await traffic.stop().catch(() => undefined);
  }
}

async function sendMore(traffic: Traffic): Promise<void> {
  const enough = (await traffic.figures()).sent + AROUND;
  while ((await traffic.figures()).sent < enough) await new Promise((done) => setTimeout(done, 100));
}

/** The version that answers a user now. */
async function meet({ foundry, url }: Scene): Promise<string | undefined> {
  const outcome = await shoot({ router: foundry.router, route: { host: url, path: '/' }, timeoutMs: 10_000 });
  return outcome.failure ? outcome.failure.reason : outcome.version;
}

function show(checks: readonly Check[]): boolean {
  for (const check of checks) say(checkLine(check));
  say();
  return checks.every((check) => check.ok);
}

async function play(scene: Scene): Promise<boolean> {
  say(`Version 1 goes live on ${scene.url}`);
  const first = await deploy(scene, 'v1', true);
  const met = await meet(scene);
  const begun = show([
    {
      what: 'v1 is live',
      ok: first.exitCode === 0 && first.outputs.result === 'deployed' && met === 'v1',
      seen: `exit code ${first.exitCode}, a user meets ${met ?? 'nothing'}`,
    },
  ]);
  if (!begun) return false;

  say(`Version 2 goes live under ${RATE} requests a second`);
  const second = await underTraffic(scene, 'v2', true);
  for (const line of trafficTable(second.figures, switchMs(second.figures, 'v1', 'v2'))) say(line);
  const deployed = show(judgeDeployed(second, 'v1', 'v2'));
  if (!deployed) return false;

  say('Version 3 is broken (its health check answers 500) and must not go live');
  const third = await underTraffic(scene, 'v3', false);
  for (const line of trafficTable(third.figures)) say(line);
  return show(judgeRefused(third, 'v2', 'v3'));
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { bundle: { type: 'string', default: 'dist/index.js' } } });
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const dir = resolve('.cache', 'demo', `${stamp}-${process.pid}`);
  await mkdir(dir, { recursive: true });
  const foundry = await startFoundry();
  const interrupted = (): void => void foundry.stop().then(() => process.exit(130));
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    const url = `${APP}.${foundry.apps_domain}`;
    const good = await play({ foundry, bundle: resolve(values.bundle), url, dir });
    say(`Job summaries and raw logs: ${dir}/v*/summary.md and raw.log`);
    say(good ? 'Everything was as promised.' : 'Not everything was as promised: see FAILED above.');
    return good ? 0 : 1;
  } finally {
    await foundry.stop();
  }
}

process.exitCode = await main();
