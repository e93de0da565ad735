import { describe, expect, test } from '@jest/globals';
import {
  defaultDomain,
  defaultRouteHost,
  randomRoute,
  sharedRoutes,
  wantedRoutes,
} from '../../src/manifest/routes.js';
import type { ManifestApp } from '../../src/model/asked.js';
import type { Domain } from '../../src/model/cloud.js';

function domain(name: string, more: Partial<Domain> = {}): Domain {
  return { guid: `guid-of-${name}`, name, internal: false, protocols: ['http'], shared: true, ...more };
}

const DOMAINS: readonly Domain[] = [
  domain('apps.internal', { internal: true }),
  domain('tcp.example.com', { protocols: ['tcp'] }),
  domain('own.example.org', { shared: false }),
  domain('Mixed.Example.net', { shared: false }),
  domain('apps.example.com'),
  domain('eu.apps.example.com'),
  domain('example.com', { shared: false }),
];

const APP: ManifestApp = {
  name: 'Shop',
  noRoute: false,
  randomRoute: false,
  defaultRoute: false,
  processes: {},
  envNames: [],
  services: [],
  sidecars: [],
  features: [],
  labels: [],
  annotations: [],
};

function named(route: string, protocol?: string) {
  return wantedRoutes({ ...APP, routes: [{ route, ...(protocol ? { protocol } : {}) }] }, DOMAINS);
}

