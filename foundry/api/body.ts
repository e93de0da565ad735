import { unprocessable } from './errors.js';
import { isObject } from './metadata.js';

/** Follows keys into a request body; undefined where there is nothing. */
export function dig(value: unknown, ...keys: readonly string[]): unknown {
  let at = value;
  for (const key of keys) {
    if (!isObject(at)) return undefined;
    at = at[key];
  }
  return at;
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Refuses fields that the platform does not know. */
export function onlyFields(body: Record<string, unknown>, allowed: readonly string[]): void {
  const extra = Object.keys(body).filter((key) => !allowed.includes(key));
  if (extra.length > 0) throw unprocessable(`Unknown field(s): '${extra.join("', '")}'`);
}

/** A GUID of `relationships.NAME.data.guid`. */
export function related(body: Record<string, unknown>, name: string): string | undefined {
  return text(dig(body, 'relationships', name, 'data', 'guid'));
}
