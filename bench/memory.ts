import { readFileSync } from 'node:fs';

/** The mark is kept by the kernel and only ever rises: what is missed is what came in the last moment of a process. */
const EVERY_MS = 50;

/** The highest resident memory that one of the processes ever had, in MiB. */
export interface MemoryWatch {
  of(pid: number): void;
  /** undefined: the system does not tell. */
  end(): number | undefined;
}

/** Linux tells it in `/proc`; elsewhere nothing is seen. */
export function watchMemory(): MemoryWatch {
  const pids = new Set<number>();
  let peak: number | undefined;
  const look = (): void => {
    for (const pid of pids) {
      const now = peakOf(pid);
      if (now === undefined) pids.delete(pid);
      else peak = Math.max(peak ?? 0, now);
    }
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    of(pid) {
      pids.add(pid);
    },
    end() {
      clearInterval(timer);
      return peak;
    },
  };
}

function peakOf(pid: number): number | undefined {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? undefined : Number(kib) / 1024;
  } catch {
    return undefined;
  }
}
