import type { Core } from './core.js';

/** Whether the API version that the foundry plays is at least this one, `MAJOR.MINOR.PATCH`. */
export function isSince(core: Core, version: string): boolean {
  const [here, there] = [core.apiVersion, version].map((text) => text.split('.').map(Number));
  for (let i = 0; i < 3; i += 1) {
    const difference = (here?.[i] ?? 0) - (there?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
