/** How a child is started so that it cannot outlive us: by its process group, and on Windows, which has none, by a watcher. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { ChildCommand } from '../model/ports.js';

export interface Leashed {
  child: ChildProcess;
  /** Asks it to end; who does not is made to. */
  end(): void;
  /** It has ended: who is left of it goes too, as far as that can be found out, and nothing is watched any more. */
  release(): void;
}

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

/** As the leash above, beside the child: Node itself reads the pipe, and a word in it says that there is nothing to be ended. */
const WATCHER = `
const { spawnSync } = require('node:child_process');
process.stdin.on('data', () => process.exit());
process.stdin.on('end', () => spawnSync('taskkill', ['/pid', process.argv[1], '/t', '/f'], { stdio: 'ignore' }));
`;

/** @param file absolute */
export function startLeashed(file: string, command: ChildCommand, os: NodeJS.Platform): Leashed {
  return os === 'win32' ? onWindows(file, command) : onPosix(file, command);
}

function onPosix(file: string, command: ChildCommand): Leashed {
  const child = spawn('/bin/sh', ['-c', LEASH, 'sh', file, ...command.args], {
    ...optionsOf(command),
    detached: true, // a process group of its own
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const leash = child.stdio[3] as NodeJS.WritableStream & { destroy(): void };
  leash.on('error', () => {});
  let killer: NodeJS.Timeout | undefined;
  return {
    child,
    end() {
      if (child.pid === undefined || killer !== undefined) return;
      signalGroup(child.pid, 'SIGTERM');
      killer = setTimeout(() => leash.destroy(), GRACE_MS); // the watcher does it
    },
    release() {
      clearTimeout(killer);
      leash.destroy();
    },
  };
}

/** There is no word by which a program is asked to end. What a child left behind when it ended by itself is not found any more. */
function onWindows(file: string, command: ChildCommand): Leashed {
  const child = spawn(file, command.args, { ...optionsOf(command), stdio: ['pipe', 'pipe', 'pipe'] });
  const watcher = spawn(process.execPath, ['-e', WATCHER, String(child.pid ?? 0)], {
    ...optionsOf(command),
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watcher.on('error', () => {});
  watcher.stdin.on('error', () => {});
  return {
    child,
    end: () => void watcher.stdin.end(),
    release: () => void watcher.stdin.end('over'),
  };
}

function optionsOf({ env, cwd }: ChildCommand) {
  return { env, windowsHide: true, ...(cwd === undefined ? {} : { cwd }) };
}

/** Throws when the group is gone; that is what was wanted. */
function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
