/** A `cf` that writes down how it was called, and then is the real one. */
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cfCli } from '../../../runner/tools.js';

/** One call, by the words of its command line without the program. */
export interface CfCall {
  args: readonly string[];
  /** Complete. */
  env: Readonly<Record<string, string>>;
  /** Of `CF_HOME`, such as `700`. */
  homeMode: string;
  /** Access and refresh token that the CLI was signed in with. */
  tokens: readonly string[];
}

export interface RecordingCf {
  /** For `CF_CLI`. */
  path: string;
  /** All calls so far. */
  calls(): Promise<CfCall[]>;
}

/** @param dir is made; keep it out of what the runs write */
export async function recordingCf(dir: string): Promise<RecordingCf> {
  const records = join(dir, 'calls');
  await mkdir(records, { recursive: true });
  const path = join(dir, 'cf');
  const script = [
    '#!/bin/sh',
    `record='${records}'/$$`,
    'mkdir "$record"',
    // First of all, and from the kernel: what a shell adds by itself is not from the caller.
    'cat /proc/$$/environ > "$record/env"',
    `printf '%s\\0' "$@" > "$record/args"`,
    'if [ -n "$CF_HOME" ]; then stat -c %a "$CF_HOME" > "$record/mode"; else : > "$record/mode"; fi',
    'cp "$CF_HOME/.cf/config.json" "$record/config" 2>/dev/null || echo "{}" > "$record/config"',
    `exec '${cfCli()}' "$@"`,
    '',
  ].join('\n');
  await writeFile(path, script);
  await chmod(path, 0o755);
  return {
    path,
    calls: async () => Promise.all((await readdir(records)).map((name) => callIn(join(records, name)))),
  };
}

async function callIn(record: string): Promise<CfCall> {
  const [args, env, mode, config] = await Promise.all(
    ['args', 'env', 'mode', 'config'].map((name) => readFile(join(record, name), 'utf8')),
  );
  const { AccessToken = '', RefreshToken = '' } = JSON.parse(config ?? '') as Record<string, string>;
  return {
    args: parts(args),
    env: environmentIn(env ?? ''),
    homeMode: mode?.trim() ?? '',
    tokens: [AccessToken.replace(/^bearer /i, ''), RefreshToken].filter((token) => token !== ''),
  };
}

/** As the kernel keeps it: `NAME=value`, each ended by a zero byte. */
export function environmentIn(text: string): Record<string, string> {
  return Object.fromEntries(
    parts(text).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

function parts(text = ''): string[] {
  return text.split('\0').slice(0, -1);
}