describe('routes that the manifest lists', () => {
  test.each<[string, { url: string; host: string; domain: string; path?: string }]>([
    ['shop.apps.example.com', { url: 'shop.apps.example.com', host: 'shop', domain: 'apps.example.com' }],
    [
      'SHOP.Apps.Example.com/V1',
      { url: 'shop.apps.example.com/V1', host: 'shop', domain: 'apps.example.com', path: '/V1' },
    ],
    [
      'https://shop.apps.example.com',
      { url: 'shop.apps.example.com', host: 'shop', domain: 'apps.example.com' },
    ],
    [
      'shop.eu.apps.example.com',
      { url: 'shop.eu.apps.example.com', host: 'shop', domain: 'eu.apps.example.com' },
    ],
    // The platform names the route by the domain as that was once written.
    ['shop.mixed.example.net', { url: 'shop.Mixed.Example.net', host: 'shop', domain: 'Mixed.Example.net' }],
    ['own.example.org', { url: 'own.example.org', host: '', domain: 'own.example.org' }],
    [
      'own.example.org/a/b',
      { url: 'own.example.org/a/b', host: '', domain: 'own.example.org', path: '/a/b' },
    ],
    ['*.apps.example.com', { url: '*.apps.example.com', host: '*', domain: 'apps.example.com' }],
    ['*.own.example.org/x', { url: '*.own.example.org/x', host: '*', domain: 'own.example.org', path: '/x' }],
    ['www.example.com', { url: 'www.example.com', host: 'www', domain: 'example.com' }],
    ['a_b-c.apps.example.com', { url: 'a_b-c.apps.example.com', host: 'a_b-c', domain: 'apps.example.com' }],
  ])('%s', (route, { url, host, domain: name, path = '' }) => {
    expect(named(route)).toEqual({
      choice: 'named',
      problems: [],
      routes: [{ url, host, domainGuid: `guid-of-${name}`, path, port: null, internal: false }],
    });
  });

  test('an internal one is marked', () => {
    expect(named('shop.apps.internal').routes).toEqual([expect.objectContaining({ internal: true })]);
  });

  test('a protocol', () => {
    expect(named('a.apps.example.com', 'http2').routes[0]?.protocol).toBe('http2');
    expect(named('a.apps.example.com').routes[0]).not.toHaveProperty('protocol');
  });

  test('options', () => {
    const options = { loadbalancing: 'hash', hash_header: 'x-tenant', hash_balance: 1.5 };
    const routes = [{ route: 'a.apps.example.com', options }];
    expect(wantedRoutes({ ...APP, routes }, DOMAINS).routes[0]?.options).toEqual(options);
  });

  test('one that is listed twice is one route', () => {
    const routes = [{ route: 'a.apps.example.com' }, { route: 'A.apps.example.com' }];
    expect(wantedRoutes({ ...APP, routes }, DOMAINS).routes).toHaveLength(1);
  });

  test('none at all', () => {
    const none = { choice: 'named', routes: [], problems: [] };
    expect(wantedRoutes({ ...APP, noRoute: true }, DOMAINS)).toEqual(none);
    expect(wantedRoutes({ ...APP, routes: [] }, DOMAINS)).toEqual(none);
  });

  test.each([
    ['tcp.example.com:1234', undefined],
    ['TCP.Example.com:01234', 'tcp'],
    ['tcp://tcp.example.com:1234', undefined],
  ])('a TCP route is its domain and a port: %s', (route, protocol) => {
    const { routes, problems } = named(route, protocol);
    expect(problems).toEqual([]);
    expect(routes).toEqual([
      {
        ...{ url: 'tcp.example.com:1234', host: '', path: '', port: 1_234, internal: false },
        domainGuid: 'guid-of-tcp.example.com',
      },
    ]);
  });

  test.each<[string, string | undefined, RegExp]>([
    ['shop.elsewhere.net', undefined, /on no domain that the organization has\.$/],
    ['a.b.apps.example.com', undefined, /a host on apps\.example\.com or example\.com has one label only/],
    ['shop', undefined, /on no domain/],
    ['', undefined, /on no domain/],
    ['/path', undefined, /on no domain/],
    ['.apps.example.com', undefined, /on no domain/],
    ['apps.example.com', undefined, /has no host, which a shared domain needs/],
    ['sh op.apps.example.com', undefined, /host "sh op"/],
    [`${'a'.repeat(64)}.apps.example.com`, undefined, /host "a+"/],
    ['shop.apps.example.com/', undefined, /path "\/"/],
    ['shop.apps.example.com/a?b', undefined, /path/],
    [`shop.apps.example.com/${'a'.repeat(128)}`, undefined, /128/],
    ['ftp://shop.apps.example.com', undefined, /scheme "ftp"/],
    ['tcp.example.com:0', undefined, /port 0; that of a TCP route is from 1024 to 65535/],
    ['tcp.example.com:1023', undefined, /port 1023;/],
    ['tcp.example.com:65536', undefined, /port 65536;/],
    ['tcp.example.com', undefined, /names no port: write tcp\.example\.com:PORT/],
    ['shop.tcp.example.com:1234', undefined, /host "shop", and a TCP route has none/],
    ['tcp.example.com:1234/x', undefined, /path "\/x", and a TCP route has none/],
    ['https://tcp.example.com:1234', undefined, /scheme "https", and tcp\.example\.com is for TCP/],
    ['tcp.example.com:1234', 'http2', /protocol "http2", and tcp\.example\.com is for TCP/],
    ['shop.apps.example.com:8080', undefined, /port 8080, which a route on apps\.example\.com cannot have/],
    ['nowhere.test:1234', undefined, /on no domain that the organization has\.$/],
    ['tcp://tcp.example.com', undefined, /names no port/],
    ['tcp://shop.apps.example.com', undefined, /scheme "tcp"; a route has none/],
    ['shop.apps.example.com', 'tcp', /protocol "tcp"; .*needs a TCP domain and a port/],
    ['shop.apps.example.com', 'http3', /protocol "http3"; allowed are http1 and http2\.$/],
    ['shop.apps.internal/x', undefined, /internal domain/],
    ['*.apps.internal', undefined, /internal domain/],
  ])('refused: %j %s', (route, protocol, expected) => {
    const { routes, problems } = named(route, protocol);
    expect(routes).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.text).toMatch(expected);
    expect(problems[0]?.text).toContain(`The route "${route}" of the app "Shop"`);
  });

  test('a problem carries the place of its route', () => {
    const at = { file: 'manifest.yml', line: 3, column: 12 };
    const { problems } = wantedRoutes({ ...APP, routes: [{ route: 'x', at }] }, DOMAINS);
    expect(problems).toEqual([expect.objectContaining({ at })]);
  });
});

