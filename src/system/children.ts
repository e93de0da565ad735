import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { ChildCommand, ChildResult, Children } from '../model/ports.js';

/** Of each stream the last part is kept; a line without an end is cut into pieces of this size. */
const KEPT_CHARACTERS = 1024 * 1024;
const LONGEST_LINE = 64 * 1024;
/** Between SIGTERM and SIGKILL; the runner itself leaves 2.5 s after its SIGTERM. */
const GRACE_MS = 1_500;

/**
 * The leash. A watcher in the child's process group reads a pipe (descriptor 3) whose other end only we hold, and nobody ever
 * writes to. It ends when we close it or die in whatever way, and the watcher then ends the whole group. As a member of the
 * group it also keeps the group's number from being given to others. The shell itself becomes the command, so that exit code
 * and signal are the command's own.
 */
const LEASH = [
  "trap '' TERM INT HUP",
  '{ read -r _; kill -s KILL -- -$$; } <&3 3<&- >/dev/null 2>&1 &',
  'trap - TERM INT HUP',
  'exec "$@" 3<&-',
].join('\n');

/** Real child processes, on POSIX systems. A grandchild that leaves the process group (a daemon) leaves the leash too. */
export function createChildren(): Children {
  return { run };
}

async function run(command: ChildCommand): Promise<ChildResult> {
  command.signal?.throwIfAborted();
  const file = await findProgram(command.file, command.env.PATH);
  return await new Promise((done, reject) => {
    const child = spawn('/bin/sh', ['-c', LEASH, 'sh', file, ...command.args], {
      env: command.env,
      detached: true, // a process group of its own
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    });
    const [stdin, stdout, stderr, leash] = child.stdio;
    if (!stdin || !stdout || !stderr || !leash) throw new Error('a child without its pipes');
    let timedOut = false;
    let killer: NodeJS.Timeout | undefined;

    const end = () => {
      if (child.pid === undefined || killer !== undefined) return;
      signalGroup(child.pid, 'SIGTERM');
      killer = setTimeout(() => leash.destroy(), GRACE_MS); // the watcher does it
    };
    const timer =
      command.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            end();
          }, command.timeoutMs);
    const settle = () => {
      clearTimeout(timer);
      clearTimeout(killer);
      command.signal?.removeEventListener('abort', end);
      leash.destroy();
    };
    command.signal?.addEventListener('abort', end, { once: true });

    leash.on('error', () => {});
    // A child may end without having read what it was given.
    stdin.on('error', () => {});
    (stdin as NodeJS.WritableStream).end(command.stdin ?? '');

    const out = collect(stdout as Readable, (line) => command.onLine?.('stdout', line));
    const err = collect(stderr as Readable, (line) => command.onLine?.('stderr', line));
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

/** Throws when the group is gone; that is what was wanted. */
function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The absolute path of a program, looked up in `path` as a shell does. Throws the reason of the file system when there is none. */
export async function findProgram(file: string, path: string | undefined): Promise<string> {
  if (file.includes('/')) {
    await access(file, constants.X_OK);
    return resolve(file);
  }
  for (const folder of (path ?? '').split(delimiter)) {
    if (folder === '') continue;
    const found = resolve(join(folder, file));
    const usable = await access(found, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return found;
  }
  throw Object.assign(new Error(`${file} is not on the PATH`), { code: 'ENOENT' });
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
