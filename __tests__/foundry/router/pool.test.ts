/** Which backend takes the next request. */
import { expect, test } from '@jest/globals';
import { realClock } from '../../../foundry/clock.js';
import { Pool } from '../../../foundry/router/pool.js';

function pool(loadBalancing?: string): () => string {
  const endpoints = ['a', 'b', 'c'].map((name, index) => ({
    appGuid: name,
    processGuid: name,
    processType: 'web',
    index,
    instanceGuid: name,
    port: 1,
    appName: name,
  }));
  const record = { routeGuid: 'r', host: 'h', path: '', endpoints };
  const made = new Pool({ ...record, ...(loadBalancing ? { loadBalancing } : {}) }, realClock);
  return () => {
    const backend = made.next({ tried: new Set() });
    if (!backend || backend === 'overloaded') throw new Error('no backend');
    // Requests to `a` never end, those to the others at once.
    if (backend.endpoint.instanceGuid === 'a') backend.open += 1;
    return backend.endpoint.instanceGuid;
  };
}

test('in turn, unless the route asks for the one with the fewest open requests', () => {
  const inTurn = pool();
  expect(Array.from({ length: 6 }, inTurn)).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  const fewest = pool('least-connection');
  expect(Array.from({ length: 6 }, fewest)).toEqual(['a', 'b', 'c', 'b', 'c', 'b']);
});
