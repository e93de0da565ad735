/** At the end of a job the runner ends what the job left running: processes with its RUNNER_TRACKING_ID (JobExtension.cs). */
import { readdirSync, readFileSync } from 'node:fs';

export interface Orphan {
  pid: number;
  /** Its command line, blanks between the arguments. */
  command: string;
}

/**
 * Ends all processes that carry the tracking id. Needs /proc: elsewhere none are found.
 * @returns those that were ended
 */
export function endOrphans(trackingId: string): Orphan[] {
  const orphans: Orphan[] = [];
  for (const pid of processIds()) {
    const environment = readOr(`/proc/${pid}/environ`, '').split('\0');
    if (!environment.includes(`RUNNER_TRACKING_ID=${trackingId}`)) continue;
    orphans.push({ pid, command: readOr(`/proc/${pid}/cmdline`, '').split('\0').join(' ').trim() });
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself meanwhile.
    }
  }
  return orphans;
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}
