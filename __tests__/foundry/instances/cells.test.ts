import { afterEach, describe, expect, test } from '@jest/globals';
import { isAlive, PROCESS, type Rig, rig, WEB_APP } from './harness.js';
import { patientClock } from './patient-clock.js';

let open: Rig | undefined;

async function start(...args: Parameters<typeof rig>): Promise<Rig> {
  open = await rig(...args);
  return open;
}

afterEach(async () => {
  await open?.close();
  open = undefined;
});

const httpCheck = {
  type: 'http' as const,
  endpoint: '/health',
  timeoutS: 60,
  invocationTimeoutS: 1,
  intervalS: 0.05,
};

function get(r: Rig, path: string, index = 0): Promise<Response> {
  return fetch(`http://127.0.0.1:${r.one(index).ports[8080]}${path}`, { headers: { connection: 'close' } });
}

function logged(r: Rig, source: string, text: string): boolean {
  return r.lines.some((line) => line.source === source && line.text.includes(text));
}

async function running(r: Rig, count = 1): Promise<void> {
  await r.until(
    () => r.cells.instances(PROCESS).filter(({ state }) => state === 'RUNNING').length === count,
    `${count} RUNNING`,
  );
}

describe('an instance', () => {
  test('starts, passes its port check, takes traffic and is stopped with SIGTERM', async () => {
    const r = await start({ 'app.js': WEB_APP });
    r.cells.desire(r.process());
    expect(r.one()).toMatchObject({ state: 'STARTING', routable: false });
    await running(r);
    const { pid = 0, routable } = r.one();
    expect(routable).toBe(true);
    expect(await (await get(r, '/')).text()).toBe('hello');
    const gone = r.cells.retire(PROCESS);
    expect(r.one()).toMatchObject({ state: 'STOPPING', routable: false });
    await gone;
    expect(r.cells.instances(PROCESS)).toEqual([]);
    expect(isAlive(pid)).toBe(false);
    expect(logged(r, 'APP/PROC/WEB', 'asked to end')).toBe(true);
    expect(r.crashes).toEqual([]);
  });

  test('has the environment of the platform, its own fields and a directory of its own', async () => {
    const r = await start({ 'app.js': WEB_APP });
    r.cells.desire(r.process({ instances: 2, ports: [8080, 9090], env: { COLOUR: 'blue', PORT: '1' } }));
    await running(r, 2);
    const env = (await (await get(r, '/env', 1)).json()) as Record<string, string>;
    const { instanceGuid, ports } = r.one(1);
    expect(env).toMatchObject({
      COLOUR: 'blue',
      PORT: String(ports[8080]),
      VCAP_APP_PORT: String(ports[8080]),
      CF_INSTANCE_INDEX: '1',
      CF_INSTANCE_GUID: instanceGuid,
      CF_INSTANCE_ADDR: `127.0.0.1:${ports[8080]}`,
      MEMORY_LIMIT: '64m',
    });
    expect(JSON.parse(env.VCAP_APPLICATION ?? '')).toEqual({
      application_name: 'shop',
      instance_id: instanceGuid,
      instance_index: 1,
      host: '0.0.0.0',
      port: ports[8080],
    });
    expect(JSON.parse(env.CF_INSTANCE_PORTS ?? '')).toEqual([
      { internal: 8080, external: ports[8080] },
      { internal: 9090, external: ports[9090] },
    ]);
    expect(env.HOME).toContain(instanceGuid);
    expect(env.PWD).toBe(env.HOME);
    expect(env).not.toHaveProperty('JEST_WORKER_ID');
  });

  test('without a port it runs as soon as its process does, and has no PORT', async () => {
    const r = await start({});
    r.cells.desire(r.process({ type: 'worker', ports: [], command: 'echo "port=$PORT"; sleep 100' }));
    await running(r);
    await r.until(() => logged(r, 'APP/PROC/WORKER', 'port='), 'its output');
    expect(r.lines.find(({ text }) => text.startsWith('port='))).toEqual({
      appGuid: 'app-guid',
      source: 'APP/PROC/WORKER',
      instance: '0',
      stream: 'OUT',
      text: 'port=',
    });
  });

  test('that does not end on SIGTERM is killed after the grace, with all it started', async () => {
    const clock = patientClock();
    const r = await start({}, { clock });
    const command = 'trap "echo deaf" TERM; sleep 100 & echo "child $!"; while true; do wait; done';
    r.cells.desire(r.process({ ports: [], command }));
    await r.until(() => logged(r, 'APP/PROC/WEB', 'child '), 'its child');
    const child = Number(r.lines.find(({ text }) => text.startsWith('child '))?.text.slice(6));
    const { pid = 0 } = r.one();
    const gone = r.cells.retire(PROCESS);
    await r.until(() => logged(r, 'APP/PROC/WEB', 'deaf'), 'SIGTERM');
    expect(isAlive(pid)).toBe(true);
    expect(clock.end(10_000)).toBe(1);
    await gone;
    expect([isAlive(pid), isAlive(child)]).toEqual([false, false]);
  });

  test('takes what it started with it when it ends by itself', async () => {
    const r = await start({ 'app.js': WEB_APP });
    r.cells.desire(r.process({ command: 'sleep 100 & echo "child $!"; exec node app.js' }));
    await running(r);
    const child = Number(r.lines.find(({ text }) => text.startsWith('child '))?.text.slice(6));
    expect(isAlive(child)).toBe(true);
    await r.cells.retire(PROCESS);
    await r.until(() => !isAlive(child), 'end of the child');
  });
});

