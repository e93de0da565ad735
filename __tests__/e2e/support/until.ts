import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 100;
const LONGEST_MS = 60_000;

/** Looks again and again until it is so. Throws, with what was waited for, when it is not so within a minute. */
export async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const deadlineMs = Date.now() + LONGEST_MS;
  while (!(await isSo())) {
    if (Date.now() > deadlineMs) throw new Error(`waited in vain for ${what}`);
    await sleep(LOOK_MS);
  }
}
