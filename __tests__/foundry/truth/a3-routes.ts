/** Platform facts A3: routes and domains. */
import { DEFAULTS } from '../../../foundry/start.js';
import { no, off, type Place, row, to, within } from './place.js';
import { running } from './rollout.js';

/** GUID of a domain by its name. */
const domainOf = async (p: Place, name: string): Promise<string> =>
  (await p.all(`/v3/domains?names=${name}`))[0].guid;

/** Asks for a route of a domain. */
async function make(p: Place, domain: string, wanted: object, space = p.space): Promise<unknown> {
  const relationships = { space: to(space), domain: to(await domainOf(p, domain)) };
  return p.refusal('POST /v3/routes', { relationships, ...wanted });
}

const SHARED = 'apps.localhost';
const OWN = 'shop.localhost';
const INTERNAL = 'apps.internal';
const TCP = 'tcp.localhost';

/** One route after the other on a domain; what is said to the last one. */
const made = (fact: string, domain: string, wanted: readonly object[], is: unknown) =>
  row(
    'A3 routes 1',
    fact,
    async (p) => {
      let said: unknown;
      for (const one of wanted) said = await make(p, domain, one);
      return said;
    },
    is,
  );

const HOST = 'Host must be either "*" or contain only alphanumeric characters, "_", or "-"';

