/** Fixed words: commands, strategies, results. What a user types or another workflow reads never changes. */

export const COMMANDS = [
  'deploy',
  'promote',
  'abort',
  'rollback',
  'restart',
  'restage',
  'preview',
  'preview-delete',
  'sweep',
  'status',
  'setup',
] as const;
export type Command = (typeof COMMANDS)[number];

export const STRATEGIES = ['blue-green', 'rolling', 'canary', 'zdt-push'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** How a command ended; the output `result`. */
export const RESULTS = [
  'deployed',
  'held', // proven, and waits for promote or abort
  'promoted',
  'aborted',
  'unchanged', // bits and configuration are those of live: nothing was done
  'rolled-back',
  'restarted', // restart and restage
  'reverted', // failed, and the state from before is back
  'refused', // failed before any change
  'failed', // a person must look
  'planned',
  'previewed',
  'deleted', // a preview is gone
  'swept',
  'skipped', // a pull request without secrets: nothing could be done, and nothing is wrong
  'ready', // setup
  'shown', // status
] as const;
export type Result = (typeof RESULTS)[number];

export const ROLES = ['live', 'candidate', 'previous', 'failed', 'lock', 'preview'] as const;
export type Role = (typeof ROLES)[number];

/**
 * How far a candidate has come. Forward, in order: `made`: the lock is taken. `held`: it was proven as `proven` says, and waits for
 * `promote`, which proves it again, or `abort`. `handover`: live stops as a whole, and only then this version starts. `proven`: every instance ran and every check passed on the trial route. `switching`: production routes may gain it from here on. `paused`: it is held as a
 * canary: live's first new instances serve, and the deployment waits. `serving`: it was seen answering on every
 * production route. `released`: no router leads to live any more, and apps of a later turn may switch. `drained`: live answers no more, bake is over, nothing goes back by itself. Back, in order: `reverting`:
 * this deploy goes back, and whoever finds it goes on going back. `restored`: live was seen answering on every production
 * route. `parted`: no router leads to the candidate any more, and apps of an earlier turn may go back. `withdrawn`: no request reaches the candidate any more.
 */
export const PHASES = [
  'made',
  'held',
  'handover',
  'proven',
  'switching',
  'paused',
  'serving',
  'released',
  'drained',
  'reverting',
  'restored',
  'parted',
  'withdrawn',
] as const;
export type Phase = (typeof PHASES)[number];

/** A deploy that waits for `promote` or `abort`: before live is touched, or as a canary. */
export function isWaiting(phase: string | undefined): phase is 'held' | 'paused' {
  return phase === 'held' || phase === 'paused';
}

/** What the input `preview-id` has to be: it becomes a part of a host's name. */
export const PREVIEW_ID = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

/** A duration in milliseconds, wherever a name ends in `Ms`. Memory and disk are MiB (`Mb`), as the platform counts them. */
export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
