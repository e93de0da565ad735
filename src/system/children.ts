import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { ChildCommand, ChildResult, Children } from '../model/ports.js';
import { startLeashed } from './leash.js';

/** Of each stream the last part is kept; a line without an end is cut into pieces of this size. */
const KEPT_CHARACTERS = 1024 * 1024;
const LONGEST_LINE = 64 * 1024;

/** Real child processes. A grandchild that leaves the process group (a daemon) leaves the leash too. */
export function createChildren(os: NodeJS.Platform = process.platform): Children {
  return { run: (command) => run(command, os) };
}

async function run(command: ChildCommand, os: NodeJS.Platform): Promise<ChildResult> {
  command.signal?.throwIfAborted();
  const file = await findProgram(command.file, command.env.PATH, os);
  return await new Promise((done, reject) => {
    const leashed = startLeashed(file, command, os);
    const { child } = leashed;
    const { stdin, stdout, stderr } = child;
    if (!stdin || !stdout || !stderr) throw new Error('a child without its pipes');
    let timedOut = false;
    const end = () => leashed.end();
    const timer =
      command.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            end();
          }, command.timeoutMs);
    const settle = () => {
      clearTimeout(timer);
      command.signal?.removeEventListener('abort', end);
      leashed.release();
    };
    command.signal?.addEventListener('abort', end, { once: true });

    // A child may end without having read what it was given.
    stdin.on('error', () => {});
    stdin.end(command.stdin ?? '');

    const out = collect(stdout, (line) => command.onLine?.('stdout', line));
    const err = collect(stderr, (line) => command.onLine?.('stderr', line));
    child.on('error', (error) => {
      settle();
      reject(error);
    });
    // Who is left of the group after its leader goes too: else it could hold the output open for ever.
    child.on('exit', settle);
    child.on('close', (code, signal) => {
      done({ code, signal, stdout: out.end(), stderr: err.end(), timedOut });
    });
  });
}

/** The absolute path of a program, looked up in `path` as a shell does. Throws the reason of the file system when there is none. */
export async function findProgram(
  file: string,
  path: string | undefined,
  os: NodeJS.Platform = process.platform,
): Promise<string> {
  const names = os === 'win32' && !/\.exe$/i.test(file) ? [`${file}.exe`, file] : [file];
  const isPath = file.includes('/') || isAbsolute(file);
  const folders = isPath ? [''] : (path ?? '').split(delimiter).filter((folder) => folder !== '');
  let reason: unknown = Object.assign(new Error(`${file} is not on the PATH`), { code: 'ENOENT' });
  for (const found of folders.flatMap((folder) => names.map((name) => resolve(folder, name)))) {
    try {
      await access(found, constants.X_OK);
      return found;
    } catch (error) {
      if (isPath) reason = error;
    }
  }
  throw reason;
}

function collect(stream: Readable, tell: (line: string) => void): { end(): string } {
  const decoder = new StringDecoder('utf8');
  let kept = '';
  let open = '';
  const take = (text: string) => {
    kept = (kept + text).slice(-KEPT_CHARACTERS);
    open += text;
    const lines = open.split('\n');
    open = lines.pop() ?? '';
    for (const line of lines) tell(line.replace(/\r$/, ''));
    while (open.length > LONGEST_LINE) {
      tell(open.slice(0, LONGEST_LINE));
      open = open.slice(LONGEST_LINE);
    }
  };
  stream.on('data', (chunk: Buffer) => take(decoder.write(chunk)));
  stream.on('error', () => {});
  return {
    end() {
      take(decoder.end());
      if (open !== '') tell(open);
      open = '';
      return kept;
    },
  };
}
