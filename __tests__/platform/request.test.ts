import { describe, expect, test } from '@jest/globals';
import { Cancelled, PlatformFault, PlatformRefusal } from '../../src/model/errors.js';
import {
  API,
  appJson,
  inTurn,
  lost,
  page,
  ROUTER_404,
  refusal,
  type Scripted,
  STARTED_AT_MS,
  scripted,
} from './scripted.js';

const BAD_GATEWAY: Scripted = {
  status: 502,
  text: '502 Bad Gateway: Registered endpoint failed to handle the request.\n',
};
const FOUND = page([appJson('shop')]);

/** The error that a call ends with. */
async function errorOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error('the call did not fail');
}

describe('reads', () => {
  test.each([
    ['502', BAD_GATEWAY],
    ['503 with the error body', refusal(503, 10015, 'CF-ServiceUnavailable', 'Later')],
    ['a lost connection', lost(true)],
    ['a refused connection', lost(false)],
    ['a page of HTML', { text: '<html>' }],
    ['a 404 of the router', ROUTER_404],
    ['429', { status: 429, text: 'slow down', headers: { 'retry-after': '3' } }],
  ])('%s is read again', async (_, first) => {
    const { platform, http } = scripted(inTurn(first, FOUND));
    const apps = await platform.appsByName('space', ['shop']);
    expect(apps.map(({ name }) => name)).toEqual(['shop']);
    expect(http.requests).toHaveLength(2);
  });

  test('wait longer each time and end in a fault at the deadline', async () => {
    const { platform, clock } = scripted(inTurn(BAD_GATEWAY), { readDeadlineMs: 10_000 });
    const error = await errorOf(platform.appsByName('space', ['shop']));
    expect(error).toBeInstanceOf(PlatformFault);
    expect(error).toMatchObject({ ambiguous: false, status: 502 });
    expect(clock.slept).toEqual([200, 400, 800, 1_600, 3_200]);
  });

  test('wait as long as they are told to, and not at all when that is past the deadline', async () => {
    const limit = { status: 429, text: '', headers: { 'retry-after': '7' } };
    const patient = scripted(inTurn(limit, FOUND));
    await patient.platform.apps('space');
    expect(patient.clock.slept).toEqual([7_000]);

    const hasty = scripted(inTurn(limit), { readDeadlineMs: 5_000 });
    const error = await errorOf(hasty.platform.apps('space'));
    expect(error).toMatchObject({ status: 429, retryAfterMs: 7_000 });
    expect((error as Error).message).toContain('wait until 2026-11-20 10:00:07 UTC');
    expect(hasty.clock.slept).toEqual([]);

    const date = { status: 429, text: '', headers: { 'retry-after': 'Fri, 20 Nov 2026 10:00:09 GMT' } };
    const dated = scripted(inTurn(date, FOUND));
    await dated.platform.apps('space');
    expect(dated.clock.slept).toEqual([9_000]);
  });

  test('a refusal is an answer, with the code of the platform', async () => {
    const { platform, http } = scripted(
      inTurn(refusal(404, 10010, 'CF-ResourceNotFound', 'Build not found')),
    );
    const error = await errorOf(platform.build('b'));
    expect(error).toBeInstanceOf(PlatformRefusal);
    expect(error).toMatchObject({ status: 404, code: 10010, title: 'CF-ResourceNotFound' });
    expect(http.requests).toHaveLength(1);
  });

  test('an answer that lacks a field is a fault', async () => {
    const { name: _, ...nameless } = appJson('shop');
    const error = await errorOf(scripted(inTurn(page([nameless]))).platform.apps('space'));
    expect(error).toBeInstanceOf(PlatformFault);
    expect((error as Error).message).toContain('name');
  });

  test('nothing is sent once the run is cancelled', async () => {
    const { platform, http } = scripted(inTurn(FOUND), {
      signal: AbortSignal.abort(new Cancelled('SIGINT')),
    });
    expect(await errorOf(platform.apps('space'))).toBeInstanceOf(Cancelled);
    expect(http.requests).toHaveLength(0);
  });
});

