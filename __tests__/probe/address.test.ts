import { describe, expect, test } from '@jest/globals';
import { hostMatches, publicUrl, routeAddress } from '../../src/probe/address.js';

const random = { token: (length: number) => 'r'.repeat(length) };
const router = { protocol: 'http:' as const, host: '127.0.0.1', port: 8081 };

describe('routeAddress', () => {
  test.each([
    ['shop.example.com', '/', 'https://shop.example.com/'],
    ['shop.example.com', 'health', 'https://shop.example.com/health'],
    ['shop.example.com/api', '/health', 'https://shop.example.com/api/health'],
    ['shop.example.com/api', '/api/health', 'https://shop.example.com/api/health'],
    ['shop.example.com/api', '/api', 'https://shop.example.com/api'],
    ['shop.example.com/api', '/apix', 'https://shop.example.com/api/apix'],
    ['*.example.com', '/x?y=1', 'https://probe-rrrrrrrrrr.example.com/x?y=1'],
    ['tcp.example.com:1234', '/', 'http://tcp.example.com:1234/'],
  ])('%s asked for %s', (route, path, url) => {
    expect(routeAddress(route, path, { random })).toEqual({ url });
  });

  test('a router takes the connection and leaves the host', () => {
    expect(routeAddress('shop.localhost', '/', { random, router })).toEqual({
      url: 'http://shop.localhost:8081/',
      connectTo: router,
    });
  });

  test('a TCP route keeps its port behind a router', () => {
    expect(routeAddress('tcp.localhost:1234', '/', { random, router })).toEqual({
      url: 'http://tcp.localhost:1234/',
      connectTo: { ...router, port: 1234 },
    });
  });
});

test('the usual port of a scheme is not shown', () => {
  expect(publicUrl('shop.example.com/api', { protocol: 'https:', host: '10.0.0.1', port: 443 })).toBe(
    'https://shop.example.com/api',
  );
  expect(publicUrl('shop.example.com', { protocol: 'https:', host: '10.0.0.1', port: 80 })).toBe(
    'https://shop.example.com:80',
  );
});

test.each([
  ['shop.example.com', 'SHOP.example.com', true],
  ['*.example.com', 'a.b.example.com', true],
  ['*.example.com', 'example.com', false],
  ['*.example.com', 'badexample.com', false],
  ['shop.example.com', 'shop.example.com.evil.org', false],
])('%s reached by %s: %s', (route, host, reaches) => {
  expect(hostMatches(route, host)).toBe(reaches);
});
