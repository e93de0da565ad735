/** What stands in for the DNS of the platform: curl in a container. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { type Rig, rig } from './harness.js';

let open: Rig | undefined;
const server = createServer((request, response) => response.end(`${request.headers.host}${request.url}`));

afterEach(async () => {
  await open?.close();
  open = undefined;
  server.close();
});

test('curl in a task finds an internal name as often as it may, and by its own app', async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const asked: unknown[] = [];
  const inside = (...call: [string, string, number]) => {
    asked.push(call);
    return asked.length === 1 ? 'no such host' : port;
  };
  open = await rig({}, { inside });
  const { env, memoryMb, vcapApplication, dropletDir } = open.process();
  const curl = 'curl -s -S http://0.web.apps.internal:8080/health';
  const command = `${curl} 2>&1; ${curl}; echo; curl -s http://127.0.0.1:${port}/past`;
  const task = { guid: 't', appGuid: 'app-1', name: 'look', env, memoryMb, vcapApplication, dropletDir };
  expect(await open.cells.runTask({ ...task, command }).ended).toEqual({});
  const said = open.lines.filter(({ source, stream }) => source === 'APP/TASK/look' && stream === 'OUT');
  expect(said.map(({ text }) => text)).toEqual([
    expect.stringContaining('502'),
    '0.web.apps.internal:8080/health',
    `127.0.0.1:${port}/past`,
    'Exit status 0',
  ]);
  expect(asked).toEqual(Array.from({ length: 2 }, () => ['app-1', '0.web.apps.internal', 8_080]));
});
