/** Which previews of a space are kept, and which go. What is not known for certain is kept. Pure. */

/** One preview, whatever it has by now. */
export interface PreviewSeen {
  /** The name of its app, for people. */
  name: string;
  /** Of its pull request; undefined: it has none. */
  pull?: number;
  /** Until when it is kept; undefined: what was left does not tell. Milliseconds of the platform's clock. */
  expiresAtMs?: number;
  /** When it was deployed last. */
  deployedAtMs: number;
  /** An app, or only routes and service instances that are left of it. */
  hasApp: boolean;
  /** When somebody changed its apps last, such as by a start. */
  startedAtMs?: number;
  /** None of its apps is started. */
  sleeps?: boolean;
}

export interface Known {
  nowMs: number;
  /** What GitHub positively says of each pull request; undefined: it could not be read as a whole. */
  pulls?: ReadonlyMap<number, 'open' | 'closed'>;
  /** How many a repository keeps. */
  max: number;
}

export interface Decision {
  preview: PreviewSeen;
  /** `stop`: it stays, and does not run any more. */
  what: 'keep' | 'stop' | 'remove';
  why: string;
}

/** In the order of the names. */
export function sweepOf(previews: readonly PreviewSeen[], known: Known): readonly Decision[] {
  const first = previews.map((preview) => decide(preview, known));
  const kept = first.filter(({ what, preview }) => what === 'keep' && preview.hasApp);
  // Which of them are open is not known: one that is counted may be closed, and another one would go for it.
  const over = known.pulls ? Math.max(0, kept.length - known.max) : 0;
  const idlest = [...kept]
    .sort((one, other) => one.preview.deployedAtMs - other.preview.deployedAtMs)
    .slice(0, over)
    .map(({ preview }) => preview);
  return first
    .map(
      (one): Decision =>
        idlest.includes(one.preview)
          ? {
              ...one,
              what: 'remove',
              why: `there are ${kept.length}, and preview-max is ${known.max}: it is the longest without a deploy`,
            }
          : one,
    )
    .sort((one, other) => (one.preview.name < other.preview.name ? -1 : 1));
}

function decide(preview: PreviewSeen, { nowMs, pulls }: Known): Decision {
  const { pull, expiresAtMs } = preview;
  const state = pull === undefined ? undefined : pulls?.get(pull);
  if (state === 'closed') return { preview, what: 'remove', why: `pull request ${pull} is closed` };
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs)
    return { preview, what: 'remove', why: 'its time is over' };
  const of = pull === undefined ? 'it is of no pull request' : openOr(pull, state);
  const sleeps = preview.sleeps ? '; it sleeps' : '';
  return { preview, what: 'keep', why: `${of}, and its time is not over${sleeps}` };
}

/** Of those that are kept, which may have been idle for so long that it matters when they were asked last. */
export function mayBeIdle({ preview, what }: Decision, { nowMs, idleMs }: Idle): boolean {
  const { hasApp, sleeps, deployedAtMs, startedAtMs = 0 } = preview;
  return what === 'keep' && hasApp && !sleeps && nowMs - Math.max(deployedAtMs, startedAtMs) >= idleMs;
}

/** Since when counts as idle. */
export interface Idle {
  nowMs: number;
  idleMs: number;
}

/**
 * Those that nobody asked for so long are stopped. Where nobody can say, they run on.
 * @param askedAtMs when each that may be idle was asked last; undefined: not known
 */
export function idleOf(
  decisions: readonly Decision[],
  limits: Idle,
  askedAtMs: (preview: PreviewSeen) => number | undefined,
): readonly Decision[] {
  return decisions.map((one) => {
    if (!mayBeIdle(one, limits)) return one;
    const atMs = askedAtMs(one.preview);
    if (atMs === undefined) return { ...one, why: `${one.why}; when it was asked last is not known` };
    if (limits.nowMs - atMs < limits.idleMs) return one;
    const since = new Date(atMs).toISOString().slice(0, 16).replace('T', ' ');
    return { ...one, what: 'stop', why: `nobody asked it since ${since} UTC` };
  });
}

function openOr(pull: number, state: 'open' | 'closed' | undefined): string {
  return state === 'open'
    ? `pull request ${pull} is open`
    : `GitHub does not say whether pull request ${pull} is closed`;
}