export const creation = [
  made('a host of 63', SHARED, [{ host: 'x'.repeat(63) }], 201),
  made('a host of 64', SHARED, [{ host: 'x'.repeat(64) }], no('Host is too long (maximum is 63 characters)')),
  made('a host with a dot', SHARED, [{ host: 'a.b' }], no(HOST)),
  made('a host with a star in it', SHARED, [{ host: 'a*' }], no(HOST)),
  made('a host of word characters', SHARED, [{ host: 'a_B-9' }], 201),
  made('a path of 128', SHARED, [{ host: 'a', path: `/${'x'.repeat(127)}` }], 201),
  made(
    'a path of 129',
    SHARED,
    [{ host: 'a', path: `/${'x'.repeat(128)}` }],
    no('Path is too long (maximum is 128 characters)'),
  ),
  made(
    'a path without its slash',
    SHARED,
    [{ host: 'a', path: 'x' }],
    no('Path must begin with a forward slash'),
  ),
  made('a path that is a slash', SHARED, [{ host: 'a', path: '/' }], no("Path cannot be exactly '/'")),
  made('a path with a query', SHARED, [{ host: 'a', path: '/x?y' }], no("Path cannot contain '?'")),
  made(
    'the same host twice',
    SHARED,
    [{ host: 'a' }, { host: 'a' }],
    no("Route already exists with host 'a' for domain 'apps.localhost'."),
  ),
  made(
    'the same host in other letters',
    SHARED,
    [{ host: 'a' }, { host: 'A' }],
    no("Route already exists with host 'a' for domain 'apps.localhost'."),
  ),
  made(
    'the same host and path twice',
    SHARED,
    [
      { host: 'a', path: '/p' },
      { host: 'a', path: '/p' },
    ],
    no("Route already exists with host 'a' and path '/p' for domain 'apps.localhost'."),
  ),
  made('another path of the host', SHARED, [{ host: 'a' }, { host: 'a', path: '/p' }], 201),
  made('the apex twice', OWN, [{}, {}], no("Route already exists for domain 'shop.localhost'.")),
  made(
    'a port twice',
    TCP,
    [{ port: 1030 }, { port: 1030 }],
    no("Route already exists with port '1030' for domain 'tcp.localhost'."),
  ),
  made(
    'a host that is a domain',
    SHARED,
    [{ host: 'eu' }],
    no("Route conflicts with domain 'eu.apps.localhost'."),
  ),
  made(
    'no host on a shared domain',
    SHARED,
    [{}],
    no('Missing host. Routes in shared domains must have a host defined.'),
  ),
  row(
    'A3 routes 1',
    'more routes than there may be',
    () =>
      within({ quota: { ...DEFAULTS.quota, totalRoutes: 1 } }, async (p) => {
        await make(p, SHARED, { host: 'a' });
        return make(p, SHARED, { host: 'b' });
      }),
    no("Routes quota exceeded for organization 'shop'."),
  ),
  row(
    'A3 routes 1',
    'more ports than there may be',
    () =>
      within({ quota: { ...DEFAULTS.quota, totalReservedPorts: 0 } }, (p) => make(p, TCP, { port: 1030 })),
    no("Reserved route ports quota exceeded for organization 'shop'."),
  ),
  made(
    'a port that is none of the group',
    TCP,
    [{ port: 80 }],
    no("Port '80' is not available. Try a different port or use a different domain."),
  ),
  made(
    'a wildcard on an internal domain',
    INTERNAL,
    [{ host: '*' }],
    no('Wildcard hosts are not supported for internal domains.'),
  ),
  made(
    'a path on an internal domain',
    INTERNAL,
    [{ host: 'a', path: '/p' }],
    no('Paths are not supported for internal domains.'),
  ),
  made('a host of a TCP route', TCP, [{ host: 'a' }], no('Hosts are not supported for TCP routes.')),
  made('a path of a TCP route', TCP, [{ path: '/p' }], no('Paths are not supported for TCP routes.')),
  made(
    'a port of an HTTP route',
    SHARED,
    [{ host: 'a', port: 1030 }],
    no("Routes with protocol 'http' do not support ports."),
  ),
  row(
    'A3 routes 1',
    'the domain of another organization',
    async (p) => {
      const other = await p.ok('POST /v3/organizations', { name: 'other' });
      await p.ok('POST /v3/domains', {
        name: 'other.localhost',
        relationships: { organization: to(other.guid) },
      });
      return make(p, 'other.localhost', { host: 'a' });
    },
    no("Invalid domain. Domain 'other.localhost' is not available in organization 'shop'."),
  ),
  ...[
    [SHARED, { host: 'a' }, no('host_and_domain_taken_different_space')],
    [SHARED, { host: 'a', path: '/p' }, no('host_and_domain_taken_different_space')],
    [OWN, { host: 'a', path: '/p' }, 201],
  ].map(([domain, wanted, is]) =>
    row(
      'A3 routes 2',
      `another space asks for ${JSON.stringify(wanted)} of ${domain}`,
      async (p) => {
        const body = { name: 'test', relationships: { organization: to(p.org) } };
        const { guid } = await p.ok('POST /v3/spaces', body);
        await make(p, String(domain), { host: 'a', path: '/mine' });
        const said = await make(p, String(domain), wanted as object, guid);
        if (!Array.isArray(said)) return said;
        return [said[0], said[1], String(said[2]).split(': ').at(-1)];
      },
      is,
    ),
  ),
  row(
    'A3 routes 3',
    'a wildcard on a shared domain is for administrators alone, on a domain of its own for all',
    async (p) => [await make(p, SHARED, { host: '*' }), await make(p, OWN, { host: '*' })],
    [
      no(
        'You do not have sufficient permissions to create a route with a wildcard host on a domain not scoped to an organization.',
      ),
      201,
    ],
  ),
  row(
    'A3 routes 3',
    'the switch route_creation',
    async (p) => {
      await p.ok('PATCH /v3/feature_flags/route_creation', { enabled: false });
      return make(p, SHARED, { host: 'a' });
    },
    off('route_creation'),
  ),
  row(
    'A3 routes 4',
    'looked up by host, domain, path, space and app; a reservation is told',
    async (p) => {
      const { app } = await running(p);
      await p.route('a', app);
      await p.route('a', undefined, { path: '/p' });
      const count = async (query: string) => (await p.all(`/v3/routes?${query}`)).length;
      const reserved = async (query: string) =>
        (await p.ok(`GET /v3/domains/${p.domain}/route_reservations?${query}`)).matching_route;
      return [
        await count('hosts=a'),
        await count('hosts=b'),
        await count(`domain_guids=${p.domain}`),
        await count('paths=/p'),
        await count(`space_guids=${p.space}`),
        await count(`app_guids=${app}`),
        await count('ports=1030'),
        await reserved('host=a'),
        await reserved('host=b'),
      ];
    },
    [2, 0, 2, 1, 2, 1, 0, true, false],
  ),
  row(
    'A3 routes 5',
    'deleted by a job; until it is done the route is there',
    async (p) => {
      const route = await p.route('a');
      const reply = await p.ask(`DELETE /v3/routes/${route}`);
      const meanwhile = (await p.ask(`GET /v3/routes/${route}`)).status;
      const { state } = await p.job(reply);
      return [reply.status, meanwhile, state, (await p.ask(`GET /v3/routes/${route}`)).status];
    },
    [202, 200, 'COMPLETE', 404],
  ),
  row(
    'A3 routes 5',
    'all that are unmapped at once, and no others',
    async (p) => {
      const { app } = await running(p);
      await p.route('mapped', app);
      await p.route('bare');
      const without = (await p.ask(`DELETE /v3/spaces/${p.space}/routes`)).status;
      await p.job(await p.ask(`DELETE /v3/spaces/${p.space}/routes?unmapped=true`));
      return [without, (await p.all('/v3/routes')).map((one) => one.host)];
    },
    [400, ['mapped']],
  ),
  row(
    'A3 routes 6',
    'options: loadbalancing of two kinds, taken away by null, nothing else; PATCH takes metadata and options alone',
    async (p) => {
      const route = await p.route('a', undefined, { options: { loadbalancing: 'least-connection' } });
      const path = `/v3/routes/${route}`;
      const before = (await p.ok(`GET ${path}`)).options;
      const set = (options: object) => p.refusal(`PATCH ${path}`, { options });
      return [
        before,
        await set({ loadbalancing: 'random' }),
        await set({ speed: 1 }),
        await p.refusal(`PATCH ${path}`, { host: 'b' }),
        (await p.ok(`PATCH ${path}`, { options: { loadbalancing: null } })).options,
      ];
    },
    [
      { loadbalancing: 'least-connection' },
      no("Options loadbalancing must be one of 'round-robin, least-connection' if present"),
      no("Options can only contain the following keys: 'loadbalancing'"),
      no("Unknown field(s): 'host'"),
      {},
    ],
  ),
  row(
    'A3 routes 6',
    'there are none before 3.183.0',
    () =>
      within({ apiVersion: '3.182.0' }, async (p) => {
        const said = await make(p, SHARED, { host: 'a', options: {} });
        const route = await p.ok(`GET /v3/routes/${await p.route('b')}`);
        return [said, 'options' in route];
      }),
    [no("Unknown field(s): 'options'"), false],
  ),
  row(
    'A3 routes 7',
    'sharing is switched off by itself; when it is on, an app of the other space may be mapped',
    async (p) => {
      const route = await p.route('a');
      const body = { name: 'test', relationships: { organization: to(p.org) } };
      const { guid } = await p.ok('POST /v3/spaces', body);
      const path = `/v3/routes/${route}/relationships/shared_spaces`;
      const share = () => p.refusal(`POST ${path}`, { data: [{ guid }] });
      const other = await p.app('there', { relationships: { space: to(guid) } });
      const map = () =>
        p.refusal(`POST /v3/routes/${route}/destinations`, { destinations: [{ app: { guid: other } }] });
      const before = [await share(), await map()];
      await p.ok('PATCH /v3/feature_flags/route_sharing', { enabled: true });
      return [before, await share(), await map(), await p.refusal(`DELETE ${path}/${guid}`)];
    },
    [
      [
        off('route_sharing'),
        no("Routes destinations must be in either the route's space or the route's shared spaces"),
      ],
      200,
      200,
      204,
    ],
  ),
  row(
    'A3 routes 7',
    'a route changes its owner',
    async (p) => {
      await p.ok('PATCH /v3/feature_flags/route_sharing', { enabled: true });
      const route = await p.route('a');
      const body = { name: 'test', relationships: { organization: to(p.org) } };
      const { guid } = await p.ok('POST /v3/spaces', body);
      await p.ok(`PATCH /v3/routes/${route}/relationships/space`, to(guid));
      return (await p.ok(`GET /v3/routes/${route}`)).relationships.space.data.guid === guid;
    },
    true,
  ),
  row(
    'A3 domains 1',
    'internal, TCP with its group, shared, and of an organization',
    async (p) =>
      (await p.all('/v3/domains')).map((one) => [
        one.name,
        one.internal,
        one.router_group !== null,
        one.supported_protocols,
        one.relationships.organization.data !== null,
      ]),
    [
      [SHARED, false, false, ['http'], false],
      ['eu.apps.localhost', false, false, ['http'], false],
      [INTERNAL, true, false, ['http'], false],
      [OWN, false, false, ['http'], true],
      [TCP, false, true, ['tcp'], false],
    ],
  ),
  row(
    'A3 domains 1',
    'no router knows an internal route',
    async (p) => {
      const { app } = await running(p);
      const relationships = { space: to(p.space), domain: to(await domainOf(p, INTERNAL)) };
      const { guid } = await p.ok('POST /v3/routes', { host: 'a', relationships });
      await p.ok(`POST /v3/routes/${guid}/destinations`, { destinations: [{ app: { guid: app } }] });
      await p.pass(2_000);
      return p.routers.ask(`a.${INTERNAL}`, '/', {}).status;
    },
    404,
  ),
];
