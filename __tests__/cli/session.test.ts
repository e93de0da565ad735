import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { describe, expect, jest, test } from '@jest/globals';
import type { OpenSession } from '../../src/cli/session.js';
import type { CfSession } from '../../src/cli/signed-in.js';
import type { Credentials } from '../../src/model/asked.js';
import { files } from '../../src/system/files.js';
import { loopback } from '../../src/system/loopback.js';
import { fakeCf, json, jwt } from './helpers.js';
import {
  answers,
  type Call,
  CLIENT,
  clock,
  FIRST_TOKEN,
  heard,
  hidden,
  home,
  open,
  platform,
  USER,
} from './opened.js';

/** Real processes, on a machine that has other work. */
jest.setTimeout(30_000);

describe('signing in', () => {
  test('as a user', async () => {
    const { session, calls } = await open('', { credentials: { ...USER, origin: 'my-idp' } });
    await session.target();
    expect((await calls()).map(({ args }) => args)).toEqual([
      ['api', platform.url],
      ['auth', '--origin', 'my-idp'],
      ['target', '-o', 'shop', '-s', 'prod'],
    ]);
    expect((await calls())[1]?.env).toMatchObject({ CF_USERNAME: 'ann', CF_PASSWORD: 'user-secret' });
    expect(await session.token()).toBe(FIRST_TOKEN);
    expect(session.root).toMatchObject({ api: platform.url, login: platform.url, apiVersion: '3.200.0' });
    expect(heard.events).toEqual([]);
  });

  test('as a client, without validation', async () => {
    const { session, calls } = await open('', { credentials: CLIENT, skipSslValidation: true });
    await session.target();
    expect((await calls()).map(({ args }) => args)).toEqual([
      ['api', platform.url, '--skip-ssl-validation'],
      ['auth', '--client-credentials'],
      ['target', '-o', 'shop', '-s', 'prod'],
    ]);
    expect((await calls())[1]?.env).toMatchObject({ CF_USERNAME: 'deployer', CF_PASSWORD: 'client-secret' });
  });

  test('each command sees its own environment only, and secrets only the one that needs them', async () => {
    const plain = { PATH: '/usr/bin:/bin', https_proxy: 'http://proxy', no_proxy: '127.0.0.1' };
    const { session, calls } = await open(
      '',
      {},
      {
        env: {
          ...plain,
          HOME: '/home/runner',
          INPUT_PASSWORD: 'user-secret',
          STATE_X: 'x',
          ACTIONS_RUNTIME_TOKEN: 'x',
          GITHUB_ENV: 'x',
          GITHUB_OUTPUT: 'x',
          CF_TRACE: 'true',
          CF_HOME: '/home/runner',
          CF_STARTUP_TIMEOUT: '9',
          CF_PASSWORD: 'other',
        },
      },
    );
    await session.target();
    await session.cf(['apps']);
    const own = {
      ...plain,
      CF_HOME: session.cfHome,
      ...{ TMPDIR: session.cfHome, TEMP: session.cfHome, TMP: session.cfHome },
      CF_COLOR: 'false',
      LANG: 'en_US.UTF-8',
      LC_ALL: 'en_US.UTF-8',
    };
    const seen = await calls();
    expect(seen.map(({ args }) => args[0])).toEqual(['api', 'auth', 'target', 'apps']);
    for (const { args, env } of seen) {
      for (const name of ['PWD', 'OLDPWD', 'SHLVL', '_']) delete env[name];
      const secrets = args[0] === 'auth' ? { CF_USERNAME: 'ann', CF_PASSWORD: 'user-secret' } : {};
      expect(env).toEqual({ ...own, ...secrets });
      expect(args.join(' ')).not.toContain('secret');
    }
  });

  test('wrong credentials are refused after one attempt', async () => {
    const { session, calls } = await open(
      "if (args[0] === 'auth') { console.error('Credentials were rejected, please try again.'); console.log('FAILED'); process.exit(1); }",
    );
    await expect(session.target()).rejects.toMatchObject({ name: 'Refused', code: 'credentials' });
    expect((await calls()).map(({ args }) => args[0])).toEqual(['api', 'auth']);
  });

  test('a fault of the network is tried again', async () => {
    const { session, calls } = await open(
      `if (args[0] === 'target' && !fs.existsSync(home + '/again')) { fs.writeFileSync(home + '/again', '');
        console.error('Request error: dial tcp: connection refused'); process.exit(1); }`,
    );
    await session.target();
    expect((await calls()).map(({ args }) => args[0])).toEqual(['api', 'auth', 'target', 'target']);
    expect(clock.slept).toEqual([1_000]);
  });

  test('a private authority stands beside the usual ones', async () => {
    const { session, calls } = await open('', { caCertificate: 'PEM of ours' });
    await session.target();
    const path = (await calls())[0]?.env.SSL_CERT_FILE ?? '';
    expect(dirname(path)).toBe(session.cfHome);
    const pem = await readFile(path, 'utf8');
    expect(pem).toContain('PEM of ours');
    expect(pem).toContain(rootCertificates[0]);
  });
});

