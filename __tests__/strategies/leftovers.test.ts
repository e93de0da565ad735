import { describe, expect, test } from '@jest/globals';
import type { AppState, Route, Snapshot } from '../../src/model/cloud.js';
import type { WantedRoute } from '../../src/model/intent.js';
import { type Judgement, judgeLeftovers } from '../../src/strategies/leftovers.js';
import { app, instance, ours, process, route, snapshot, to, trialRoute, wanted } from './support.js';

const SHOP = 'shop.apps.example';
const API = 'api.apps.example/v1';
const NAMED = [wanted(SHOP)];

interface Case {
  live?: AppState;
  /** What was found on names that other tools give, or by label. */
  beside?: readonly AppState[];
  previous?: readonly AppState[];
  failed?: readonly AppState[];
  routes?: readonly Route[];
  named?: readonly WantedRoute[];
  more?: Partial<Snapshot>;
}

function judged({
  live,
  beside = [],
  previous = [],
  failed = [],
  routes = [],
  named = NAMED,
  more,
}: Case): Judgement {
  const known = [live, ...previous, ...failed].map((one) => one?.guid);
  const isRead = (one: Route) =>
    one.destinations.some(({ appGuid }) => known.includes(appGuid)) ||
    named.some(({ url }) => url === one.url);
  const leads = (one: Route) =>
    one.destinations.some(({ appGuid }) => beside.some(({ guid }) => guid === appGuid));
  const seen = snapshot({
    ...(live ? { live } : {}),
    previous,
    failed,
    routes: routes.filter(isRead),
    ...more,
  });
  return judgeLeftovers(seen, { apps: beside, routes: routes.filter(leads) }, named);
}

const shop = (over: Partial<AppState> = {}) =>
  app('shop-guid-of-live', { name: 'shop', createdAtMs: 20, ...over });
const left = (name: string, over: Partial<AppState> = {}) => app(name, { createdAtMs: 10, ...over });
const STOPPED = { state: 'STOPPED' as const, processes: [process('web', 1, { instancesSeen: [] })] };
const CRASHING = { processes: [process('web', 1, { instancesSeen: [instance(0, 'CRASHED')] })] };
const ASIDE = 'cf rename shop shop-set-aside-shop-gui';
const UNLABEL = (name: string) => `cf unset-label app ${name} cf-zero-downtime.github.io/role`;

describe('nothing is in the way', () => {
  test.each<[string, Case]>([
    ['nothing is there', { live: shop(), routes: [route(SHOP, [to('shop-guid-of-live')])] }],
    [
      'one that is on routes of its own',
      {
        live: shop(),
        beside: [left('shop-green')],
        routes: [route(SHOP, [to('shop-guid-of-live')]), route('other.apps.example', [to('shop-green')])],
      },
    ],
    [
      'one that a trial route leads to',
      {
        live: shop(),
        previous: [ours('old', 'previous', 'v0')],
        routes: [trialRoute('t.apps.example', [to('old')])],
      },
    ],
    [
      'one on a route of another space',
      { beside: [left('shop-old')], routes: [route(SHOP, [to('shop-old')], { spaceGuid: 'space-2' })] },
    ],
    [
      'a previous version that is stopped and on no route',
      {
        live: shop(),
        previous: [ours('old', 'previous', 'v0', STOPPED)],
        routes: [route(SHOP, [to('shop-guid-of-live')])],
      },
    ],
  ])('%s', (_, one) => expect(judged(one)).toEqual({ notes: [] }));
});

describe('a note only', () => {
  test.each<[string, Case, string]>([
    [
      'stopped and on no route',
      {
        live: shop(),
        beside: [left('shop-venerable', STOPPED)],
        routes: [route(SHOP, [to('shop-guid-of-live')])],
      },
      'shop-venerable is there, stopped and on no route: another tool, or a person, may have left it. It is not touched; cf delete shop-venerable -f removes it.',
    ],
    [
      'started and on no route',
      { live: shop(), beside: [left('shop-old')], routes: [route(SHOP, [to('shop-guid-of-live')])] },
      'shop-old runs on no route: an app of its own that needs none, or left by another tool or a person. It is not touched.',
    ],
    [
      "stopped, and on live's route",
      {
        live: shop(),
        beside: [left('shop-old', STOPPED)],
        routes: [route(SHOP, [to('shop-guid-of-live'), to('shop-old')])],
      },
      `shop-old is stopped, and still mapped to ${SHOP}: it would take requests as soon as somebody started it.`,
    ],
    [
      'one of ours, stopped, on a route that live does not have',
      {
        live: shop(),
        previous: [ours('old', 'previous', 'v0', STOPPED)],
        routes: [route(SHOP, [to('old')])],
      },
      `old is stopped, and still mapped to ${SHOP}: it would take requests as soon as somebody started it.`,
    ],
  ])('%s', (_, one, note) => expect(judged(one)).toEqual({ notes: [note] }));
});

