/** Instances that are no processes: what one answers is in the droplet that it was started from. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nextCrashCount, restartDelayMs } from '../../foundry/instances/restart.js';
import type {
  CellEvents,
  Cells,
  Clock,
  DesiredProcess,
  DesiredTask,
  Inside,
  InstanceStatus,
  RunningTask,
  TaskEnd,
} from '../../foundry/ports.js';

/** What the file `app.json` of the bits says. */
export interface AppVersion {
  version: string;
  /** Status of `/health`; default 200. */
  health?: number;
  /** Instead of becoming healthy. */
  crashes?: boolean;
  /** Only a process of this type is as bad as that: in any other the version is good. */
  badIn?: string;
  /** Only an app of this name is as bad as that: in any other the version is good. */
  badAs?: string;
}

interface Instance {
  status: InstanceStatus;
  app: AppVersion;
  process: DesiredProcess;
  crashCount: number;
}

/** How long an instance takes to end after its SIGTERM. */
const ENDING_MS = 300;
/** How long a command takes. */
const TASK_MS = 1_500;
const FIRST_PORT = 20_000;

export class PlayedCells implements Cells {
  /** Tasks by app and name. */
  private readonly ran = new Set<string>();
  private readonly byProcess = new Map<string, Instance[]>();
  private readonly byPort = new Map<number, Instance>();
  private port = FIRST_PORT;

  constructor(
    private readonly clock: Clock,
    private readonly bootMs: number,
    private readonly events: CellEvents,
    private readonly guid: () => string,
    private readonly inside: Inside,
  ) {}

  /** The version that answers on a port; undefined: the connection is refused. */
  listening(port: number): AppVersion | undefined {
    const instance = this.byPort.get(port);
    return instance?.status.state === 'RUNNING' ? instance.app : undefined;
  }

  desire(process: DesiredProcess): void {
    const known = this.byProcess.get(process.processGuid) ?? [];
    this.byProcess.set(process.processGuid, known);
    const staying = known.filter(({ status }) => status.state !== 'STOPPING');
    for (const one of staying) if (one.status.index >= process.instances) this.end(process.processGuid, one);
    for (let index = 0; index < process.instances; index += 1)
      if (!staying.some(({ status }) => status.index === index)) this.begin(process, index);
    this.events.changed(process.processGuid);
  }

  async retire(processGuid: string): Promise<void> {
    const instances = this.byProcess.get(processGuid) ?? [];
    for (const one of instances) one.status = { ...one.status, state: 'STOPPING', routable: false };
    this.events.changed(processGuid);
    await new Promise<void>((resolve) => void this.clock.after(ENDING_MS, resolve));
    this.byProcess.delete(processGuid);
  }

  restartInstance(processGuid: string, index: number): void {
    const one = this.byProcess.get(processGuid)?.find(({ status }) => status.index === index);
    if (!one) return;
    one.status = { ...one.status, state: 'STARTING', routable: false, instanceGuid: this.guid() };
    this.boot(one);
    this.events.changed(processGuid);
  }

  instances(processGuid: string): readonly InstanceStatus[] {
    return (this.byProcess.get(processGuid) ?? []).map(({ status }) => status);
  }

  /** What asks instances by `curl` gets what they answer; any other command takes a while and does well, once. */
  runTask(task: DesiredTask): RunningTask {
    return { ended: this.curl(task), cancel: () => {} };
  }

  private async work(key: string, log: (text: string) => void): Promise<TaskEnd> {
    const isSecond = this.ran.has(key);
    this.ran.add(key);
    await this.pause(TASK_MS);
    log(`Exit status ${Number(isSecond)}`);
    return isSecond ? { failure: 'It has run before.' } : {};
  }