describe('the token', () => {
  test('is renewed, and the CLI is given the new one before its next command', async () => {
    const { session, calls } = await open(
      "if (args[0] === 'apps') console.log(JSON.parse(fs.readFileSync(home + '/.cf/config.json', 'utf8')).AccessToken);",
      { credentials: CLIENT },
    );
    await session.target();
    expect(await session.cf(['apps'])).toBe(`bearer ${FIRST_TOKEN}`);
    clock.nowMs += 1_200_000;
    expect(await session.cf(['apps'])).toBe('bearer second-token');
    expect(await session.token()).toBe('second-token');
    expect(platform.requests.filter(({ path }) => path === '/oauth/token')).toHaveLength(1);
    expect((await stat(join(session.cfHome, '.cf', 'config.json'))).mode & 0o777).toBe(0o600);
    expect(
      (await calls()).every(({ args, env }) => !JSON.stringify([args, env]).includes('second-token')),
    ).toBe(true);
  });

  test('that was not accepted is not given again', async () => {
    const { session } = await open();
    await session.target();
    session.invalidateToken();
    expect(await session.token()).toBe('second-token');
  });
});

describe('v6', () => {
  const v6 = async (more = '') => {
    const { path } = await fakeCf(home.path, more, 'cf6');
    const { session } = await open('', {}, { cf: { path, version: '6.53.0' } });
    const record = join(home.path, 'cf6.calls');
    return { session, said: () => readFile(record, 'utf8').catch(() => '') };
  };
  const bits = { app: 'shop', bitsPath: '/bits', signal: new AbortController().signal };

  test('does not sign in where version 2 of the API is switched off', async () => {
    const { session, said } = await v6();
    await expect(session.target()).rejects.toMatchObject({ name: 'Refused', code: 'cf-cli' });
    expect(await said()).toBe('');
  });

  test('uploads a package, and pushes to live, which keeps its routes', async () => {
    const { session, said } = await v6();
    await session.createPackage({ ...bits, app: 'shop-candidate' });
    await session.zdtPush({ ...bits, stagingTimeoutMs: 90_000 });
    const [create, push] = (await said())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Call);
    expect(create?.args).toEqual(['v3-create-package', 'shop-candidate', '-p', '/bits']);
    expect(push?.args).toEqual(['v3-zdt-push', 'shop', '-p', '/bits', '--no-route']);
    expect(push?.env.CF_STAGING_TIMEOUT).toBe('1.5');
  });

  test('its failure names the command', async () => {
    const { session } = await v6(
      "console.error('Unexpected Response\\nResponse Code: 500'); process.exit(1)",
    );
    await expect(session.zdtPush({ ...bits, stagingTimeoutMs: 1_000 })).rejects.toMatchObject({
      name: 'PlatformFault',
      message: expect.stringMatching(/^cf v3-zdt-push of shop did not come through/),
    });
  });
});

