import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { act, cfCli, node24, projectRoot } from '../../runner/tools.js';
import { startWorld, type World } from './support/world.js';

const execute = promisify(execFile);
let world: World;
beforeAll(async () => {
  world = await startWorld();
}, 60_000);
afterAll(() => world.close());

/** The workflow as README shows it: nothing is changed but the address, the place, and how routes are reached. */
async function readmeWorkflow(): Promise<string> {
  const readme = await readFile(join(projectRoot(), 'README.md'), 'utf8');
  const shown = /<!-- workflow -->\s*```yaml\n(.*?)```/s.exec(readme)?.[1] ?? '';
  const { api, router, org, space } = world.foundry;
  return [
    ['api: https://api.example.com', `api: ${api}\n          router: ${router}`],
    ['org: shop', `org: ${org}`],
    ['space: production', `space: ${space}`],
  ].reduce((text, [from = '', to = '']) => {
    expect(text).toContain(from);
    return text.replace(from, to);
  }, shown);
}

async function commit(folder: string): Promise<void> {
  const git = (...args: string[]) =>
    execute('git', ['-c', 'user.name=mona', '-c', 'user.email=mona@example.com', ...args], { cwd: folder });
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '--all');
  await git('commit', '--quiet', '--message=shop');
}

test("README's workflow, run by act with the committed bundle, puts the app live", async () => {
  const repository = await world.workspace({ version: 'v1' });
  await mkdir(join(repository, '.github', 'workflows'), { recursive: true });
  await writeFile(join(repository, '.github', 'workflows', 'deploy.yml'), await readmeWorkflow());
  await commit(repository);
  const home = join(world.dir, 'act-home');
  await mkdir(home);
  const action = join(world.dir, 'action');
  await cp(join(projectRoot(), 'dist'), join(action, 'dist'), { recursive: true });
  await cp(join(projectRoot(), 'action.yml'), join(action, 'action.yml'));
  const secrets = join(world.dir, 'act-secrets');
  const { username, password } = world.foundry;
  await writeFile(secrets, `CF_USERNAME=${username}\nCF_PASSWORD=${password}\n`);

  const { stdout } = await execute(
    act(),
    [
      ...['push', '--platform', 'ubuntu-latest=-self-hosted', '--pull=false', '--secret-file', secrets],
      ...['--local-repository', `OWNER/cf-zero-downtime@v1=${action}`, '--env', `CF_CLI=${cfCli()}`],
    ],
    {
      cwd: repository,
      env: { HOME: home, PATH: `${dirname(node24())}${delimiter}${process.env.PATH ?? ''}` },
      maxBuffer: 16 * 1024 * 1024,
    },
  ).catch((error: Error & { stdout?: string }) => {
    throw new Error(`${error.message}\n${error.stdout ?? ''}`);
  });

  expect(stdout).toContain('::set-output:: result=deployed');
  expect(stdout).toMatch(/Success - Post OWNER\/cf-zero-downtime@v1/);
  expect(stdout).toContain('Job succeeded');
  expect(stdout).not.toContain(password);
  expect(await world.meet()).toBe('v1');
}, 120_000);