describe('checks', () => {
  test('http passes on 200 alone; never healthy is a crash with the reason', async () => {
    const clock = patientClock();
    const r = await start({ 'app.js': WEB_APP.replace('health = 200', 'health = 204') }, { clock });
    r.cells.desire(r.process({ healthCheck: { ...httpCheck, timeoutS: 1 } }));
    await r.until(() => r.crashes.length > 0, 'a crash');
    expect(r.crashes[0]?.exitDescription).toMatch(
      /^Instance never healthy after 1s: Failed to make HTTP request to '\/health' on port 8080: received status code 204 in \d+ms$/,
    );
    expect(r.crashes[0]).toMatchObject({ reason: 'CRASHED', index: 0, crashCount: 1, appGuid: 'app-guid' });
    expect(logged(r, 'CELL', 'Failed after 1s: startup health check never passed.')).toBe(true);
    expect(logged(r, 'CELL', 'Container became healthy')).toBe(false);
  });

  test('an app that listens elsewhere fails its port check', async () => {
    const r = await start({});
    const healthCheck = { type: 'port' as const, timeoutS: 0.2, invocationTimeoutS: 1, intervalS: 30 };
    r.cells.desire(r.process({ command: 'exec sleep 100', healthCheck }));
    await r.until(() => r.crashes.length > 0, 'a crash');
    expect(r.crashes[0]?.exitDescription).toMatch(
      /^Instance never healthy after .*: Failed to make TCP connection to port 8080: connection refused$/,
    );
  });

  test('a running instance that turns unhealthy is ended and counted as crashed', async () => {
    const r = await start({ 'app.js': WEB_APP });
    r.cells.desire(r.process({ healthCheck: httpCheck }));
    await running(r);
    const { instanceGuid } = r.one();
    await get(r, '/break/500');
    await r.until(() => r.crashes.length === 1, 'a crash');
    expect(r.crashes[0]?.exitDescription).toMatch(
      /^Instance became unhealthy: Failed to make HTTP request to '\/health' on port 8080: received status code 500/,
    );
    expect(logged(r, 'CELL', 'Container became unhealthy')).toBe(true);
    await running(r);
    expect(r.one().instanceGuid).not.toBe(instanceGuid);
  });

  test('readiness takes traffic away and gives it back, and restarts nothing', async () => {
    const r = await start({ 'app.js': WEB_APP });
    r.cells.desire(r.process({ readiness: httpCheck }));
    await r.until(() => r.cells.instances(PROCESS)[0]?.routable === true, 'routable');
    const { instanceGuid } = r.one();
    await get(r, '/break/503');
    await r.until(() => !r.one().routable, 'not routable');
    expect(r.one().state).toBe('RUNNING');
    await get(r, '/break/200');
    await r.until(() => r.one().routable, 'routable again');
    expect(r.one().instanceGuid).toBe(instanceGuid);
    expect(r.crashes).toEqual([]);
    expect(
      r.lines
        .filter(({ text }) => text.includes('the readiness health check.'))
        .map(({ text }) => text.slice(0, 16)),
    ).toEqual(['Container passed', 'Container failed', 'Container passed']);
  });
});

