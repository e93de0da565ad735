import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startHub } from '../../hub/index.js';
import { act, cfCli, node24, projectRoot } from '../../runner/tools.js';
import { spaceOf } from './support/space.js';
import { startWorld, type World } from './support/world.js';

const execute = promisify(execFile);
let world: World;
beforeAll(async () => {
  world = await startWorld();
}, 60_000);
afterAll(() => world.close());

/** A workflow that users copy: nothing is changed but the address, the place, and how routes are reached. */
function here(shown: string, spaceName = 'production'): string {
  const { api, router, org, space } = world.foundry;
  return [
    ['api: https://api.example.com', `api: ${api}\n          router: ${router}`],
    ['org: shop', `org: ${org}`],
    [`space: ${spaceName}`, `space: ${space}`],
  ].reduce((text, [from = '', to = '']) => {
    expect(text).toContain(from);
    return text.replaceAll(from, to);
  }, shown);
}

async function readmeWorkflow(): Promise<string> {
  const readme = await readFile(join(projectRoot(), 'README.md'), 'utf8');
  return here(/<!-- workflow -->\s*```yaml\n(.*?)```/s.exec(readme)?.[1] ?? '');
}

async function example(name: string): Promise<string> {
  return here(await readFile(join(projectRoot(), 'examples', `${name}.yml`), 'utf8'), 'previews');
}

/** A repository with one version of the app and one workflow. */
async function repositoryWith(name: string, workflow: string, version: string): Promise<string> {
  const repository = await world.workspace({ version });
  await mkdir(join(repository, '.github', 'workflows'), { recursive: true });
  await writeFile(join(repository, '.github', 'workflows', `${name}.yml`), workflow);
  await commit(repository);
  return repository;
}

interface ActOptions {
  event: string;
  payload?: unknown;
  env?: Readonly<Record<string, string>>;
  secrets?: Readonly<Record<string, string>>;
}

let runs = 0;
/** Runs the workflow of a repository by act, which is a runner that is not ours. @returns its log */
async function runAct(repository: string, { event, payload, env = {}, secrets = {} }: ActOptions) {
  runs += 1;
  const home = join(world.dir, `act-home-${runs}`);
  await mkdir(home);
  const action = join(world.dir, 'action');
  const bundle = process.env.E2E_BUNDLE || join(projectRoot(), 'dist');
  await cp(bundle, join(action, 'dist'), { recursive: true });
  await cp(join(projectRoot(), 'action.yml'), join(action, 'action.yml'));
  const { username, password } = world.foundry;
  const all = { CF_USERNAME: username, CF_PASSWORD: password, ...secrets };
  const secretFile = join(world.dir, `act-secrets-${runs}`);
  await writeFile(
    secretFile,
    Object.entries(all)
      .map((pair) => `${pair.join('=')}\n`)
      .join(''),
  );
  const eventFile = join(world.dir, `act-event-${runs}.json`);
  await writeFile(eventFile, JSON.stringify(payload ?? {}));
  const given = { CF_CLI: cfCli(), ...env };
  const { stdout } = await execute(
    act(),
    [
      ...[event, '--eventpath', eventFile, '--secret-file', secretFile, '--pull=false'],
      ...['--platform', 'ubuntu-latest=-self-hosted'],
      ...['--local-repository', `OWNER/cf-zero-downtime@v1=${action}`],
      ...Object.entries(given).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ],
    {
      cwd: repository,
      env: { HOME: home, PATH: `${dirname(node24())}${delimiter}${process.env.PATH ?? ''}` },
      maxBuffer: 16 * 1024 * 1024,
    },
  ).catch((error: Error & { stdout?: string }) => {
    throw new Error(`${error.message}\n${error.stdout ?? ''}`);
  });
  return stdout;
}

async function commit(folder: string): Promise<void> {
  const git = (...args: string[]) =>
    execute('git', ['-c', 'user.name=mona', '-c', 'user.email=mona@example.com', ...args], { cwd: folder });
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '--all');
  await git('commit', '--quiet', '--message=shop');
}

test("README's workflow, run by act with the committed bundle, puts the app live", async () => {
  const repository = await repositoryWith('deploy', await readmeWorkflow(), 'v1');
  const stdout = await runAct(repository, { event: 'push' });
  const { password } = world.foundry;

  expect(stdout).toContain('::set-output:: result=deployed');
  expect(stdout).toMatch(/Success - Post OWNER\/cf-zero-downtime@v1/);
  expect(stdout).toContain('Job succeeded');
  expect(stdout).not.toContain(password);
  expect(await world.meet()).toBe('v1');
}, 120_000);

test('the example workflows of previews make one, keep it, and remove it', async () => {
  const hub = await startHub({ repository: 'octo/shop' });
  try {
    const opened = await repositoryWith('preview', await example('preview'), 'p1');
    const { stdout: head } = await execute('git', ['rev-parse', 'HEAD'], { cwd: opened });
    const sha = head.trim();
    hub.setCommits([{ sha, parents: [] }]);
    const pull = { number: 12, merged: false, branch: 'b', commits: [sha], base: sha };
    const payload = (action: string) => ({
      ...{ action, number: 12 },
      pull_request: { number: 12, head: { sha, ref: 'b', repo: { full_name: hub.repository } } },
      repository: { full_name: hub.repository, name: 'shop', owner: { login: 'octo' } },
    });
    const env = { GITHUB_API_URL: hub.apiUrl, GITHUB_REPOSITORY: hub.repository };
    const secrets = { GITHUB_TOKEN: hub.token };
    const how = { env, secrets, event: 'pull_request' };

    hub.setPullRequest({ ...pull, state: 'open' });
    const made = await runAct(opened, { ...how, payload: payload('opened') });
    expect(made).toContain('::set-output:: result=previewed');
    expect(await world.meet(world.url('shop-pr-12'))).toBe('p1');
    expect(hub.comments(12)).toHaveLength(1);

    const sweeping = await repositoryWith('sweep', await example('sweep'), 'none');
    const swept = await runAct(sweeping, { ...how, event: 'workflow_dispatch' });
    expect(swept).toContain('pull request 12 is open');

    hub.setPullRequest({ ...pull, state: 'closed' });
    const gone = await runAct(opened, { ...how, payload: payload('closed') });
    expect(gone).toContain('::set-output:: result=deleted');
    expect((await spaceOf(world)).names).toEqual(['shop']);
    for (const log of [made, swept, gone]) expect(log).not.toContain(world.foundry.password);
  } finally {
    await hub.close();
  }
}, 180_000);
