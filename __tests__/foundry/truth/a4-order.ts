/** Platform facts A4: when a route is reached, and the order of events when an instance goes. */
import { type Place, RUNNING, row, within } from './place.js';
import { running } from './rollout.js';

/** How many endpoints the routers knew of when the cells were told. */
function whenTold(p: Place, what: 'desire' | 'retire'): (number | undefined)[] {
  const seen: (number | undefined)[] = [];
  const { cells } = p;
  const known = () => seen.push(p.publications.at(-1)?.endpoints.length);
  if (what === 'retire') {
    const retire = cells.retire.bind(cells);
    cells.retire = (guid) => {
      known();
      return retire(guid);
    };
  } else {
    const desire = cells.desire.bind(cells);
    cells.desire = (process) => {
      known();
      desire(process);
    };
  }
  return seen;
}

const scaledDown = (routeIntegrity: boolean) =>
  within({ routeIntegrity }, async (p) => {
    const { app } = await running(p, 2);
    await p.route('r', app);
    const seen = whenTold(p, 'desire');
    await p.ok(`POST /v3/processes/${app}/actions/scale`, { instances: 1 });
    await p.pass(2_000);
    return seen;
  });

export const orderRows = [
  row(
    'A4 liveness 1',
    'an instance is reached when it is RUNNING and routable, and not before',
    async (p) => {
      const { app } = await p.staged('a');
      await p.route('r', app);
      await p.ok(`POST /v3/apps/${app}/actions/start`);
      const seen = [await p.visit('r')];
      p.become(app, { state: 'RUNNING', routable: false });
      seen.push(await p.visit('r'));
      p.become(app, RUNNING);
      seen.push(await p.visit('r'));
      p.become(app, { state: 'RUNNING', routable: false });
      return [...seen, await p.visit('r')];
    },
    [404, 404, 200, 404],
  ),
  row(
    'A4 liveness 1',
    'a route is reached when it is mapped, and not when it is unmapped',
    async (p) => {
      const { app } = await running(p);
      const route = await p.route('r');
      const seen = [await p.visit('r')];
      const made = await p.ok(`POST /v3/routes/${route}/destinations`, {
        destinations: [{ app: { guid: app } }],
      });
      seen.push(await p.visit('r'));
      await p.ok(`DELETE /v3/routes/${route}/destinations/${made.destinations[0].guid}`);
      return [...seen, await p.visit('r')];
    },
    [404, 200, 404],
  ),
  row(
    'A4 liveness 1',
    'routers learn at times of their own: for a while one says 404 and the other 200',
    () =>
      within({ propagationMs: 5_000, seed: 3 }, async (p) => {
        const { app } = await running(p);
        await p.route('r', app);
        const seen = new Set<string>();
        for (let n = 0; n < 60; n += 1) {
          await p.pass(100);
          const both = [1, 2].map(() => p.routers.ask('r.apps.localhost', '/', {}).status);
          seen.add(both.sort().join(' '));
        }
        return [...seen];
      }),
    ['404 404', '200 404', '200 200'],
  ),
  ...(
    [
      ['stop', (p: Place, app: string) => p.ok(`POST /v3/apps/${app}/actions/stop`)],
      ['delete', (p: Place, app: string) => p.ask(`DELETE /v3/apps/${app}`).then((reply) => p.job(reply))],
    ] as const
  ).map(([act, how]) =>
    row(
      'A4 order 1',
      `${act}: the routes go before the instances are told`,
      async (p) => {
        const { app } = await running(p);
        await p.route('r', app);
        const seen = whenTold(p, 'retire');
        await how(p, app);
        await p.pass(2_000);
        return seen[0];
      },
      0,
    ),
  ),
  row(
    'A4 order 1',
    'unmapped: the instances are not told at all',
    async (p) => {
      const { app } = await running(p);
      const route = await p.route('r', app);
      const before = p.cells.calls.length;
      await p.ok(`PATCH /v3/routes/${route}/destinations`, { destinations: [] });
      return [p.cells.calls.length - before, await p.visit('r')];
    },
    [0, 404],
  ),
  row(
    'A4 order 2',
    'scaled down with route integrity: the routers leave it first',
    () => scaledDown(true),
    [1],
  ),
  row(
    'A4 order 2',
    'and without: it is told to end while the routers still send to it',
    () => scaledDown(false),
    [2],
  ),
];