describe('the token', () => {
  const EXPIRED = refusal(401, 1000, 'CF-InvalidAuthToken', 'Invalid Auth Token');

  test('is renewed once and the call repeated, also of a write', async () => {
    const { platform, http, tokens } = scripted(inTurn(EXPIRED, { json: appJson('shop') }));
    await platform.updateApp('guid', { name: 'shop' });
    expect(http.requests.map(({ headers }) => headers?.authorization)).toEqual([
      'bearer token-0',
      'bearer token-1',
    ]);
    expect(tokens.invalidated).toBe(1);
  });

  test('that stays refused ends the call', async () => {
    const { platform, http } = scripted(inTurn(EXPIRED));
    expect(await errorOf(platform.apps('space'))).toBeInstanceOf(PlatformRefusal);
    expect(http.requests).toHaveLength(2);
  });

  test('of calls side by side is dropped once', async () => {
    const { platform, tokens } = scripted((request) =>
      request.headers?.authorization === 'bearer token-0' ? EXPIRED : FOUND,
    );
    await Promise.all([platform.apps('space'), platform.apps('space'), platform.apps('space')]);
    expect(tokens.invalidated).toBe(1);
  });
});

describe('pages', () => {
  test('are read to the last, and the token stays with the API whatever the next address says', async () => {
    const { platform, http } = scripted((_, url) =>
      url.searchParams.get('page') === '2'
        ? page([appJson('two')], 2)
        : {
            json: {
              pagination: { total_results: 2, next: { href: 'https://evil.example.org/v3/apps?page=2' } },
              resources: [appJson('one')],
            },
          },
    );
    expect((await platform.apps('space')).map(({ name }) => name)).toEqual(['one', 'two']);
    // Two pages, and both once more: whether they stood still is seen by that alone.
    expect(http.requests.map(({ url }) => new URL(url).origin)).toEqual([API, API, API, API]);
    expect(http.lines[0]).toBe('GET /v3/apps?per_page=5000&space_guids=space');
  });

  test('a 502, then an empty first page with a next page: the next page is read', async () => {
    const firsts = [BAD_GATEWAY, page([], 1, '/v3/apps?page=2')];
    const { platform, http } = scripted((_, url) =>
      url.searchParams.get('page') === '2' ? FOUND : (firsts.shift() ?? page([], 1, '/v3/apps?page=2')),
    );
    expect(await platform.appsByName('space', ['shop'])).toHaveLength(1);
    expect(http.requests).toHaveLength(5);
  });

  /** Apps in pages of two, as they are when a page is asked for; `change` comes after the first page was answered. */
  function changing(names: string[], change: (names: string[]) => void) {
    let changed = false;
    return scripted((_, url) => {
      const second = url.searchParams.get('page') === '2';
      if (second && !changed) {
        change(names);
        changed = true;
      }
      const shown = second ? names.slice(2) : names.slice(0, 2);
      const next = second ? undefined : '/v3/apps?page=2';
      return page(
        shown.map((name) => appJson(name)),
        names.length,
        next,
      );
    });
  }

  test.each<[string, (names: string[]) => void]>([
    ['disappears', (names) => names.splice(0, 1)],
    ['appears', (names) => names.push('e')],
    ['disappears and another one appears', (names) => names.splice(0, 1, ...[]) && names.push('e')],
    ['appears in front', (names) => names.unshift('first')],
  ])('while an app %s between two of them: none that is there is missed', async (_, change) => {
    const names = ['a', 'b', 'c', 'd'];
    const { platform } = changing(names, change);
    const found = (await platform.apps('space')).map(({ name }) => name);
    expect(found).toEqual(names);
    expect(found).toContain('c');
  });

  test('that never stand still are a fault', async () => {
    let made = 0;
    const { platform } = scripted(
      (_, url) =>
        url.searchParams.get('page') === '2'
          ? page([appJson(`app-${++made}`)], 2)
          : page([appJson('shop')], 2, '/v3/apps?page=2'),
      { readDeadlineMs: 5_000 },
    );
    expect(await errorOf(platform.apps('space'))).toMatchObject({ name: 'PlatformFault', ambiguous: false });
  });

  test.each([
    ['fewer than the total', page([], 1)],
    ['one of them twice', page([appJson('shop'), appJson('shop')], 2)],
  ])('%s are read again, and in the end a fault', async (_, incomplete) => {
    const healed = scripted(inTurn(incomplete, FOUND));
    expect(await healed.platform.apps('space')).toHaveLength(1);

    const never = scripted(inTurn(incomplete), { readDeadlineMs: 5_000 });
    expect(await errorOf(never.platform.apps('space'))).toBeInstanceOf(PlatformFault);
  });

  test('one that fails fails the read', async () => {
    const { platform } = scripted(
      (_, url) =>
        url.searchParams.get('page') === '2' ? BAD_GATEWAY : page([appJson('a')], 2, '/v3/apps?page=2'),
      { readDeadlineMs: 3_000 },
    );
    expect(await errorOf(platform.apps('space'))).toBeInstanceOf(PlatformFault);
  });

  test('without an end are a fault', async () => {
    const { platform } = scripted(() => page([], 1, '/v3/apps?page=1'));
    expect(await errorOf(platform.apps('space'))).toBeInstanceOf(PlatformFault);
  });

  test('a list without its total is a fault: whether it is whole cannot be known', async () => {
    const { platform } = scripted(inTurn({ json: { pagination: { next: null }, resources: [] } }));
    expect(await errorOf(platform.apps('space'))).toBeInstanceOf(PlatformFault);
  });

  test('many values are asked for in several calls, none without a call', async () => {
    const { platform, http } = scripted((_, url) =>
      page((url.searchParams.get('guids') ?? '').split(',').map((guid) => appJson(`app-${guid}`, { guid }))),
    );
    const guids = Array.from({ length: 250 }, (_, index) => `g${index}`);
    expect(await platform.appsByGuid([...guids, 'g0'])).toHaveLength(250);
    expect(http.requests).toHaveLength(3);
    expect(await platform.appsByGuid([])).toEqual([]);
    expect(http.requests).toHaveLength(3);
  });

  test('long values, and routes on many domains, are asked for in calls that the web server reads', async () => {
    const { platform, http } = scripted(() => page([]));
    const long = (index: number) => `${index}-${'ä'.repeat(200)}`;
    const all = Array.from({ length: 150 }, (_, index) => index);
    await platform.appsByName('space', all.map(long));
    const host = (index: number) => `${index}`.padEnd(63, 'x');
    const domainGuid = (index: number) => `${index}`.padEnd(36, '0');
    const on = all.flatMap((index) =>
      [host(index), ''].map((name) => ({ host: name, domainGuid: domainGuid(index), path: '', port: null })),
    );
    await platform.findRoutes(undefined, on);
    expect(Math.max(...http.requests.map(({ url }) => url.length))).toBeLessThan(8_000);
    for (const { host: name, domainGuid: domain } of on) {
      const asks = ({ url }: { url: string }) => {
        const { searchParams: of } = new URL(url);
        const has = (key: string, value: string) => (of.get(key) ?? '?').split(',').includes(value);
        return has('hosts', name) && has('domain_guids', domain);
      };
      expect(http.requests.filter(asks)).toHaveLength(1);
    }
  });

  test('commas and percent signs of names are escaped for the platform, which splits first', async () => {
    const { platform, http } = scripted(inTurn(page([])));
    await platform.appsByName('space', ['a,b', '5%', 'plain']);
    expect(http.lines[0]).toContain('names=a%2Cb,5%25,plain');
  });
});

