import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, rm } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { CellEvents, DesiredTask, RunningTask, TaskEnd } from '../ports.js';
import type { ContainerHost } from './container.js';
import { instanceEnvironment } from './environment.js';
import { eachLine } from './lines.js';

/** Between SIGTERM and SIGKILL (platform facts A4: graceful_shutdown_interval_in_seconds). */
const GRACE_MS = 10_000;

/** Runs one command in a container of its own, made of the droplet, until it ends or is cancelled. */
export function startTask(
  task: DesiredTask,
  dir: string,
  host: ContainerHost,
  log: CellEvents['log'],
): RunningTask & { kill(): void } {
  const source = `APP/TASK/${task.name}`;
  const tell = (from: string, stream: 'OUT' | 'ERR', text: string) =>
    log({ appGuid: task.appGuid, source: from, instance: '0', stream, text });
  let child: ChildProcess | undefined;
  let isCancelled = false;
  let isOver = false;

  function signal(name: NodeJS.Signals, group: boolean): void {
    if (child?.pid === undefined || isOver) return;
    try {
      process.kill(group ? -child.pid : child.pid, name);
    } catch {
      // It is gone already.
    }
  }

  async function runCommand(appDir: string, tmpDir: string): Promise<number> {
    const shell = existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh';
    const facts = { index: 0, instanceGuid: task.guid, appDir, tmpDir, ports: {}, path: host.path };
    const started = spawn(shell, ['-c', task.command], {
      cwd: appDir,
      env: instanceEnvironment({ ...task, ports: [] }, facts),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    const { pid } = started;
    if (pid !== undefined) host.leash.hold(pid);
    eachLine(started.stdout, (text) => tell(source, 'OUT', text));
    eachLine(started.stderr, (text) => tell(source, 'ERR', text));
    const status = await new Promise<number>((resolve) => {
      started.once('error', () => resolve(127));
      started.once('close', (code, name) => resolve(code ?? 128 + (name ? constants.signals[name] : 0)));
      // What the command left behind must not keep its output open.
      started.once('exit', () => signal('SIGKILL', true));
    });
    isOver = true;
    if (pid !== undefined) host.leash.release(pid);
    return status;
  }

  async function run(): Promise<TaskEnd> {
    const appDir = join(dir, 'app');
    const tmpDir = join(dir, 'tmp');
    tell('CELL', 'OUT', `Cell ${host.cellGuid} creating container for instance ${task.guid}`);
    let end: TaskEnd;
    try {
      await mkdir(tmpDir, { recursive: true });
      await host.inside.join(task.appGuid, tmpDir);
      await cp(task.dropletDir, appDir, { recursive: true, verbatimSymlinks: true });
      await new Promise<void>((resolve) => void host.clock.after(host.bootMs, resolve));
      const status = isCancelled ? 143 : await runCommand(appDir, tmpDir);
      tell(source, 'OUT', `Exit status ${status}`);
      end = status === 0 ? {} : { failure: `${source}: Exited with status ${status}` };
    } catch (error) {
      end = { failure: `failed to create container: ${(error as Error).message}` };
    }
    await rm(dir, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
    tell('CELL', 'OUT', `Cell ${host.cellGuid} successfully destroyed container for instance ${task.guid}`);
    return isCancelled ? { failure: 'task was cancelled' } : end;
  }

  const ended = run();
  return {
    ended,
    cancel() {
      if (isCancelled) return;
      isCancelled = true;
      signal('SIGTERM', false);
      const killer = host.clock.after(GRACE_MS, () => signal('SIGKILL', true));
      void ended.then(() => killer.cancel());
    },
    kill() {
      isCancelled = true;
      signal('SIGKILL', true);
    },
  };
}
