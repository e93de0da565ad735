import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { realClock } from '../../../foundry/clock.js';
import type { Endpoint } from '../../../foundry/ports.js';
import { type Routers, startRouters } from '../../../foundry/router/index.js';
import { isAlive, type Rig, rig } from '../instances/harness.js';

const APP = `
const http = require('node:http');
const { version } = process.env;
const server = http.createServer((req, res) => setTimeout(() => res.end(version), req.url === '/slow' ? 1000 : 0));
server.listen(process.env.PORT);
process.on('SIGTERM', () => (process.env.abrupt ? process.exit(0) : server.close(() => process.exit(0))));
`;

const PROPAGATION_MS = 100;

let r: Rig;
let routers: Routers;
let known = 0;

beforeEach(async () => {
  r = await rig({ 'app.js': APP });
  known = 0;
  routers = await startRouters(
    { clock: realClock, port: 0, routers: 2, propagationMs: PROPAGATION_MS, seed: 4 },
    {
      applied() {
        known += 1;
      },
      log: () => undefined,
    },
  );
});

afterEach(async () => {
  await routers.close();
  await r.close();
});

async function startVersion(version: string, env: Record<string, string> = {}): Promise<Endpoint[]> {
  const { processGuid } = r.process({ processGuid: version });
  r.cells.desire(r.process({ processGuid, appGuid: version, env: { version, ...env } }));
  await r.until(
    () => r.cells.instances(processGuid).every(({ routable }) => routable),
    `${version} routable`,
  );
  return r.cells.instances(processGuid).map(({ index, instanceGuid, ports }) => ({
    appGuid: version,
    processGuid,
    processType: 'web',
    index,
    instanceGuid,
    port: ports[8080] ?? 0,
    appName: 'shop',
  }));
}

/** Publishes and waits until both routers know. */
async function route(endpoints: Endpoint[]): Promise<void> {
  const before = known;
  routers.publish({ routeGuid: 'route', host: 'shop.example.com', path: '', endpoints });
  await r.until(() => known === before + 2, 'both routers to know');
}

function ask(path: string): Promise<string> {
  return new Promise((resolve) => {
    const call = request({
      port: routers.port,
      host: '127.0.0.1',
      path,
      agent: false,
      headers: { host: 'shop.example.com' },
    });
    call.on('error', (error) => resolve(error.message));
    call.on('response', (answer) => {
      let body = '';
      answer.on('data', (chunk) => {
        body += String(chunk);
      });
      answer.on('end', () => resolve(`${answer.statusCode} ${body}`.trim()));
    });
    call.end();
  });
}

/** Asks all the while; returns all distinct answers in the order in which they were first seen. */
function traffic(): { stop(): Promise<string[]> } {
  const answers = new Set<string>();
  const open: Promise<void>[] = [];
  const timer = setInterval(() => open.push(ask('/').then((answer) => void answers.add(answer))), 5);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
      return [...answers];
    },
  };
}

describe('two versions of real processes behind the routers', () => {
  test('map, unmap, drain, stop: no request fails, and one in flight ends with 200', async () => {
    const blue = await startVersion('blue');
    await route(blue);
    const load = traffic();
    const green = await startVersion('green');
    let pending = true;
    const slow = ask('/slow').finally(() => {
      pending = false;
    });
    await route([...blue, ...green]);
    await route(green);
    expect(pending).toBe(true);
    expect(await slow).toBe('200 blue');
    const { pid = 0 } = r.cells.instances('blue')[0] ?? {};
    await r.cells.retire('blue');
    expect(isAlive(pid)).toBe(false);
    expect(await load.stop()).toEqual(['200 blue', '200 green']);
    expect(await ask('/')).toBe('200 green');
    expect(routers.figures()[0]?.byStatus).toEqual({ 200: routers.figures()[0]?.requests });
  });

  test('stop before unmap is seen as failures: routers still send to what is gone', async () => {
    const blue = await startVersion('blue', { abrupt: 'yes' });
    await route(blue);
    const load = traffic();
    await r.cells.retire('blue');
    await r.until(() => (routers.figures()[0]?.byStatus[502] ?? 0) > 3, '502s');
    const answers = await load.stop();
    expect(answers).toContain('502 502 Bad Gateway: Registered endpoint failed to handle the request.');
  });
});