describe('writes', () => {
  test.each([
    ['a lost answer', lost(true), undefined],
    ['a 500', { status: 500, json: { errors: [{ code: 10001, title: 'UnknownError', detail: '' }] } }, 500],
    ['a 502', BAD_GATEWAY, 502],
    ['a 404 of the router', ROUTER_404, 404],
    ['an answer that is none', { text: '<html>' }, 200],
    ['a made thing without a guid', { status: 201, json: { name: 'shop' } }, undefined],
  ])('are sent once: %s is ambiguous', async (_, answer, status) => {
    const { platform, http } = scripted(inTurn(answer));
    const error = await errorOf(platform.createApp('space', { name: 'shop' }));
    expect(error).toBeInstanceOf(PlatformFault);
    expect(error).toMatchObject({ ambiguous: true, status });
    expect(http.requests).toHaveLength(1);
  });

  test.each([
    ['429', { status: 429, text: '{}' }],
    ['a refused connection', lost(false)],
  ])('that were surely not done are repeated: %s', async (_, answer) => {
    const { platform, http } = scripted(inTurn(answer, { json: {} }));
    await platform.startApp('guid');
    expect(http.requests).toHaveLength(2);
  });

  test('never done until the deadline is a fault, but not an ambiguous one', async () => {
    const { platform } = scripted(inTurn(lost(false)), { readDeadlineMs: 2_000 });
    expect(await errorOf(platform.startApp('guid'))).toMatchObject({ ambiguous: false });
  });

  test('a refusal says why', async () => {
    const { platform } = scripted(
      inTurn(refusal(422, 10008, 'CF-UnprocessableEntity', "Routes quota exceeded for space 's'.")),
    );
    const error = await errorOf(
      platform.createRoute('space', { host: 'shop', domainGuid: 'domain', path: '', port: null }),
    );
    expect(error).toBeInstanceOf(PlatformRefusal);
    expect((error as Error).message).toContain("Routes quota exceeded for space 's'.");
  });
});

