/** Tasks as real processes. */
import { afterEach, expect, test } from '@jest/globals';
import type { RunningTask } from '../../../foundry/ports.js';
import { isAlive, type Rig, rig } from './harness.js';

let open: Rig | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function start(command: string): Promise<{ r: Rig; task: RunningTask }> {
  open = await rig({ 'words.txt': 'from the droplet\n' });
  const { env, memoryMb, vcapApplication, dropletDir } = open.process({ env: { COLOUR: 'blue' } });
  const base = {
    guid: 'task-guid',
    appGuid: 'app-guid',
    name: 'migrate',
    env,
    memoryMb,
    vcapApplication,
    dropletDir,
  };
  return { r: open, task: open.cells.runTask({ ...base, command }) };
}

const said = (r: Rig) =>
  r.lines
    .filter(({ source }) => source === 'APP/TASK/migrate')
    .map(({ stream, text }) => `${stream} ${text}`);

test('a task runs in its droplet with its environment and writes to the log of its app', async () => {
  const { r, task } = await start('cat words.txt; echo "$COLOUR $MEMORY_LIMIT" >&2');
  expect(await task.ended).toEqual({});
  expect(said(r).sort()).toEqual(['ERR blue 64m', 'OUT Exit status 0', 'OUT from the droplet']);
});

test('the status of a command that fails is the reason', async () => {
  const { task } = await start('exit 3');
  expect(await task.ended).toEqual({ failure: 'APP/TASK/migrate: Exited with status 3' });
});

test('a cancelled one gets SIGTERM, and nothing of it is left', async () => {
  const { r, task } = await start("trap 'exit 0' TERM; sleep 1000 & echo $!; wait");
  await r.until(() => said(r).length === 1, 'its first line');
  const pid = Number(said(r)[0]?.slice('OUT '.length));
  expect(isAlive(pid)).toBe(true);
  task.cancel();
  expect(await task.ended).toEqual({ failure: 'task was cancelled' });
  await r.until(() => !isAlive(pid), 'its child is gone');
});
