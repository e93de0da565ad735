import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, rm } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Clock, DesiredProcess, InstanceStatus } from '../ports.js';
import { type CheckTarget, check } from './checks.js';
import { instanceEnvironment } from './environment.js';
import type { Ports } from './free-port.js';
import type { InsideProxy } from './inside.js';
import type { Leash } from './leash.js';
import { eachLine } from './lines.js';
import { createWaits } from './waits.js';

/** Between SIGTERM and SIGKILL (platform facts A4: graceful_shutdown_interval_in_seconds). */
const GRACE_MS = 10_000;
/** RUNNING for longer than this, an instance counts as one that never crashed (BBS actual_lrp_db.go). */
const STABLE_MS = 5 * 60_000;
/** Something that left the process group may keep the output open; it is not waited for longer than this. */
const OUTPUT_MS = 500;

export interface ContainerSpec {
  process: DesiredProcess;
  index: number;
  instanceGuid: string;
  /** Made for this instance and removed when it is gone. */
  dir: string;
}

/** What all containers of the cells share. */
export interface ContainerHost {
  clock: Clock;
  cellGuid: string;
  bootMs: number;
  startupCheckMs: number;
  path: string;
  ports: Ports;
  leash: Leash;
  inside: InsideProxy;
}

/** How a container ended that nobody had asked to stop. */
export interface Crash {
  exitStatus: number;
  exitDescription: string;
  /** It had been RUNNING for more than five minutes. */
  wasStable: boolean;
}

export interface ContainerEvents {
  changed(): void;
  log(source: string, stream: 'OUT' | 'ERR', text: string): void;
}

export interface Container {
  readonly index: number;
  readonly instanceGuid: string;
  status(): InstanceStatus;
  /**
   * Ends it: `unrouted` after its routes went (stop, restart), `scaled` while it still has them (platform facts A4: on
   * scale-down they go with the container), `now` with SIGKILL.
   */
  stop(how: 'unrouted' | 'scaled' | 'now'): void;
  disturb(how: 'crash' | 'unready' | 'hang'): void;
  /** Resolves when it is gone, with its crash unless it had been told to stop. Never rejects. */
  readonly gone: Promise<Crash | undefined>;
}