describe('jobs', () => {
  const ACCEPTED: Scripted = { status: 202, headers: { location: `${API}/v3/jobs/j` } };
  const job = (state: string, errors: unknown[] = []): Scripted => ({ json: { guid: 'j', state, errors } });

  test('all who wait for one look at it together, and its end is for all of them', async () => {
    const { platform, http } = scripted(inTurn(job('PROCESSING'), job('COMPLETE'), job('COMPLETE')));
    await Promise.all([platform.finishJob('j'), platform.finishJob('j')]);
    expect(http.lines).toEqual(Array(2).fill('GET /v3/jobs/j'));
    await platform.finishJob('j');
    expect(http.lines).toHaveLength(3);
  });

  test('are waited for, quickly at first', async () => {
    const { platform, http, clock } = scripted(
      inTurn(ACCEPTED, job('PROCESSING'), BAD_GATEWAY, job('POLLING'), job('COMPLETE')),
    );
    await platform.deleteApp('guid');
    expect(http.lines).toEqual(['DELETE /v3/apps/guid', ...Array(4).fill('GET /v3/jobs/j')]);
    expect(clock.slept[0]).toBeLessThanOrEqual(100);
  });

  test('that fail are a refusal with their reason', async () => {
    const failed = job('FAILED', [{ code: 10008, title: 'CF-UnprocessableEntity', detail: 'still used' }]);
    const error = await errorOf(scripted(inTurn(ACCEPTED, failed)).platform.deleteRoute('guid'));
    expect(error).toBeInstanceOf(PlatformRefusal);
    expect(error).toMatchObject({ code: 10008 });
  });

  test.each([
    ['a job that is not known', refusal(404, 10010, 'CF-ResourceNotFound', 'Job not found')],
    ['a job without a state', { json: { guid: 'j' } }],
    ['a job that cannot be read', BAD_GATEWAY],
  ])('%s says nothing about what it did', async (_, answer) => {
    const { platform } = scripted(inTurn(ACCEPTED, answer), { readDeadlineMs: 2_000 });
    expect(await errorOf(platform.deleteApp('guid'))).toMatchObject({
      name: 'PlatformFault',
      ambiguous: true,
    });
  });

  test('that never end are an ambiguous fault', async () => {
    const error = await errorOf(scripted(inTurn(ACCEPTED, job('PROCESSING'))).platform.deleteApp('guid'));
    expect(error).toMatchObject({ name: 'PlatformFault', ambiguous: true });
  });
});

test("the platform's clock is taken from its answers and carried on by ours", async () => {
  const { platform, clock } = scripted(
    inTurn({ ...FOUND, headers: { date: 'Fri, 20 Nov 2026 10:05:00 GMT' } }),
  );
  expect(platform.platformNowMs()).toBe(STARTED_AT_MS);
  await platform.apps('space');
  await clock.sleep(1_000);
  expect(platform.platformNowMs()).toBe(STARTED_AT_MS + 301_000);
});

describe('the rate limit', () => {
  const limited = (calls: number): Scripted => ({
    ...FOUND,
    headers: {
      'x-ratelimit-limit': '2000',
      'x-ratelimit-remaining': String(calls),
      'x-ratelimit-reset': '1795176000',
    },
  });

  test('is kept as the last answer that tells of it said', async () => {
    const { platform } = scripted(inTurn(FOUND, limited(400), limited(200), FOUND));
    await platform.apps('space');
    expect(platform.allowance()).toEqual({ sent: 1 });
    await platform.apps('space');
    await platform.apps('space');
    await platform.apps('space');
    const left = { calls: 200, limit: 2_000, resetAtMs: 1_795_176_000_000 };
    expect(platform.allowance()).toEqual({ sent: 4, left });
  });
});
