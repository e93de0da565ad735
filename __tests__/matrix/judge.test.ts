/** The judge sees what must not be: each is done by hand here, after a deploy that held. */
import { afterAll, afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { type RunResult, runAction } from './action.js';
import { bearer } from './bearer.js';
import { pushByHand } from './by-hand.js';
import { judge, type Known, knownOf, type Traces, tracesOf } from './judge.js';
import { type ApiAnswer, type Platform, startPlatform } from './platform.js';
import { APP, commandOf, FOREIGN, Folders, SCENARIOS, type Scenario, url } from './scenarios.js';
import { onPlatform } from './setup.js';

jest.setTimeout(60_000);

const SECOND = SCENARIOS[1] as Scenario;
const folders = new Folders();
let platform: Platform;
let known: Known;
let last: RunResult;
let traces: Traces;

beforeEach(async () => {
  platform = await startPlatform();
  for (const name of FOREIGN) {
    const bits = folders.of({ version: name }, {});
    await pushByHand(platform, { name, bits, instances: 1, routes: [url(name)] });
  }
  await SECOND.before(platform, folders);
  await platform.clock.pass(10_000);
  known = await knownOf(platform);
  last = await runAction(platform, commandOf(SECOND, folders, 2));
  traces = tracesOf(SECOND, await platform.clock.drive(platform.state()));
});
afterEach(() => platform.close());
afterAll(() => folders.remove());

async function signedIn(): Promise<(method: string, path: string, body?: unknown) => Promise<ApiAnswer>> {
  const authorization = await platform.clock.drive(bearer(platform));
  return (method, path, sent = {}) =>
    platform.clock.drive(
      platform.call({ method, path, headers: { authorization }, body: JSON.stringify(sent) }),
    );
}

const verdict = () => judge(SECOND, platform, known, last, traces);

test('a deploy that nothing disturbed has nothing wrong', async () => {
  expect(await verdict()).toEqual([]);
});

test.each<[what: string, path: (ids: Ids) => [method: string, path: string, body?: unknown], seen: RegExp]>([
  [
    'an app that is left',
    ({ space }) => ['POST', '/v3/apps', named(`${APP}-candidate`, space)],
    /apps are left/,
  ],
  ['live that was stopped', ({ live }) => ['POST', `/v3/apps/${live}/actions/stop`], /was stopped while/],
  [
    'a route without its app',
    ({ route, destination }) => ['DELETE', `/v3/routes/${route}/destinations/${destination}`],
    /no-healthy-destination/,
  ],
  [
    'a label of ours that is left',
    ({ live }) => ['PATCH', `/v3/apps/${live}`, labelled('phase')],
    /left: shop label/,
  ],
  ['a changed app of others', ({ foreign }) => ['PATCH', `/v3/apps/${foreign}`, labelled('role')], /foreign/],
])('%s', async (_, by, seen) => {
  const api = await signedIn();
  const { apps, routes } = await platform.clock.drive(platform.state());
  const guid = (name: string) => apps.find((app) => app.name === name)?.guid ?? '';
  const route = routes.find((one) => one.url === url(APP));
  const spaces = JSON.parse((await api('GET', '/v3/spaces')).body) as { resources: { guid: string }[] };
  const ids: Ids = {
    live: guid(APP),
    foreign: guid(FOREIGN[0] ?? ''),
    route: route?.guid ?? '',
    destination: route?.destinations[0]?.guid ?? '',
    space: spaces.resources[0]?.guid ?? '',
  };
  const { status } = await api(...by(ids));
  expect(status).toBeLessThan(300);
  await platform.clock.pass(5_000);
  expect((await verdict()).join('\n')).toMatch(seen);
});

test('a promote after which nothing is held, and live is what it was', async () => {
  const promote = SCENARIOS.find(({ name }) => name === 'promote of a rolling deploy') as Scenario;
  await onPlatform(promote, folders, async (other, before) => {
    const abort = { ...promote, inputs: { command: 'abort', app: APP } };
    await runAction(other, commandOf(abort, folders, 2));
    const ended = await runAction(other, commandOf(promote, folders, 3));
    expect(ended.outputs).toMatchObject({ result: 'refused', error: 'nothing-held' });
    const found = await judge(promote, other, before, ended, undefined);
    expect(found.join('\n')).toMatch(/the version of live is not the asked one/);
    const failed = { ...ended, outputs: { ...ended.outputs, result: 'failed' } };
    expect(await judge(promote, other, before, failed, undefined)).toContain(
      'nothing was held, and the last run ended as failed',
    );
  });
});

interface Ids {
  live: string;
  foreign: string;
  route: string;
  destination: string;
  space: string;
}

function named(name: string, space: string) {
  return { name, relationships: { space: { data: { guid: space } } } };
}

function labelled(key: string) {
  return { metadata: { labels: { [`cf-zero-downtime.github.io/${key}`]: 'other' } } };
}
