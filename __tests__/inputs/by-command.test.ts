/** What the command says of other inputs: the strategy where none is named, and those that it has no use for. */
import { expect, test } from '@jest/globals';
import { readInputs } from '../../src/inputs.js';

const BASE = {
  INPUT_API: 'https://api.example.com',
  INPUT_ORG: 'shop',
  INPUT_SPACE: 'production',
  INPUT_USERNAME: 'ann',
  INPUT_PASSWORD: 'pw',
};
const read = (extra: Record<string, string>) => readInputs({ ...BASE, ...extra });

test.each(['promote', 'rollback', 'restart', 'restage', 'abort'])('a task is of no use to %s', (command) => {
  const asked = { INPUT_APP: 'shop', INPUT_TASK: 'a' };
  expect(read({ ...asked, INPUT_COMMAND: command }).warnings).toEqual([
    `"task" is of no use to ${command}: it runs once for each version, when that is deployed.`,
  ]);
  expect(read(asked).warnings).toEqual([]);
});

test('what makes a version is of no use to promote, and said so', () => {
  const asked = { INPUT_ENV: 'A: b', INPUT_FORCE: 'true', INPUT_DRAIN: '5s' };
  expect(read({ ...asked, INPUT_COMMAND: 'promote' }).warnings).toEqual([
    '"env" is of no use to promote: the version goes live as it was held.',
    '"force" is of no use to promote: the version goes live as it was held.',
  ]);
  expect(read(asked).warnings).toEqual([]);
});

test.each(['restart', 'restage'])('%s goes by rolling where nothing else is said', (command) => {
  const asked = { INPUT_COMMAND: command, INPUT_APP: 'a, b' };
  expect(read(asked)).toMatchObject({ strategy: 'rolling', app: 'a, b', warnings: [] });
  expect(read({ ...asked, INPUT_STRATEGY: 'blue-green' }).strategy).toBe('blue-green');
  expect(read({ ...asked, 'INPUT_MAX-IN-FLIGHT': '2' }).maxInFlight).toBe(2);
  const bringing = { INPUT_PATH: 'x', INPUT_MANIFEST: 'm.yml', INPUT_SCALE: 'manifest', INPUT_ENV: 'A: b' };
  expect(read({ ...asked, ...bringing }).warnings).toEqual(
    ['manifest', 'path', 'scale'].map(
      (name) => `"${name}" is of no use to ${command}: the bits are live's, and so is what a manifest says.`,
    ),
  );
  const { INPUT_APP: _, ...all } = asked;
  expect(read({ ...all, INPUT_MANIFEST: 'm.yml' }).warnings).toEqual([]);
});
