/** Platform facts A3: destinations, names of apps, and the codes of errors. */
import { type Json, no, type Place, row, to } from './place.js';
import { deploy, fresh, roll, running } from './rollout.js';

const path = (route: string) => `/v3/routes/${route}/destinations`;
const insert = (p: Place, route: string, destinations: Json[]) =>
  p.refusal(`POST ${path(route)}`, { destinations });
const replace = (p: Place, route: string, destinations: Json[]) =>
  p.refusal(`PATCH ${path(route)}`, { destinations });
const destinations = async (p: Place, route: string): Promise<Json[]> =>
  (await p.ok(`GET ${path(route)}`)).destinations;

/** A route and an app that does not run. */
async function both(p: Place): Promise<{ route: string; app: string; app2: string }> {
  return { route: await p.route('r'), app: await p.app('one'), app2: await p.app('two') };
}

const to1 = (guid: string, more: object = {}) => ({ app: { guid }, ...more });

/** What is said to a body that is inserted, or replaces. */
const said = (
  source: string,
  fact: string,
  how: typeof insert,
  wanted: (app: string, app2: string) => Json[],
  is: unknown,
) =>
  row(
    source,
    fact,
    async (p) => {
      const { route, app, app2 } = await both(p);
      return how(p, route, wanted(app, app2));
    },
    is,
  );

const ports = (app: string, count: number, from = 2000) =>
  Array.from({ length: count }, (_, at) => to1(app, { port: from + at }));
const WEIGHTED = 'weighted destinations can only be used when replacing all destinations.';

