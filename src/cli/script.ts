import { join } from 'node:path';
import { VersionFault } from '../model/errors.js';
import type { Children, Files, Listener } from '../model/ports.js';
import { findProgram } from '../system/children.js';
import { scriptEnvironment } from './environment.js';

export interface RunScript {
  /** Lines of shell. */
  command: string;
  candidate: { trialUrl: string; appName: string; appGuid: string };
  /** The runner's environment. */
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  timeoutMs: number;
  children: Children;
  files: Files;
  temp: string;
  listener: Listener;
  signal?: AbortSignal;
}

const EVIDENCE_LINES = 20;

/**
 * Runs the user's own check of a candidate, with `bash -e` as the runner does, or `sh -e` where there is none. Throws
 * `VersionFault` when it fails or does not end in its time.
 */
export async function runScript(script: RunScript): Promise<void> {
  const shell = await findProgram('bash', script.env.PATH).catch(() => '/bin/sh');
  const folder = await script.files.privateFolder(script.temp, 'smoke-script-');
  try {
    // A file, not an argument: what the workflow put into the command may be secret.
    const path = join(folder, 'smoke-script.sh');
    await script.files.writePrivate(path, script.command);
    await run(script, shell, path);
  } finally {
    await script.files.remove(folder);
  }
}

async function run(script: RunScript, shell: string, path: string): Promise<void> {
  const { candidate } = script;
  const last: string[] = [];
  const { code, signal, timedOut } = await script.children.run({
    file: shell,
    args: ['-e', path],
    env: scriptEnvironment(script.env, {
      TRIAL_URL: candidate.trialUrl,
      APP_NAME: candidate.appName,
      APP_GUID: candidate.appGuid,
    }),
    cwd: script.cwd,
    timeoutMs: script.timeoutMs,
    onLine: (_stream, text) => {
      last.push(text);
      if (last.length > EVIDENCE_LINES) last.shift();
      script.listener.tell({ type: 'foreign', source: 'smoke-script', text });
    },
    ...(script.signal === undefined ? {} : { signal: script.signal }),
  });
  script.signal?.throwIfAborted();
  if (timedOut)
    throw new VersionFault(
      `The smoke-script did not end within ${script.timeoutMs / 1_000} s.`,
      'script',
      last,
    );
  if (code !== 0)
    throw new VersionFault(
      `The smoke-script ended with ${code === null ? signal : `exit code ${code}`}.`,
      'script',
      last,
    );
}
