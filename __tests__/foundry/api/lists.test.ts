import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { matches, parseSelector } from '../../../foundry/api/selector.js';
import { request, type Scripted, scripted } from '../scripted.js';

describe('lists', () => {
  let f: Scripted;

  beforeAll(async () => {
    f = await scripted();
    await request(`${f.api}/__foundry/seed`, 'POST', { apps: 120, routes: 5, prefix: 'n' });
  });
  afterAll(() => f.close());

  const names = async (path: string) =>
    (await f.call('GET', path)).body.resources.map((r: { name: string }) => r.name);

  test('a page has 50 rows, and its links lead through all of them once', async () => {
    const seen: string[] = [];
    const sizes: number[] = [];
    let next: string | undefined = `${f.api}/v3/apps?order_by=name`;
    while (next !== undefined) {
      const { body } = await request(next, 'GET', undefined, { authorization: `bearer ${f.token}` });
      sizes.push(body.resources.length);
      seen.push(...body.resources.map((r: { name: string }) => r.name));
      expect(body.pagination.total_results).toBe(120);
      expect(body.pagination.total_pages).toBe(3);
      next = body.pagination.next?.href;
    }
    expect(sizes).toEqual([50, 50, 20]);
    expect(new Set(seen).size).toBe(120);
    expect(seen).toEqual([...seen].sort());
  });

  test('links keep the query', async () => {
    const { body } = await f.call('GET', '/v3/apps?names=n-1,n-2,n-3&per_page=2&page=2');
    expect(body.resources).toHaveLength(1);
    expect(body.pagination.next).toBeNull();
    const previous = new URL(body.pagination.previous.href);
    expect(Object.fromEntries(previous.searchParams)).toEqual({
      names: 'n-1,n-2,n-3',
      per_page: '2',
      page: '1',
    });
  });

  test.each([
    ['/v3/apps?page=0', 'Page must be a positive integer'],
    ['/v3/apps?per_page=x', 'Per page must be a positive integer'],
    ['/v3/apps?order_by=size', "Order by can only be: 'name', 'state', 'created_at', 'updated_at'"],
    ['/v3/apps?include=nothing', 'Invalid included resource'],
    ['/v3/apps?created_ats[gt]=yesterday', 'invalid timestamp format'],
  ])('%s is refused', async (path, text) => {
    const reply = await f.call('GET', path);
    expect(reply.status).toBe(400);
    expect(reply.body.errors[0].code).toBe(10005);
    expect(reply.body.errors[0].detail).toContain(text);
  });

  test('newest first, also within one millisecond', async () => {
    expect(await names('/v3/apps?order_by=-created_at&per_page=2')).toEqual(['n-120', 'n-119']);
  });

  test('names match exactly and as a whole', async () => {
    expect(await names('/v3/apps?names=n-1')).toEqual(['n-1']);
    expect(await names('/v3/apps?names=n-')).toEqual([]);
    expect(await names('/v3/apps?names=N-1')).toEqual([]);
  });

  test('times are compared by the second', async () => {
    const [first] = (await f.call('GET', '/v3/apps?names=n-1')).body.resources;
    const at = encodeURIComponent(first.created_at);
    expect((await f.call('GET', `/v3/apps?names=n-1&created_ats[gte]=${at}`)).body.resources).toHaveLength(1);
    expect((await f.call('GET', `/v3/apps?names=n-1&created_ats[gt]=${at}`)).body.resources).toHaveLength(0);
    expect((await f.call('GET', `/v3/apps?names=n-1&created_ats=${at}`)).body.resources).toHaveLength(1);
  });

  test('a label selector and included spaces', async () => {
    const [app] = (await f.call('GET', '/v3/apps?names=n-7')).body.resources;
    await f.call('PATCH', `/v3/apps/${app.guid}`, { metadata: { labels: { 'a.b/role': 'live' } } });
    const { body } = await f.call('GET', '/v3/apps?label_selector=a.b/role%20in%20(live,old)&include=space');
    expect(body.resources.map((r: { name: string }) => r.name)).toEqual(['n-7']);
    expect(body.included.spaces.map((s: { name: string }) => s.name)).toEqual(['production']);
  });

  test('a removed label is gone', async () => {
    const [app] = (await f.call('GET', '/v3/apps?names=n-8')).body.resources;
    const path = `/v3/apps/${app.guid}`;
    await f.call('PATCH', path, { metadata: { labels: { a: 'b', c: 'd' } } });
    const { body } = await f.call('PATCH', path, { metadata: { labels: { a: null } } });
    expect(body.metadata.labels).toEqual({ c: 'd' });
  });
});

describe('selectors', () => {
  const labels = { role: 'live', empty: '', 'p.q/x': '1' };
  test.each([
    ['role', true],
    ['!role', false],
    ['!none', true],
    ['role=live', true],
    ['role==live', true],
    ['role=old', false],
    ['role!=old', true],
    ['none!=old', true],
    ['role in (old, live)', true],
    ['role notin (old,live)', false],
    ['none notin (old)', true],
    ['empty=', true],
    ['p.q/x=1,role in (live,old),!none', true],
    ['p.q/x=1,role in (old,new)', false],
  ])('%s', (text, wanted) => {
    expect(matches(parseSelector(text), labels)).toBe(wanted);
  });

  test.each(['=', 'a in', 'a=b c', ''])('"%s" is none', (text) => {
    expect(() => parseSelector(text)).toThrow('The query parameter is invalid');
  });
});