export const destinationRows = [
  said(
    'A3 destinations 1',
    'none to insert',
    insert,
    () => [],
    no('Destinations must be an array containing between 1 and 100 destination objects.'),
  ),
  said('A3 destinations 1', 'none is a replacement', replace, () => [], 200),
  row(
    'A3 destinations 1',
    'what is there already is inserted again without a change; in another protocol it is refused',
    async (p) => {
      const { route, app } = await both(p);
      await insert(p, route, [to1(app)]);
      const [before] = await destinations(p, route);
      const again = await insert(p, route, [to1(app)]);
      const other = (await insert(p, route, [to1(app, { protocol: 'http2' })])) as Json[];
      const after = await destinations(p, route);
      return [again, other[0], String(other[2]).slice(0, 48), after.length, after[0].guid === before.guid];
    },
    [200, 422, 'Cannot add destination with protocol: http2. Des', 1, true],
  ),
  row(
    'A3 destinations 1',
    'a replacement leaves what stays as it is, and is one act',
    async (p) => {
      const { route, app, app2 } = await both(p);
      await insert(p, route, [to1(app)]);
      const [before] = await destinations(p, route);
      await replace(p, route, [to1(app), to1(app2)]);
      const after = await destinations(p, route);
      await replace(p, route, [to1(app2)]);
      return [after.some((d) => d.guid === before.guid), after.length, (await destinations(p, route)).length];
    },
    [true, 2, 1],
  ),
  row(
    'A3 destinations 1',
    'removed with 204, at once; a wrong GUID is refused',
    async (p) => {
      const { route, app } = await both(p);
      await insert(p, route, [to1(app)]);
      const [{ guid }] = (await destinations(p, route)) as [Json];
      const reply = await p.ask(`DELETE ${path(route)}/${guid}`);
      const left = (await destinations(p, route)).length;
      return [reply.status, reply.text, left, await p.refusal(`DELETE ${path(route)}/${guid}`)];
    },
    [
      204,
      '',
      0,
      no('Unable to unmap route from destination. Ensure the route has a destination with this guid.'),
    ],
  ),
  row(
    'A3 destinations 1',
    'its protocol is changed by PATCH',
    async (p) => {
      const { route, app } = await both(p);
      await insert(p, route, [to1(app)]);
      const [{ guid }] = (await destinations(p, route)) as [Json];
      return (await p.ok(`PATCH ${path(route)}/${guid}`, { protocol: 'http2' })).protocol;
    },
    'http2',
  ),
  row(
    'A3 destinations 2',
    'at most a hundred of a route',
    async (p) => {
      const { route } = await both(p);
      const apps = [];
      for (let n = 0; n < 101; n += 1) apps.push(await p.app(`app${n}`));
      const all = apps.map((guid) => to1(guid));
      return [
        await insert(p, route, all.slice(0, 100)),
        await insert(p, route, all.slice(100)),
        await replace(p, route, all),
      ];
    },
    [
      200,
      no('Routes can be mapped to at most 100 destinations.'),
      no('Destinations must be an array containing between 0 and 100 destination objects.'),
    ],
  ),
  said('A3 destinations 2', 'ten ports of an app', insert, (app) => ports(app, 10), 200),
  said(
    'A3 destinations 2',
    'eleven ports of an app',
    insert,
    (app) => ports(app, 11),
    no('Process must have at most 10 exposed ports.'),
  ),
  ...[1023, 65_536, 'http'].map((port) =>
    said(
      'A3 destinations 2',
      `port ${port}`,
      insert,
      (app) => [to1(app, { port })],
      no('Destinations[0]: port must be a positive integer between 1024 and 65535 inclusive.'),
    ),
  ),
  said(
    'A3 destinations 2',
    'a protocol that is none',
    insert,
    (app) => [to1(app, { protocol: 'http3' })],
    no("Destinations[0]: protocol must be 'http1', 'http2' or 'tcp'."),
  ),
  row(
    'A3 destinations 3',
    'an app of a space that the route is not shared with',
    async (p) => {
      const { route } = await both(p);
      const body = { name: 'test', relationships: { organization: to(p.org) } };
      const { guid } = await p.ok('POST /v3/spaces', body);
      return insert(p, route, [to1(await p.app('there', { relationships: { space: to(guid) } }))]);
    },
    no("Routes destinations must be in either the route's space or the route's shared spaces"),
  ),
  said(
    'A3 destinations 4',
    'the same twice in one replacement',
    replace,
    (app) => [to1(app), to1(app)],
    no('Destinations cannot contain duplicate entries'),
  ),
  said(
    'A3 destinations 4',
    'the same twice in one insertion is an error of the platform',
    insert,
    (app) => [to1(app), to1(app)],
    [500, 10001, 'An unknown error occurred.'],
  ),
  said(
    'A3 destinations 5',
    'a weight is not inserted',
    insert,
    (app) => [to1(app, { weight: 50 })],
    no(`Destinations[0]: ${WEIGHTED}`),
  ),
  said(
    'A3 destinations 5',
    'some with a weight, some without',
    replace,
    (app, app2) => [to1(app, { weight: 100 }), to1(app2)],
    no('Destinations cannot contain both weighted and unweighted destinations.'),
  ),
  said(
    'A3 destinations 5',
    'weights that are not the whole',
    replace,
    (app, app2) => [to1(app, { weight: 50 }), to1(app2, { weight: 49 })],
    no('Destinations must have weights that sum to 100.'),
  ),
  said(
    'A3 destinations 5',
    'a weight of none',
    replace,
    (app) => [to1(app, { weight: 0 })],
    no('Destinations[0]: weight must be a positive integer between 1 and 100.'),
  ),
  row(
    'A3 destinations 5',
    'weights are told, and then nothing is inserted, and nothing removed by itself',
    async (p) => {
      const { route, app, app2 } = await both(p);
      await replace(p, route, [to1(app, { weight: 90 }), to1(app2, { weight: 10 })]);
      const shown = await destinations(p, route);
      return [
        shown.map((d) => d.weight).sort(),
        await insert(p, route, [to1(await p.app('third'))]),
        await p.refusal(`DELETE ${path(route)}/${shown[0].guid}`),
      ];
    },
    [
      [10, 90],
      no('Destinations cannot be inserted when there are weighted destinations already configured.'),
      no('Weighted destinations cannot be deleted individually.'),
    ],
  ),
  row(
    'A3 destinations 5',
    'requests do not follow weights: 99 and 1 get the same',
    async (p) => {
      const [one, two] = [await running(p), await p.staged('two')];
      await p.ok(`POST /v3/apps/${two.app}/actions/start`);
      p.become(two.app);
      const route = await p.route('r');
      await replace(p, route, [to1(one.app, { weight: 99 }), to1(two.app, { weight: 1 })]);
      await p.pass(2_000);
      const { publications } = p;
      return publications.at(-1)?.endpoints.map((e) => Object.keys(e).includes('weight'));
    },
    [false, false],
  ),
  row(
    'A3 destinations 6',
    'a port that only a replacement brings: the old one is lost at once, the new one is not there before a restart',
    async (p) => {
      const { app } = await running(p);
      const route = await p.route('r', app);
      const before = await p.visit('r');
      await replace(p, route, [to1(app, { port: 9000 })]);
      return [before, await p.visit('r')];
    },
    [200, 404],
  ),
  row(
    'A3 destinations 7',
    'the routers know of it some milliseconds after the answer, without a job',
    async (p) => {
      const { app } = await running(p);
      const route = await p.route('r');
      const before = await p.visit('r');
      const reply = await p.ask(`POST ${path(route)}`, { destinations: [to1(app)] });
      return [before, reply.status, reply.headers.location, await p.visit('r')];
    },
    [404, 200, undefined, 200],
  ),
  row(
    'A3 destinations 8',
    'a mapping outlives a deployment, as it names the type',
    async (p) => {
      const { app } = await running(p);
      const route = await p.route('r', app);
      const [before] = await destinations(p, route);
      const made = await deploy(p, app);
      await roll(p, made);
      const [after] = await destinations(p, route);
      return [before.guid === after.guid, await p.visit('r', { 'x-cf-process-instance': fresh(made) })];
    },
    [true, 200],
  ),
  row(
    'A3 destinations 8',
    'a stopped app, and one without a droplet, can be mapped; nobody answers',
    async (p) => {
      const { app } = await p.staged('a');
      await p.route('stopped', app);
      await p.route('bare', await p.app('bare'));
      return [await p.visit('stopped'), await p.visit('bare')];
    },
    [404, 404],
  ),
  row(
    'A3 destinations 9',
    'a manifest adds routes and removes none, but with no-route',
    async (p) => {
      const app = await p.app('a');
      await p.route('old', app);
      const apply = async (text: string) => {
        const job = await p.apply(`applications: [{name: a, ${text}}]`);
        return [job.state, (await p.all(`/v3/apps/${app}/routes`)).length];
      };
      return [await apply('routes: [{route: new.apps.localhost}]'), await apply('no-route: true')];
    },
    [
      ['COMPLETE', 2],
      ['COMPLETE', 0],
    ],
  ),
];

