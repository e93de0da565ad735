/** One app with routes of every kind: deployed three times in a row, rolled back once, and compared field by field. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { runAction } from './action.js';
import { signIn } from './by-hand.js';
import { failedRequests } from './judge.js';
import { startPlatform } from './platform.js';
import { APP, commandOf, Folders, url } from './scenarios.js';

jest.setTimeout(120_000);

const folders = new Folders();
afterAll(() => folders.remove());

const ROUTES = {
  [APP]: [
    url('SHOP'),
    `${url('shop')}/api`,
    url('fair'),
    "'*.shop.localhost'",
    'shop.localhost',
    'tcp.localhost:1050',
    'shop.apps.internal',
  ],
};
const SETTINGS = {
  ...{ memoryMb: 64, env: {} },
  ways: {
    [url('fair')]: { options: { loadbalancing: 'least-connection' } },
    [`${url('shop')}/api`]: { protocol: 'http2' },
  },
};
/** By hand, to a port that nothing else leads to. */
const BY_HAND = 1051;

// biome-ignore lint/suspicious/noExplicitAny: answers of every kind
type Body = any;

test('keeps each route, its options, and its destinations by port and protocol', async () => {
  const platform = await startPlatform();
  const { clock } = platform;
  let runs = 0;
  const run = async (version: string, inputs: Record<string, string> = {}) => {
    runs += 1;
    const asked = { asked: { version }, routes: ROUTES, settings: SETTINGS, inputs };
    const { code, lines, outputs } = await runAction(platform, commandOf(asked, folders, runs));
    if (code !== 0) throw new Error(lines.join('\n'));
    return outputs;
  };
  /** By url; the app by its name. */
  const routes = () =>
    clock.drive(
      (async () => {
        const { ask } = await signIn(platform);
        const { resources } = await ask('GET', '/v3/routes?per_page=100');
        const apps: Body[] = (await ask('GET', '/v3/apps?per_page=100')).resources;
        const nameOf = (guid: string) => apps.find((app) => app.guid === guid)?.name;
        return Object.fromEntries(
          resources.map((route: Body) => [
            route.url,
            {
              ...{ guid: route.guid, host: route.host, path: route.path, port: route.port },
              ...{ protocol: route.protocol, options: route.options },
              destinations: route.destinations
                .map(
                  ({ app, port, protocol }: Body) =>
                    `${nameOf(app.guid)} ${app.process.type} ${port} ${protocol}`,
                )
                .sort(),
            },
          ]),
        );
      })(),
    );
  try {
    await run('v1');
    await clock.drive(
      (async () => {
        const { ask } = await signIn(platform);
        const first = async (path: string) => (await ask('GET', path)).resources[0].guid as string;
        const to = (guid: string) => ({ data: { guid } });
        const [space, domain] = [await first('/v3/spaces'), await first('/v3/domains?names=tcp.localhost')];
        const relationships = { space: to(space), domain: to(domain) };
        const { guid } = await ask('POST', '/v3/routes', { port: BY_HAND, relationships });
        const app = { guid: await first(`/v3/apps?names=${APP}`) };
        await ask('POST', `/v3/routes/${guid}/destinations`, { destinations: [{ app, port: 9_000 }] });
        await ask('POST', `/v3/apps/${app.guid}/actions/restart`);
        await clock.sleep(60_000);
      })(),
    );
    const before = await routes();
    const fromMs = clock.now();
    const web = `${APP} web 8080`;
    expect(
      Object.fromEntries(
        Object.entries(before).map(([name, { destinations }]: Body) => [name, destinations]),
      ),
    ).toEqual({
      ...Object.fromEntries(
        [url('shop'), url('fair'), '*.shop.localhost', 'shop.localhost', 'shop.apps.internal'].map((one) => [
          one,
          [`${web} http1`],
        ]),
      ),
      [`${url('shop')}/api`]: [`${web} http2`],
      'tcp.localhost:1050': [`${web} tcp`],
      [`tcp.localhost:${BY_HAND}`]: [`${APP} web 9000 tcp`],
    });
    expect(before[url('fair')]).toMatchObject({ options: { loadbalancing: 'least-connection' } });
    for (const version of ['v2', 'v3', 'v4']) {
      expect((await run(version)).result).toBe('deployed');
      expect([version, await routes()]).toEqual([version, before]);
    }
    expect((await run('v3', { command: 'rollback', app: APP })).result).toBe('rolled-back');
    expect(await routes()).toEqual(before);
    for (const port of [1050, BY_HAND])
      expect(platform.routers.connect(port)).toMatchObject({ version: 'v3' });
    const state = await clock.drive(platform.state());
    expect(state.policies).toEqual([]);
    const history = await clock.drive(platform.history());
    expect(failedRequests(history, state.routers, Object.keys(before), fromMs)).toEqual([]);
  } finally {
    await platform.close();
  }
});