/** Starts one instance: container creation, process, health and readiness checks, until it is gone. */
export function startContainer(spec: ContainerSpec, host: ContainerHost, events: ContainerEvents): Container {
  const { process: desired, index, instanceGuid } = spec;
  const { clock } = host;
  const source = `APP/PROC/${desired.type.toUpperCase()}`;
  /** Over once the container has begun to end: no check goes on then. */
  const waits = createWaits(clock);
  let ports: Record<number, number> = {};
  let state: InstanceStatus['state'] = 'STARTING';
  let sinceMs = clock.now();
  let isStable = false;
  let routable = false;
  let child: ChildProcess | undefined;
  let stopping = false;
  let unready = false;
  let failure: string | undefined;

  const cellLog = (text: string) => events.log('CELL', 'OUT', text);

  function become(next: InstanceStatus['state'], nextRoutable = routable): void {
    if (state === next && routable === nextRoutable) return;
    if (state !== next) sinceMs = clock.now();
    state = next;
    routable = nextRoutable;
    events.changed();
  }

  /** SIGTERM reaches the main process only, as in a container; SIGKILL takes the whole group. */
  function signal(name: NodeJS.Signals, group: boolean): void {
    if (child?.pid === undefined) return;
    try {
      globalThis.process.kill(group ? -child.pid : child.pid, name);
    } catch {
      // It is gone already.
    }
  }

  function terminate(): void {
    signal('SIGTERM', false);
    const killer = clock.after(GRACE_MS, () => signal('SIGKILL', true));
    child?.once('exit', () => killer.cancel());
  }

  /** The platform's own reason to end the instance; it counts as a crash. */
  function fail(description: string): void {
    failure = description;
    waits.end();
    terminate();
  }

  async function live(): Promise<void> {
    const target = checkTarget();
    cellLog('Starting health monitoring of container');
    let isOverdue = false;
    void waits.pause(desired.healthCheck.timeoutS * 1000).then(() => {
      isOverdue = true;
    });
    for (;;) {
      const problem = await check(desired.healthCheck, target);
      if (waits.over) return;
      if (problem === undefined) break;
      if (isOverdue) {
        const within = duration(desired.healthCheck.timeoutS);
        events.log('HEALTH', 'ERR', problem);
        events.log('CELL', 'ERR', `Failed after ${within}: startup health check never passed.`);
        return fail(`Instance never healthy after ${within}: ${problem}`);
      }
      await waits.pause(host.startupCheckMs);
      if (waits.over) return;
    }
    void waits.pause(STABLE_MS).then(() => {
      isStable = !waits.over;
    });
    become('RUNNING', desired.readiness.type === 'process' && !unready);
    cellLog('Container became healthy');
    const readiness = desired.readiness.type === 'process' ? Promise.resolve() : stayReady(target);
    await Promise.all([stayHealthy(target), readiness]);
  }

  async function stayHealthy(target: CheckTarget | undefined): Promise<void> {
    if (desired.healthCheck.type === 'process' || target === undefined) return;
    for (;;) {
      await waits.pause(desired.healthCheck.intervalS * 1000);
      if (waits.over) return;
      const problem = await check(desired.healthCheck, target);
      if (waits.over) return;
      if (problem === undefined) continue;
      events.log('HEALTH', 'ERR', problem);
      cellLog('Container became unhealthy');
      return fail(`Instance became unhealthy: ${problem}`);
    }
  }

  async function stayReady(target: CheckTarget | undefined): Promise<void> {
    cellLog('Starting readiness health monitoring of container');
    for (;;) {
      const ready = (await check(desired.readiness, target)) === undefined && !unready;
      if (waits.over) return;
      if (ready !== routable) markReady(ready);
      await waits.pause(ready ? desired.readiness.intervalS * 1000 : host.startupCheckMs);
      if (waits.over) return;
    }
  }

  function markReady(ready: boolean): void {
    cellLog(
      ready
        ? 'Container passed the readiness health check. Container marked ready and added to route pool.'
        : 'Container failed the readiness health check. Container marked not ready and removed from route pool.',
    );
    become(state, ready);
  }

  function checkTarget(): CheckTarget | undefined {
    const appPort = desired.ports[0];
    const port = appPort === undefined ? undefined : ports[appPort];
    return appPort === undefined || port === undefined ? undefined : { appPort, port };
  }

  /** Runs the process to its end and returns its exit status as a shell counts it. */
  async function runProcess(appDir: string, tmpDir: string): Promise<number> {
    const shell = existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh';
    const env = instanceEnvironment(desired, { index, instanceGuid, appDir, tmpDir, ports, path: host.path });
    const started = spawn(shell, ['-c', desired.command], {
      cwd: appDir,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    const { pid } = started;
    if (pid !== undefined) host.leash.hold(pid);
    eachLine(started.stdout, (text) => events.log(source, 'OUT', text));
    eachLine(started.stderr, (text) => events.log(source, 'ERR', text));
    const closed = new Promise((resolve) => started.once('close', resolve));
    const exited = new Promise<number>((resolve) => {
      started.once('error', () => resolve(127));
      started.once('exit', (code, name) => resolve(code ?? 128 + (name ? constants.signals[name] : 0)));
    });
    events.changed();
    const lifelong = live();
    const status = await exited;
    waits.end();
    signal('SIGKILL', true);
    if (pid !== undefined) host.leash.release(pid);
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, OUTPUT_MS).unref())]);
    started.stdout.destroy();
    started.stderr.destroy();
    await lifelong;
    child = undefined;
    return status;
  }

  async function run(): Promise<Crash | undefined> {
    const appDir = join(spec.dir, 'app');
    const tmpDir = join(spec.dir, 'tmp');
    cellLog(`Cell ${host.cellGuid} creating container for instance ${instanceGuid}`);
    let exitStatus = 0;
    try {
      const boot = waits.pause(host.bootMs);
      await mkdir(tmpDir, { recursive: true });
      await host.inside.join(desired.appGuid, tmpDir);
      await cp(desired.dropletDir, appDir, { recursive: true, verbatimSymlinks: true });
      for (const port of desired.ports) ports[port] = await host.ports.take();
      await boot;
      if (!waits.over) {
        cellLog(`Cell ${host.cellGuid} successfully created container for instance ${instanceGuid}`);
        exitStatus = await runProcess(appDir, tmpDir);
        events.log(source, 'OUT', `Exit status ${exitStatus}`);
        failure ??= `${source}: Exited with status ${exitStatus}`;
      }
    } catch (error) {
      failure = `failed to create container: ${(error as Error).message}`;
    }
    for (const port of Object.values(ports)) host.ports.give(port);
    ports = {};
    cellLog(`Cell ${host.cellGuid} destroying container for instance ${instanceGuid}`);
    await rm(spec.dir, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
    cellLog(`Cell ${host.cellGuid} successfully destroyed container for instance ${instanceGuid}`);
    if (stopping) return undefined;
    return { exitStatus, exitDescription: failure ?? '', wasStable: isStable };
  }

  return {
    index,
    instanceGuid,
    gone: run(),
    status: () => ({
      index,
      instanceGuid,
      state,
      routable,
      sinceMs,
      ports,
      ...(child?.pid === undefined ? {} : { pid: child.pid }),
    }),
    stop(how) {
      if (how === 'now') {
        stopping = true;
        waits.end();
        signal('SIGKILL', true);
        return;
      }
      if (stopping) return;
      stopping = true;
      waits.end();
      cellLog(`Cell ${host.cellGuid} stopping instance ${instanceGuid}`);
      become('STOPPING', how === 'scaled' && routable);
      terminate();
    },
    disturb(how) {
      if (how === 'crash') signal('SIGKILL', true);
      else if (how === 'hang') signal('SIGSTOP', true);
      else {
        unready = true;
        if (routable) markReady(false);
      }
    },
  };
}

/** As Go prints a duration: 1m0s, 45s. */
function duration(seconds: number): string {
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
