/** The workflows that users copy, run by act with the committed bundle, main and post. Nothing is changed but where, and how long. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { startHub } from '../../hub/index.js';
import { startIssuer } from '../../hub/issuer.js';
import { projectRoot } from '../../runner/tools.js';
import { type ActOptions, changed, example, repository, runAct, toWorld } from './support/act.js';
import { label, spaceOf } from './support/space.js';
import { startWorld, type VersionOptions, type World } from './support/world.js';

jest.setTimeout(400_000);

/** Beside the address: nothing here is under traffic that would have to be drained. */
const AT_ONCE = ['smoke-test: /health', 'smoke-test: /health\n          drain: 0s'] as const;

let world: World;
beforeAll(async () => {
  world = await startWorld({ flags: ['--tick', '300'] });
}, 60_000);
afterAll(() => world.close());

/** Of one app and its version, with workflows of which one is run. Throws with the log when a job failed. */
async function run(
  version: VersionOptions,
  workflows: Readonly<Record<string, string>>,
  how: Partial<ActOptions> = {},
): Promise<string> {
  const workspace = await world.workspace(version);
  await repository(workspace, workflows);
  return again(workspace, Object.keys(workflows)[0] ?? '', how);
}

async function again(workspace: string, workflow: string, how: Partial<ActOptions>): Promise<string> {
  const { isGreen, log } = await runAct(world, workspace, workflow, { event: 'push', ...how });
  if (!isGreen) throw new Error(log);
  expect(log).toContain('Job succeeded');
  expect(log).not.toContain(world.foundry.password);
  return log;
}

const resultOf = (log: string) => /::set-output:: result=(\S+)/.exec(log)?.[1];

test("README's workflow puts the app live", async () => {
  const readme = await readFile(join(projectRoot(), 'README.md'), 'utf8');
  const shown = /<!-- workflow -->\s*```yaml\n(.*?)```/s.exec(readme)?.[1] ?? '';
  expect(shown).toBe(await example('deploy', []));
  const log = await run({ version: 'v1' }, { deploy: changed(shown, toWorld(world)) });

  expect(resultOf(log)).toBe('deployed');
  expect(log).toMatch(/Success - Post OWNER\/cf-zero-downtime@v1/);
  expect(await world.meet()).toBe('v1');
});