describe('crashes', () => {
  test('two restarts are immediate, the third waits 30 seconds as CRASHED', async () => {
    const clock = patientClock();
    const r = await start({}, { clock });
    r.cells.desire(r.process({ ports: [], command: 'exit 3' }));
    await r.until(() => clock.waiting(30_000), 'the back-off');
    expect(r.crashes.map(({ crashCount }) => crashCount)).toEqual([1, 2, 3]);
    expect(new Set(r.crashes.map(({ instanceGuid }) => instanceGuid)).size).toBe(3);
    expect(r.crashes[0]).toMatchObject({
      exitStatus: 3,
      exitDescription: 'APP/PROC/WEB: Exited with status 3',
    });
    expect(logged(r, 'APP/PROC/WEB', 'Exit status 3')).toBe(true);
    expect(r.one()).toMatchObject({ state: 'CRASHED', routable: false });
    clock.end(30_000);
    expect(r.one().state).toBe('STARTING');
    await r.until(() => clock.waiting(60_000), 'the longer back-off');
    expect(r.crashes).toHaveLength(4);
    await r.cells.retire(PROCESS);
    expect(clock.waiting(60_000)).toBe(false);
  });

  test('five minutes of RUNNING make the next crash the first one', async () => {
    const clock = patientClock();
    const r = await start({ 'app.js': WEB_APP }, { clock });
    r.cells.desire(r.process());
    for (const stable of [false, false, true]) {
      await running(r);
      if (stable) expect(clock.end(300_000)).toBe(1);
      const { length } = r.crashes;
      r.cells.disturb(PROCESS, 0, 'crash');
      await r.until(() => r.crashes.length > length, 'a crash');
    }
    expect(r.crashes.map(({ crashCount }) => crashCount)).toEqual([1, 2, 1]);
  });

  test('a crash is one of all instances only', async () => {
    const r = await start({ 'app.js': WEB_APP });
    r.cells.desire(r.process({ instances: 2 }));
    await running(r, 2);
    const { pid } = r.one(0);
    r.cells.disturb(PROCESS, 1, 'crash');
    await r.until(() => r.crashes.length === 1, 'a crash');
    expect(r.crashes[0]).toMatchObject({ index: 1, exitStatus: 137 });
    await running(r, 2);
    expect(r.one(0).pid).toBe(pid);
  });
});

describe('disturbances', () => {
  test('unready: off the routes, still running', async () => {
    const r = await start({ 'app.js': WEB_APP });
    r.cells.desire(r.process());
    await running(r);
    r.cells.disturb(PROCESS, 0, 'unready');
    expect(r.one()).toMatchObject({ state: 'RUNNING', routable: false });
    expect((await get(r, '/')).status).toBe(200);
  });

  test('hang: no answer, and an http check ends it', async () => {
    const clock = patientClock();
    const r = await start({ 'app.js': WEB_APP }, { clock });
    r.cells.desire(r.process({ healthCheck: { ...httpCheck, invocationTimeoutS: 0.2 } }));
    await running(r);
    r.cells.disturb(PROCESS, 0, 'hang');
    await r.until(() => clock.waiting(10_000), 'SIGTERM');
    clock.end(10_000);
    await r.until(() => r.crashes.length === 1, 'a crash');
    expect(r.crashes[0]?.exitDescription).toContain('timed out after 0.20 seconds');
  });
});

describe('the count of instances', () => {
  test('grows and shrinks without touching those that stay', async () => {
    const r = await start({ 'app.js': WEB_APP });
    r.cells.desire(r.process());
    await running(r);
    const { pid } = r.one(0);
    r.cells.desire(r.process({ instances: 3 }));
    await running(r, 3);
    r.cells.desire(r.process({ instances: 1 }));
    // The route goes with the container (platform facts A4).
    expect(r.one(2)).toMatchObject({ state: 'STOPPING', routable: true });
    await r.until(() => r.cells.instances(PROCESS).length === 1, 'the others to go');
    expect(r.one(0)).toMatchObject({ pid, state: 'RUNNING' });
    expect(r.crashes).toEqual([]);
  });

  test('one instance is restarted on demand; that is no crash', async () => {
    const r = await start({ 'app.js': WEB_APP });
    r.cells.desire(r.process());
    await running(r);
    const { instanceGuid } = r.one();
    r.cells.restartInstance(PROCESS, 0);
    expect(r.one().state).toBe('STOPPING');
    await running(r);
    expect(r.one().instanceGuid).not.toBe(instanceGuid);
    expect(r.crashes).toEqual([]);
  });

  test('a stopped process may start anew while the old instances still end', async () => {
    const clock = patientClock();
    const r = await start({ 'app.js': WEB_APP.replace('process.exit(0)', '0') }, { clock });
    r.cells.desire(r.process());
    await running(r);
    const { pid = 0 } = r.one();
    const gone = r.cells.retire(PROCESS);
    await r.until(() => logged(r, 'APP/PROC/WEB', 'asked to end'), 'SIGTERM');
    r.cells.desire(r.process({ command: 'exec node app.js next' }));
    await running(r);
    expect(r.one().pid).not.toBe(pid);
    expect(isAlive(pid)).toBe(true);
    clock.end(10_000);
    await gone;
    expect(isAlive(pid)).toBe(false);
    expect(r.one().state).toBe('RUNNING');
  });
});
