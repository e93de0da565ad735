/** Platform facts A1.6 (start-up), A4 (the end) and A5 (checks): what becomes of an instance, with processes of this machine. */
import { isAlive, PROCESS, type Rig, rig, WEB_APP } from '../instances/harness.js';
import { type PatientClock, patientClock } from '../instances/patient-clock.js';
import { row as rowOf } from './table.js';

/** Cells over an app that answers, and a clock whose long waits end when a row says so. */
export interface Cellar extends Rig {
  clock: PatientClock;
}

export async function cellar(): Promise<Cellar> {
  const clock = patientClock();
  return { ...(await rig({ 'app.js': WEB_APP }, { clock })), clock };
}

const row = rowOf<Cellar>;
const HTTP = {
  type: 'http' as const,
  endpoint: '/health',
  timeoutS: 60,
  invocationTimeoutS: 1,
  intervalS: 0.05,
};
const logged = (r: Rig, text: string) => r.lines.some((line) => line.text.includes(text));

async function running(r: Rig, count = 1): Promise<void> {
  const now = () => r.cells.instances(PROCESS).filter(({ state }) => state === 'RUNNING').length;
  await r.until(() => now() === count, `${count} RUNNING`);
}

const get = (r: Rig, path: string) =>
  fetch(`http://127.0.0.1:${r.one().ports[8080]}${path}`, { headers: { connection: 'close' } });

export const cellRows = [
  row(
    'A4 order 3',
    'SIGTERM first; who ends on it ends at once',
    async (r) => {
      r.cells.desire(r.process());
      await running(r);
      const { pid = 0 } = r.one();
      await r.cells.retire(PROCESS);
      return [logged(r, 'asked to end'), isAlive(pid), r.clock.waiting(10_000)];
    },
    [true, false, false],
  ),
  row(
    'A4 order 3',
    'who does not is killed after ten seconds, not before',
    async (r) => {
      r.cells.desire(
        r.process({
          ports: [],
          command: 'trap "echo deaf" TERM; echo ready; while true; do sleep 0.05; done',
        }),
      );
      await r.until(() => logged(r, 'ready'), 'the trap');
      const { pid = 0 } = r.one();
      const gone = r.cells.retire(PROCESS);
      await r.until(() => logged(r, 'deaf'), 'SIGTERM');
      const before = isAlive(pid);
      r.clock.end(10_000);
      await gone;
      return [before, isAlive(pid)];
    },
    [true, false],
  ),
  row(
    'A4 order 2',
    'scaled down: as long as it ends its state is STOPPING, and it is routable until it is gone',
    async (r) => {
      r.cells.desire(r.process({ instances: 2 }));
      await running(r, 2);
      r.cells.desire(r.process({ instances: 1 }));
      const { state, routable } = r.one(1);
      await r.until(() => r.cells.instances(PROCESS).length === 1, 'the end');
      return [state, routable];
    },
    ['STOPPING', true],
  ),
  row(
    'A1.6 row 2',
    'never healthy within its time: a crash',
    async (r) => {
      const healthCheck = { type: 'port' as const, timeoutS: 0.2, invocationTimeoutS: 1, intervalS: 30 };
      r.cells.desire(r.process({ command: 'exec sleep 100', healthCheck }));
      await r.until(() => r.crashes.length > 0, 'a crash');
      return r.crashes[0]?.exitDescription.replace(/after .*?:/, 'after TIME:');
    },
    'Instance never healthy after TIME: Failed to make TCP connection to port 8080: connection refused',
  ),
  row(
    'A1.6 row 2',
    'crashes: two restarts at once, then 30 s, then twice as long each time',
    async (r) => {
      r.cells.desire(r.process({ ports: [], command: 'exit 3' }));
      const seen: unknown[] = [];
      for (const ms of [30_000, 60_000, 120_000]) {
        await r.until(() => r.clock.waiting(ms), `a wait of ${ms}`);
        seen.push([r.crashes.at(-1)?.crashCount, r.one().state]);
        r.clock.end(ms);
      }
      return seen;
    },
    [
      [3, 'CRASHED'],
      [4, 'CRASHED'],
      [5, 'CRASHED'],
    ],
  ),
  row(
    'A1.6 row 2',
    'five minutes of RUNNING make the next crash the first one',
    async (r) => {
      r.cells.desire(r.process());
      for (const isStable of [false, true]) {
        await running(r);
        if (isStable) r.clock.end(300_000);
        const { length } = r.crashes;
        r.cells.disturb(PROCESS, 0, 'crash');
        await r.until(() => r.crashes.length > length, 'a crash');
      }
      return r.crashes.map(({ crashCount }) => crashCount);
    },
    [1, 1],
  ),
  ...[204, 302, 500].map((status) =>
    row(
      'A5 line 2',
      `an http check passes on 200 alone: ${status} ends an instance that was well`,
      async (r) => {
        r.cells.desire(r.process({ healthCheck: HTTP }));
        await running(r);
        await get(r, `/break/${status}`);
        await r.until(() => r.crashes.length > 0, 'a crash');
        return r.crashes[0]?.exitDescription.replace(/ in \d+ms$/, '');
      },
      `Instance became unhealthy: Failed to make HTTP request to '/health' on port 8080: received status code ${status}`,
    ),
  ),
  row(
    'A5 line 2',
    'a check looks at the first port alone',
    async (r) => {
      r.cells.desire(r.process({ ports: [8080, 9090], healthCheck: HTTP }));
      await running(r);
      return r.crashes.length;
    },
    0,
  ),
  row(
    'A5 line 2',
    'readiness takes the traffic away and gives it back; the instance is not restarted; the log says so',
    async (r) => {
      r.cells.desire(r.process({ readiness: HTTP }));
      await r.until(() => r.cells.instances(PROCESS)[0]?.routable === true, 'ready');
      const { instanceGuid } = r.one();
      await get(r, '/break/503');
      await r.until(() => !r.one().routable, 'not ready');
      const { state } = r.one();
      await get(r, '/break/200');
      await r.until(() => r.one().routable, 'ready again');
      const said = r.lines.filter(({ text }) => text.includes('the readiness health check.'));
      return [
        state,
        r.one().instanceGuid === instanceGuid,
        r.crashes.length,
        said.map(({ text }) => text.slice(0, 16)),
      ];
    },
    ['RUNNING', true, 0, ['Container passed', 'Container failed', 'Container passed']],
  ),
];
