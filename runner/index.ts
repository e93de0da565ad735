/**
 * The mini-runner: runs an action's bundle as the GitHub runner does, so that tests and demo meet the contract and not our
 * idea of it. What it keeps is cited where it is kept; what it leaves out: problem matchers, containers, `pre`.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { type Annotation, CommandReader, type WorkflowCommand } from './commands.js';
import { contextEnvironment } from './context.js';
import { makeFiles, readFiles } from './file-commands.js';
import { Masks } from './masks.js';
import { inputEnvironment, readMetadata } from './metadata.js';
import { endOrphans, type Orphan } from './orphans.js';
import { type CancelTimes, RUNNER_CANCEL, runNode } from './process.js';

export type { Annotation, WorkflowCommand } from './commands.js';
export type { Orphan } from './orphans.js';

/** What a cancelled job has left for its post steps. */
const AFTER_CANCEL_MS = 5 * 60_000;

export interface RunOptions {
  /** Path of the bundle, main and post in one. */
  bundle: string;
  /** Default: `action.yml` one folder above the bundle. */
  actionFile?: string;
  /** Path of the node that runs it. */
  node: string;
  inputs: Readonly<Record<string, string>>;
  /** Environment of the job, over what the runner sets: also the way to another GITHUB_SHA. */
  env?: Readonly<Record<string, string>>;
  /** GITHUB_WORKSPACE, the working directory of the step. */
  workspace: string;
  /** Becomes the runner's own folder: temp, tool cache, home. */
  workDir: string;
  /** Default: `workDir/_tool`. */
  toolCache?: string;
  runId?: string;
  attempt?: number;
  /** The webhook event; default: a push without content. */
  event?: { name: string; payload: unknown };
  /** Values that are masked from the start, as a workflow's secrets are. */
  secrets?: readonly string[];
  /** `::debug::` lines are shown. */
  debug?: boolean;
  /** Each line as the log shows it, masked, of main and of post. */
  onLine?: (line: string) => void;
  /** Process id of main, then of post. */
  onStart?: (pid: number) => void;
  /** Cancels main: SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL; post still runs, for 5 minutes at most. */
  signal?: AbortSignal;
  /** Other times for the above. */
  cancelTimes?: CancelTimes;
  /** false: the machine is gone, post never runs. */
  post?: boolean;
}

export interface StepResult {
  /** null: a signal ended it. */
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  /** Exit code 0, not cancelled, and every command and file could be processed. */
  succeeded: boolean;
  outputs: Record<string, string>;
  /** Markdown, masked. */
  summary: string;
  state: Record<string, string>;
  env: Record<string, string>;
  path: string[];
  /** Every byte of both streams as it came. */
  log: string;
  /** The log as people see it: commands obeyed, values masked. */
  shown: string;
  commands: readonly WorkflowCommand[];
  annotations: readonly Annotation[];
  durationMs: number;
}

export interface ActionResult extends StepResult {
  /** Values that were masked at the end of the job. */
  masks: readonly string[];
  post?: StepResult;
  /** What main and post left running; it is ended. */
  orphans: readonly Orphan[];
}

/**
 * Runs main, then post where `action.yml` has one.
 * @throws Error when the process cannot be started or `action.yml` cannot be read; a failed action is a result
 */
export async function runAction(options: RunOptions): Promise<ActionResult> {
  const temp = join(options.workDir, '_temp');
  const home = join(options.workDir, 'home');
  const toolCache = options.toolCache ?? join(options.workDir, '_tool');
  for (const folder of [temp, home, toolCache]) mkdirSync(folder, { recursive: true });
  const event = options.event ?? { name: 'push', payload: {} };
  const eventPath = join(temp, 'event.json');
  writeFileSync(eventPath, JSON.stringify(event.payload));

  const { workspace, runId = '4242', attempt = 1 } = options;
  const context = contextEnvironment({
    ...{ workspace, temp, toolCache, home, runId, attempt },
    ...{ eventName: event.name, eventPath },
  });
  const token = `ghs_${randomBytes(18).toString('hex')}`;
  const runtimeToken = randomBytes(24).toString('base64url');
  const masks = new Masks();
  for (const secret of [token, runtimeToken, ...(options.secrets ?? [])]) masks.add(secret);

  const job: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    ...context,
    ...(options.debug && { RUNNER_DEBUG: '1' }),
    ACTIONS_RUNTIME_URL: 'http://127.0.0.1:9/',
    ACTIONS_RUNTIME_TOKEN: runtimeToken,
    ...options.env,
  };
  const metadata = readMetadata(options.actionFile ?? resolve(dirname(options.bundle), '..', 'action.yml'));
  const inputs = inputEnvironment(metadata, options.inputs, { ...githubContext(job), token });

  const main = await runStep(options, { ...job, ...inputs.env }, masks, options.signal, inputs.warnings);
  let post: StepResult | undefined;
  if (metadata.hasPost && options.post !== false) {
    const path = [...main.path]
      .reverse()
      .concat(job.PATH ?? '')
      .join(delimiter);
    const state = Object.fromEntries(
      Object.entries(main.state).map(([name, value]) => [`STATE_${name}`, value]),
    );
    const limit = options.signal?.aborted ? AbortSignal.timeout(AFTER_CANCEL_MS) : undefined;
    post = await runStep(options, { ...job, ...main.env, ...inputs.env, ...state, PATH: path }, masks, limit);
  }
  const orphans = endOrphans(job.RUNNER_TRACKING_ID ?? '');
  return { ...main, masks: masks.list(), ...(post && { post }), orphans };
}

/** `GITHUB_RUN_ID` is `github.run_id` in expressions. */
function githubContext(env: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(env).filter(([name]) => name.startsWith('GITHUB_'));
  return Object.fromEntries(
    entries.map(([name, value]) => [name.slice('GITHUB_'.length).toLowerCase(), value]),
  );
}

async function runStep(
  options: RunOptions,
  env: Readonly<Record<string, string>>,
  masks: Masks,
  cancel?: AbortSignal,
  warnings: readonly string[] = [],
): Promise<StepResult> {
  const files = makeFiles(env.RUNNER_TEMP ?? options.workDir);
  const reader = new CommandReader(masks, options.debug ?? false);
  const shown: string[] = [];
  const show = (line: string) => {
    shown.push(line);
    options.onLine?.(line);
  };
  for (const message of warnings) {
    reader.annotations.push({ level: 'warning', message });
    show(`##[warning]${message}`);
  }
  let log = '';
  const start = performance.now();
  const ended = await runNode({
    node: options.node,
    script: options.bundle,
    cwd: options.workspace,
    env: { ...env, ...files },
    cancel,
    cancelTimes: options.cancelTimes ?? RUNNER_CANCEL,
    onStart: options.onStart ?? (() => {}),
    onChunk: (text) => {
      log += text;
    },
    onLine: (line) => {
      const visible = reader.take(line);
      if (visible !== undefined) show(visible);
    },
  });
  const durationMs = performance.now() - start;
  const results = readFiles(files, masks, (message) => {
    reader.fail(message);
    show(`##[error]${masks.apply(message)}`);
  });
  return {
    ...ended,
    succeeded: ended.exitCode === 0 && !reader.failed && !cancel?.aborted,
    ...results,
    outputs: { ...reader.outputs, ...results.outputs },
    state: { ...reader.state, ...results.state },
    log,
    shown: shown.map((line) => `${line}\n`).join(''),
    commands: reader.commands,
    annotations: reader.annotations,
    durationMs,
  };
}
