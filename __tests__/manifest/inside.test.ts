import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { assertInside } from '../../src/manifest/inside.js';
import { InputError } from '../../src/model/errors.js';

let root: string;
let workspace: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'inside-'));
  workspace = join(root, 'work');
  mkdirSync(join(workspace, 'app'), { recursive: true });
  mkdirSync(join(root, 'work-of-others'));
  writeFileSync(join(root, 'secret'), '');
  symlinkSync(root, join(workspace, 'out'));
  symlinkSync('app', join(workspace, 'in'));
  symlinkSync(workspace, join(root, 'linked'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const look = (path: string, where = workspace) => assertInside(where, [{ what: 'The path', path }]);

test.each(['.', 'app', 'in', './app/..', 'out/work/app'])('%s is in the workspace', async (path) => {
  await expect(look(path)).resolves.toBeUndefined();
});

test('a workspace that is a link itself is where it leads', async () => {
  await expect(look('app', join(root, 'linked'))).resolves.toBeUndefined();
});

test.each(['..', 'out', 'out/secret', '../work-of-others', '/'])('%s leads out of it', async (path) => {
  await expect(look(path)).rejects.toBeInstanceOf(InputError);
});