describe('routes that the platform makes', () => {
  test('a manifest without routes, or with default-route, asks for the name on the default domain', () => {
    for (const app of [APP, { ...APP, defaultRoute: true }]) {
      expect(wantedRoutes(app, DOMAINS)).toEqual({
        choice: 'default',
        problems: [],
        routes: [
          {
            url: 'shop.apps.example.com',
            host: 'shop',
            domainGuid: 'guid-of-apps.example.com',
            path: '',
            port: null,
            internal: false,
          },
        ],
      });
    }
  });

  test('a list of routes wins over default-route and random-route', () => {
    const app = { ...APP, defaultRoute: true, randomRoute: true, routes: [{ route: 'a.apps.example.com' }] };
    expect(wantedRoutes(app, DOMAINS).choice).toBe('named');
  });

  test('random-route names none until it is needed', () => {
    expect(wantedRoutes({ ...APP, randomRoute: true }, DOMAINS)).toEqual({
      choice: 'random',
      routes: [],
      problems: [],
    });
    expect(randomRoute('Shop', 'quiet-otter-xy', DOMAINS)?.url).toBe('shop-quiet-otter-xy.apps.example.com');
    expect(randomRoute('a b', 'x', DOMAINS)).toBeUndefined();
    expect(randomRoute('shop', 'x', [])).toBeUndefined();
  });

  test.each([
    ['shop', 'shop'],
    ['Shop_2-x', 'shop_2-x'],
    ['shop.web', undefined],
    ['my shop', undefined],
    ['', undefined],
    ['a'.repeat(64), undefined],
  ])('the default host of %j: %s', (name, host) => {
    expect(defaultRouteHost(name)).toBe(host);
    expect(wantedRoutes({ ...APP, name }, DOMAINS).problems).toHaveLength(host === undefined ? 1 : 0);
  });

  test("the default domain: shared, web, not internal; else the organization's own", () => {
    expect(defaultDomain(DOMAINS)?.name).toBe('apps.example.com');
    expect(defaultDomain(DOMAINS.filter((one) => !one.shared))?.name).toBe('own.example.org');
    expect(defaultDomain(DOMAINS.slice(0, 2))).toBeUndefined();
    expect(wantedRoutes(APP, []).problems).toHaveLength(1);
    expect(wantedRoutes({ ...APP, randomRoute: true }, []).problems).toHaveLength(1);
  });
});

describe('routes that two apps have', () => {
  const at = { file: 'manifest.yml', line: 9, column: 5 };
  const wish = (name: string, routes?: ManifestApp['routes']) => {
    const app = { ...APP, name, ...(routes ? { routes } : {}) };
    return { app, named: wantedRoutes(app, DOMAINS).routes };
  };

  test('the second one is named, with its place', () => {
    const shared = sharedRoutes([
      wish('api', [{ route: 'api.example.com/v1' }, { route: 'shop.example.com' }]),
      wish('web', [{ route: 'Shop.example.com', at }, { route: 'api.example.com/v2' }]),
    ]);
    expect(shared).toEqual([
      {
        text: 'The route "shop.example.com" of the app "web" is one of the app "api", too: each of them needs routes of its own.',
        at,
      },
    ]);
  });

  test('a default route counts like one that is listed', () => {
    const shared = sharedRoutes([wish('web'), wish('api', [{ route: 'web.apps.example.com', at }])]);
    expect(shared).toMatchObject([{ text: expect.stringContaining('of the app "api"'), at }]);
  });

  test('a scheme does not hide the place', () => {
    const shared = sharedRoutes([
      wish('api', [{ route: 'shop.example.com' }]),
      wish('web', [{ route: ' https://Shop.example.com', at }]),
    ]);
    expect(shared).toMatchObject([{ at }]);
  });

  test('where the second one is not written, the place is that of the first', () => {
    const shared = sharedRoutes([wish('api', [{ route: 'web.apps.example.com', at }]), wish('web')]);
    expect(shared).toMatchObject([{ text: expect.stringContaining('of the app "web"'), at }]);
  });

  test('the same route twice in one app is its own affair', () => {
    const route = 'api.example.com';
    expect(sharedRoutes([wish('api', [{ route }, { route }])])).toEqual([]);
  });
});
