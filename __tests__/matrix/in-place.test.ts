/** The judge sees what a rolling deploy must not leave: each is done by hand here, after a deploy that held. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { runAction } from './action.js';
import { bearer } from './bearer.js';
import { judge } from './judge.js';
import { APP, commandOf, Folders, SCENARIOS, type Scenario } from './scenarios.js';
import { onPlatform } from './setup.js';

jest.setTimeout(60_000);

const named = (name: string) => SCENARIOS.find((one) => one.name === name) as Scenario;
const DEPLOYED = named('rolling, with other variables and memory');
const REVERTED = named('rolling, the version crashes in live only');
const folders = new Folders();
afterAll(() => folders.remove());

type Call = readonly [method: string, path: string, body?: unknown];

/** @returns what is wrong after the deploy and these calls */
async function verdict(scenario: Scenario, by: (live: string) => readonly Call[]): Promise<string> {
  return onPlatform(scenario, folders, async (platform, known) => {
    const last = await runAction(platform, commandOf(scenario, folders, 2));
    const authorization = await platform.clock.drive(bearer(platform));
    const live = known.before.apps.find(({ name }) => name === APP)?.guid ?? '';
    for (const [method, path, sent = {}] of by(live)) {
      const call = { method, path, headers: { authorization }, body: JSON.stringify(sent) };
      expect((await platform.clock.drive(platform.call(call))).status).toBeLessThan(300);
      await platform.clock.pass(2_000);
    }
    return (await judge(scenario, platform, known, last, undefined)).join('\n');
  });
}

const deploymentOf = (live: string): Call => [
  'POST',
  '/v3/deployments',
  { relationships: { app: { data: { guid: live } } } },
];
const variables = (live: string): Call => [
  'PATCH',
  `/v3/apps/${live}/environment_variables`,
  { var: { LEFT: 'behind' } },
];

test.each<[what: string, scenario: Scenario, by: (live: string) => readonly Call[], seen: RegExp]>([
  ['nothing', DEPLOYED, () => [], /^$/],
  ['nothing, of one that went back', REVERTED, () => [], /^$/],
  ['a deployment under way', DEPLOYED, (live) => [deploymentOf(live)], /2 web processes\n.*under way/],
  ['a variable that is left', DEPLOYED, (live) => [variables(live)], /the variables of shop are/],
  ['a variable that is not put back', REVERTED, (live) => [variables(live)], /not those from before/],
  [
    'memory that is not put back',
    REVERTED,
    (live) => [['POST', `/v3/apps/${live}/processes/web/actions/scale`, { memory_in_mb: 70 }]],
    /not those from before/,
  ],
  [
    'an instance less for a moment',
    DEPLOYED,
    (live) =>
      [1, 2].map((instances) => ['POST', `/v3/apps/${live}/processes/web/actions/scale`, { instances }]),
    /has 1 healthy instances/,
  ],
])('%s', async (_, scenario, by, seen) => {
  expect(await verdict(scenario, by)).toMatch(seen);
});
