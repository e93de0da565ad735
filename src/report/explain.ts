/** Every error as text: the one place. Pure. The text may hold untrusted bytes: whoever shows it makes it safe. */
import type { Outcome } from '../commands/outcome.js';
import {
  Cancelled,
  DeadlineOver,
  InputError,
  PlatformFault,
  PlatformRefusal,
  type Problem,
  ProgramFailed,
  Refused,
  Stuck,
  VersionFault,
} from '../model/errors.js';
import type { Result } from '../model/words.js';

export interface Explained {
  /** Stable; the output `error`. */
  code: string;
  /** What went wrong, in a sentence or a few. */
  what: string;
  /** What to do now. */
  next: string;
  /** The app's or a program's own words. */
  evidence: readonly string[];
  /** With a place in a file where there is one. */
  problems: readonly Problem[];
}

const RERUN = 'Run the same deploy again: it looks at what is there and goes on from it.';

export function explain(error: unknown): Explained {
  const base = { evidence: [], problems: [] };
  if (error instanceof InputError) {
    const next = 'Change what is named here and run again. Nothing was called.';
    return { ...base, code: 'input', what: error.message, next, problems: error.problems };
  }
  if (error instanceof Refused) return { ...base, code: error.code, what: error.message, next: error.next };
  if (error instanceof Stuck) return { ...base, code: 'stuck', what: error.message, next: error.next };
  if (error instanceof VersionFault) {
    const { code, message: what, evidence } = error;
    return { ...base, code, what, evidence, next: 'Mend the new version and deploy again.' };
  }
  if (error instanceof PlatformRefusal) {
    const role = error.status === 403 ? ' It needs the role SpaceDeveloper in this space.' : '';
    const next = `The platform does not allow this.${role} Change it and run again.`;
    return { ...base, code: `platform-${error.code ?? error.status}`, what: error.message, next };
  }
  if (error instanceof PlatformFault) {
    return { ...base, code: 'platform', what: error.message, next: RERUN };
  }
  if (error instanceof DeadlineOver) return { ...base, code: 'deadline', what: error.message, next: RERUN };
  if (error instanceof ProgramFailed) {
    const evidence = error.output.split('\n').slice(-25);
    return {
      ...base,
      code: 'program',
      what: error.message,
      evidence,
      next: 'See its output, and run again.',
    };
  }
  if (error instanceof Cancelled)
    return { ...base, code: 'cancelled', what: 'The run was cancelled.', next: RERUN };
  const what = error instanceof Error ? `${error.message}` : String(error);
  return {
    ...base,
    code: 'internal',
    what,
    next: 'This is a defect of the action: please report it with this log.',
  };
}

/** What the end means for users, in one sentence. */
export function meaning(result: Result): string {
  return MEANINGS[result];
}

const MEANINGS: Record<Result, string> = {
  deployed: 'The new version serves every production route.',
  reverted: 'The new version was taken back: what was live before is live.',
  refused: 'Refused before any change.',
  failed: 'It did not come to a clean end: please look.',
  planned: 'This is what would be done. Nothing was changed.',
  ready: 'The cf CLI is ready for the next steps.',
  shown: 'This is what is live now.',
};

/** For each app, who serves each of its routes. */
export function whoServes({ apps }: Pick<Outcome, 'apps'>): string[] {
  return apps.flatMap(({ app, live }) => {
    if (live.routes.length === 0) return [`${app}: no route is served.`];
    return live.routes.map(({ url, by }) => {
      if (by.length === 0) return `${url}: nobody serves it`;
      return by.length > 1 ? `${url}: both serve it: ${by.join(' and ')}` : `${url}: ${by[0]}`;
    });
  });
}
