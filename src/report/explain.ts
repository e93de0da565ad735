/** Every error as text: the one place. Pure. The text may hold untrusted bytes: whoever shows it makes it safe. */
import type { ErrorCode } from '../model/codes.js';
import {
  Cancelled,
  DeadlineOver,
  HttpFailure,
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
import { nextOfRefusal } from './refusals.js';

export interface Explained {
  /** Stable; the output `error`. */
  code: ErrorCode;
  /** What went wrong, in a sentence or a few. */
  what: string;
  /** What to do now. */
  next: string;
  /** What a person may run for it, line by line. */
  commands: readonly string[];
  /** The app's or a program's own words. */
  evidence: readonly string[];
  /** With a place in a file where there is one. */
  problems: readonly Problem[];
}

const RERUN = 'Run the same command again: it looks at what is there and goes on from it.';
/** The last lines of a program say why it ended. */
const PROGRAM_LINES = 25;

export function explain(error: unknown): Explained {
  const base = { commands: [], evidence: [], problems: [] };
  if (error instanceof InputError) {
    const next = 'Change what is named here, and run again.';
    return { ...base, code: 'input', what: error.message, next, problems: error.problems };
  }
  if (error instanceof Refused) {
    const { code, message: what, next, commands } = error;
    return { ...base, code, what, next, commands };
  }
  if (error instanceof Stuck) return { ...base, code: 'stuck', what: error.message, next: error.next };
  if (error instanceof VersionFault) {
    const { code, message: what, evidence } = error;
    return { ...base, code, what, evidence, next: VERSION_NEXT[code] };
  }
  if (error instanceof PlatformRefusal) return { ...base, ...refusal(error) };
  if (error instanceof PlatformFault || error instanceof HttpFailure) {
    return { ...base, code: 'platform', what: error.message, next: RERUN };
  }
  if (error instanceof DeadlineOver) return { ...base, code: 'deadline', what: error.message, next: RERUN };
  if (error instanceof ProgramFailed) {
    const evidence = error.output.trimEnd().split('\n').slice(-PROGRAM_LINES);
    const next = 'Its output says why. Mend that, and run again.';
    return { ...base, code: 'program', what: error.message, evidence, next };
  }
  if (error instanceof Cancelled) {
    const next =
      'Whatever is left, the post step of this job settles. Running the same command again does so, too: it looks at what is there and goes on from it.';
    return { ...base, code: 'cancelled', what: 'The run was cancelled before its end.', next };
  }
  if (isOfDisk(error)) {
    const next =
      'See that the folder of the runner for temporary files (RUNNER_TEMP) is there, may be written and has room, then run again.';
    return { ...base, code: 'runner-files', what: `A file of this run: ${error.message}`, next };
  }
  const next = 'This is a defect of the action: please report it with this log, then run the command again.';
  return { ...base, code: 'internal', what: internal(error), next };
}

const OF_DISK = ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EMFILE', 'EIO'];

/** An error of Node's file system: it names what could not be done, and where. */
function isOfDisk(error: unknown): error is NodeJS.ErrnoException {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) return false;
  return OF_DISK.includes(String(error.code)) && !String(error.syscall).startsWith('spawn');
}

const VERSION_NEXT: Record<VersionFault['code'], string> = {
  task: 'Its output is above. Mend the command or what it found, look at what it has changed already, and deploy again: each new version runs its own.',
  staging: 'The log of the build above says what it lacks. Mend it, and deploy again.',
  'no-room':
    'The cells of the platform are full, whatever the quotas allow: run again later, ask its operator for more, or take less: fewer or smaller instances, strategy: rolling with max-in-flight 1.',
  start: 'The last lines of the app say why its instances do not stay up. Mend it, and run again.',
  smoke: 'Mend what the check found, or the check, and run again.',
  canary: 'See in the logs of the version why it answers worse than live, and run again.',
  'production-proof': 'See why the version does not answer on its production routes, and run again.',
  watch: 'See in the logs of the version why requests failed, and run again.',
  script: 'Mend what the script found, or the script, and run again.',
};

function refusal(error: PlatformRefusal) {
  const code = `platform-${error.code ?? error.status}` as const;
  return { code, what: error.message, next: nextOfRefusal(error) };
}

function internal(error: unknown): string {
  if (!(error instanceof Error)) return `An unexpected error: ${String(error)}`;
  return `An unexpected error (${error.name}): ${error.message}`;
}

/** What the end means for users, in one sentence. */
export function meaning(result: Result): string {
  return MEANINGS[result];
}

const MEANINGS: Record<Result, string> = {
  deployed: 'The new version serves every production route.',
  held: 'The new version is proven and waits for command: promote or command: abort.',
  promoted: 'The version that was held serves every production route.',
  aborted: 'The version that was held is gone, and live is the one from before.',
  unchanged: 'Bits and configuration are those of live, and live is healthy: nothing was done.',
  'rolled-back': 'The version from before serves every production route again.',
  restarted: 'The same bits serve every production route, started once more.',
  reverted: 'The version was taken back, and the state from before is back.',
  refused: 'It ended before anything was changed.',
  failed: 'It did not come to a clean end: a person has to look.',
  previewed: 'The preview serves its address.',
  deleted: 'The preview is gone, with all that was made for it.',
  swept: 'Previews that nobody needs any more are gone.',
  skipped: 'Nothing was done: a pull request from a fork, or by Dependabot, has no secrets to sign in with.',
  planned: 'This is what would be done. Nothing was changed.',
  ready: 'The cf CLI is signed in and ready for the next steps.',
  shown: 'This is what is live now. Nothing was changed.',
};
