/** What hands gave to bindings of services that the manifest names. */
import { expect, test } from '@jest/globals';
import { filledOf } from '../../src/commands/filled-bindings.js';
import type { Binding } from '../../src/model/cloud.js';
import { PlatformFault } from '../../src/model/errors.js';
import { NOTHING_NAMED } from '../../src/steps/named.js';
import { worldOf } from '../steps/scripted.js';

const BINDING: Binding = { guid: 'b', instance: 'db', instanceGuid: 'i', name: 'main' };

async function filled(
  over: Partial<Binding>,
  keys: readonly string[] = [],
  told: () => Promise<Record<string, unknown> | undefined> = async () => ({ mode: 'fast' }),
  brokered = true,
) {
  const hidden: string[] = [];
  const world = worldOf({ bindingParameters: told }, { hide: (secrets) => void hidden.push(...secrets) });
  const named = { ...NOTHING_NAMED, services: ['db'], bindings: { db: keys } };
  const guids = new Set(brokered ? ['i'] : []);
  return { ...(await filledOf('shop', [{ ...BINDING, ...over }], named, guids, world)), hidden };
}

test('name and parameters that the manifest does not say are carried, and told without their values', async () => {
  expect(await filled({})).toMatchObject({
    filled: { db: { name: 'main', parameters: { mode: 'fast' } } },
    what: ['name of the binding to service instance db', 'parameters of the binding to service instance db'],
    warnings: [],
  });
});

test.each<[string, Parameters<typeof filled>]>([
  ['the manifest names both', [{}, ['binding_name', 'parameters'], () => Promise.reject(new Error('asked'))]],
  ['another service', [{ instance: 'queue' }]],
  ['a binding that is being taken off', [{ operation: 'delete', state: 'in progress' }]],
])('nothing is: %s', async (_, asked) => {
  expect(await filled(...asked)).toMatchObject({ what: [], warnings: [] });
  expect(await filled(...asked)).not.toHaveProperty('filled');
});

test('each of the two by itself; a user-provided service is not asked, and a silent broker has none', async () => {
  expect((await filled({}, ['binding_name'])).filled).toEqual({ db: { parameters: { mode: 'fast' } } });
  expect((await filled({}, ['parameters'])).filled).toEqual({ db: { name: 'main' } });
  expect((await filled({}, [], () => Promise.reject(new Error('asked')), false)).filled).toEqual({
    db: { name: 'main' },
  });
  expect((await filled({}, [], async () => undefined)).filled).toEqual({ db: { name: 'main' } });
});

test('a binding that could not be taken off keeps its name; nobody asks for its parameters', async () => {
  const over = { operation: 'delete', state: 'failed' } as const;
  const { filled: parts } = await filled(over, [], () => Promise.reject(new Error('asked')));
  expect(parts).toEqual({ db: { name: 'main' } });
});

test('secrets among them are hidden, and what the CLI would misread is told', async () => {
  const { hidden } = await filled({}, [], async () => ({ auth: { password: 'swordfish' } }));
  expect(hidden).toEqual(['swordfish']);
  const { filled: parts, warnings } = await filled({}, [], async () => ({ rule: '((a))' }));
  expect(parts).toEqual({ db: { name: 'main' } });
  expect(warnings.join()).toMatch(/binding of shop to db hold "\(\("/);
});

test('a broker that cannot be asked now stops it', async () => {
  await expect(filled({}, [], () => Promise.reject(new PlatformFault('no answer', false)))).rejects.toThrow(
    PlatformFault,
  );
});
