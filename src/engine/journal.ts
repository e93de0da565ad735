/** The journal: what a later run must know to finish this change or to take it back. It lies on the lock. Pure. */
import type { AppState } from '../model/cloud.js';
import type { Intent, Journal } from '../model/intent.js';
import { ANNOTATION, joinAnnotation, LABEL, splitAnnotation } from '../platform/names.js';

const PARTS = {
  set: true,
  turn: true,
  target: true,
  production: true,
  dropped: true,
  trials: true,
  before: true,
  scale: true,
  keepInstancesOf: true,
  probePath: true,
  hold: true,
  checks: true,
  again: true,
  watchPath: true,
  failureLimit: true,
  drainMs: true,
  bakeMs: true,
  keepPrevious: true,
  keepFailed: true,
  inPlace: true,
  preview: true,
  autoscaled: true,
  taken: true,
  bits: true,
  asLive: true,
  handover: true,
} as const satisfies Record<keyof Journal, true>;

/** Parts that an earlier release did not write, and what stands for them. */
const DEFAULTS = { hold: false, checks: [], again: [], failureLimit: 2 } satisfies Partial<Journal>;
const OPTIONAL: readonly string[] = [
  'before',
  'target',
  'turn',
  'watchPath',
  'inPlace',
  'preview',
  'autoscaled',
  'taken',
  'bits',
  'asLive',
  'handover',
  ...Object.keys(DEFAULTS),
];

/** @returns annotations, each within the platform's limit. Values of variables and headers are not in it, and no script. */
export function recorded(intent: Intent): Record<string, string> {
  const safe = { ...intent, ...publicParts(intent) };
  const journal = Object.fromEntries(Object.keys(PARTS).map((part) => [part, safe[part as keyof Journal]]));
  return splitAnnotation(ANNOTATION.journal, JSON.stringify(journal));
}

/** Checks are for the proof of a later run: only a held deploy has one. */
function publicParts({ hold, checks, again, probePath, watchPath }: Intent) {
  const isNamed = (input: string) => again.some((one) => one === input || one.startsWith(`${input} `));
  const isSecret = again.includes('watch-path') || again.includes('smoke-test');
  return {
    checks: hold && !isNamed('smoke-test') ? checks : [],
    probePath: isSecret ? '/' : probePath,
    watchPath: again.includes('watch-path') ? undefined : watchPath,
  };
}

/**
 * @returns what the lock's own run wanted, as far as it is recorded: no environment and no script, which only that run had. undefined: the journal cannot be read, and nobody may guess.
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
    until: 'live',
    facts: {},
  };
}

/** undefined: cut, of another version of this action, or another hand's. */
function parsed(text: string): Journal | undefined {
  try {
    const journal: unknown = JSON.parse(text);
    if (typeof journal !== 'object' || journal === null) return undefined;
    const complete = Object.keys(PARTS).every((part) => OPTIONAL.includes(part) || part in journal);
    return complete ? { ...DEFAULTS, ...(journal as Journal) } : undefined;
  } catch {
    return undefined;
  }
}
