/** Against the local GitHub, over HTTP. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Hub, type HubOptions, startHub } from '../../hub/index.js';
import { type Deployed, endDeployments, keepDeployment } from '../../src/github/deployments.js';
import { type ClosableHttp, createHttp } from '../../src/system/http.js';

const sha = (digit: number) => String(digit).repeat(40);
const ENVIRONMENT = 'preview/shop-pr-12';
const URL = 'https://shop-pr-12.example.com';

let http: ClosableHttp;
let hub: Hub;
beforeEach(() => {
  http = createHttp({ skipSslValidation: false });
});
afterEach(async () => {
  http.close();
  await hub.close();
});

async function started(options: HubOptions = {}): Promise<void> {
  hub = await startHub(options);
  hub.setCommits([1, 2].map((digit) => ({ sha: sha(digit), parents: [] })));
}

const options = () => {
  const clock = { now: () => 0, sleep: async () => undefined };
  const { apiUrl, repository, token } = hub;
  return { http, clock, apiUrl, repository, token };
};
const keep = (deployed: Partial<Deployed>) =>
  keepDeployment(options(), { environment: ENVIRONMENT, ref: sha(1), state: 'in_progress', ...deployed });
const shown = () =>
  hub
    .deployments()
    .map((one) => [one.environment, one.sha[0], ...one.statuses.map(({ state }) => state)].join(' '));

describe('a deployment', () => {
  test('is made once for a commit, transient, and its statuses follow each other', async () => {
    await started();
    expect(await keep({})).toBeUndefined();
    expect(
      await keep({ state: 'success', url: URL, logUrl: 'https://github.example.com/run' }),
    ).toBeUndefined();
    expect(shown()).toEqual([`${ENVIRONMENT} 1 success in_progress`]);
    expect(hub.deployments()[0]).toMatchObject({ transient: true, production: false });
    expect(hub.deployments()[0]?.statuses[0]).toMatchObject({
      environmentUrl: URL,
      logUrl: 'https://github.example.com/run',
    });
  });

  test('of the next commit ends the one before when it is successful, and not before', async () => {
    await started();
    await keep({ state: 'success' });
    await keep({ environment: 'preview/another', state: 'success' });
    await keep({ ref: sha(2) });
    expect(shown()[2]).toBe(`${ENVIRONMENT} 1 success`);
    await keep({ ref: sha(2), state: 'success' });
    await keep({ ref: sha(2), state: 'success' });
    expect(shown()).toEqual([
      `${ENVIRONMENT} 2 success success in_progress`,
      'preview/another 1 success',
      `${ENVIRONMENT} 1 inactive success`,
    ]);
  });

  test('whose answer was lost is not made twice', async () => {
    await started();
    hub.fail({ path: /\/deployments$/, times: 1, instead: 'lost' });
    expect(await keep({})).toBeUndefined();
    expect(shown()).toEqual([`${ENVIRONMENT} 1 in_progress`]);
  });

  test('without the permission is told as the lines to add', async () => {
    await started({ permissions: ['deployments'] });
    expect(await keep({})).toContain('deployments: write');
    expect(shown()).toEqual([]);
  });

  test('of a commit that GitHub does not know is told with its own words', async () => {
    await started();
    expect(await keep({ ref: sha(9) })).toContain('No ref found');
  });
});

describe('the end', () => {
  test('of all deployments of the environment, once, and of no other', async () => {
    await started();
    await keep({ state: 'success' });
    await keep({ ref: sha(2), state: 'failure' });
    await keep({ environment: `${ENVIRONMENT}0`, state: 'success' });
    for (let time = 0; time < 2; time++) expect(await endDeployments(options(), ENVIRONMENT)).toBeUndefined();
    expect(shown()).toEqual([
      `${ENVIRONMENT}0 1 success`,
      `${ENVIRONMENT} 2 inactive failure`,
      `${ENVIRONMENT} 1 inactive success`,
    ]);
  });
});
