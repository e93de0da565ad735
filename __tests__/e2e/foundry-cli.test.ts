/** The real cf CLI against the foundry, unchanged: every command that a user of this project is likely to type. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Foundry, startFoundry } from '../../demo/foundry.js';
import { startFoundry as startHere } from '../../foundry/start.js';
import { isAlive } from '../foundry/instances/harness.js';
import { type CfCli, cfIn } from './support/cf-cli.js';

// The CLI looks every three seconds.
jest.setTimeout(90_000);

const SERVER = `
const http = require('node:http');
console.log('starting as', process.env.CF_INSTANCE_INDEX);
http
  .createServer((request, response) => response.end(JSON.stringify({ index: process.env.CF_INSTANCE_INDEX, colour: process.env.COLOUR ?? null })))
  .listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`;

let dir: string;
let foundry: Foundry;

const cf: CfCli['run'] = (...args) => cfIn(dir).run(...args);
const cfWith: CfCli['runWith'] = (env, ...args) => cfIn(dir).runWith(env, ...args);
const ok: CfCli['ok'] = (...args) => cfIn(dir).ok(...args);

/** Asks a route as its users do. */
function ask(host: string, path = '/'): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(foundry.router + path, { headers: { host }, agent: false }, (answer) => {
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

async function askUntil(host: string, status: number, path = '/'): Promise<string> {
  const end = Date.now() + 10_000;
  for (;;) {
    const answer = await ask(host, path);
    if (answer.status === status) return answer.body;
    if (Date.now() > end) throw new Error(`${host}${path} answers ${answer.status}: ${answer.body}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'foundry-cli-'));
  await mkdir(join(dir, 'home'));
  await mkdir(join(dir, 'app'));
  await writeFile(join(dir, 'app', 'server.js'), SERVER);
  await writeFile(join(dir, 'app', 'package.json'), '{"scripts":{"start":"node server.js"}}');
  const times = ['--job', '50', '--staging', '200', '--boot', '100', '--propagation', '100'];
  foundry = await startFoundry(times);
});

afterAll(async () => {
  await foundry?.stop();
  await rm(dir, { recursive: true, force: true });
});

describe('the real cf CLI', () => {
  test('api, auth and target', async () => {
    expect(await ok('api', foundry.api, '--skip-ssl-validation')).toContain('API version:    3.200.0');
    const wrong = await cfWith({ CF_USERNAME: foundry.username, CF_PASSWORD: 'wrong' }, 'auth');
    expect([wrong.code, wrong.text]).toEqual([1, expect.stringContaining('Credentials were rejected')]);
    const right = await cfWith({ CF_USERNAME: foundry.username, CF_PASSWORD: foundry.password }, 'auth');
    expect(right).toEqual({ code: 0, text: expect.stringContaining('OK') });
    const unknown = await cf('target', '-o', 'nobody');
    expect([unknown.code, unknown.text]).toEqual([
      1,
      expect.stringContaining("Organization 'nobody' not found"),
    ]);
    expect(await ok('target', '-o', foundry.org, '-s', foundry.space)).toMatch(/space:\s+production/);
    expect(await ok('orgs')).toContain(foundry.org);
    expect(await ok('spaces')).toContain(foundry.space);
    expect(await ok('domains')).toMatch(/apps\.internal\s+shared\s+true/);
    expect(await ok('org', foundry.org)).toContain('quota:');
    expect(await ok('space', foundry.space)).toContain('org:');
  });

  test('push of a manifest, then app, apps, routes, env, logs and events', async () => {
    await writeFile(
      join(dir, 'web.yml'),
      `applications:
- name: web
  path: app
  memory: 64M
  instances: 2
  env: {COLOUR: blue}
  routes:
  - route: web.${foundry.apps_domain}
  - route: web.eu.${foundry.apps_domain}/api
  - route: shop.localhost
  - route: '*.shop.localhost'
`,
    );
    const pushed = await ok('push', '-f', 'web.yml');
    expect(pushed).toMatch(/requested state:\s+started/);
    expect(pushed).toMatch(/start command:\s+node server\.js/);
    for (const host of [`web.${foundry.apps_domain}`, 'shop.localhost', 'any.shop.localhost']) {
      expect(JSON.parse(await askUntil(host, 200)).colour).toBe('blue');
    }
    expect(JSON.parse(await askUntil(`web.eu.${foundry.apps_domain}`, 200, '/api/x')).colour).toBe('blue');
    expect((await ask(`web.eu.${foundry.apps_domain}`)).status).toBe(404);
    expect(await ok('app', 'web')).toMatch(/instances:\s+2\/2/);
    expect(await ok('apps')).toMatch(/web\s+started\s+web:2\/2/);
    expect(await ok('routes')).toMatch(/web\s+apps\.localhost\s+http/);
    expect(await ok('env', 'web')).toMatch(/COLOUR:\s+blue/);
    const logs = await ok('logs', 'web', '--recent');
    expect(logs).toContain('[STG/0]');
    expect(logs).toMatch(/\[APP\/PROC\/WEB\/1\] OUT starting as 1/);
    expect(await ok('events', 'web')).toContain('audit.app.map-route');
  });

  test('a push of the same changes nothing but the droplet', async () => {
    const pushed = await ok('push', '-f', 'web.yml', '--no-start');
    // The CLI adds `default-route` by itself; the platform ignores it where a route is.
    expect(pushed.match(/^[+-] .*/gm)).toEqual(['+   default-route: true']);
    await ok('start', 'web');
    await askUntil(`web.${foundry.apps_domain}`, 200);
  });

  test('map-route, unmap-route, create-route and delete-route', async () => {
    await ok('map-route', 'web', foundry.apps_domain, '-n', 'more', '--path', '/p');
    await askUntil(`more.${foundry.apps_domain}`, 200, '/p');
    await ok('unmap-route', 'web', foundry.apps_domain, '-n', 'more', '--path', '/p');
    await askUntil(`more.${foundry.apps_domain}`, 404, '/p');
    expect(await ok('create-route', foundry.apps_domain, '-n', 'more')).toContain('has been created');
    expect(await ok('create-route', foundry.apps_domain, '-n', 'more')).toContain('already exists');
    await ok('delete-route', foundry.apps_domain, '-n', 'more', '-f');
    await ok('delete-orphaned-routes', '-f');
    expect(await ok('routes')).not.toContain('more');
  });

  test('scale, set-env, restart, stop and rename', async () => {
    expect(await ok('scale', 'web', '-i', '1')).toMatch(/instances:\s+1\/1/);
    await ok('set-env', 'web', 'COLOUR', 'green');
    expect(JSON.parse(await askUntil(`web.${foundry.apps_domain}`, 200)).colour).toBe('blue');
    await ok('restart', 'web');
    expect(JSON.parse(await askUntil(`web.${foundry.apps_domain}`, 200)).colour).toBe('green');
    await ok('unset-env', 'web', 'COLOUR');
    await ok('rename', 'web', 'site');
    expect((await cf('app', 'web')).text).toContain("App 'web' not found");
    await ok('set-label', 'app', 'site', 'team=shop');
    expect(await ok('labels', 'app', 'site')).toMatch(/team\s+shop/);
    await ok('stop', 'site');
    await askUntil(`web.${foundry.apps_domain}`, 404);
    expect(await ok('app', 'site')).toMatch(/requested state:\s+stopped/);
    await ok('create-app-manifest', 'site', '-p', 'made.yml');
    expect(await readFile(join(dir, 'made.yml'), 'utf8')).toContain('- route: shop.localhost');
  });

  test('push --no-start, then build, droplet and start as calls of the API', async () => {
    await ok('push', 'candidate', '-p', 'app', '-m', '64M', '--no-start');
    const guid = (await ok('app', 'candidate', '--guid')).trim();
    const curl = async (method: string, path: string, body?: unknown) => {
      const data = body === undefined ? [] : ['-d', JSON.stringify(body)];
      return JSON.parse(await ok('curl', '-X', method, path, ...data));
    };
    const [pack] = (await curl('GET', `/v3/packages?app_guids=${guid}`)).resources;
    expect(pack.state).toBe('READY');
    const { guid: build, state } = await curl('POST', '/v3/builds', { package: { guid: pack.guid } });
    expect(state).toBe('STAGING');
    let built = await curl('GET', `/v3/builds/${build}`);
    expect(built.state).toBe('STAGING');
    while (built.state === 'STAGING') built = await curl('GET', `/v3/builds/${build}`);
    await curl('PATCH', `/v3/apps/${guid}/relationships/current_droplet`, { data: built.droplet });
    await curl('POST', `/v3/apps/${guid}/actions/start`);
    await askUntil(`candidate.${foundry.apps_domain}`, 200);
    const [instance] = (await curl('GET', `/v3/processes/${guid}/stats`)).resources;
    expect(instance).toMatchObject({ state: 'RUNNING', routable: true, index: 0 });
  });

  test('a push that cannot be staged says so', async () => {
    await mkdir(join(dir, 'nothing'));
    await writeFile(join(dir, 'nothing', 'readme.txt'), 'no app');
    const { code, text } = await cf('push', 'broken', '-p', 'nothing');
    expect([code, text]).toEqual([1, expect.stringContaining('NoAppDetectedError')]);
  });

  test('login and oauth-token', async () => {
    const target = ['-o', foundry.org, '-s', foundry.space];
    await ok('login', '-a', foundry.api, '-u', foundry.username, '-p', foundry.password, ...target);
    expect(await ok('oauth-token')).toMatch(/^bearer [\w-]+\.[\w-]+\.[\w-]+/);
  });

  test('delete -r takes the routes along', async () => {
    await ok('delete', 'site', '-r', '-f');
    await ok('delete', 'broken', '-f');
    expect(await ok('apps')).not.toContain('site');
    expect(await ok('routes')).not.toContain('shop.localhost');
  });

  test('it asked for nothing that the foundry does not have', () => {
    expect(foundry.log()).not.toContain('unknown request');
  });

  test('ended by a signal, the foundry ends every process it started', async () => {
    const { apps } = (await foundry.control('GET', 'state')) as {
      apps: { processes: { instances: { pid: number | null }[] }[] }[];
    };
    const pids = apps.flatMap((a) => a.processes.flatMap((p) => p.instances.map((i) => i.pid ?? 0)));
    expect(pids.length).toBeGreaterThan(0);
    expect(pids.every((pid) => isAlive(pid))).toBe(true);
    await foundry.stop();
    expect(pids.some((pid) => isAlive(pid))).toBe(false);
  });
});

describe('tokens of half a minute', () => {
  let here: Awaited<ReturnType<typeof startHere>>;
  let env: { CF_HOME: string };

  beforeAll(async () => {
    here = await startHere({ tokenTtlMs: 30_000 });
    env = { CF_HOME: await mkdtemp(join(dir, 'client-')) };
    expect(await cfWith(env, 'api', here.api)).toMatchObject({ code: 0 });
  });
  afterAll(() => here.close());

  const target = () => cfWith(env, 'target', '-o', here.org, '-s', here.space);

  test('a user is signed in again by the refresh token', async () => {
    const named = { ...env, CF_USERNAME: here.username, CF_PASSWORD: here.password };
    expect(await cfWith(named, 'auth')).toMatchObject({ code: 0 });
    expect(await target()).toMatchObject({ code: 0 });
    expect(await cfWith(env, 'apps')).toMatchObject({ code: 0 });
  });

  test('a client is not: the CLI keeps no secret of it', async () => {
    await cfWith(env, 'logout');
    const named = { ...env, CF_USERNAME: here.clientId, CF_PASSWORD: here.clientSecret };
    expect(await cfWith(named, 'auth', '--client-credentials')).toMatchObject({ code: 0 });
    expect(await target()).toEqual({ code: 1, text: expect.stringContaining('Credentials were rejected') });
  });
});
