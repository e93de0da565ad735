/** Platform facts A2: droplets, metadata, and what names and ports have to do with it. */
import { no, type Place, row, to } from './place.js';
import { running } from './rollout.js';

const restart = (p: Place, app: string) => p.ok(`POST /v3/apps/${app}/actions/restart`);
const states = async (p: Place, app: string) =>
  (await p.all(`/v3/apps/${app}/droplets?order_by=created_at`)).map((one) => one.state);

export const dropletRows = [
  row(
    'A2 line 6',
    'beside the current droplet the newest five stay, the sixth expires when a staging goes well',
    async (p) => {
      const { app, pack } = await p.staged('a');
      for (let more = 0; more < 5; more += 1) await p.stage(pack);
      const before = await states(p, app);
      await p.stage(pack);
      return [before.filter((state) => state === 'EXPIRED').length, await states(p, app)];
    },
    [0, ['STAGED', 'EXPIRED', 'STAGED', 'STAGED', 'STAGED', 'STAGED', 'STAGED']],
  ),
  row(
    'A2 line 6',
    'a failed one takes a place, but ends none itself',
    async (p) => {
      const { app, pack } = await p.staged('a');
      for (let more = 0; more < 5; more += 1) await p.stage(pack);
      p.failStaging('no');
      await p.stage(pack);
      const before = await states(p, app);
      await p.stage(pack);
      const count = (seen: string[]) => seen.filter((state) => state === 'EXPIRED').length;
      return [count(before), before.at(-1), count(await states(p, app))];
    },
    [0, 'FAILED', 2],
  ),
  row(
    'A2 line 7',
    'a copy is COPYING first, then STAGED; without a package',
    async (p) => {
      const { droplet } = await p.staged('a');
      const other = await p.app('b');
      const body = { relationships: { app: to(other) } };
      const made = await p.ask(`POST /v3/droplets?source_guid=${droplet}`, body);
      const look = async () => (await p.ok(`GET /v3/droplets/${made.body.guid}`)).state;
      const seen = [made.body.state, await look()];
      await p.pass(2_000);
      return [made.status, ...seen, await look(), 'package' in made.body.links];
    },
    [201, 'COPYING', 'COPYING', 'STAGED', false],
  ),
  row(
    'A2 line 7',
    'a copy that is under way is not taken as the current droplet',
    async (p) => {
      const { droplet } = await p.staged('a');
      const other = await p.app('b');
      const { guid } = await p.ok(`POST /v3/droplets?source_guid=${droplet}`, {
        relationships: { app: to(other) },
      });
      return p.refusal(`PATCH /v3/apps/${other}/relationships/current_droplet`, to(guid));
    },
    no('droplet must be in staged state'),
  ),
  row(
    'A2 line 7',
    'not into an app of another lifecycle',
    async (p) => {
      await p.ok('PATCH /v3/feature_flags/diego_docker', { enabled: true });
      const { droplet } = await p.staged('a');
      const other = await p.app('b', { lifecycle: { type: 'docker', data: {} } });
      return p.refusal(`POST /v3/droplets?source_guid=${droplet}`, { relationships: { app: to(other) } });
    },
    no('source and destination lifecycle types do not match'),
  ),
  row(
    'A2 line 11',
    'the current droplet is not deleted',
    async (p) => {
      const { app, droplet } = await p.staged('a');
      const said = (await p.refusal(`DELETE /v3/droplets/${droplet}`)) as string[];
      return [said[0], said[1], said[2] === `The droplet is currently used by app with guid "${app}".`];
    },
    [422, 10008, true],
  ),
];

const many = (count: number, prefix = 'k') =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`${prefix}${at}`, 'v']));

/** An app is asked to take metadata. */
const metadata = (fact: string, metadata: object, is: unknown) =>
  row('A2 line 8', fact, async (p) => p.refusal(`PATCH /v3/apps/${await p.app('a')}`, { metadata }), is);

export const metadataRows = [
  metadata('an annotation of 5,000', { annotations: { a: 'x'.repeat(5000) } }, 200),
  metadata(
    'an annotation of 5,001',
    { annotations: { a: 'x'.repeat(5001) } },
    no("Metadata annotation value error: 'xxxxxxxx...' is greater than 5000 characters"),
  ),
  metadata('50 labels and 200 annotations', { labels: many(50), annotations: many(200) }, 200),
  metadata('51 labels', { labels: many(51) }, [
    422,
    390020,
    'Failed to add 51 labels because it would exceed maximum of 50',
  ]),
  metadata('201 annotations', { annotations: many(201) }, [
    422,
    390023,
    'Failed to add 201 annotations because it would exceed maximum of 200',
  ]),
  row(
    'A2 line 8',
    'one label more than 50, in the words of what was asked for; one that is replaced is none more',
    async (p) => {
      const app = await p.app('a', { metadata: { labels: many(50) } });
      const set = (labels: object) => p.refusal(`PATCH /v3/apps/${app}`, { metadata: { labels } });
      return [await set({ other: '1' }), await set({ k0: 'new' }), await set({ k0: null, other: '1' })];
    },
    [[422, 390020, 'Failed to add 1 labels because it would exceed maximum of 50'], 200, 200],
  ),
  row(
    'A2 line 8',
    'an app with too many labels is not made at all',
    async (p) => {
      const body = { name: 'a', relationships: { space: to(p.space) }, metadata: { labels: many(51) } };
      return [((await p.refusal('POST /v3/apps', body)) as unknown[])[1], (await p.all('/v3/apps')).length];
    },
    [390020, 0],
  ),
  metadata(
    'a label value of 64',
    { labels: { a: 'x'.repeat(64) } },
    no("Metadata label value error: 'xxxxxxxx...' is greater than 63 characters"),
  ),
  ...['a b', 'a/b', '-a', 'a.', 'ä'].map((value) =>
    metadata(
      `a label value ${value}`,
      { labels: { a: value } },
      no(`Metadata label value error: '${value}' contains invalid characters`),
    ),
  ),
  metadata('a label value of letters, digits, dot, underscore and hyphen', { labels: { a: 'A0._-z' } }, 200),
  row(
    'A2 line 8',
    'an auditor reads annotations, not variables',
    async (p) => {
      const app = await p.app('a', { metadata: { annotations: { a: 'seen' } } });
      const read = (path: string) => p.auditor(`GET ${path}`);
      return [
        (await read(`/v3/apps/${app}`)).body.metadata.annotations,
        (await read(`/v3/apps/${app}/environment_variables`)).status,
      ];
    },
    [{ a: 'seen' }, 403],
  ),
  row(
    'A2 line 9',
    'of two creators of one name exactly one gets 201, the other 422 10016',
    async (p) => {
      const body = { name: 'a', relationships: { space: to(p.space) } };
      const both = await p.clock.drive(Promise.all([1, 2].map(() => p.send('POST /v3/apps', body))));
      return both
        .map(({ status, body: said }) => [status, said.errors?.[0].code, said.errors?.[0].title])
        .sort();
    },
    [
      [201, undefined, undefined],
      [422, 10016, 'CF-UniquenessError'],
    ],
  ),
  row(
    'A2 line 10',
    'a destination on a new port is reached only after a restart',
    async (p) => {
      const { app } = await running(p);
      const route = await p.route('shop');
      const destinations = [{ app: { guid: app }, port: 9000 }];
      await p.ok(`POST /v3/routes/${route}/destinations`, { destinations });
      const before = await p.visit('shop');
      await restart(p, app);
      p.cells.all(app, { state: 'RUNNING', routable: true });
      return [before, await p.visit('shop')];
    },
    [404, 200],
  ),
];
