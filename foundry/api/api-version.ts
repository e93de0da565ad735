import type { Core } from './core.js';
import { unknownRequest } from './errors.js';
import type { Handler } from './table.js';

/** Whether the API version that the foundry plays is at least this one, `MAJOR.MINOR.PATCH`. */
export function isSince(core: Core, version: string): boolean {
  const [here, there] = [core.apiVersion, version].map((text) => text.split('.').map(Number));
  for (let i = 0; i < 3; i += 1) {
    const difference = (here?.[i] ?? 0) - (there?.[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** Before this version there is no such address. */
export function since(version: string, handler: Handler): Handler {
  return (call, core) => {
    if (!isSince(core, version)) throw unknownRequest();
    return handler(call, core);
  };
}
