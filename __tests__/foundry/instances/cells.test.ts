import { afterEach, describe, expect, test } from '@jest/globals';
import { isAlive, PROCESS, type Rig, rig, WEB_APP } from './harness.js';

let open: Rig | undefined;

async function start(...args: Parameters<typeof rig>): Promise<Rig> {
  open = await rig(...args);
  return open;
}

afterEach(async () => {
  await open?.close();
  open = undefined;
});

function get(r: Rig, path: string, index = 0): Promise<Response> {
  return fetch(`http://127.0.0.1:${r.one(index).ports[8080]}${path}`);
}

function has(r: Rig, source: string, text: string): boolean {
  return r.lines.some((line) => line.source === source && line.text.includes(text));
}

describe('an instance', () => {
  test('starts, passes its port check, takes traffic and is stopped with SIGTERM', async () => {
    const r = await start({ 'app.js': WEB_APP });
    r.cells.desire(r.process());
    expect(r.one()).toMatchObject({ state: 'STARTING', routable: false });
    await r.until(() => r.one().state === 'RUNNING', 'RUNNING');
    const { pid, routable } = r.one();
    expect(routable).toBe(true);
    expect(await (await get(r, '/')).text()).toBe('hello');
    const gone = r.cells.retire(PROCESS);
    expect(r.one()).toMatchObject({ state: 'STOPPING', routable: false });
    await gone;
    expect(r.cells.instances(PROCESS)).toEqual([]);
    expect(isAlive(pid ?? 0)).toBe(false);
    expect(has(r, 'APP/PROC/WEB', 'asked to end')).toBe(true);
    expect(r.crashes).toEqual([]);
  });
});
