/** The real cf CLI against the foundry, unchanged: revisions, droplets, and copies of an app. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Foundry, startFoundry } from '../../demo/foundry.js';
import { type CfCli, cfIn } from './support/cf-cli.js';
import { until } from './support/until.js';

// The CLI looks every three seconds.
jest.setTimeout(120_000);

const SERVER = `
const http = require('node:http');
const { COLOUR, VCAP_APPLICATION } = process.env;
const answer = JSON.stringify({ colour: COLOUR ?? null, process: JSON.parse(VCAP_APPLICATION).process_id });
http.createServer((request, response) => response.end(answer)).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`;

let dir: string;
let foundry: Foundry;
let cf: CfCli;

/** What the app answers, or the router's refusal. */
function ask(
  host: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string; error?: string }> {
  return new Promise((resolve, reject) => {
    const options = { headers: { host: `${host}.${foundry.apps_domain}`, ...headers }, agent: false };
    const asked = request(foundry.router, options, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        body += part;
      });
      answer.on('end', () => {
        const error = answer.headers['x-cf-routererror'];
        resolve({
          status: answer.statusCode ?? 0,
          body,
          ...(error === undefined ? {} : { error: String(error) }),
        });
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

async function colourOf(host: string): Promise<unknown> {
  let body = '';
  await until(`an answer of ${host}`, async () => {
    const answer = await ask(host);
    body = answer.body;
    return answer.status === 200;
  });
  return JSON.parse(body).colour;
}
/** The process that answers, by what its instance was told of itself. */
const processOf = async (host: string): Promise<string> => JSON.parse((await ask(host)).body).process;
const asked = (process: string) => ask('web', { 'x-cf-process-instance': process });
const guidOf = async (app: string) => (await cf.ok('app', app, '--guid')).trim();
/** Rows of a table of the CLI: the lines after its head. */
const rowsOf = (text: string, head: RegExp): string[] => {
  const lines = text.split('\n');
  return lines.slice(lines.findIndex((line) => head.test(line)) + 1).filter((line) => line.trim() !== '');
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'foundry-revisions-'));
  await mkdir(join(dir, 'home'));
  await mkdir(join(dir, 'app'));
  await writeFile(join(dir, 'app', 'server.js'), SERVER);
  await writeFile(join(dir, 'app', 'package.json'), '{"scripts":{"start":"node server.js"}}');
  const times = ['--job', '50', '--staging', '200', '--boot', '100', '--propagation', '100', '--tick', '500'];
  foundry = await startFoundry(times);
  cf = cfIn(dir);
  await cf.ok('api', foundry.api, '--skip-ssl-validation');
  const login = await cf.runWith({ CF_USERNAME: foundry.username, CF_PASSWORD: foundry.password }, 'auth');
  expect(login.code).toBe(0);
  await cf.ok('target', '-o', foundry.org, '-s', foundry.space);
  await cf.ok('push', 'web', '-p', 'app', '-m', '64M');
});

afterAll(async () => {
  await foundry?.stop();
  await rm(dir, { recursive: true, force: true });
});

describe('the real cf CLI', () => {
  test('revisions: what was deployed, newest first, and which one is', async () => {
    await cf.ok('set-env', 'web', 'COLOUR', 'green');
    await cf.ok('restart', 'web');
    await cf.ok('push', 'web', '-p', 'app', '-m', '64M', '-c', 'exec node server.js');
    const rows = rowsOf(await cf.ok('revisions', 'web'), /^revision +description/);
    expect(rows.map((row) => row.split(/ {2,}/).slice(0, 3))).toEqual([
      ['3(deployed)', "Custom start command added for 'web' process. New droplet deployed.", 'true'],
      ['2', 'New environment variables deployed.', 'true'],
      ['1', 'Initial revision.', 'true'],
    ]);
  });

  test('revision: one with its variables and droplet, and the one that is deployed', async () => {
    const second = await cf.ok('revision', 'web', '--version', '2');
    expect(second).toMatch(/revision: +2\n/);
    expect(second).toMatch(/deployed: +false\n/);
    expect(second).toMatch(/description: +New environment variables deployed\.\n/);
    expect(second).toMatch(/deployable: +true\n/);
    expect(second).toMatch(/COLOUR: +green/);
    expect(await cf.ok('revision', 'web', '--version', '1')).not.toContain('COLOUR');
    expect(await cf.ok('revision', 'web')).toMatch(/revision: +3\n/);
    const none = await cf.run('revision', 'web', '--version', '9');
    expect([none.code, none.text]).toEqual([1, expect.stringContaining("Revision '9' not found")]);
  });

  test('droplets and set-droplet: an older one is the current one, and runs after the next start', async () => {
    const [newest, oldest] = rowsOf(await cf.ok('droplets', 'web'), /^guid +state/).map((row) =>
      row.split(/ {2,}/),
    );
    expect(newest?.[0]).toMatch(/^[0-9a-f-]{36} \(current\)$/);
    expect([newest?.[1], oldest?.[1]]).toEqual(['staged', 'staged']);
    const guid = oldest?.[0] ?? '';
    await cf.ok('set-droplet', 'web', guid);
    const now = rowsOf(await cf.ok('droplets', 'web'), /^guid +state/);
    expect(now.find((row) => row.includes('(current)'))).toContain(guid);
    await cf.ok('restart', 'web');
    expect(await cf.ok('revision', 'web')).toMatch(new RegExp(`droplet GUID: +${guid}\\n`));
  });

  test('download-droplet: the droplet as an archive', async () => {
    await cf.ok('download-droplet', 'web', '--path', 'droplet.tgz');
    const archive = await promisify(gunzip)(await readFile(join(dir, 'droplet.tgz')));
    expect(archive.includes('server.js')).toBe(true);
  });

  test('copy-source: the bits of one app run as another one', async () => {
    await cf.ok('create-app', 'twin');
    await cf.ok('map-route', 'twin', foundry.apps_domain, '-n', 'twin');
    const copied = await cf.ok('copy-source', 'web', 'twin');
    expect(copied).toMatch(/Copying source from app web to target app twin/);
    expect(await colourOf('twin')).toBeNull();
    expect(await colourOf('web')).toBe('green');
    const [only] = rowsOf(await cf.ok('revisions', 'twin'), /^revision +description/);
    expect(only).toMatch(/^1\(deployed\) +Initial revision\./);
  });

  test('a droplet of another app is refused', async () => {
    const twin = rowsOf(await cf.ok('droplets', 'twin'), /^guid +state/)[0]?.slice(0, 36) ?? '';
    const refused = await cf.run('set-droplet', 'web', twin);
    expect([refused.code, refused.text]).toEqual([
      1,
      expect.stringContaining(
        'Unable to assign current droplet. Ensure the droplet exists and belongs to this app.',
      ),
    ]);
  });

  test('rollback: the first revision rolls out again under another process, and is a new revision', async () => {
    expect(await colourOf('web')).toBe('green');
    const before = await processOf('web');
    const rolled = await cf.ok('rollback', 'web', '--version', '1', '-f');
    expect(rolled).toMatch(/Rolling back to revision 1 for app web/);
    expect(rolled).toMatch(/instances: +1\/1/);
    // The CLI ends when the deployment has; routers learn of the old process's end a little later.
    await until('both routers have lost the old process', async () => {
      const answers = [await asked(before), await asked(before)];
      return answers.every(({ status }) => status === 400);
    });
    expect(await colourOf('web')).toBeNull();
    const after = await processOf('web');
    expect(after).not.toBe(before);
    expect(await asked(after)).toMatchObject({ status: 200 });
    expect(await asked(`${after}:0`)).toMatchObject({ status: 200 });
    expect(await asked(before)).toMatchObject({ status: 400, error: 'unknown_route' });
    const rows = rowsOf(await cf.ok('revisions', 'web'), /^revision +description/);
    expect(rows[0]).toMatch(/^5\(deployed\) .*Rolled back to revision 1\./);
    expect(rows.filter((row) => row.includes('(deployed)'))).toHaveLength(1);
  });

  test('rollback to what is deployed is refused, and to what does not exist', async () => {
    const same = await cf.run('rollback', 'web', '--version', '5', '-f');
    expect([same.code, same.text]).toEqual([
      1,
      expect.stringContaining(
        'The code and configuration you are rolling back to is the same as the deployed revision.',
      ),
    ]);
    const none = await cf.run('rollback', 'web', '--version', '99', '-f');
    expect([none.code, none.text]).toEqual([1, expect.stringContaining("Revision '99' not found")]);
  });

  test('switched off, revisions are no longer made; the CLI says so', async () => {
    const path = `/v3/apps/${await guidOf('twin')}/features/revisions`;
    await cf.ok('curl', '-X', 'PATCH', path, '-d', '{"enabled":false}');
    await cf.ok('set-env', 'twin', 'COLOUR', 'red');
    await cf.ok('restart', 'twin');
    const rows = rowsOf(await cf.ok('revisions', 'twin'), /^revision +description/);
    expect(rows).toEqual([
      expect.stringMatching(/^1\(deployed\) +Initial revision\./),
      "Warning: Revisions for app 'twin' are disabled. Updates to the app will not create new revisions.",
    ]);
  });

  test('it asked for nothing that the foundry does not have', () => {
    expect(foundry.log()).not.toContain('unknown request');
  });
});
