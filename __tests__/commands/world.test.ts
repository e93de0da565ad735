import { describe, expect, test } from '@jest/globals';
import type { Opened, Ports } from '../../src/commands/open.js';
import { worldOf } from '../../src/commands/world.js';
import { readInputs } from '../../src/inputs.js';
import type { ChildCommand } from '../../src/model/ports.js';
import { ANNOTATION } from '../../src/platform/names.js';
import { perform } from '../../src/steps/index.js';
import { appWorld } from '../steps/scripted.js';
import { candidateAt, trialRoute } from '../strategies/support.js';

const OPENED = { session: { version: '8.18.4' } } as Opened;

const INPUTS = readInputs({
  INPUT_API: 'https://api.example.com',
  INPUT_ORG: 'shop',
  INPUT_SPACE: 'production',
  INPUT_USERNAME: 'ann',
  INPUT_PASSWORD: 'hunter2-hunter2',
  'INPUT_START-TIMEOUT': '90s',
});

describe("the user's script", () => {
  async function scriptRun() {
    const children: ChildCommand[] = [];
    const folders: string[] = [];
    const ports = {
      env: {},
      listener: { tell: () => undefined },
      signal: new AbortController().signal,
      files: {
        privateFolder: async (parent: string, prefix: string) => {
          folders.push(parent);
          return `${parent}/${prefix}1`;
        },
        writePrivate: async () => undefined,
        remove: async () => undefined,
      },
      children: {
        run: async (command: ChildCommand) => {
          children.push(command);
          return { code: 0, signal: null, stdout: '', stderr: '', timedOut: false };
        },
      },
    } as unknown as Ports;
    const context = { runId: '7', attempt: '1', workspace: '/', temp: '/temp' };
    const opened = { ...OPENED, folder: '/temp/ours' };
    const world = worldOf(opened, undefined, INPUTS, context, ports, {
      badSign: () => undefined,
      unwatch: () => undefined,
      onSign: () => () => undefined,
      watchedRoutes: () => 1,
    });
    const limited = new AbortController();
    const seen = { candidate: candidateAt('made'), routes: [trialRoute('trial.apps.example')] };
    const app = appWorld(seen, { smokeScript: './check.sh' });
    await perform({ do: 'smoke-script' }, app, { ...world, signal: limited.signal });
    return { child: children[0], folders, limited };
  }

  test('ends with the time of the whole command, and is none of the start', async () => {
    const { child, limited } = await scriptRun();
    expect(child?.signal).toBe(limited.signal);
    expect(child?.timeoutMs).toBe(10 * 60_000);
  });

  test('lies in the folder that the post step removes', async () => {
    expect((await scriptRun()).folders).toEqual(['/temp/ours']);
  });
});

test.each([
  ['deploy', 'c'.repeat(40)],
  ['promote', undefined],
  ['abort', undefined],
  ['rollback', undefined],
] as const)('whoever takes a lock over for a %s says of the commit %p that it comes', (command, commit) => {
  const context = {
    runId: '7',
    attempt: '1',
    workspace: '/',
    temp: '/temp',
    actor: 'ann',
    commit: 'c'.repeat(40),
  };
  const world = worldOf(OPENED, undefined, { ...INPUTS, command }, context, {} as Ports, {
    badSign: () => undefined,
    unwatch: () => undefined,
    onSign: () => () => undefined,
    watchedRoutes: () => 1,
  });
  expect(world.facts[ANNOTATION.commit]).toBe(commit);
  expect(world.facts[ANNOTATION.actor]).toBe('ann');
});
