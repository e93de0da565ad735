/** Instances that are no processes: what one answers is in the droplet that it was started from. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CellEvents, Cells, Clock, DesiredProcess, InstanceStatus } from '../../foundry/ports.js';

/** What the file `app.json` of the bits says. */
export interface AppVersion {
  version: string;
  /** Status of `/health`; default 200. */
  health?: number;
}

interface Instance {
  status: InstanceStatus;
  app: AppVersion;
}

/** How long an instance takes to end after its SIGTERM. */
const ENDING_MS = 300;
const FIRST_PORT = 20_000;

export class PlayedCells implements Cells {
  private readonly byProcess = new Map<string, Instance[]>();
  private readonly byPort = new Map<number, Instance>();
  private port = FIRST_PORT;

  constructor(
    private readonly clock: Clock,
    private readonly bootMs: number,
    private readonly events: CellEvents,
  ) {}

  /** The version that answers on a port; undefined: the connection is refused. */
  listening(port: number): AppVersion | undefined {
    const instance = this.byPort.get(port);
    return instance?.status.state === 'RUNNING' ? instance.app : undefined;
  }

  desire(process: DesiredProcess): void {
    const known = this.byProcess.get(process.processGuid) ?? [];
    this.byProcess.set(process.processGuid, known);
    for (const one of known.slice(process.instances)) this.end(process.processGuid, one);
    for (let index = known.length; index < process.instances; index += 1) this.begin(process, index);
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
    one.status = { ...one.status, state: 'STARTING', routable: false, instanceGuid: randomUUID() };
    this.boot(processGuid, one);
    this.events.changed(processGuid);
  }

  instances(processGuid: string): readonly InstanceStatus[] {
    return (this.byProcess.get(processGuid) ?? []).map(({ status }) => status);
  }

  disturb(): void {
    throw new Error('nothing is disturbed here');
  }

  async close(): Promise<void> {
    this.byProcess.clear();
  }

  private begin({ processGuid, ports, dropletDir }: DesiredProcess, index: number): void {
    const app = JSON.parse(readFileSync(join(dropletDir, 'app.json'), 'utf8')) as AppVersion;
    const mine = ports.map((port): [number, number] => {
      this.port += 1;
      return [port, this.port];
    });
    const status: InstanceStatus = {
      index,
      instanceGuid: randomUUID(),
      state: 'STARTING',
      routable: false,
      sinceMs: this.clock.now(),
      ports: Object.fromEntries(mine),
    };
    const instance = { status, app };
    for (const [, port] of mine) this.byPort.set(port, instance);
    this.byProcess.get(processGuid)?.push(instance);
    this.boot(processGuid, instance);
  }

  private boot(processGuid: string, instance: Instance): void {
    this.clock.after(this.bootMs, () => {
      if (instance.status.state !== 'STARTING') return;
      instance.status = { ...instance.status, state: 'RUNNING', routable: true, sinceMs: this.clock.now() };
      this.events.changed(processGuid);
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
