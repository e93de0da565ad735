import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import type { CfSession } from '../../src/cli/signed-in.js';
import { loopback } from '../../src/system/loopback.js';
import { json } from './helpers.js';
import { answers, CLIENT, FIRST_TOKEN, heard, open } from './opened.js';

/** Real processes, on a machine that has other work. */
jest.setTimeout(30_000);

test('commands run one at a time, also after one that failed', async () => {
  const { session } = await open(
    `const mark = home + '/running';
     if (fs.existsSync(mark)) { console.log('two at a time'); process.exit(9); }
     fs.writeFileSync(mark, '');
     setTimeout(() => { fs.rmSync(mark); process.exit(args[0] === 'fail' ? 1 : 0); }, 100);`,
  );
  const results = await Promise.allSettled([
    session.cf(['fail']),
    session.cf(['apps']),
    session.cf(['routes']),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect((results[0] as PromiseRejectedResult).reason).toMatchObject({ name: 'ProgramFailed', code: 1 });
});

describe('several uploads', () => {
  /** Each writes down what its home has, and goes on when it is let, or when it is ended. */
  const HELD = `
    if (args[0] === 'push') {
      const [app, main] = [args[1], require('node:path').dirname(home)];
      const config = JSON.parse(fs.readFileSync(home + '/.cf/config.json', 'utf8'));
      const mode = [home, home + '/.cf', home + '/.cf/config.json'].map((path) => (fs.statSync(path).mode & 0o777).toString(8));
      const seen = { home, tmp: env.TMPDIR, config, mode, pid: process.pid };
      fs.writeFileSync(home + '/archive.zip', 'bits');
      fs.writeFileSync(main + '/begun-' + app + '.draft', JSON.stringify(seen));
      fs.renameSync(main + '/begun-' + app + '.draft', main + '/begun-' + app);
      console.log('Uploading');
      const timer = setInterval(() => {
        if (!fs.existsSync(main + '/go-' + app)) return;
        clearInterval(timer);
        console.error(args.includes('-p') ? 'The path does not exist.' : 'fine');
        process.exitCode = args.includes('-p') ? 1 : 0;
      }, 10);
    }`;
  interface Seen {
    home: string;
    tmp: string;
    config: Record<string, string>;
    mode: string[];
    pid: number;
  }
  const upload = (session: CfSession, app: string, rest = {}) =>
    session.pushBits({ app, manifestPath: '/m.yml', ...rest });
  const go = (session: CfSession, app: string) => writeFile(join(session.cfHome, `go-${app}`), '');
  const begun = async (session: CfSession) =>
    (await readdir(session.cfHome)).filter((name) => /^begun-\w+$/.test(name)).map((name) => name.slice(6));
  const homes = async (session: CfSession) =>
    (await readdir(session.cfHome)).filter((name) => name.startsWith('push-'));
  const seenBy = async (session: CfSession, app: string): Promise<Seen> => {
    await until(async () => (await begun(session)).includes(app));
    return JSON.parse(await readFile(join(session.cfHome, `begun-${app}`), 'utf8'));
  };
  const until = async (is: () => Promise<boolean>) => {
    while (!(await is())) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const isAlive = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  test('run side by side, each with a private home of the same target and a renewal of its own', async () => {
    const { session } = await open(HELD, { credentials: CLIENT }, { loopback });
    await session.target();
    const main = JSON.parse(await readFile(join(session.cfHome, '.cf', 'config.json'), 'utf8'));
    const both = [upload(session, 'web'), upload(session, 'api')];
    const [web, api] = [await seenBy(session, 'web'), await seenBy(session, 'api')];
    expect([isAlive(web.pid), isAlive(api.pid)]).toEqual([true, true]);
    const { UaaEndpoint, AuthorizationEndpoint, ...same } = main;
    const addresses = [web, api].flatMap(({ config }) => [config.UaaEndpoint, config.Target]);
    expect(new Set([UaaEndpoint, ...addresses.map((one) => new URL(one ?? '').origin)]).size).toBe(5);
    for (const { config, mode, tmp, home: own } of [web, api]) {
      expect(config).toEqual({
        ...same,
        Target: config.Target,
        UaaEndpoint: config.UaaEndpoint,
        AuthorizationEndpoint: config.UaaEndpoint,
      });
      expect([mode, tmp]).toEqual([['700', '700', '600'], own]);
    }
    expect(AuthorizationEndpoint).toBe(UaaEndpoint);
    // A renewal of one leaves the other's token what it is.
    expect((await fetch(`${web.config.UaaEndpoint}/oauth/token`, { method: 'POST' })).status).toBe(200);
    expect(await homes(session)).toHaveLength(2);
    await Promise.all(['web', 'api'].map((app) => go(session, app)));
    await Promise.all(both);
    expect(await homes(session)).toEqual([]);
    await expect(fetch(`${web.config.UaaEndpoint}/oauth/token`, { method: 'POST' })).rejects.toThrow();
    expect(heard.events).toEqual(
      expect.arrayContaining(
        ['web', 'api'].map((app) => ({ type: 'foreign', source: `cf ${app}`, text: 'Uploading' })),
      ),
    );
  });

  test('are four at a time on two cores: the next begins when one has ended', async () => {
    const { session, calls } = await open(HELD, { credentials: CLIENT }, { loopback });
    await session.target();
    const apps = ['one', 'two', 'three', 'four', 'five', 'six'];
    const all = apps.map((app) => upload(session, app));
    await Promise.all(apps.slice(0, 4).map((app) => seenBy(session, app)));
    expect([session.uploadsAtATime, (await homes(session)).length]).toEqual([4, 4]);
    await go(session, 'two');
    await seenBy(session, 'five');
    expect((await begun(session)).sort()).toEqual(apps.slice(0, 5).sort());
    expect(await homes(session)).toHaveLength(4);
    await Promise.all(apps.map((app) => go(session, app)));
    await Promise.all(all);
    expect((await calls()).filter(({ args }) => args[0] === 'push')).toHaveLength(6);
    expect(await homes(session)).toEqual([]);
  });

  test.each([
    [1, 2],
    [4, 8],
    [16, 8],
  ])('on %i cores are %i at a time', async (cores, most) => {
    const { session } = await open('', { credentials: CLIENT }, { loopback, cores });
    await session.target();
    expect(session.uploadsAtATime).toBe(most);
  });

  test('show the address of the platform where the CLI shows its own, which is a secret', async () => {
    const { session } = await open(
      `if (args[0] === 'push') {
        const { Target } = JSON.parse(fs.readFileSync(home + '/.cf/config.json', 'utf8'));
        fs.writeFileSync(require('node:path').dirname(home) + '/target', Target);
        console.error('Get "' + Target + '/v3/apps": EOF');
        process.exitCode = 1;
      }`,
      { credentials: CLIENT },
      { loopback },
    );
    await session.target();
    const error = await upload(session, 'web').catch((reason: unknown) => reason);
    const secret = await readFile(join(session.cfHome, 'target'), 'utf8');
    expect(new URL(secret).pathname).toMatch(/^\/\w{40}$/);
    const told = JSON.stringify([heard.events, (error as Error).message, error]);
    expect(told).toContain(`${session.root.api}/v3/apps`);
    expect(told).not.toContain(new URL(secret).pathname.slice(1));
    expect(told).not.toContain(new URL(secret).origin);
  });

  test('of which one fails: it says so for itself, and the other goes on to its end', async () => {
    const { session } = await open(HELD, { credentials: CLIENT }, { loopback });
    await session.target();
    const bad = upload(session, 'bad', { bitsPath: '/nowhere' }).catch((error: unknown) => error);
    const good = upload(session, 'good');
    const { config } = await seenBy(session, 'good');
    await seenBy(session, 'bad');
    // The renewal of the good one is refused: that is no fault of the bad one.
    answers.push(json(401, { error: 'unauthorized' }));
    expect((await fetch(`${config.UaaEndpoint}/oauth/token`, { method: 'POST' })).status).toBe(401);
    await go(session, 'bad');
    expect(await bad).toMatchObject({
      name: 'ProgramFailed',
      message: 'cf push of bad failed: The path does not exist.',
    });
    expect(await homes(session)).toHaveLength(1);
    await go(session, 'good');
    await good;
    expect(await homes(session)).toEqual([]);
  });

  test('end with the run, all of them, and those that wait do not begin', async () => {
    const controller = new AbortController();
    const { session } = await open(HELD, { credentials: CLIENT }, { loopback, signal: controller.signal });
    await session.target();
    const apps = ['one', 'two', 'three', 'four', 'five'];
    const all = Promise.allSettled(apps.map((app) => upload(session, app)));
    const pids = await Promise.all(apps.slice(0, 4).map(async (app) => (await seenBy(session, app)).pid));
    const reason = new Error('cancelled');
    controller.abort(reason);
    expect(await all).toEqual(apps.map(() => ({ status: 'rejected', reason })));
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await begun(session)).toHaveLength(4);
    expect(await homes(session)).toEqual([]);
  });

  test('take turns where the CLI renews its token with a refresh token: a second use of it may be refused', async () => {
    const { session } = await open(`
      if (args[0] === 'auth')
        fs.writeFileSync(home + '/.cf/config.json', JSON.stringify({ AccessToken: 'bearer ${FIRST_TOKEN}', RefreshToken: 'once' }));
      if (args[0] === 'push') {
        const path = home + '/.cf/config.json';
        const config = JSON.parse(fs.readFileSync(path, 'utf8'));
        console.log(config.RefreshToken);
        fs.writeFileSync(path, JSON.stringify({ ...config, RefreshToken: config.RefreshToken + '+' }));
      }`);
    await session.target();
    await Promise.all(['web', 'api'].map((app) => upload(session, app)));
    expect(heard.events.map((event) => (event as { text: string }).text)).toEqual(['once', 'once+']);
    expect(session.uploadsAtATime).toBe(1);
  });
});
