import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realClock } from '../../../foundry/clock.js';
import { type CellOptions, createCells } from '../../../foundry/instances/index.js';
import type { CellEvents, Cells, DesiredProcess, InstanceStatus } from '../../../foundry/ports.js';

/** An app that answers 200 (or what /unhealthy made of it), prints what it was started with and ends on SIGTERM. */
export const WEB_APP = `
const http = require('node:http');
let health = 200;
const server = http.createServer((req, res) => {
  if (req.url === '/health') { res.statusCode = health; return res.end(); }
  if (req.url.startsWith('/break')) { health = Number(req.url.slice(7)); return res.end(); }
  if (req.url === '/env') return res.end(JSON.stringify(process.env));
  if (req.url.startsWith('/exit')) process.exit(Number(req.url.slice(6)));
  res.end('hello');
});
server.listen(process.env.PORT, () => console.log('listening'));
process.on('SIGTERM', () => { console.log('asked to end'); process.exit(0); });
`;

type Crash = Parameters<CellEvents['crashed']>[0];
type Line = Parameters<CellEvents['log']>[0];

export interface Rig {
  cells: Cells;
  dropletDir: string;
  crashes: Crash[];
  lines: Line[];
  /** Resolves when the condition holds. */
  until(condition: () => boolean, what: string): Promise<void>;
  one(index?: number): InstanceStatus;
  process(over?: Partial<DesiredProcess>): DesiredProcess;
  close(): Promise<void>;
}

export const PROCESS = 'process-guid';

/** Real cells over a droplet of the given files. */
export async function rig(files: Record<string, string>, options: Partial<CellOptions> = {}): Promise<Rig> {
  const dir = await mkdtemp(join(tmpdir(), 'cells-'));
  const dropletDir = join(dir, 'droplet');
  await mkdir(dropletDir);
  for (const [name, text] of Object.entries(files)) await writeFile(join(dropletDir, name), text);
  const crashes: Crash[] = [];
  const lines: Line[] = [];
  const cells = createCells(
    { clock: realClock, workDir: join(dir, 'work'), bootMs: 1, startupCheckMs: 30, ...options },
    {
      changed() {},
      crashed: (crash) => void crashes.push(crash),
      log: (line) => void lines.push(line),
    },
  );
  return {
    cells,
    dropletDir,
    crashes,
    lines,
    async until(condition, what) {
      const deadline = Date.now() + 15_000;
      while (!condition()) {
        if (Date.now() > deadline) {
          throw new Error(
            `never: ${what}; ${JSON.stringify(cells.instances(PROCESS))} ${JSON.stringify(lines)}`,
          );
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    one(index = 0) {
      const found = cells.instances(PROCESS).find((instance) => instance.index === index);
      if (!found) throw new Error(`no instance ${index}`);
      return found;
    },
    process: (over = {}) => ({
      processGuid: PROCESS,
      appGuid: 'app-guid',
      type: 'web',
      instances: 1,
      memoryMb: 64,
      command: 'node app.js',
      env: {},
      vcapApplication: { application_name: 'shop' },
      healthCheck: { type: 'port', timeoutS: 59, invocationTimeoutS: 1, intervalS: 30 },
      readiness: { type: 'process', timeoutS: 59, invocationTimeoutS: 1, intervalS: 30 },
      ports: [8080],
      dropletDir,
      ...over,
    }),
    async close() {
      await cells.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Whether a process of that id runs; one that has ended and waits for its parent to look does not. */
export function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
}
