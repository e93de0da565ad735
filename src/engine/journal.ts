/** The journal: what a later run must know to finish this change or to take it back. It lies on the lock. Pure. */
import type { AppState } from '../model/cloud.js';
import type { Intent, Journal } from '../model/intent.js';
import { ANNOTATION, joinAnnotation, LABEL, splitAnnotation } from '../platform/names.js';

const PARTS = {
  set: true,
  target: true,
  production: true,
  dropped: true,
  trials: true,
  before: true,
  scale: true,
  keepInstancesOf: true,
  probePath: true,
  drainMs: true,
  bakeMs: true,
  keepPrevious: true,
  keepFailed: true,
} as const satisfies Record<keyof Journal, true>;

const OPTIONAL: readonly string[] = ['before', 'target'];

/** @returns annotations, each within the platform's limit. Values of variables and headers are not in it. */
export function recorded(intent: Intent): Record<string, string> {
  const journal = Object.fromEntries(Object.keys(PARTS).map((part) => [part, intent[part as keyof Journal]]));
  return splitAnnotation(ANNOTATION.journal, JSON.stringify(journal));
}

/**
 * @returns what the lock's own run wanted, as far as it is recorded: no checks and no environment, which only that run had. undefined: the journal cannot be read, and nobody may guess.
 */
export function recalled(app: string, lock: AppState): Intent | undefined {
  const text = joinAnnotation(ANNOTATION.journal, lock.annotations);
  const owner = lock.labels[LABEL.owner];
  if (text === undefined || lock.version === undefined || owner === undefined) return undefined;
  const journal = parsed(text);
  if (!journal) return undefined;
  return {
    ...journal,
    app,
    version: lock.version,
    owner,
    env: {},
    carriedEnv: [],
    checks: [],
    facts: {},
  };
}

/** undefined: cut, of another version of this action, or another hand's. */
function parsed(text: string): Journal | undefined {
  try {
    const journal: unknown = JSON.parse(text);
    if (typeof journal !== 'object' || journal === null) return undefined;
    const complete = Object.keys(PARTS).every((part) => OPTIONAL.includes(part) || part in journal);
    return complete ? (journal as Journal) : undefined;
  } catch {
    return undefined;
  }
}