export const nameRows = [
  row(
    'A3 names 1',
    'a taken name: 10016 for a creation, 10008 for a rename; another space is free; letters count',
    async (p) => {
      const app = await p.app('a');
      await p.app('b');
      const relationships = { space: to(p.space) };
      const body = { name: 'test', relationships: { organization: to(p.org) } };
      const { guid } = await p.ok('POST /v3/spaces', body);
      return [
        await p.refusal('POST /v3/apps', { name: 'a', relationships }),
        await p.refusal(`PATCH /v3/apps/${app}`, { name: 'b' }),
        await p.refusal('POST /v3/apps', { name: 'a', relationships: { space: to(guid) } }),
      ];
    },
    [[422, 10016, "App with the name 'a' already exists."], no("App with the name 'b' already exists."), 201],
  ),
  row(
    'A3 names 1',
    'a rename restarts nothing and leaves the routes',
    async (p) => {
      const { app } = await running(p);
      await p.route('r', app);
      const before = (await p.all(`/v3/apps/${app}/processes/web/stats`))[0].instance_guid;
      await p.ok(`PATCH /v3/apps/${app}`, { name: 'b' });
      const after = (await p.all(`/v3/apps/${app}/processes/web/stats`))[0].instance_guid;
      return [before === after, await p.visit('r')];
    },
    [true, 200],
  ),
  row(
    'A3 names 2',
    'what is not there, a token that is none, a parameter that is none, no token, no right',
    async (p) => {
      const asked = [
        await p.ask('GET /v3/apps/no'),
        await p.ask('GET /v3/apps', undefined, { authorization: 'bearer x' }),
        await p.ask('GET /v3/apps?colour=red'),
        await p.ask('GET /v3/apps', undefined, { authorization: undefined as never }),
        await p.auditor('POST /v3/apps', {}),
      ];
      return asked.map(({ status, body }) => [status, body.errors[0].code, body.errors[0].title]);
    },
    [
      [404, 10010, 'CF-ResourceNotFound'],
      [401, 1000, 'CF-InvalidAuthToken'],
      [400, 10005, 'CF-BadQueryParameter'],
      [401, 10002, 'CF-NotAuthenticated'],
      [403, 10003, 'CF-NotAuthorized'],
    ],
  ),
  row(
    'A3 names 2',
    'a second build of an app that is staging',
    async (p) => {
      const { pack } = await p.staged('a');
      await p.ok('POST /v3/builds', { package: { guid: pack } });
      return p.refusal('POST /v3/builds', { package: { guid: pack } });
    },
    [422, 170017, 'Only one build can be STAGING at a time per application.'],
  ),
];
