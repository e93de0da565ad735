import { mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { realClock } from '../../../foundry/clock.js';
import { createStager } from '../../../foundry/instances/index.js';
import { eachLine } from '../../../foundry/instances/lines.js';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'stager-'));
  await mkdir(join(dir, 'package'));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

async function stage(files: Record<string, string>, buildpacks: string[] = []) {
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, 'package', name), text);
  const lines: string[] = [];
  const droplet = await createStager({ clock: realClock, stagingMs: 1 }).stage({
    appGuid: 'app',
    packageDir: join(dir, 'package'),
    dropletDir: join(dir, 'droplet'),
    buildpacks,
    env: {},
    log: (text) => void lines.push(text),
  });
  return { ...droplet, lines };
}

const START = JSON.stringify({ scripts: { start: 'node server.js' } });

const LAUNCH = `
processes:
- type: agent
  command: ./agent
  limits: {memory: 16}
  platforms: {cloudfoundry: {sidecar_for: [web, worker]}}
- type: web
  command: node server.js
- {type: other, command: ./other, platforms: {cloudfoundry: {sidecar_for: [web]}}}
`;

describe('staging', () => {
  test('sidecars are what a launch.yml names as such', async () => {
    expect((await stage({ 'package.json': START, 'launch.yml': LAUNCH })).sidecars).toEqual([
      { name: 'agent', command: './agent', memoryMb: 16, processTypes: ['web', 'worker'] },
      { name: 'other', command: './other', memoryMb: null, processTypes: ['web'] },
    ]);
    await rm(join(dir, 'package', 'launch.yml'));
    expect((await stage({ 'package.json': START })).sidecars).toEqual([]);
  });

  test.each([
    { name: 'start script', files: { 'package.json': START }, types: { web: 'node server.js' } },
    {
      name: 'Procfile',
      files: { Procfile: '# types\nweb: node web.js --port $PORT\r\nworker:node work.js\n' },
      types: { web: 'node web.js --port $PORT', worker: 'node work.js' },
    },
    {
      name: 'a Procfile wins over the script',
      files: { 'package.json': START, Procfile: 'web: node other.js' },
      types: { web: 'node other.js' },
    },
    {
      name: 'a Procfile without web adds to the script',
      files: { 'package.json': START, Procfile: 'worker: node work.js' },
      types: { web: 'node server.js', worker: 'node work.js' },
    },
    { name: 'no start script', files: { 'package.json': '{}' }, types: { web: 'npm start' } },
    {
      name: 'a named buildpack detects nothing',
      files: { run: 'x' },
      buildpacks: ['binary_buildpack'],
      types: {},
    },
  ])('$name', async ({ files, types, buildpacks }) => {
    const staged = await stage(files as Record<string, string>, buildpacks);
    expect(staged.processTypes).toEqual(types);
    for (const [name, text] of Object.entries(files)) {
      expect(await readFile(join(dir, 'droplet', name), 'utf8')).toBe(text);
    }
  });

  test.each([
    { files: { 'readme.txt': 'hello' }, error: /^NoAppDetectedError - / },
    { files: { 'package.json': '{' }, error: /^BuildpackCompileFailed - / },
  ])('fails as the platform does: $files', async ({ files, error }) => {
    await expect(stage(files as Record<string, string>)).rejects.toThrow(error);
    await expect(readFile(join(dir, 'droplet', Object.keys(files)[0] ?? ''))).rejects.toThrow('ENOENT');
  });

  test('links stay as they are', async () => {
    await symlink('package.json', join(dir, 'package', 'link'));
    await stage({ 'package.json': START });
    expect(await readlink(join(dir, 'droplet', 'link'))).toBe('package.json');
  });

  test('takes its time on the clock', async () => {
    await writeFile(join(dir, 'package', 'package.json'), START);
    let finish = () => {};
    let done = false;
    const clock = {
      now: () => 0,
      after: (ms: number, run: () => void) => {
        expect(ms).toBe(1500);
        finish = run;
        return { cancel() {} };
      },
    };
    const staged = createStager({ clock, stagingMs: 1500 })
      .stage({
        appGuid: 'app',
        packageDir: join(dir, 'package'),
        dropletDir: join(dir, 'droplet'),
        buildpacks: [],
        env: {},
        log: () => {},
      })
      .then(() => {
        done = true;
      });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(done).toBe(false);
    finish();
    await staged;
    expect(done).toBe(true);
  });
});

describe('lines', () => {
  test('are whole however the chunks fall; the last one needs no end', async () => {
    const stream = new PassThrough();
    const lines: string[] = [];
    eachLine(stream, (text) => void lines.push(text));
    const euro = Buffer.from('€');
    stream.write('one\r\ntw');
    stream.write(Buffer.concat([Buffer.from('o\n\n'), euro.subarray(0, 1)]));
    stream.write(euro.subarray(1));
    stream.end();
    await new Promise((resolve) => stream.once('close', resolve));
    expect(lines).toEqual(['one', 'two', '', '€']);
  });
});
