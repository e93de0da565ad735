import { spawn } from 'node:child_process';

/**
 * A tiny shell beside the foundry that knows every process group we started. It reads from a pipe whose other end only the
 * foundry has; when that end closes, however the foundry died, it kills the groups that are still held.
 */
export interface Leash {
  hold(pid: number): void;
  release(pid: number): void;
  /** Lets go of the shell; groups that are still held are killed. */
  close(): void;
}

const SCRIPT = `
trap '' HUP INT TERM
held=' '
while read -r what pid; do
  case "$what" in
    hold) held="$held$pid " ;;
    release) held="\${held%% $pid *} \${held#* $pid }" ;;
  esac
done
for pid in $held; do kill -s KILL -- "-$pid" 2>/dev/null; done
`;

export function createLeash(): Leash {
  // A session of its own: what is sent to our group (Ctrl-C) must not reach it.
  const child = spawn('/bin/sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  const pipe = child.stdin;
  pipe.on('error', () => {});
  return {
    hold: (pid) => void pipe.write(`hold ${pid}\n`),
    release: (pid) => void pipe.write(`release ${pid}\n`),
    close: () => void pipe.end(),
  };
}
