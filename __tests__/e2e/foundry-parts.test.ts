/** The real cf CLI against what the foundry has beside apps: services, policies, tasks and every kind of route. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type Foundry, startFoundry } from '../../demo/foundry.js';
import { type CfCli, cfIn } from './support/cf-cli.js';
import { until } from './support/until.js';

// The CLI looks every three seconds.
jest.setTimeout(120_000);

const SERVER = `
const http = require('node:http');
const answer = (request, response) => response.end(process.env.VCAP_SERVICES);
http.createServer(answer).listen(process.env.PORT);
`;

let dir: string;
let foundry: Foundry;

const cf: CfCli['run'] = (...args) => cfIn(dir).run(...args);
const ok: CfCli['ok'] = (...args) => cfIn(dir).ok(...args);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'foundry-parts-'));
  await mkdir(join(dir, 'home'));
  await mkdir(join(dir, 'app'));
  await writeFile(join(dir, 'app', 'server.js'), SERVER);
  await writeFile(join(dir, 'app', 'package.json'), '{"scripts":{"start":"node server.js"}}');
  foundry = await startFoundry(['--job', '50', '--staging', '200', '--boot', '100', '--propagation', '100']);
  await ok('api', foundry.api);
  await cfIn(dir).runWith({ CF_USERNAME: foundry.username, CF_PASSWORD: foundry.password }, 'auth');
  await ok('target', '-o', foundry.org, '-s', foundry.space);
});

afterAll(async () => {
  await foundry?.stop();
  await rm(dir, { recursive: true, force: true });
});

test('services are made and bound, and reach the instances', async () => {
  expect(await ok('marketplace')).toMatch(/database\s+small, large/);
  expect(await ok('create-service', 'database', 'small', 'db')).toContain('OK');
  await ok('create-service', 'queue', 'small', 'jobs', '--wait');
  await ok('create-user-provided-service', 'legacy', '-p', '{"url":"http://old"}');
  await ok('push', 'web', '-p', join(dir, 'app'), '-m', '64M', '--no-start');
  await ok('bind-service', 'web', 'db', '-c', '{"role":"reader"}', '--binding-name', 'main', '--wait');
  await ok('bind-service', 'web', 'jobs', '--wait');
  await ok('bind-service', 'web', 'legacy');
  const services = await ok('services');
  expect(services).toMatch(/db\s+database\s+small\s+web\s+create succeeded/);
  expect(services).toMatch(/legacy\s+user-provided\s+web/);
  expect(await ok('service', 'db')).toMatch(/web\s+main\s+create succeeded/);
  const env = await ok('env', 'web');
  for (const part of ['"binding_name": "main"', '"label": "queue"', '"url": "http://old"']) {
    expect(env).toContain(part);
  }
  await ok('start', 'web');
  await until('an answer', async () => (await body()) !== undefined);
  const seen = JSON.parse((await body()) ?? '');
  expect(seen.database[0]).toMatchObject({ name: 'main', instance_name: 'db', plan: 'small' });
  expect(Object.keys(seen).sort()).toEqual(['database', 'queue', 'user-provided']);
});

test('a broker that fails and one that never ends are told as the platform tells them', async () => {
  await ok('create-app', 'other');
  await foundry.control('POST', 'broker', { act: 'bind', service: 'db', times: 1, fails: 'no such user' });
  const failed = await cf('bind-service', 'other', 'db', '--wait');
  expect([failed.code, failed.text]).toEqual([1, expect.stringContaining('no such user')]);
  await foundry.control('POST', 'broker', { act: 'bind', service: 'db', never: true });
  expect(await ok('bind-service', 'other', 'db')).toContain('Binding in progress');
  expect(await ok('service', 'db')).toMatch(/other\s+create in progress/);
  await foundry.control('DELETE', 'broker');
});

test('policies between apps are added, listed, refused and removed', async () => {
  await ok('add-network-policy', 'web', 'other', '--port', '8080-8081', '--protocol', 'tcp');
  expect(await ok('network-policies')).toMatch(/web\s+other\s+tcp\s+8080-8081\s+production/);
  await foundry.control('POST', 'faults', { method: 'POST', path: '/policies$', times: 1, status: 403 });
  expect((await cf('add-network-policy', 'other', 'web')).code).toBe(1);
  await ok('remove-network-policy', 'web', 'other', '--port', '8080-8081', '--protocol', 'tcp');
  expect(await ok('network-policies')).not.toMatch(/web\s+other/);
});

test('tasks run, fail and are seen with what they wrote', async () => {
  const command = 'echo "migrated $(ls server.js)"';
  await ok('run-task', 'web', '--command', command, '--name', 'migrate', '--wait');
  const failed = await cf('run-task', 'web', '--command', 'exit 3', '--name', 'bad', '--wait');
  expect(failed.code).toBe(1);
  const tasks = await ok('tasks', 'web');
  expect(tasks).toMatch(/migrate\s+SUCCEEDED/);
  expect(tasks).toMatch(/bad\s+FAILED/);
  expect(await ok('logs', 'web', '--recent')).toMatch(/\[APP\/TASK\/migrate\/0\]\s+OUT migrated server\.js/);
  await ok('run-task', 'web', '--command', 'sleep 100', '--name', 'long');
  await ok('terminate-task', 'web', '3');
  await until('the end of the task', async () => /long\s+FAILED/.test(await ok('tasks', 'web')));
});

test('inside, a name leads to an instance where a policy lets the app through, and by curl alone', async () => {
  await ok('map-route', 'web', 'apps.internal', '--hostname', 'inside');
  const ask = (index: string) => `curl -s -f http://${index}inside.apps.internal:8080/`;
  const run = (name: string, command: string) =>
    cf('run-task', 'web', '--command', command, '--name', name, '--wait');
  await run('unasked', ask(''));
  await ok('add-network-policy', 'web', 'web', '--port', '8080', '--protocol', 'tcp');
  await run('asked', `${ask('')} && ${ask('0.')} && ! ${ask('7.')}`);
  const tasks = await ok('tasks', 'web');
  expect(tasks).toMatch(/\sunasked\s+FAILED/);
  expect(tasks).toMatch(/\sasked\s+SUCCEEDED/);
  await ok('remove-network-policy', 'web', 'web', '--port', '8080', '--protocol', 'tcp');
  await ok('unmap-route', 'web', 'apps.internal', '--hostname', 'inside');
});

test('every kind of route is mapped, and what listens answers', async () => {
  const domain = foundry.apps_domain;
  await ok('map-route', 'web', domain, '--hostname', 'more', '--path', 'api');
  await ok('map-route', 'web', 'apps.internal', '--hostname', 'web');
  await ok('map-route', 'web', domain, '--hostname', 'even', '--option', 'loadbalancing=least-connection');
  const tcp = await ok('map-route', 'web', 'tcp.localhost');
  const port = Number(/tcp\.localhost:(\d+)/.exec(tcp)?.[1]);
  const answers = async (of: Parameters<typeof body>[0]) => (await body(of))?.includes('"database"') === true;
  await until('the TCP route', () => answers({ host: `tcp.localhost:${port}`, port }));
  await until('the path', () => answers({ host: `more.${domain}`, path: '/api' }));
  // Nothing outside reaches an internal route.
  expect(await body({ host: 'web.apps.internal' })).toBeUndefined();
  const routes = await ok('routes');
  expect(routes).toMatch(/more\s+apps\.localhost\s+\/api\s+http\s+http1\s+8080\s+web/);
  expect(routes).toMatch(new RegExp(`tcp\\.localhost\\s+${port}\\s+tcp\\s+tcp\\s+8080\\s+web`));
  expect(routes).toMatch(/even\s+.*loadbalancing=least-connection/);
  await ok('update-route', domain, '--hostname', 'even', '--remove-option', 'loadbalancing');
  expect(await ok('route', domain, '--hostname', 'even')).not.toContain('least-connection');
  expect(await ok('router-groups')).toMatch(/default-tcp\s+tcp/);
  await ok('create-user-provided-service', 'gateway', '-r', `https://gateway.${domain}`);
  await ok('bind-route-service', domain, 'gateway', '--hostname', 'even', '--wait');
  expect(await ok('routes')).toMatch(/even\s+.*gateway/);
  await ok('unbind-route-service', domain, 'gateway', '--hostname', 'even', '-f');
});

/** What the app answers on a route; nothing while it does not answer with 200. */
function body({
  host = `web.${foundry.apps_domain}`,
  path = '/',
  port = Number(new URL(foundry.router).port),
} = {}) {
  return new Promise<string | undefined>((resolve) => {
    const call = request({ host: '127.0.0.1', port, path, headers: { host }, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        text += part;
      });
      answer.on('end', () => resolve(answer.statusCode === 200 ? text : undefined));
    });
    call.on('error', () => resolve(undefined));
    call.end();
  });
}
