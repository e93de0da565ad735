import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Relay } from '../../src/cli/relay.js';
import { createHttp } from '../../src/system/http.js';
import { loopback } from '../../src/system/loopback.js';
import { realRandom as random } from '../../src/system/random.js';
import { type Answer, hastyClock, json, serve } from './helpers.js';

type Seen = Parameters<Parameters<typeof serve>[0]>[0];

const http = createHttp({ skipSslValidation: false });
let platform: Awaited<ReturnType<typeof serve>>;
let relay: Relay;
let clock: ReturnType<typeof hastyClock>;
/** By method and path; the last of several answers stays. */
let answers: Record<string, Answer[]>;
let seen: Seen[];

beforeEach(async () => {
  [answers, seen, clock] = [{}, [], hastyClock()];
  platform = await serve((request) => {
    seen.push(request);
    const left = answers[`${request.method} ${request.path}`] ?? [];
    return (left.length > 1 ? left.shift() : left[0]) ?? json(404, { errors: [] });
  });
  relay = await Relay.open({ loopback, random, http, clock, api: platform.url, timeoutMs: 5_000 });
});
afterEach(() => {
  relay.close();
  platform.close();
  http.close();
});

const ask = (path: string, init: RequestInit = {}) =>
  fetch(relay.address + path, { ...init, headers: { authorization: 'bearer of-the-cli', ...init.headers } });
const state = (value: string, status = 200) => json(status, { guid: 'p', state: value });

test('passes everything on as it is, and the answer too', async () => {
  answers['POST /v3/resource_matches?x=1'] = [json(201, { resources: [] })];
  const answer = await ask('/v3/resource_matches?x=1', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"resources":[]}',
  });
  expect([answer.status, await answer.json()]).toEqual([201, { resources: [] }]);
  expect(seen).toMatchObject([
    {
      method: 'POST',
      path: '/v3/resource_matches?x=1',
      body: '{"resources":[]}',
      headers: {
        authorization: 'bearer of-the-cli',
        'content-type': 'application/json',
        host: new URL(platform.url).host,
      },
    },
  ]);
  expect(await (await ask('//other.example/v3/apps')).json()).toEqual({ errors: [] });
  expect(relay.taken.aborted).toBe(false);
});

test('whoever does not know its address reaches no platform, and ends no push', async () => {
  answers['GET /v3/packages/p'] = [state('READY')];
  const { origin, pathname } = new URL(relay.address);
  for (const path of ['/v3/packages/p', '/', '/x/v3/packages/p', `${pathname}x/v3/packages/p`])
    expect((await fetch(origin + path)).status).toBe(404);
  expect(seen).toEqual([]);
  expect(relay.taken.aborted).toBe(false);
});

test('an answer with trailers passes without them', async () => {
  const headers = { trailer: 'x-late', 'transfer-encoding': 'chunked' };
  answers['GET /v3/apps'] = [{ ...json(200, { resources: [] }), headers }];
  expect(await (await ask('/v3/apps')).json()).toEqual({ resources: [] });
});

test('an answer of any length passes whole', async () => {
  const length = 17 * 1024 * 1024;
  answers['GET /v3/apps'] = [{ status: 200, body: Buffer.alloc(length, ' ') }];
  expect((await (await ask('/v3/apps')).arrayBuffer()).byteLength).toBe(length);
});

test('a job is asked for here, and answered when it has ended', async () => {
  answers['POST /v3/spaces/s/actions/apply_manifest'] = [
    { ...json(202, ''), headers: { location: `${platform.url}/v3/jobs/j` } },
  ];
  answers['GET /v3/jobs/j'] = [state('PROCESSING'), state('POLLING'), state('COMPLETE')];
  const job = await ask('/v3/spaces/s/actions/apply_manifest', { method: 'POST', body: 'applications: []' });
  expect(job.headers.get('location')).toBe(`${relay.address}/v3/jobs/j`);
  expect(await (await ask('/v3/jobs/j')).json()).toMatchObject({ state: 'COMPLETE' });
  expect(seen.filter(({ path }) => path === '/v3/jobs/j')).toHaveLength(3);
  expect(clock.slept).toEqual([100, 150]);
});

test('polls slow down, and end where the CLI goes on by itself', async () => {
  answers['GET /v3/jobs/j'] = [state('PROCESSING')];
  expect(await (await ask('/v3/jobs/j')).json()).toMatchObject({ state: 'PROCESSING' });
  expect(Math.max(...clock.slept)).toBe(3_000);
  expect(clock.slept.reduce((sum, ms) => sum + ms)).toBeGreaterThanOrEqual(600_000);
});

