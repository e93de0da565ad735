/** Platform facts A1.2: what a deployment refuses. */
import { no, row, to } from './place.js';
import { canary, counts, deploy, refused, roll, running } from './rollout.js';

/** A running app is asked for a deployment that is refused; nothing of it is left. */
const refusal = (source: string, fact: string, more: object, text: string) =>
  row(
    source,
    fact,
    async (p) => {
      const { app } = await running(p);
      const said = await refused(p, app, more);
      return { said, deployments: (await p.all('/v3/deployments')).length, counts: await counts(p, app) };
    },
    { said: no(text), deployments: 0, counts: [1] },
  );

const weights = 'Options canary steps instance weight must be';

export const refusals = [
  row(
    'A1.2 line 1',
    'it is answered with 201, and not to an auditor',
    async (p) => {
      const { app } = await running(p);
      const body = { relationships: { app: to(app) } };
      const mine = await p.ask('POST /v3/deployments', body);
      const theirs = await p.auditor('POST /v3/deployments', body);
      return [mine.status, theirs.status, theirs.body.errors[0].code];
    },
    [201, 403, 10003],
  ),
  refusal(
    'A1.2 row 1',
    'a strategy that is none of the two',
    { strategy: 'blue-green' },
    "Strategy 'blue-green' is not a supported deployment strategy",
  ),
  row(
    'A1.2 row 1',
    'rolling is the default',
    async (p) => (await deploy(p, (await running(p)).app)).strategy,
    'rolling',
  ),
  refusal(
    'A1.2 row 2',
    'droplet and revision',
    { droplet: { guid: 'x' }, revision: { guid: 'y' } },
    "Droplet Cannot set both fields 'droplet' and 'revision'",
  ),
  refusal(
    'A1.2 row 3',
    'an unknown option',
    { options: { max_surge: 1 } },
    'Options has unsupported key(s): max_surge',
  ),
  ...[0, -1, 1.5, '2'].map((max_in_flight) =>
    refusal(
      'A1.2 row 4',
      `max_in_flight ${JSON.stringify(max_in_flight)}`,
      { options: { max_in_flight } },
      'Max in flight must be an integer greater than 0',
    ),
  ),
  refusal(
    'A1.2 row 5',
    'canary options of a rolling one',
    { ...canary(10), strategy: 'rolling' },
    'Options canary are only valid for Canary deployments',
  ),
  refusal('A1.2 row 6', 'a weight of 0', canary(0), `${weights} an Integer between 1-100 (inclusive)`),
  refusal('A1.2 row 6', 'a weight of 101', canary(101), `${weights} an Integer between 1-100 (inclusive)`),
  refusal('A1.2 row 6', 'half a weight', canary(1.5), `${weights} an Integer between 1-100 (inclusive)`),
  refusal('A1.2 row 6', 'weights that fall', canary(50, 20), `${weights} sorted in ascending order`),
  refusal(
    'A1.2 row 6',
    'a step that is no object',
    { strategy: 'canary', options: { canary: { steps: [10] } } },
    'Options canary steps must be an array of objects',
  ),
  refusal(
    'A1.2 row 6',
    'a step with another key',
    { strategy: 'canary', options: { canary: { steps: [{ instance_weight: 5, wait: 1 }] } } },
    'Options canary steps has unsupported key(s): wait',
  ),
  row(
    'A1.2 row 6',
    'equal weights are taken',
    async (p) => {
      const { app } = await running(p);
      return refused(p, app, canary(20, 20));
    },
    201,
  ),
  row(
    'A1.2 row 7',
    'an app that there is not',
    (p) => refused(p, 'no'),
    no('Unable to use app. Ensure that the app exists and you have access to it.'),
  ),
  row(
    'A1.2 row 8',
    'a revision while revisions are off',
    async (p) => {
      const { app } = await running(p);
      const [{ guid }] = (await p.all(`/v3/apps/${app}/revisions`)) as [{ guid: string }];
      await p.ok(`PATCH /v3/apps/${app}/features/revisions`, { enabled: false });
      return refused(p, app, { revision: { guid } });
    },
    no('Cannot create deployment from a revision for an app without revisions enabled'),
  ),
  refusal('A1.2 row 9', 'an unknown revision', { revision: { guid: 'no' } }, 'The revision does not exist'),
  row(
    'A1.2 row 10',
    'a revision whose droplet expired',
    async (p) => {
      const { app, pack } = await running(p);
      const [{ guid }] = (await p.all(`/v3/apps/${app}/revisions`)) as [{ guid: string }];
      await roll(p, await deploy(p, app, { droplet: { guid: await p.stage(pack) } }));
      for (let more = 0; more < 5; more += 1) await p.stage(pack);
      return refused(p, app, { revision: { guid } });
    },
    no('Unable to deploy this revision, the droplet for this revision no longer exists.'),
  ),
  row(
    'A1.2 row 11',
    'no droplet anywhere',
    async (p) => refused(p, await p.app('bare')),
    no('Invalid droplet. Please specify a droplet in the request or set a current droplet for the app.'),
  ),
  row(
    'A1.2 row 12',
    'the droplet of another app',
    async (p) => {
      const { app } = await running(p);
      return refused(p, app, { droplet: { guid: (await p.staged('b')).droplet } });
    },
    no('Unable to assign current droplet. Ensure the droplet exists and belongs to this app.'),
  ),
  refusal(
    'A1.2 row 12',
    'an unknown droplet',
    { droplet: { guid: 'no' } },
    'Unable to assign current droplet. Ensure the droplet exists and belongs to this app.',
  ),
  row(
    'A1.2 row 13',
    'back to what is deployed',
    async (p) => {
      const { app } = await running(p);
      const [{ guid }] = (await p.all(`/v3/apps/${app}/revisions`)) as [{ guid: string }];
      return refused(p, app, { revision: { guid } });
    },
    no(
      'Unable to rollback. The code and configuration you are rolling back to is the same as the deployed revision.',
    ),
  ),
];
