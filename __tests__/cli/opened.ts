/** A platform that answers, a home, a clock that hurries: what each test of a session opens it on. */
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach } from '@jest/globals';
import { type OpenSession, openSession } from '../../src/cli/session.js';
import type { CfSession } from '../../src/cli/signed-in.js';
import type { Credentials } from '../../src/model/asked.js';
import { createChildren } from '../../src/system/children.js';
import { files } from '../../src/system/files.js';
import { createHttp } from '../../src/system/http.js';
import { realRandom } from '../../src/system/random.js';
import { type Answer, fakeCf, folder, hastyClock, json, jwt, listener, serve } from './helpers.js';

export const USER = { kind: 'user', username: 'ann', password: 'user-secret' } as const satisfies Credentials;
export const CLIENT: Credentials = { kind: 'client', clientId: 'deployer', clientSecret: 'client-secret' };
export const FIRST_TOKEN = jwt({ iat: 1_000, exp: 2_200 });

export interface Call {
  args: string[];
  env: Record<string, string>;
  stdin: string;
}

export let home: Awaited<ReturnType<typeof folder>>;
export let platform: Awaited<ReturnType<typeof serve>>;
export let answers: Answer[];
export let clock: ReturnType<typeof hastyClock>;
export let heard: ReturnType<typeof listener>;
export const http = createHttp({ skipSslValidation: false });
export const sessions: CfSession[] = [];
export let hidden: string[];

beforeEach(async () => {
  home = await folder();
  clock = hastyClock();
  heard = listener();
  answers = [];
  hidden = [];
  platform = await serve(({ path }) => {
    if (path === '/')
      return json(200, {
        links: { uaa: { href: platform.url }, cloud_controller_v3: { meta: { version: '3.200.0' } } },
      });
    return answers.shift() ?? json(200, { access_token: 'second-token', expires_in: 1_200 });
  });
});

afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
  http.close();
  platform.close();
  await home.remove();
});

/** Signs in as the real one does: the configuration has the token. `more` runs after that. */
export async function open(
  more = '',
  inputs: Partial<OpenSession['inputs']> = {},
  rest: Partial<OpenSession> = {},
) {
  const script = `
    if (args[0] === 'auth') {
      fs.mkdirSync(home + '/.cf', { recursive: true });
      fs.writeFileSync(home + '/.cf/config.json', JSON.stringify({ ConfigVersion: 4, AccessToken: 'bearer ${FIRST_TOKEN}' }));
    }
    ${more}`;
  const { path, record } = await fakeCf(home.path, script);
  const session = await openSession({
    cf: { path, version: '8.18.4' },
    inputs: {
      api: platform.url,
      org: 'shop',
      space: 'prod',
      credentials: USER,
      skipSslValidation: false,
      ...inputs,
    },
    children: createChildren(),
    http,
    publicHttp: http,
    clock,
    files,
    random: realRandom,
    hide: (secret) => void hidden.push(secret),
    temp: home.path,
    cores: 2,
    listener: heard,
    env: { PATH: '/usr/bin:/bin' },
    ...rest,
  });
  sessions.push(session);
  const calls = async () =>
    (await readFile(record, 'utf8').catch(() => ''))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Call);
  return { session, calls };
}