describe('pushBits', () => {
  const push = { app: 'shop-candidate', manifestPath: '/m.yml', varsFilePath: '/vars.yml' };
  const DIFF = `console.log('Updating with these attributes...\\n+ env:\\n+   KEY: of-the-app\\nManifest applied');`;

  test('applies and uploads, and asks a release that can to redact', async () => {
    const { session, calls } = await open("console.log('Uploaded')");
    await session.pushBits({ ...push, bitsPath: '/bits' });
    expect((await calls()).at(-1)?.args).toEqual([
      ...['push', 'shop-candidate', '--no-start', '-f', '/m.yml', '--vars-file', '/vars.yml', '-p', '/bits'],
      '--redact-env',
    ]);
    expect(heard.events).toEqual([{ type: 'foreign', source: 'cf shop-candidate', text: 'Uploaded' }]);
  });

  test('names an image, and tells the password of its registry by the environment alone', async () => {
    const { session, calls } = await open('');
    const docker = { image: 'a/b:1', username: 'ci', password: 'of-the-registry' };
    await session.pushBits({ ...push, docker });
    await session.pushBits({ ...push, docker: { image: 'a/b:1' } });
    const [locked, free] = (await calls()).slice(-2);
    expect(locked?.args).toEqual(
      expect.arrayContaining(['--docker-image', 'a/b:1', '--docker-username', 'ci']),
    );
    expect(locked?.args.join(' ')).not.toContain('of-the-registry');
    expect(locked?.env.CF_DOCKER_PASSWORD).toBe('of-the-registry');
    expect(free?.args).not.toContain('--docker-username');
    expect(free?.env).not.toHaveProperty('CF_DOCKER_PASSWORD');
  });

  test.each(['8.7.8', '7.8.0', '6.53.0'])('with %s the difference is cut', async (version) => {
    const { path } = await fakeCf(home.path, DIFF, 'old-cf');
    const { session } = await open('', {}, { cf: { path, version } });
    await session.pushBits(push);
    const texts = heard.events.map((event) => (event as { text: string }).text);
    expect(texts).toEqual(['Updating with these attributes...', 'Manifest applied']);
    const calls = await readFile(join(home.path, 'old-cf.calls'), 'utf8');
    expect(calls).not.toContain('--redact-env');
  });

  test.each([
    ["The specified path 'x' does not exist.", { name: 'ProgramFailed', code: 1 }],
    ['Post "https://api/v3/packages/g/upload": EOF', { name: 'PlatformFault', ambiguous: true }],
  ])('fails: %s', async (text, expected) => {
    const { session, calls } = await open(
      `console.error(${JSON.stringify(text)}); console.log('FAILED'); process.exit(1)`,
    );
    await expect(session.pushBits(push)).rejects.toMatchObject(expected);
    expect(await calls()).toHaveLength(1);
  });

  test('shows no difference in its error either', async () => {
    const { session } = await open(`${DIFF} process.exit(1)`);
    const error = await session.pushBits(push).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'ProgramFailed' });
    expect(`${(error as Error).message} ${JSON.stringify(error)}`).not.toContain('of-the-app');
  });

  test('ends the CLI when it is given up', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled');
    const { session } = await open(
      "console.log('begun'); setInterval(() => {}, 1000)",
      {},
      {
        listener: { tell: () => controller.abort(reason) },
      },
    );
    await expect(session.pushBits({ ...push, signal: controller.signal })).rejects.toBe(reason);
  });

  test('does not wait longer than the command may take', async () => {
    const { session } = await open('setInterval(() => {}, 1000)', { timeoutMs: 200 });
    await expect(session.pushBits(push)).rejects.toMatchObject({ name: 'PlatformFault', ambiguous: true });
  });
});

