import { createServer, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { Cancelled } from '../src/model/errors.js';
import { post } from '../src/post.js';
import type { ProcessPorts } from '../src/report/shown.js';
import { createHttp } from '../src/system/http.js';
import { API, everyByte, type Heard, PASSWORD, performed, TOKEN } from './commands/stage.js';

const STATUS = { command: 'status', app: 'shop' };

function expectClean(heard: Heard): void {
  expect([...heard.folders]).toEqual([]);
  expect([...heard.files.keys()]).toEqual([]);
}

describe('what is wrong with the inputs', () => {
  test('is told all at once, and nothing is called', async () => {
    const heard = await performed({ inputs: { strategy: 'bluegreen', drain: 'soon', 'smoke-tests': '/x' } });
    expect(heard.code).toBe(1);
    expect(heard.handed).toBe(false);
    expect(heard.errors.map(({ at }) => at)).toEqual(heard.errors.map(() => ({ title: 'input' })));
    const text = heard.errors.map((error) => error.text).join('\n');
    for (const name of ['strategy', 'drain', 'smoke-tests']) expect(text).toContain(name);
    expect(heard.outputs).toMatchObject({ result: 'refused', error: 'input', apps: '[]' });
    expect(heard.pages).toHaveLength(1);
  });

  test('quotes no secret, though nothing could be parsed', async () => {
    const heard = await performed({
      inputs: { username: '', 'client-id': 'x', vars: `password: [${PASSWORD}`, env: `{${PASSWORD}: [` },
    });
    expect(heard.code).toBe(1);
    expect(heard.masked).toContain(PASSWORD);
    expect(everyByte(heard)).not.toContain('w*rd');
    expect(everyByte(heard)).not.toContain('w\\\\*rd');
  });

  test('a target that is not allowed is refused before anything is called', async () => {
    const heard = await performed({ inputs: { ...STATUS, 'allowed-targets': 'shop/staging, other/*' } });
    expect(heard.code).toBe(1);
    expect(heard.errors.map(({ text }) => text)).toEqual([
      expect.stringContaining('shop/production is none'),
    ]);
    expect(heard.outputs).toMatchObject({ result: 'refused', error: 'input' });
    expect([heard.requests, heard.children, heard.state]).toEqual([[], [], {}]);
    expectClean(heard);
  });
});

describe('status', () => {
  test('shows what is live, changes nothing, and leaves nothing behind', async () => {
    const heard = await performed({ inputs: STATUS });
    expect(heard.errors).toEqual([]);
    expect(heard.code).toBe(0);
    expect(heard.outputs).toMatchObject({ result: 'shown', app: 'shop', 'cf-version': '8.18.4', error: '' });
    expect(heard.lines.join('\n')).toContain('shop: nothing is live');
    expect([...new Set(heard.requests.map((line) => line.split(' ')[0]))]).toEqual(['GET']);
    expectClean(heard);
  });

  test('writes no summary where none is wanted', async () => {
    expect((await performed({ inputs: { ...STATUS, summary: 'false' } })).pages).toEqual([]);
  });
});

describe('setup', () => {
  test('leaves a cf that is signed in for the later steps, until the post step removes it', async () => {
    const heard = await performed({ inputs: { command: 'setup' } });
    expect(heard.errors).toEqual([]);
    expect(heard.outputs.result).toBe('ready');
    const home = heard.variables.CF_HOME ?? 'none';
    expect(heard.files.has(`${home}/.cf/config.json`)).toBe(true);
    expect(heard.paths).toHaveLength(1);
    expect(heard.links).toEqual({ [`${heard.paths[0]}/cf`]: process.execPath });
    // All of it is in the folder that the post step knows of.
    const folder = heard.state.folders ?? 'none';
    for (const path of [home, ...heard.paths]) expect(path.startsWith(`${folder}/`)).toBe(true);

    const removed: string[] = [];
    const remove = async (path: string) => void removed.push(path);
    expect(await afterJob((name) => heard.state[name] ?? '', remove)).toEqual([]);
    expect(removed).toEqual([folder]);
  });

  test('that fails exports nothing', async () => {
    const cf = ({ args }: { args: readonly string[] }) =>
      args[0] === 'auth'
        ? { code: 1, text: 'Credentials were rejected, please try again.\nFAILED' }
        : undefined;
    const heard = await performed({ inputs: { command: 'setup' }, cf });
    expect(heard.code).toBe(1);
    expect(heard.outputs).toMatchObject({ result: 'refused' });
    expect([heard.variables, heard.paths]).toEqual([{}, []]);
    expectClean(heard);
  });

  test('that cannot put cf on the path says so', async () => {
    const heard = await performed({ inputs: { command: 'setup' }, broken: 'link' });
    expect(heard.code).toBe(1);
    expect(heard.outputs.error).toBe('internal');
    expect(heard.errors[0]?.text).toContain('read-only file system');
    expect([heard.variables, heard.paths]).toEqual([{}, []]);
  });
});

describe('the private folder', () => {
  test.each([
    ['the space does not exist', (path: string) => path === '/v3/spaces'],
    ['the organization may not be seen', (path: string) => path === '/v3/organizations'],
  ])('is removed when %s', async (_why, hits) => {
    const answer = (_request: unknown, path: string) =>
      hits(path) ? { json: { pagination: { total_results: 0, next: null }, resources: [] } } : undefined;
    const heard = await performed({ inputs: STATUS, answer });
    expect(heard.code).toBe(1);
    expect(heard.outputs.result).toBe('refused');
    expect(heard.errors[0]?.text).toContain('It ended before anything was changed.');
    expectClean(heard);
  });

  test('that cannot be removed is warned of, and how the command ended stays what it is', async () => {
    const heard = await performed({ inputs: STATUS, broken: 'remove' });
    expect(heard.outputs).toMatchObject({ result: 'shown', error: '' });
    expect(heard.code).toBe(0);
    expect(heard.lines.join('\n')).toContain('could not be removed');
  });

  test('is known to the post step before anything is in it', async () => {
    const signal = AbortSignal.abort(new Cancelled('SIGINT'));
    const heard = await performed({ inputs: STATUS, signal });
    expect(heard.code).toBe(1);
    expect(heard.outputs.error).toBe('cancelled');
    expect(heard.state.folders).toContain('cf-zero-downtime-');
    expectClean(heard);
  });
});

describe('what nobody foresaw', () => {
  test('is caught, is our defect, and is told without secrets', async () => {
    const answer = (_request: unknown, path: string) => {
      if (path === '/v3/apps') throw new TypeError(`undefined of ${PASSWORD} and ${TOKEN}`);
      return undefined;
    };
    const heard = await performed({ inputs: STATUS, answer });
    expect(heard.code).toBe(1);
    expect(heard.outputs.error).toBe('internal');
    expect(heard.errors[0]?.text).toContain('An unexpected error (TypeError): undefined of *** and ***');
    expectClean(heard);
  });

  test('also while the result is written', async () => {
    const heard = await performed({ inputs: STATUS, broken: 'output' });
    expect(heard.code).toBe(1);
    expect(heard.errors).toEqual([
      {
        text: 'The result could not be reported: Error: no file for outputs, password ***',
        at: { title: 'internal' },
      },
    ]);
  });
});

describe('secrets', () => {
  const basic = Buffer.from(`ann:${PASSWORD}`).toString('base64');
  const spoken = `said ${PASSWORD}, ${encodeURIComponent(PASSWORD)}, Basic ${basic}`;

  test.each(['shop', 'refused'])('are in no byte that anybody sees: %s', async (which) => {
    const answer = (_request: unknown, path: string) => {
      if (path === '/' && which === 'refused')
        return { json: { links: { login: { href: `ftp://${spoken}` } } } };
      if (path === '/v3/apps')
        return { status: 422, json: { errors: [{ code: 10008, title: 'CF-X', detail: spoken }] } };
      return undefined;
    };
    const heard = await performed({ inputs: STATUS, answer });
    expect(heard.code).toBe(1);
    expect(heard.masked).toContain(PASSWORD);
    const shown = everyByte(heard);
    expect(shown.length).toBeGreaterThan(300);
    for (const part of ['w*rd', 'w\\*rd', 'w%2Ard', 'w%2ard', basic.slice(8, 20)])
      expect(shown).not.toContain(part);
    expectClean(heard);
  });

  test('the token goes to the platform alone', async () => {
    const seen = new Set<string>();
    const answer = ({ url, headers }: { url: string; headers?: object }) => {
      if (JSON.stringify(headers ?? {}).includes(TOKEN)) seen.add(new URL(url).origin);
      return undefined;
    };
    const heard = await performed({ inputs: STATUS, answer });
    expect([...seen]).toEqual([API]);
    expect(heard.masked).toContain(TOKEN);
  });

  test('the token is hidden from the first call with it on', async () => {
    const answer = (_request: unknown, path: string) =>
      path === '/v3/apps'
        ? { status: 422, json: { errors: [{ code: 10008, title: 'CF-X', detail: `bearer ${TOKEN}` }] } }
        : undefined;
    const heard = await performed({ inputs: STATUS, answer });
    expect(heard.errors[0]?.text).toContain('bearer ***');
    expect(everyByte(heard)).not.toContain(TOKEN);
  });
});

/** @returns what the post step warned of; it signs in nowhere */
async function afterJob(state: (name: string) => string, remove: (path: string) => Promise<void>) {
  const warnings: string[] = [];
  const code = await post({
    state,
    files: { remove, read: async () => undefined },
    warn: (text) => warnings.push(text),
    core: {
      setOutput() {},
      error() {},
      notice() {},
      summary: async () => {},
      setSecret() {},
    } as ProcessPorts['core'],
    clock: { now: () => 0, sleep: async () => {} },
    env: {},
    write: () => {},
    portsFor: () => {
      throw new Error('nothing was left');
    },
  });
  expect(code).toBe(0);
  return warnings;
}

describe('post', () => {
  test('does nothing where the main run had nothing', async () => {
    const remove = async () => {
      throw new Error('not to be called');
    };
    expect(await afterJob(() => '', remove)).toEqual([]);
  });

  test('fails no job, but says what is left', async () => {
    const remove = async () => {
      throw new Error('busy');
    };
    const warnings = await afterJob((name) => (name === 'folders' ? '/tmp/x' : ''), remove);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('/tmp/x (busy)');
  });
});

describe('an OpenTelemetry endpoint that takes the connection, and never says a word', () => {
  test.each([
    ['a run that went well keeps its result', undefined, 0, { result: 'shown', error: '' }, 300],
    [
      'a cancelled run waits for a second',
      AbortSignal.abort(new Cancelled('x')),
      1,
      { error: 'cancelled' },
      1_000,
    ],
  ] as const)('%s', async (_, signal, code, outputs, waitsMs) => {
    const open = new Set<Socket>();
    const server = createServer((socket) => open.add(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const publicHttp = createHttp({ skipSslValidation: false });
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20s3cr3t-of-otel',
      ...(signal ? {} : { OTEL_EXPORTER_OTLP_TIMEOUT: '300' }),
    };
    try {
      const heard = await performed({ inputs: STATUS, env, publicHttp, ...(signal ? { signal } : {}) });
      expect(heard.code).toBe(code);
      expect(heard.outputs).toMatchObject(outputs);
      expect(open.size).toBe(2);
      const told = heard.lines.filter((line) => line.startsWith('::warning::OpenTelemetry was not told'));
      expect(told).toEqual([expect.stringContaining(`no answer within ${waitsMs} ms`)]);
      expect(everyByte(heard)).not.toContain('s3cr3t');
      expectClean(heard);
    } finally {
      for (const socket of open) socket.destroy();
      publicHttp.close();
      server.close();
    }
  });
});