describe('refused, with the commands that put it right', () => {
  test.each<[string, Case, { what: string[]; commands: string[] }]>([
    [
      'both serve: the one under the name stays',
      {
        live: shop(),
        beside: [left('shop-venerable')],
        routes: [route(SHOP, [to('shop-guid-of-live'), to('shop-venerable')])],
      },
      {
        what: [`shop-venerable is not ours, and serves ${SHOP}.`],
        commands: ['cf unmap-route shop-venerable apps.example --hostname shop'],
      },
    ],
    [
      'both serve, each one route alone, too: mapped before anything is unmapped',
      {
        live: shop(),
        beside: [left('shop-old')],
        routes: [route(SHOP, [to('shop-guid-of-live'), to('shop-old')]), route(API, [to('shop-old')])],
        named: [wanted(SHOP), wanted(API)],
      },
      {
        what: [`shop-old is not ours, and serves ${SHOP}, ${API}.`],
        commands: [
          'cf map-route shop apps.example --hostname api --path /v1',
          'sleep 25',
          'cf unmap-route shop-old apps.example --hostname shop',
          'cf unmap-route shop-old apps.example --hostname api --path /v1',
        ],
      },
    ],
    [
      'started on the route of live, and crashing',
      {
        live: shop(),
        beside: [left('shop-new', CRASHING)],
        routes: [route(SHOP, [to('shop-guid-of-live'), to('shop-new')])],
      },
      {
        what: [`shop-new is not ours, and is not running, and mapped to ${SHOP}.`],
        commands: ['cf unmap-route shop-new apps.example --hostname shop'],
      },
    ],
    [
      'no app under the name: who serves gets it',
      { beside: [left('shop-venerable')], routes: [route(SHOP, [to('shop-venerable')])] },
      {
        what: [`shop-venerable is not ours, and serves ${SHOP}.`, 'There is no app shop.'],
        commands: ['cf rename shop-venerable shop'],
      },
    ],
    [
      'no app under the name, and no manifest that names routes',
      { beside: [left('shop-blue')], routes: [route(SHOP, [to('shop-blue')])], named: [] },
      {
        what: [`shop-blue is not ours, and serves ${SHOP}.`, 'There is no app shop.'],
        commands: ['cf rename shop-blue shop'],
      },
    ],
    [
      'no app under the name, and the one on the route is stopped',
      { beside: [left('shop-idle', STOPPED)], routes: [route(SHOP, [to('shop-idle')])] },
      {
        what: [`shop-idle is not ours, and is stopped, and mapped to ${SHOP}.`, 'There is no app shop.'],
        commands: ['cf rename shop-idle shop'],
      },
    ],
    [
      'no app under the name, and two serve: the one that served first stays',
      {
        beside: [left('shop-new', { createdAtMs: 12 }), left('shop-old', { createdAtMs: 11 })],
        routes: [route(SHOP, [to('shop-old'), to('shop-new')])],
      },
      {
        what: [
          `shop-new is not ours, and serves ${SHOP}.`,
          `shop-old is not ours, and serves ${SHOP}.`,
          'There is no app shop.',
        ],
        commands: ['cf unmap-route shop-new apps.example --hostname shop', 'cf rename shop-old shop'],
      },
    ],
    [
      'of two the one that runs stays',
      {
        beside: [left('shop-old', CRASHING), left('shop-new', { createdAtMs: 12 })],
        routes: [route(SHOP, [to('shop-old'), to('shop-new')])],
      },
      {
        what: [
          `shop-old is not ours, and is not running, and mapped to ${SHOP}.`,
          `shop-new is not ours, and serves ${SHOP}.`,
          'There is no app shop.',
        ],
        commands: ['cf unmap-route shop-old apps.example --hostname shop', 'cf rename shop-new shop'],
      },
    ],
    [
      'the app is stopped while another one serves',
      {
        live: shop(STOPPED),
        beside: [left('shop-venerable')],
        routes: [route(SHOP, [to('shop-guid-of-live'), to('shop-venerable')])],
      },
      {
        what: [`shop-venerable is not ours, and serves ${SHOP}.`, 'shop is stopped.'],
        commands: [
          'cf unmap-route shop apps.example --hostname shop',
          ASIDE,
          'cf rename shop-venerable shop',
        ],
      },
    ],
    [
      'the app does not come up while another one serves, and has a route that nobody else has',
      {
        live: shop(CRASHING),
        beside: [left('shop-venerable')],
        routes: [
          route(SHOP, [to('shop-guid-of-live'), to('shop-venerable')]),
          route(API, [to('shop-guid-of-live')]),
        ],
      },
      {
        what: [`shop-venerable is not ours, and serves ${SHOP}.`, 'No instance of shop runs.'],
        commands: [
          'cf map-route shop-venerable apps.example --hostname api --path /v1',
          'cf unmap-route shop apps.example --hostname shop',
          'cf unmap-route shop apps.example --hostname api --path /v1',
          ASIDE,
          'cf rename shop-venerable shop',
        ],
      },
    ],
    [
      'the app runs, and has not got the routes yet',
      { live: shop(), beside: [left('shop-venerable')], routes: [route(SHOP, [to('shop-venerable')])] },
      {
        what: [`shop-venerable is not ours, and serves ${SHOP}.`, 'shop serves none of these routes.'],
        commands: [ASIDE, 'cf rename shop-venerable shop'],
      },
    ],
    [
      'a stopped one on a route that the manifest names and live does not have',
      {
        live: shop(),
        beside: [left('shop-old', STOPPED)],
        routes: [route(SHOP, [to('shop-guid-of-live')]), route(API, [to('shop-old')])],
        named: [wanted(SHOP), wanted(API)],
      },
      {
        what: [`shop-old is not ours, and is stopped, and mapped to ${API}.`],
        commands: [
          'cf map-route shop apps.example --hostname api --path /v1',
          'cf unmap-route shop-old apps.example --hostname api --path /v1',
        ],
      },
    ],
    [
      'a previous version that somebody started, and that is mapped',
      {
        live: ours('new', 'live', 'v2', { name: 'shop' }),
        previous: [ours('old', 'previous', 'v1', { name: 'shop-previous-v1' })],
        routes: [route(SHOP, [to('new'), to('old')])],
      },
      {
        what: [`shop-previous-v1 is ours by its labels (previous), and serves ${SHOP}.`],
        commands: ['cf unmap-route shop-previous-v1 apps.example --hostname shop'],
      },
    ],
    [
      'a failed version that serves, and live is stopped: it becomes live, with the labels of it',
      {
        live: ours('new', 'live', 'v2', { name: 'shop', ...STOPPED }),
        failed: [ours('bad', 'failed', 'v1', { name: 'shop-failed-v1' })],
        routes: [route(SHOP, [to('bad')])],
      },
      {
        what: [`shop-failed-v1 is ours by its labels (failed), and serves ${SHOP}.`, 'shop is stopped.'],
        commands: [
          UNLABEL('shop'),
          'cf rename shop shop-set-aside-new',
          'cf rename shop-failed-v1 shop',
          'cf set-label app shop cf-zero-downtime.github.io/role=live',
        ],
      },
    ],
    [
      'two are called live, on one route: the one under the name stays',
      {
        live: ours('new', 'live', 'v2', { name: 'shop' }),
        beside: [ours('copy', 'live', 'v3')],
        routes: [route(SHOP, [to('new'), to('copy')])],
      },
      {
        what: [`copy is ours by its labels (live), and serves ${SHOP}.`],
        commands: ['cf unmap-route copy apps.example --hostname shop', UNLABEL('copy')],
      },
    ],
    [
      'two are called live, and one is on no route',
      {
        live: ours('new', 'live', 'v2', { name: 'shop' }),
        beside: [ours('copy', 'live', 'v3', STOPPED)],
        routes: [route(SHOP, [to('new')])],
      },
      {
        what: ['copy is ours by its labels (live), and there is another app that is called live.'],
        commands: [UNLABEL('copy')],
      },
    ],
    [
      'an apex route, a wildcard and a port',
      {
        live: shop(),
        beside: [left('shop-old')],
        routes: [
          route('apps.example', [to('shop-guid-of-live'), to('shop-old')], { host: '' }),
          route('*.apps.example', [to('shop-guid-of-live'), to('shop-old')], { host: '*' }),
          route('tcp.example:1025', [to('shop-guid-of-live'), to('shop-old')], {
            host: '',
            port: 1025,
            domainGuid: 'unknown',
          }),
        ],
      },
      {
        what: ['shop-old is not ours, and serves apps.example, *.apps.example, tcp.example:1025.'],
        commands: [
          'cf unmap-route shop-old apps.example',
          "cf unmap-route shop-old apps.example --hostname '*'",
          'cf unmap-route shop-old tcp.example --port 1025',
        ],
      },
    ],
  ])('%s', (_, one, { what, commands }) => {
    const { refusal, notes } = judged(one);
    expect(refusal?.what.split('\n')).toEqual(what);
    expect(refusal?.commands).toEqual(commands);
    expect(notes).toEqual([]);
  });

  test('a name that a shell would heed is one word', () => {
    const name = "my $(rm -rf ~) 'shop'";
    const { refusal } = judgeLeftovers(
      snapshot({ name, routes: [route(SHOP, [to('x')])] }),
      { apps: [app('x', { name: `${name}-old` })], routes: [route(SHOP, [to('x')])] },
      NAMED,
    );
    const quoted = "my $(rm -rf ~) '\\''shop'\\''";
    expect(refusal?.commands).toEqual([`cf rename '${quoted}-old' '${quoted}'`]);
  });
});