test('held, promoted and rolled back; without a secret, and as a canary; with one droplet through two spaces; and by a reusable workflow', async () => {
  const named = (name: string) => ({ name, version: 'v1', routes: [world.url(name)] });
  const [called, signed, once] = [named('called'), named('signed'), named('once')];

  async function heldAndBack(): Promise<void> {
    const ofShop = async () => (await spaceOf(world)).names.filter((name) => name.startsWith('shop'));
    const held = await run({ version: 'v2' }, { hold: await example('hold', [...toWorld(world), AT_ONCE]) });
    expect(resultOf(held)).toBe('held');
    expect(held).toMatch(/Look at it before it goes live.*shop-candidate-/);
    expect(await world.meet()).toBe('v1');

    const byHand = { event: 'workflow_dispatch' };
    const promote = await example('promote', toWorld(world));
    const promoted = await run(
      { version: 'none' },
      { promote },
      { ...byHand, inputs: { app: 'shop', command: 'promote' } },
    );
    expect(resultOf(promoted)).toBe('promoted');
    expect(await world.meet()).toBe('v2');

    const rollback = await example('rollback', [...toWorld(world), AT_ONCE]);
    const before = await ofShop();
    const inputs = { app: 'shop', to: '', plan: 'true' };
    const planned = await run({ version: 'none' }, { rollback }, { ...byHand, inputs });
    expect(resultOf(planned)).toBe('planned');
    expect(await ofShop()).toEqual(before);
    const space = await spaceOf(world);
    const to = label(space.app(before.find((name) => /^shop-previous-/.test(name)) ?? ''), 'version') ?? '';
    const back = await run(
      { version: 'none' },
      { rollback },
      { ...byHand, inputs: { app: 'shop', to, plan: 'false' } },
    );
    expect(resultOf(back)).toBe('rolled-back');
    expect(await world.meet()).toBe('v1');
  }

  async function signedIn(): Promise<void> {
    const issuer = await startIssuer();
    const { id } = (await world.foundry.control('GET', 'client')) as { id: string };
    await world.foundry.control('POST', 'trust', {
      clients: { [id]: [{ iss: issuer.url, sub: issuer.sub }] },
    });
    const oidc = await example('deploy-oidc', [
      ...toWorld(world),
      ['client-id: shop-deployer', `client-id: ${id}`],
    ]);
    const log = await run({ ...signed, instances: 3 }, { 'deploy-oidc': oidc }, { env: issuer.env });
    await issuer.close();
    expect(resultOf(log)).toBe('deployed');
    expect(issuer.tokens().filter((token) => log.includes(token))).toEqual([]);

    const canary = await example('canary', [...toWorld(world), ['bake: 5m', 'bake: 1s']]);
    const shifted = await run({ ...signed, version: 'v2', instances: 3 }, { canary });
    expect(resultOf(shifted)).toBe('deployed');
    expect(await world.meet(world.url('signed'))).toBe('v2');
  }

  async function builtOnce(): Promise<void> {
    const [org] = JSON.parse(await world.cf('curl', '/v3/organizations')).resources;
    const staging = { name: 'staging', relationships: { organization: { data: { guid: org.guid } } } };
    await world.cf('curl', '-X', 'POST', '/v3/spaces', '-d', JSON.stringify(staging));
    const workflow = await example('build-once', [...toWorld(world), ["host: shop'", "host: shop-once'"]]);
    const log = await run({ ...once, routes: [world.url('((host))')] }, { 'build-once': workflow });
    expect(log.split('::set-output:: result=deployed')).toHaveLength(3);
    // The bits were built once.
    expect(log.split('::set-output:: droplet-guid=')).toHaveLength(3);
    for (const host of ['shop-staging', 'shop-once']) expect(await world.meet(world.url(host))).toBe('v1');
  }

  async function byCall(): Promise<void> {
    const reusable = changed(await example('reusable', []), [
      [
        'api: https://api.example.com',
        `api: ${world.foundry.api}\n          router: ${world.foundry.router}`,
      ],
    ]);
    const call = await example('reusable-call', []);
    const log = await run(called, { 'reusable-call': call, reusable });
    expect(resultOf(log)).toBe('deployed');
    expect(await world.meet(world.url('called'))).toBe('v1');
  }

  await Promise.all([heldAndBack(), signedIn(), builtOnce(), byCall()]);
  expect(await world.leaks()).toEqual([]);
});

test('the workflows of previews make one, keep it, and remove it', async () => {
  const hub = await startHub({ repository: 'octo/shop' });
  try {
    const opened = await world.workspace({ version: 'p1' });
    const there = toWorld(world, 'previews');
    const sha = await repository(opened, { preview: await example('preview', there) });
    hub.setCommits([{ sha, parents: [] }]);
    const pull = { number: 12, merged: false, branch: 'b', commits: [sha], base: sha };
    const payload = (action: string) => ({
      ...{ action, number: 12 },
      pull_request: { number: 12, head: { sha, ref: 'b', repo: { full_name: hub.repository } } },
      repository: { full_name: hub.repository, name: 'shop', owner: { login: 'octo' } },
    });
    const env = { GITHUB_API_URL: hub.apiUrl, GITHUB_REPOSITORY: hub.repository };
    const how = { env, secrets: { GITHUB_TOKEN: hub.token }, event: 'pull_request' };
    const names = (await spaceOf(world)).names;

    hub.setPullRequest({ ...pull, state: 'open' });
    const made = await again(opened, 'preview', { ...how, payload: payload('opened') });
    expect(resultOf(made)).toBe('previewed');
    expect(await world.meet(world.url('shop-pr-12'))).toBe('p1');
    expect(hub.comments(12)).toHaveLength(1);

    const sweep = await example('sweep', there);
    const swept = await run({ version: 'none' }, { sweep }, { ...how, event: 'workflow_dispatch' });
    expect(swept).toContain('pull request 12 is open');

    hub.setPullRequest({ ...pull, state: 'closed' });
    const gone = await again(opened, 'preview', { ...how, payload: payload('closed') });
    expect(resultOf(gone)).toBe('deleted');
    expect((await spaceOf(world)).names).toEqual(names);
  } finally {
    await hub.close();
  }
});
