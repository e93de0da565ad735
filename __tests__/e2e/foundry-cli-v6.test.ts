/** The real cf CLI v6 against the foundry, unchanged: its experimental commands, and what it says of them. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type Foundry, startFoundry } from '../../demo/foundry.js';
import { type CfCli, cf6In } from './support/cf-cli.js';

// The CLI looks every three seconds.
jest.setTimeout(180_000);

const SERVER = `
const http = require('node:http');
http.createServer((request, response) => response.end(process.env.COLOUR ?? 'none')).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`;

let dir: string;
let foundry: Foundry;
let cf: CfCli;

interface Deployment {
  status: { value: string; reason: string };
}

/** What it prints on its standard error stream belongs to two libraries that are both in it. */
async function call(path: string): Promise<{ resources: Deployment[] }> {
  const text = await cf.ok('curl', path);
  return JSON.parse(text.slice(0, text.lastIndexOf('}') + 1));
}

async function lastDeployment(guid: string): Promise<string> {
  const { resources } = await call(`/v3/deployments?app_guids=${guid}&order_by=-created_at`);
  return resources[0]?.status.reason ?? 'none';
}

async function ended(guid: string, reason: string): Promise<void> {
  const end = Date.now() + 30_000;
  while ((await lastDeployment(guid)) !== reason) {
    if (Date.now() > end) throw new Error(`the deployment is ${await lastDeployment(guid)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function signIn(at: Foundry): Promise<void> {
  await cf.ok('api', at.api, '--skip-ssl-validation');
  const { username: CF_USERNAME, password: CF_PASSWORD } = at;
  const { code, text } = await cf.runWith({ CF_USERNAME, CF_PASSWORD }, 'auth');
  expect({ code, text }).toEqual({ code: 0, text: expect.stringContaining('OK') });
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'foundry-cli-v6-'));
  for (const folder of ['home', 'app']) await mkdir(join(dir, folder));
  await writeFile(join(dir, 'app', 'server.js'), SERVER);
  await writeFile(join(dir, 'app', 'package.json'), '{"scripts":{"start":"node server.js"}}');
  const times = ['--job', '50', '--staging', '200', '--boot', '100', '--propagation', '100'];
  foundry = await startFoundry([...times, '--tick', '200']);
  cf = cf6In(dir);
});

afterAll(async () => {
  await foundry?.stop();
  await rm(dir, { recursive: true, force: true });
});

test('signs in, makes an app with its default route, and puts a new version in its place without a gap', async () => {
  await signIn(foundry);
  expect(await cf.ok('api')).toMatch(/api version:\s+2\.\d+\.\d+/);
  expect(await cf.ok('target', '-o', foundry.org, '-s', foundry.space)).toMatch(/space:\s+production/);
  const pushed = await cf.ok('v3-push', 'web', '-p', 'app');
  expect(pushed).toMatch(/routes:\s+web\.apps\.localhost/);
  expect(pushed).toMatch(/#0\s+running/);
  expect(pushed).not.toContain('timeout connecting to log server');
  const guid = /[0-9a-f-]{36}/.exec(await cf.ok('app', 'web', '--guid'))?.[0] ?? '';

  await writeFile(join(dir, 'web.yml'), 'applications: [{name: web, env: {COLOUR: green}}]\n');
  expect(await cf.ok('v3-apply-manifest', '-f', 'web.yml')).toContain('OK');
  expect(await call(`/v3/apps/${guid}/environment_variables`)).toMatchObject({ var: { COLOUR: 'green' } });

  // It waits for nothing: the deployment is at its beginning when it ends.
  expect(await cf.ok('v3-zdt-push', 'web', '-p', 'app')).toContain('Waiting for app to start...');
  await ended(guid, 'DEPLOYED');

  await cf.ok('v3-zdt-restart', 'web');
  expect(await cf.ok('v3-cancel-zdt-push', 'web')).toContain('Deployment cancelled, rolling back');
  await ended(guid, 'CANCELED');
});

test('with version 2 switched off it is good for nothing', async () => {
  const without = await startFoundry(['--v2', 'off']);
  try {
    await cf.ok('api', without.api, '--skip-ssl-validation');
    const { code, text } = await cf.run('target', '-o', without.org);
    expect({ code, text }).toEqual({ code: 1, text: expect.stringContaining('Version string empty') });
  } finally {
    await without.stop();
  }
});
