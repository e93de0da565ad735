import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { isAlive } from './harness.js';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'leash-'));
});

afterEach(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));

/** A foundry's cells in a process of their own, with one instance that shuns SIGTERM and SIGHUP. */
const FOUNDRY = `
const { createCells } = await import(process.env.CELLS);
const { realClock } = await import(process.env.CLOCK);
const { mkdirSync } = await import('node:fs');
mkdirSync(process.env.DIR + '/droplet');
const check = { type: 'process', timeoutS: 60, invocationTimeoutS: 1, intervalS: 30 };
const cells = createCells({ clock: realClock, workDir: process.env.DIR + '/work', bootMs: 0 }, {
  changed() {},
  crashed() {},
  log: ({ source, text }) => {
    if (source !== 'CELL') console.log(text, cells.instances('p')[0].pid);
  },
});
cells.desire({
  processGuid: 'p', appGuid: 'a', type: 'web', instances: 1, memoryMb: 64, env: {}, vcapApplication: {}, ports: [],
  command: 'trap "" TERM HUP; echo started; while true; do sleep 1; done',
  healthCheck: check, readiness: check, dropletDir: process.env.DIR + '/droplet',
});
`;

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('instances end with the foundry, %s', async (signal) => {
  const foundry = spawn(process.execPath, ['--input-type=module', '-e', FOUNDRY], {
    env: {
      PATH: process.env.PATH,
      DIR: dir,
      CELLS: new URL('../../../foundry/instances/index.js', import.meta.url).href,
      CLOCK: new URL('../../../foundry/clock.js', import.meta.url).href,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(foundry.stdout), 'line')) as [string];
  const pid = Number(line.split(' ')[1]);
  expect(isAlive(pid)).toBe(true);
  foundry.kill(signal);
  await once(foundry, 'exit');
  const deadline = Date.now() + 3_000;
  while (isAlive(pid) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(isAlive(pid)).toBe(false);
});