describe('bits', () => {
  const upload = () => ask('/v3/packages/p/upload', { method: 'POST', body: 'bits' });

  test('that come up are answered when they are taken in, and the CLI has done its work', async () => {
    answers['POST /v3/packages/p/upload'] = [state('PROCESSING_UPLOAD')];
    answers['GET /v3/packages/p'] = [state('PROCESSING_UPLOAD'), state('READY')];
    expect(await (await upload()).json()).toMatchObject({ state: 'READY' });
    expect(relay.taken.aborted).toBe(true);
    expect(seen[0]?.body).toBe('bits');
  });

  test('that the CLI asks for itself are taken in as well', async () => {
    answers['GET /v3/packages/p'] = [state('READY')];
    await ask('/v3/packages/p');
    expect(relay.taken.aborted).toBe(true);
  });

  test('that the platform cannot use are for the CLI to tell', async () => {
    answers['POST /v3/packages/p/upload'] = [state('PROCESSING_UPLOAD')];
    answers['GET /v3/packages/p'] = [state('FAILED')];
    expect(await (await upload()).json()).toMatchObject({ state: 'FAILED' });
    expect(relay.taken.aborted).toBe(false);
  });

  test('of an image are ready at once; a package that waits for its bits is not', async () => {
    answers['POST /v3/packages'] = [state('AWAITING_UPLOAD', 201), state('READY', 201)];
    await ask('/v3/packages', { method: 'POST', body: '{}' });
    expect(relay.taken.aborted).toBe(false);
    await ask('/v3/packages', { method: 'POST', body: '{}' });
    expect(relay.taken.aborted).toBe(true);
  });

  test.each([
    ['500', json(500, {})],
    ['401', json(401, {})],
    ['no JSON', { status: 200, body: 'nonsense' }],
  ])('asked for in vain (%s): the CLI is told what was known, and asks by itself', async (_, answer) => {
    answers['POST /v3/packages/p/upload'] = [state('PROCESSING_UPLOAD')];
    answers['GET /v3/packages/p'] = [answer];
    const told = await upload();
    expect([told.status, await told.json()]).toEqual([200, { guid: 'p', state: 'PROCESSING_UPLOAD' }]);
    expect(relay.taken.aborted).toBe(false);
  });

  test('have the time of the whole push; a look for them that hangs takes a part of it', async () => {
    relay.close();
    const asked: [string, number][] = [];
    const timed: typeof http = {
      ...http,
      request: (one) => {
        asked.push([one.method, one.timeoutMs]);
        return http.request(one);
      },
    };
    relay = await Relay.open({
      loopback,
      random,
      http: timed,
      clock,
      api: platform.url,
      timeoutMs: 1_800_000,
    });
    answers['POST /v3/packages/p/upload'] = [state('PROCESSING_UPLOAD')];
    answers['GET /v3/packages/p'] = [state('READY')];
    await upload();
    expect(asked).toEqual([
      ['POST', 1_800_000],
      ['GET', 30_000],
    ]);
  });

  test('refused at once are refused, however many of them are left', async () => {
    answers['POST /v3/packages/p/upload'] = [json(422, { errors: [{ detail: 'too large' }] })];
    const told = await ask('/v3/packages/p/upload', { method: 'POST', body: Buffer.alloc(8 * 1024 * 1024) });
    expect([told.status, await told.json()]).toEqual([422, { errors: [{ detail: 'too large' }] }]);
  });
});

test('a platform that is not there is not there for the CLI', async () => {
  answers['GET /v3/apps'] = [json(500, {}), { status: 0, reset: true }, json(200, {})];
  for (const failure of [undefined, expect.stringContaining('/v3/apps: '), undefined]) {
    await ask('/v3/apps').catch(() => undefined);
    expect(relay.failure?.message).toEqual(failure);
  }
  platform.close();
  await expect(ask('/v3/apps')).rejects.toThrow();
  expect(relay.failure?.message).toContain('/v3/apps: ');
});

test('a CLI that is gone in the midst of a call does not speak against the platform', async () => {
  relay.close();
  const gone = new AbortController();
  let call: Promise<never> | undefined;
  const silent: typeof http = {
    ...http,
    request: ({ signal }) => {
      call = new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('given up')));
      });
      gone.abort();
      return call;
    },
  };
  relay = await Relay.open({ loopback, random, http: silent, clock, api: platform.url, timeoutMs: 5_000 });
  await expect(ask('/v3/apps', { signal: gone.signal })).rejects.toThrow();
  await expect(call).rejects.toThrow('given up');
  expect(relay.failure).toBeUndefined();
});

test('closed, it answers no more', async () => {
  relay.close();
  await expect(ask('/v3/apps')).rejects.toThrow();
});