  private async curl({ command, name, appGuid }: DesiredTask): Promise<TaskEnd> {
    const [, indexes = ''] = /for i in ([\d ]+);/.exec(command) ?? [];
    const [, host = '', port, path = ''] = /\$i\."'([^:']+):(\d+)(\/[^']*)'/.exec(command) ?? [];
    const log = (text: string) =>
      this.events.log({ appGuid, source: `APP/TASK/${name}`, instance: '0', stream: 'OUT', text });
    await this.pause(this.bootMs);
    if (indexes === '') return this.work(`${appGuid} ${name}`, log);
    let failure: string | undefined;
    for (const index of indexes.split(' ')) {
      const ask = () => {
        const met = this.inside(appGuid, `${index}.${host}`, Number(port));
        const app = typeof met === 'number' ? this.listening(met) : undefined;
        if (!app) return '000';
        return String(path.startsWith('/health') ? (app.health ?? 200) : 200);
      };
      // It asks for as long as the check says.
      for (let tries = 0; tries < 30 && ask() !== '200'; tries += 1) await this.pause(1_000);
      log(`zero-downtime-check ${index} ${ask()} 0 `);
      if (ask() !== '200') failure = `APP/TASK/${name}: Exited with status 1`;
    }
    return failure === undefined ? {} : { failure };
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }

  disturb(): void {
    throw new Error('nothing is disturbed here');
  }

  async close(): Promise<void> {
    this.byProcess.clear();
  }

  private begin(process: DesiredProcess, index: number): void {
    const { processGuid, ports } = process;
    const app = versionOf(process);
    const mine = ports.map((port): [number, number] => {
      this.port += 1;
      return [port, this.port];
    });
    const status: InstanceStatus = {
      index,
      instanceGuid: this.guid(),
      state: 'STARTING',
      routable: false,
      sinceMs: this.clock.now(),
      ports: Object.fromEntries(mine),
    };
    const instance = { status, app, process, crashCount: 0 };
    for (const [, port] of mine) this.byPort.set(port, instance);
    this.byProcess.get(processGuid)?.push(instance);
    this.boot(instance);
  }

  private boot(instance: Instance): void {
    this.clock.after(this.bootMs, () => {
      if (instance.status.state !== 'STARTING') return;
      if (instance.app.crashes) return this.crash(instance);
      instance.status = { ...instance.status, state: 'RUNNING', routable: true, sinceMs: this.clock.now() };
      this.events.changed(instance.process.processGuid);
    });
  }

  private crash(instance: Instance): void {
    const { processGuid, appGuid } = instance.process;
    const { index, instanceGuid } = instance.status;
    instance.crashCount = nextCrashCount(instance.crashCount, false);
    const { crashCount } = instance;
    instance.status = { ...instance.status, state: 'CRASHED', sinceMs: this.clock.now() };
    const ended = { exitStatus: 1, exitDescription: 'Exited with status 1' };
    this.events.crashed({
      processGuid,
      appGuid,
      index,
      instanceGuid,
      reason: 'CRASHED',
      ...ended,
      crashCount,
    });
    this.events.changed(processGuid);
    const delayMs = restartDelayMs(crashCount);
    if (delayMs === undefined) return;
    this.clock.after(delayMs, () => {
      if (instance.status.state === 'CRASHED') this.restartInstance(processGuid, index);
    });
  }

  private end(processGuid: string, instance: Instance): void {
    instance.status = { ...instance.status, state: 'STOPPING', routable: false };
    this.clock.after(ENDING_MS, () => {
      const left = this.byProcess.get(processGuid);
      if (left)
        this.byProcess.set(
          processGuid,
          left.filter((one) => one !== instance),
        );
      this.events.changed(processGuid);
    });
  }
}

/** What its droplet holds, without what is bad of it under another name. */
function versionOf({ dropletDir, vcapApplication, type }: DesiredProcess): AppVersion {
  const said = JSON.parse(readFileSync(join(dropletDir, 'app.json'), 'utf8')) as AppVersion;
  const isBadAs = said.badAs === undefined || said.badAs === vcapApplication.application_name;
  const isBadIn = said.badIn === undefined || said.badIn === type;
  return isBadAs && isBadIn ? said : { version: said.version };
}
