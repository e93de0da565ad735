import { expect, test } from '@jest/globals';
import { createPorts } from '../../../foundry/instances/free-port.js';

test('two foundries never have the same port, and one that is given back comes again last', async () => {
  const [one, other] = [createPorts(), createPorts()];
  const mine = await Promise.all(Array.from({ length: 250 }, () => one.take()));
  const others = await Promise.all(Array.from({ length: 250 }, () => other.take()));
  expect(new Set([...mine, ...others]).size).toBe(500);
  const [first = 0] = mine;
  one.give(first);
  expect(await one.take()).not.toBe(first);
  one.close();
  other.close();
});
