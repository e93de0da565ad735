/** The real cf CLI against the foundry, unchanged: rolling and canary deployments, and what it says of one that is under way. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Foundry, startFoundry } from '../../demo/foundry.js';
import { type CfCli, cfIn } from './support/cf-cli.js';
import { until } from './support/until.js';

// The CLI looks every three seconds.
jest.setTimeout(180_000);

/** Answers with its version; one called `broken` ends at once. */
const server = (version: string) => `
if (${JSON.stringify(version)} === 'broken') process.exit(1);
require('node:http')
  .createServer((request, response) => response.end(${JSON.stringify(version)}))
  .listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`;

let dir: string;
let foundry: Foundry;
let cf: CfCli;

function ask(): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { headers: { host: `web.${foundry.apps_domain}` }, agent: false };
    const asked = request(foundry.router, options, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        body += part;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Asks the route until the work is over; returns every answer that was not 200 and how often each version answered. */
async function underTraffic<T>(work: Promise<T>): Promise<{ result: T; bad: string[]; versions: string[] }> {
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  work.then(end, end);
  const bad: string[] = [];
  const versions = new Set<string>();
  while (!isOver) {
    const { status, body } = await ask();
    if (status === 200) versions.add(body);
    else bad.push(`${status} ${body}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { result: await work, bad, versions: [...versions] };
}

const write = (version: string) => writeFile(join(dir, 'app', 'server.js'), server(version));
const guidOf = async () => (await cf.ok('app', 'web', '--guid')).trim();
const get = async (path: string) => JSON.parse(await cf.ok('curl', path));
const newest = async () =>
  (await get(`/v3/deployments?app_guids=${await guidOf()}&order_by=-created_at&per_page=1`)).resources[0];
const reasonOf = async () => (await newest()).status.reason;
const webs = async (): Promise<{ guid: string; instances: number }[]> =>
  (await get(`/v3/apps/${await guidOf()}/processes?types=web`)).resources;
const over = (reason: string) =>
  until(`the deployment is ${reason}`, async () => (await reasonOf()) === reason);
/** Only this version answers, each time of many. */
const only = (version: string) =>
  until(`only ${version} answers`, async () => {
    for (let i = 0; i < 10; i += 1) if ((await ask()).body !== version) return false;
    return true;
  });

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'foundry-deployments-'));
  await mkdir(join(dir, 'home'));
  await mkdir(join(dir, 'app'));
  await write('one');
  await writeFile(join(dir, 'app', 'package.json'), '{"scripts":{"start":"exec node server.js"}}');
  const times = ['--job', '50', '--staging', '200', '--boot', '100', '--propagation', '100', '--tick', '300'];
  foundry = await startFoundry(times);
  cf = cfIn(dir);
  await cf.ok('api', foundry.api, '--skip-ssl-validation');
  const login = await cf.runWith({ CF_USERNAME: foundry.username, CF_PASSWORD: foundry.password }, 'auth');
  expect(login.code).toBe(0);
  await cf.ok('target', '-o', foundry.org, '-s', foundry.space);
});

afterAll(async () => {
  await foundry?.stop();
  await rm(dir, { recursive: true, force: true });
});

describe('the real cf CLI', () => {
  test('push --strategy rolling of a new app: it is started without a rollout', async () => {
    const pushed = await cf.ok('push', 'web', '-p', 'app', '-m', '64M', '-i', '2', '--strategy', 'rolling');
    expect(pushed).toMatch(/instances:\s+2\/2/);
    expect(await reasonOf()).toBe('DEPLOYED');
    expect((await newest()).new_processes).toEqual([]);
    expect((await webs()).map((p) => p.guid)).toEqual([await guidOf()]);
    await only('one');
  });

  test('push --strategy rolling: a new process in place of the old one, without a failed request', async () => {
    await write('two');
    const { result, bad, versions } = await underTraffic(
      cf.ok('push', 'web', '-p', 'app', '-m', '64M', '--strategy', 'rolling', '--max-in-flight', '2'),
    );
    expect(result).toContain('Waiting for app to deploy...');
    expect(result).toMatch(/instances:\s+2\/2/);
    expect(result).not.toContain('Active deployment');
    expect(bad).toEqual([]);
    expect(versions.sort()).toEqual(['one', 'two']);
    const made = await newest();
    expect([made.status.reason, made.options.max_in_flight]).toEqual(['DEPLOYED', 2]);
    expect((await webs()).map((p) => p.guid)).toEqual([made.new_processes[0].guid]);
    expect(made.new_processes[0].guid).not.toBe(await guidOf());
    await only('two');
  });

  test('restart --strategy rolling: the same droplet in new instances', async () => {
    const before = await webs();
    const { result, bad } = await underTraffic(cf.ok('restart', 'web', '--strategy', 'rolling'));
    expect(result).toMatch(/Creating deployment for app web/);
    expect(bad).toEqual([]);
    expect(await webs()).toHaveLength(1);
    expect((await webs())[0]?.guid).not.toBe(before[0]?.guid);
    expect((await get(`/v3/apps/${await guidOf()}/revisions`)).resources).toHaveLength(2);
  });

  test('push --strategy canary with steps pauses; app shows it; continue-deployment ends it', async () => {
    await write('three');
    const steps = ['--strategy', 'canary', '--instance-steps', '50,100', '--max-in-flight', '2'];
    const pushed = await cf.ok('push', 'web', '-p', 'app', '-m', '64M', ...steps);
    expect(pushed).toMatch(/Active deployment with status PAUSED/);
    expect(pushed).toMatch(/strategy:\s+canary/);
    expect(pushed).toMatch(/max-in-flight:\s+2/);
    expect(pushed).toMatch(/canary-steps:\s+1\/2/);
    expect(pushed).toContain('cf continue-deployment web');
    const shown = await cf.ok('app', 'web');
    expect(shown).toMatch(/Active deployment with status PAUSED/);
    // Both processes have the type web, and their instances the same numbers.
    expect(shown.match(/^type:\s+web/gm)).toHaveLength(2);
    expect((await webs()).map((p) => p.instances)).toEqual([2, 1]);
    const { versions } = await underTraffic(new Promise((resolve) => setTimeout(resolve, 1000)));
    expect(versions.sort()).toEqual(['three', 'two']);
    const again = await cf.ok('continue-deployment', 'web');
    expect(again).toMatch(/canary-steps:\s+2\/2/);
    const { result, bad } = await underTraffic(cf.ok('continue-deployment', 'web'));
    expect(result).not.toContain('Active deployment');
    expect(bad).toEqual([]);
    expect(await reasonOf()).toBe('DEPLOYED');
    await only('three');
    const none = await cf.run('continue-deployment', 'web');
    expect([none.code, none.text]).toEqual([
      1,
      expect.stringContaining('No active deployment found for app.'),
    ]);
  });

  test('scale and push are refused while a canary is paused; cancel-deployment goes back', async () => {
    await write('four');
    await cf.ok('push', 'web', '-p', 'app', '-m', '64M', '--strategy', 'canary');
    const [old] = await webs();
    const scaled = await cf.run('scale', 'web', '-i', '3');
    expect([scaled.code, scaled.text]).toEqual([
      1,
      expect.stringContaining('Cannot scale this process while a deployment is in flight.'),
    ]);
    const pushed = await cf.run('push', 'web', '-p', 'app', '-m', '64M');
    expect([pushed.code, pushed.text]).toEqual([
      1,
      expect.stringContaining('Cannot scale this process while a deployment is in flight.'),
    ]);
    const { result, bad } = await underTraffic(
      (async () => {
        const cancelled = await cf.ok('cancel-deployment', 'web');
        await over('CANCELED');
        return cancelled;
      })(),
    );
    expect(result).toContain('OK');
    expect(bad).toEqual([]);
    expect(await webs()).toEqual([expect.objectContaining({ guid: old?.guid, instances: 2 })]);
    await only('three');
    const none = await cf.run('cancel-deployment', 'web');
    expect([none.code, none.text]).toEqual([
      1,
      expect.stringContaining('No active deployment found for app.'),
    ]);
  });

  test('a version that crashes is never over; the CLI gives up and cancels it', async () => {
    const before = (await ask()).body;
    await write('broken');
    const { result, bad } = await underTraffic(
      cf.runWith(
        { CF_STARTUP_TIMEOUT: '0.1' },
        'push',
        'web',
        '-p',
        'app',
        '-m',
        '64M',
        '--strategy',
        'rolling',
      ),
    );
    expect(result.code).toBe(1);
    expect(result.text).toContain('Start app timeout');
    await over('CANCELED');
    expect(bad).toEqual([]);
    await only(before);
  });

  test('a restart supersedes a push that hangs, and deploys what it had made the current droplet', async () => {
    const before = (await ask()).body;
    await write('broken');
    await cf.run('push', 'web', '-p', 'app', '-m', '64M', '--strategy', 'rolling', '--no-wait');
    const hanging = await newest();
    expect(hanging.status.value).toBe('ACTIVE');
    expect(await cf.ok('app', 'web')).toMatch(/Active deployment with status DEPLOYING/);
    // Told not to wait, the CLI wants one running instance all the same; none comes.
    await cf.run('restart', 'web', '--strategy', 'rolling', '--no-wait');
    expect((await newest()).droplet).toEqual(hanging.droplet);
    const { status } = await get(`/v3/deployments/${hanging.guid}`);
    expect([status.value, status.reason]).toEqual(['FINALIZED', 'SUPERSEDED']);
    await cf.ok('cancel-deployment', 'web');
    await over('CANCELED');
    await only(before);
  });

  test('rollback: code and variables of an older revision', async () => {
    await write('six');
    await cf.ok('push', 'web', '-p', 'app', '-m', '64M', '--strategy', 'rolling');
    const [six] = (await get(`/v3/apps/${await guidOf()}/revisions?order_by=-created_at`)).resources;
    await cf.ok('set-env', 'web', 'COLOUR', 'green');
    await write('seven');
    await cf.ok('push', 'web', '-p', 'app', '-m', '64M', '--strategy', 'rolling');
    await only('seven');
    const { bad } = await underTraffic(cf.ok('rollback', 'web', '--version', String(six.version), '-f'));
    expect(bad).toEqual([]);
    await only('six');
    expect(await cf.ok('env', 'web')).not.toContain('green');
    expect(await cf.ok('revisions', 'web')).toContain(`Rolled back to revision ${six.version}.`);
  });

  test('it asked for nothing that the foundry does not have', () => {
    expect(foundry.log()).not.toContain('unknown request');
  });
});