describe('the token of the CLI', () => {
  const OIDC: Credentials = { kind: 'oidc-client', clientId: 'deployer' };
  const ID_TOKEN = jwt({ iss: 'https://issuer', sub: 'repo:octo/shop', aud: 'uaa' });
  /** What the CLI does in a push when its token is about to end. The push's home lies in that of the session, which keeps what it saw. */
  const ASKS = `
    if (args[0] === 'api') {
      fs.mkdirSync(home + '/.cf', { recursive: true });
      fs.writeFileSync(home + '/.cf/config.json', '{}');
    }
    if (args[0] === 'push') {
      const config = JSON.parse(fs.readFileSync(home + '/.cf/config.json'));
      fs.writeFileSync(home + '/../seen.json', JSON.stringify(config));
      fetch(config.UaaEndpoint + '/oauth/token', { method: 'POST', body: 'grant_type=client_credentials' })
        .then(async (answer) => fs.writeFileSync(home + '/../answer.json', JSON.stringify([answer.status, await answer.json()])))
        .then(() => { console.error('Credentials were rejected'); process.exit(args.includes('-p') ? 1 : 0); });
    }`;
  const push = { app: 'shop', manifestPath: '/m.yml' };
  const publicHttp = {
    request: async () => ({
      status: 200,
      headers: {},
      body: Buffer.from(JSON.stringify({ value: ID_TOKEN })),
      cut: false,
      durationMs: 1,
    }),
  };
  const env = {
    PATH: '/usr/bin:/bin',
    ACTIONS_ID_TOKEN_REQUEST_URL: 'https://hub/?v=1',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'runtime',
  };
  const seen = async (session: CfSession, name: string) =>
    JSON.parse(await readFile(join(session.cfHome, name), 'utf8'));

  test('is renewed through us while it runs, and no secret is in its configuration', async () => {
    const { session } = await open(ASKS, { credentials: CLIENT }, { loopback });
    await session.target();
    await session.pushBits(push);
    const config = await seen(session, 'seen.json');
    expect(config.UaaEndpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[a-z0-9]{40}$/);
    expect(config.AuthorizationEndpoint).toBe(config.UaaEndpoint);
    expect(JSON.stringify(config)).not.toContain('client-secret');
    expect(await seen(session, 'answer.json')).toEqual([
      200,
      { access_token: 'second-token', token_type: 'bearer', refresh_token: '' },
    ]);
    expect(await session.token()).toBe('second-token');
    expect(hidden).toEqual([FIRST_TOKEN, 'second-token']);
    await session.close();
    await expect(fetch(`${config.UaaEndpoint}/oauth/token`, { method: 'POST' })).rejects.toThrow();
  });

  test('of an identity never comes by a command line, nor stands in the environment', async () => {
    const { session, calls } = await open(ASKS, { credentials: OIDC }, { loopback, publicHttp, env });
    await session.target();
    await session.pushBits(push);
    expect((await calls()).map(({ args }) => args[0])).toEqual(['api', 'target', 'push']);
    for (const call of await calls()) expect(JSON.stringify(call)).not.toMatch(/second-token|runtime/);
    expect(JSON.stringify(await calls())).not.toContain(ID_TOKEN);
    expect(await seen(session, 'seen.json')).toMatchObject({
      AccessToken: 'bearer second-token',
      UAAGrantType: 'client_credentials',
      UAAOAuthClient: 'deployer',
      RefreshToken: '',
    });
    const [grant] = platform.requests.filter(({ path }) => path === '/oauth/token');
    expect(grant?.body).toContain(`client_assertion=${ID_TOKEN}`);
    expect(hidden).toEqual(expect.arrayContaining([ID_TOKEN, 'second-token']));
  });

  test('that cannot be renewed any more: the push says why', async () => {
    const { session } = await open(ASKS, { credentials: CLIENT }, { loopback });
    await session.target();
    answers.push(json(401, { error: 'unauthorized' }));
    await expect(session.pushBits({ ...push, bitsPath: '/bits' })).rejects.toMatchObject({
      name: 'PlatformFault',
      ambiguous: true,
      message:
        'cf push of shop did not come through: The platform did not accept client-id and client-secret.',
    });
    expect((await seen(session, 'answer.json'))[0]).toBe(401);
  });

  test.each<[string, () => Partial<OpenSession>]>([
    [
      'of a release that reads the address anew',
      () => ({ loopback, cf: { path: join(home.path, 'cf'), version: '7.8.0' } }),
    ],
    ['without a listener', () => ({})],
  ])('%s is left to the CLI', async (_what, rest) => {
    const { session } = await open('', {}, rest());
    await session.target();
    const config = JSON.parse(await readFile(join(session.cfHome, '.cf', 'config.json'), 'utf8'));
    expect(config.UaaEndpoint).toBeUndefined();
  });
});

test('the home is private and goes with the session', async () => {
  const { session } = await open();
  await session.target();
  expect((await stat(session.cfHome)).mode & 0o777).toBe(0o700);
  await session.close();
  await session.close();
  expect((await readdir(home.path)).sort()).toEqual(['cf', 'cf.calls']);
});

test('nothing is left of a session that could not be opened', async () => {
  await expect(open('', { api: 'http://api.example.com' })).rejects.toMatchObject({ code: 'address' });
  const failing = { ...files, writePrivate: () => Promise.reject(new Error('disk full')) };
  await expect(open('', { caCertificate: 'PEM' }, { files: failing })).rejects.toThrow('disk full');
  expect(await readdir(home.path)).toEqual(['cf']);
});
