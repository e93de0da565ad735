/** Workflows that users copy, run by act: a runner that is not ours. It shows the wiring; approvals, signals and concurrency it has not. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { act, cfCli, node24, projectRoot } from '../../../runner/tools.js';
import type { World } from './world.js';

const execute = promisify(execFile);

/** Of the two actions that hand files from job to job; both are GitHub's own, and need its servers. */
const STAND_INS = {
  'upload-artifact': {
    inputs: ['name', 'path', 'retention-days'],
    run: 'mkdir -p "$ARTIFACTS/$NAME" && cp "$FILE" "$ARTIFACTS/$NAME/"',
    env: { NAME: 'name', FILE: 'path' },
  },
  'download-artifact': {
    inputs: ['pattern', 'merge-multiple'],
    // None that matches is no failure of the real one either.
    run: 'for file in "$ARTIFACTS"/$PATTERN/*; do if [ -f "$file" ]; then cp "$file" .; fi; done',
    env: { PATTERN: 'pattern' },
  },
};

export interface ActOptions {
  event: string;
  payload?: unknown;
  env?: Readonly<Record<string, string>>;
  /** Beside CF_USERNAME and CF_PASSWORD of the world's foundry. */
  secrets?: Readonly<Record<string, string>>;
  /** Of the repository. */
  vars?: Readonly<Record<string, string>>;
  /** Of `workflow_dispatch`. */
  inputs?: Readonly<Record<string, string>>;
}

export interface ActRun {
  /** No job failed. */
  isGreen: boolean;
  log: string;
}

/** A workflow of `examples/`, with each text replaced by another one. Throws for a text that is not there. */
export async function example(
  name: string,
  changes: readonly (readonly [string, string])[],
): Promise<string> {
  return changed(await readFile(join(projectRoot(), 'examples', `${name}.yml`), 'utf8'), changes);
}

export function changed(workflow: string, changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`not in the workflow: ${from}\n${text}`);
    return text.replaceAll(from, to);
  }, workflow);
}

/** What has to be another one to reach a world's foundry: address, place, and how routes are reached. */
export function toWorld({ foundry }: World, space = 'production'): [string, string][] {
  return [
    ['api: https://api.example.com', `api: ${foundry.api}\n          router: ${foundry.router}`],
    ['org: shop', `org: ${foundry.org}`],
    [`space: ${space}`, `space: ${foundry.space}`],
  ];
}

/** Makes a workspace a repository with the workflows, by name, and one commit. @returns the commit */
export async function repository(
  workspace: string,
  workflows: Readonly<Record<string, string>>,
): Promise<string> {
  await mkdir(join(workspace, '.github', 'workflows'), { recursive: true });
  for (const [name, text] of Object.entries(workflows))
    await writeFile(join(workspace, '.github', 'workflows', `${name}.yml`), text);
  const git = (...args: string[]) =>
    execute('git', ['-c', 'user.name=mona', '-c', 'user.email=mona@example.com', ...args], {
      cwd: workspace,
    });
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '--all');
  await git('commit', '--quiet', '--message=shop');
  return (await git('rev-parse', 'HEAD')).stdout.trim();
}

/** Runs a workflow of a repository with the committed bundle, or the one that `E2E_BUNDLE` names. */
export async function runAct(
  world: World,
  repository: string,
  workflow: string,
  { event, payload, env = {}, secrets = {}, vars = {}, inputs = {} }: ActOptions,
): Promise<ActRun> {
  const dir = await mkdtemp(join(world.dir, 'act-'));
  const artifacts = join(dir, 'artifacts');
  for (const folder of ['home', 'artifacts']) await mkdir(join(dir, folder));
  const { username, password } = world.foundry;
  const secretFile = join(dir, 'secrets');
  await writeFile(secretFile, lines({ CF_USERNAME: username, CF_PASSWORD: password, ...secrets }).join('\n'));
  const eventFile = join(dir, 'event.json');
  await writeFile(eventFile, JSON.stringify({ inputs, ...(payload as object) }));
  const given = { CF_CLI: cfCli(), ARTIFACTS: artifacts, ...env };
  const local = await actions(
    dir,
    await readFile(join(repository, '.github/workflows', `${workflow}.yml`), 'utf8'),
  );
  const running = execute(
    act(),
    [
      ...[event, '--eventpath', eventFile, '--secret-file', secretFile, '--pull=false'],
      ...['--workflows', `.github/workflows/${workflow}.yml`, '--concurrent-jobs', '4'],
      ...['--platform', 'ubuntu-latest=-self-hosted'],
      ...local.flatMap((one) => ['--local-repository', one]),
      ...lines(given).flatMap((pair) => ['--env', pair]),
      ...lines(vars).flatMap((pair) => ['--var', pair]),
      ...lines(inputs).flatMap((pair) => ['--input', pair]),
    ],
    {
      cwd: repository,
      env: { HOME: join(dir, 'home'), PATH: `${dirname(node24())}${delimiter}${process.env.PATH ?? ''}` },
      maxBuffer: 32 * 1024 * 1024,
    },
  );
  return running.then(
    ({ stdout }) => ({ isGreen: true, log: stdout }),
    (error: Error & { stdout?: string }) => ({
      isGreen: false,
      log: `${error.stdout ?? ''}\n${error.message}`,
    }),
  );
}

const lines = (pairs: Readonly<Record<string, string>>) =>
  Object.entries(pairs).map((pair) => pair.join('='));

/** Folders that stand for what a workflow uses: this action as it is, and stand-ins, by the commit that the workflow names. */
async function actions(dir: string, workflow: string): Promise<string[]> {
  const own = join(dir, 'action');
  // The bundle is a file or its folder.
  const bundle = (process.env.E2E_BUNDLE || join(projectRoot(), 'dist')).replace(/\/index\.js$/, '');
  await cp(bundle, join(own, 'dist'), { recursive: true });
  await cp(join(projectRoot(), 'action.yml'), join(own, 'action.yml'));
  const used = [...workflow.matchAll(/uses: actions\/((?:up|down)load-artifact)@(\w+)/g)];
  const standIns = new Map(used.map(([, name = '', commit]) => [`actions/${name}@${commit}`, name]));
  for (const name of new Set(standIns.values())) {
    await mkdir(join(dir, name));
    await writeFile(join(dir, name, 'action.yml'), standIn(name as keyof typeof STAND_INS));
  }
  return [
    `OWNER/cf-zero-downtime@v1=${own}`,
    ...[...standIns].map(([uses, name]) => `${uses}=${join(dir, name)}`),
  ];
}

/** JSON is YAML. */
function standIn(name: keyof typeof STAND_INS): string {
  const { inputs, run, env } = STAND_INS[name];
  const values = Object.entries(env).map(([key, input]) => [key, `\${{ inputs.${input} }}`]);
  return JSON.stringify({
    name,
    description: name,
    inputs: Object.fromEntries(inputs.map((input) => [input, { description: input }])),
    runs: { using: 'composite', steps: [{ shell: 'bash', run, env: Object.fromEntries(values) }] },
  });
}
