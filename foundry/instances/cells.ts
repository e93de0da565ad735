import { randomUUID } from 'node:crypto';
import { delimiter, dirname, join } from 'node:path';
import type { CellEvents, Cells, Clock, DesiredProcess, Inside, InstanceStatus, Timer } from '../ports.js';
import { type Container, type ContainerHost, type Crash, startContainer } from './container.js';
import { createPorts } from './free-port.js';
import { createInsideProxy } from './inside.js';
import { createLeash } from './leash.js';
import { nextCrashCount, restartDelayMs } from './restart.js';
import { startTask } from './task.js';

export interface CellOptions {
  clock: Clock;
  /** Directory of ours: one working directory per instance is made in it. */
  workDir: string;
  /** Milliseconds from the decision to start an instance until its process starts (container creation). */
  bootMs: number;
  /** Where internal names lead; without it they lead nowhere. */
  inside?: Inside;
  /** Milliseconds between two startup checks. The platform's are 2,000; shortened like the other times (500). */
  startupCheckMs?: number;
}

/** One index of a process: the container in it, or the memory of its last crash. */
interface Slot {
  container: Container;
  crashCount: number;
  /** Set while it waits, CRASHED, for its restart. */
  crashed?: InstanceStatus;
  restart?: Timer;
}

interface Group {
  desired: DesiredProcess;
  slots: Map<number, Slot>;
  /** On their way out: scaled down, restarted or stopped. */
  leaving: Set<Container>;
  retired: boolean;
}

/** Cells that run app instances as real processes. A retired process and its successor of the same GUID may overlap. */
export function createCells(options: CellOptions, events: CellEvents): Cells {
  const { clock } = options;
  const leash = createLeash();
  const host: ContainerHost = {
    clock,
    cellGuid: randomUUID(),
    bootMs: options.bootMs,
    startupCheckMs: options.startupCheckMs ?? 500,
    // Apps of the foundry run on the Node that runs the foundry.
    path: [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter),
    ports: createPorts(),
    leash,
    inside: createInsideProxy(options.inside ?? (() => undefined)),
  };
  const groups = new Map<string, Group>();
  const alive = new Set<Container>();
  const tasks = new Set<ReturnType<typeof startTask>>();

  function start(group: Group, index: number, crashCount: number): void {
    const { desired } = group;
    const instanceGuid = randomUUID();
    const container = startContainer(
      { process: desired, index, instanceGuid, dir: join(options.workDir, instanceGuid) },
      host,
      {
        changed: () => events.changed(desired.processGuid),
        log: (source, stream, text) =>
          events.log({ appGuid: desired.appGuid, source, instance: String(index), stream, text }),
      },
    );
    alive.add(container);
    group.slots.set(index, { container, crashCount });
    void container.gone.then((crash) => {
      alive.delete(container);
      afterGone(group, container, crash);
    });
    events.changed(desired.processGuid);
  }

  function afterGone(group: Group, container: Container, crash: Crash | undefined): void {
    const wasLeaving = group.leaving.delete(container);
    const slot = group.slots.get(container.index);
    if (crash && slot?.container === container && !wasLeaving) crashed(group, slot, crash);
    if (group.retired && group.leaving.size === 0 && groups.get(group.desired.processGuid) === group) {
      groups.delete(group.desired.processGuid);
    }
    events.changed(group.desired.processGuid);
  }

  function crashed(group: Group, slot: Slot, crash: Crash): void {
    const { desired } = group;
    const { index, instanceGuid } = slot.container;
    const crashCount = nextCrashCount(slot.crashCount, crash.wasStable);
    const delay = restartDelayMs(crashCount);
    slot.crashCount = crashCount;
    slot.crashed = {
      index,
      instanceGuid,
      state: 'CRASHED',
      routable: false,
      sinceMs: clock.now(),
      ports: {},
    };
    events.crashed({
      processGuid: desired.processGuid,
      appGuid: desired.appGuid,
      index,
      instanceGuid,
      reason: 'CRASHED',
      exitStatus: crash.exitStatus,
      exitDescription: crash.exitDescription,
      crashCount,
    });
    // The listener may have stopped or scaled the process.
    if (group.slots.get(index) !== slot) return;
    if (delay === 0) start(group, index, crashCount);
    else if (delay !== undefined) slot.restart = clock.after(delay, () => start(group, index, crashCount));
  }

  function leave(group: Group, slot: Slot, how: 'unrouted' | 'scaled'): void {
    slot.restart?.cancel();
    group.slots.delete(slot.container.index);
    if (slot.crashed) return;
    group.leaving.add(slot.container);
    slot.container.stop(how);
  }

  function follow(group: Group, instances: number): void {
    group.desired = { ...group.desired, instances };
    for (const [index, slot] of [...group.slots]) if (index >= instances) leave(group, slot, 'scaled');
    for (let index = 0; index < instances; index += 1) {
      if (!group.slots.has(index)) start(group, index, 0);
    }
    events.changed(group.desired.processGuid);
  }

  function slotOf(processGuid: string, index: number): Slot | undefined {
    return groups.get(processGuid)?.slots.get(index);
  }

  return {
    desire(desired) {
      let group = groups.get(desired.processGuid);
      if (!group || group.retired) {
        group = { desired, slots: new Map(), leaving: new Set(), retired: false };
        groups.set(desired.processGuid, group);
      }
      follow(group, desired.instances);
    },
    async retire(processGuid) {
      const group = groups.get(processGuid);
      if (!group) return;
      group.retired = true;
      for (const slot of [...group.slots.values()]) leave(group, slot, 'unrouted');
      if (group.leaving.size === 0) groups.delete(processGuid);
      events.changed(processGuid);
      await Promise.all([...group.leaving].map((container) => container.gone));
    },
    restartInstance(processGuid, index) {
      const group = groups.get(processGuid);
      const slot = group?.slots.get(index);
      if (!group || !slot) return;
      leave(group, slot, 'unrouted');
      const again = () => {
        if (!group.retired && index < group.desired.instances && !group.slots.has(index))
          start(group, index, 0);
      };
      if (slot.crashed) again();
      else void slot.container.gone.then(again);
    },
    instances(processGuid) {
      const group = groups.get(processGuid);
      if (!group) return [];
      const leaving = [...group.leaving].filter((container) => !group.slots.has(container.index));
      return [
        ...[...group.slots.values()].map((slot) => slot.crashed ?? slot.container.status()),
        ...leaving.map((container) => container.status()),
      ].sort((a, b) => a.index - b.index);
    },
    runTask(task) {
      const started = startTask(task, join(options.workDir, `task-${task.guid}`), host, events.log);
      tasks.add(started);
      void started.ended.then(() => tasks.delete(started));
      return started;
    },
    disturb: (processGuid, index, how) => slotOf(processGuid, index)?.container.disturb(how),
    async close() {
      for (const group of groups.values()) {
        group.retired = true;
        for (const slot of group.slots.values()) slot.restart?.cancel();
      }
      groups.clear();
      for (const container of alive) container.stop('now');
      for (const task of tasks) task.kill();
      await Promise.all([...alive].map((container) => container.gone));
      await Promise.all([...tasks].map((task) => task.ended));
      leash.close();
      host.ports.close();
      host.inside.close();
    },
  };
}
