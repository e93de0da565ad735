import { describe, expect, test } from '@jest/globals';
import { realClock } from '../../../foundry/clock.js';
import type { Endpoint, RouteRecord } from '../../../foundry/ports.js';
import { Pool } from '../../../foundry/router/pool.js';
import { createTable } from '../../../foundry/router/table.js';
import { APP, manualClock, PROCESS } from './harness.js';

function endpoint(index: number, port = 1000 + index): Endpoint {
  return {
    appGuid: APP,
    processGuid: PROCESS,
    processType: 'web',
    index,
    instanceGuid: `i${index}`,
    port,
    appName: 'shop',
  };
}

function record(host: string, path = '', endpoints = [endpoint(0)], routeGuid = host + path): RouteRecord {
  return { routeGuid, host, path, endpoints };
}

/** Rows of the gorouter table in platform facts A4: context paths, wildcards, case. */
describe('the look-up', () => {
  const table = createTable(realClock);
  for (const one of [
    record('shop.example.com'),
    record('shop.example.com', '/api'),
    record('shop.example.com', '/api/v2'),
    record('only.example.com', '/api'),
    record('*.example.com'),
    record('*.deep.example.com'),
    record('empty.example.com', '', []),
  ]) {
    table.apply(one);
  }

  test.each([
    ['shop.example.com', '/', 'shop.example.com'],
    ['shop.example.com', '/api', 'shop.example.com/api'],
    ['shop.example.com', '/api/', 'shop.example.com/api'],
    ['shop.example.com', '/api/x', 'shop.example.com/api'],
    ['shop.example.com', '/api/v2/x', 'shop.example.com/api/v2'],
    ['shop.example.com', '/apix', 'shop.example.com'],
    ['shop.example.com', '/API/x', 'shop.example.com/api'],
    ['only.example.com', '/', '*.example.com'],
    ['other.example.com', '/', '*.example.com'],
    ['a.b.example.com', '/', '*.example.com'],
    ['a.deep.example.com', '/', '*.deep.example.com'],
    ['deep.example.com', '/', '*.example.com'],
    ['empty.example.com', '/', '*.example.com'],
    ['example.com', '/', undefined],
    ['example.org', '/', undefined],
  ])('%s%s -> %s', (host, path, found) => {
    expect(table.find(host, path)?.record.routeGuid).toBe(found);
  });

  test('an emptied context path falls back to the root route', () => {
    const mine = createTable(realClock);
    mine.apply(record('shop.example.com'));
    mine.apply(record('shop.example.com', '/api'));
    mine.apply(record('shop.example.com', '/api', []));
    expect(mine.find('shop.example.com', '/api')?.record.path).toBe('');
  });

  test('the end of a deleted route does not take its successor away', () => {
    const mine = createTable(realClock);
    mine.apply(record('shop.example.com', '', [endpoint(0)], 'old'));
    mine.apply(record('shop.example.com', '', [endpoint(0)], 'new'));
    mine.apply(record('shop.example.com', '', [], 'old'));
    expect(mine.find('shop.example.com', '/')?.record.routeGuid).toBe('new');
  });
});

describe('the pool', () => {
  const none = new Set<never>();
  const portOf = (pool: Pool) => {
    const next = pool.next({ tried: none });
    return next && next !== 'overloaded' ? next.endpoint.port : next;
  };

  test('a backend that failed is passed over for 30 seconds, unless all have failed', () => {
    const clock = manualClock();
    const pool = new Pool(record('h', '', [endpoint(0), endpoint(1)]), clock);
    const first = pool.next({ tried: none });
    if (!first || first === 'overloaded') throw new Error('no backend');
    first.failedAtMs = clock.now();
    expect([portOf(pool), portOf(pool)]).toEqual([1001, 1001]);
    clock.advance(29_999);
    expect(portOf(pool)).toBe(1001);
    clock.advance(1);
    expect(portOf(pool)).toBe(1000);
    const alone = new Pool(record('h', '', [endpoint(0)]), clock, pool);
    first.failedAtMs = clock.now();
    expect(portOf(alone)).toBe(1000);
  });

  test('what is known of a backend survives a change of the others', () => {
    const clock = manualClock();
    const pool = new Pool(record('h', '', [endpoint(0), endpoint(1)]), clock);
    const first = pool.next({ tried: none });
    if (!first || first === 'overloaded') throw new Error('no backend');
    first.failedAtMs = clock.now();
    const next = new Pool(record('h', '', [endpoint(0), endpoint(2)]), clock, pool);
    expect([portOf(next), portOf(next)]).toEqual([1002, 1002]);
  });

  test('500 connections to a backend are its limit', () => {
    const pool = new Pool(record('h', '', [endpoint(0), endpoint(1)]), manualClock());
    for (let i = 0; i < 1000; i += 1) {
      const next = pool.next({ tried: none });
      if (!next || next === 'overloaded') throw new Error('too early');
      next.open += 1;
    }
    expect(pool.next({ tried: none })).toBe('overloaded');
  });
});
