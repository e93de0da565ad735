import type { ErrorCode } from './codes.js';
import type { SourcePosition } from './ports.js';

/**
 * Every error that is expected has one of these types. They carry data; `report/` turns them into text, in one place.
 * `next` says what the user does now.
 */

export interface Problem {
  text: string;
  at?: SourcePosition;
}

/** Refused before anything was called. All that is wrong at once. */
export class InputError extends Error {
  override readonly name = 'InputError';
  constructor(readonly problems: readonly Problem[]) {
    super(problems.map((problem) => problem.text).join('\n'));
  }
}

/** The platform, or our rules, say no before any change: a missing role, a taken host, somebody else's lock. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(
    message: string,
    readonly next: string,
    readonly code: ErrorCode = 'refused',
    /** What a person may run in a POSIX shell, or put into the workflow, line by line. */
    readonly commands: readonly string[] = [],
  ) {
    super(message);
  }
}

/** `no-room`: the version cannot be started here now, whatever it is. */
type VersionFaultCode =
  | 'staging'
  | 'no-room'
  | 'task'
  | 'start'
  | 'smoke'
  | 'canary'
  | 'production-proof'
  | 'watch'
  | 'script';

/**
 * A sign against the new version: build failed, crash, a smoke check. `evidence` is untrusted text (log lines, a body).
 */
export class VersionFault extends Error {
  override readonly name = 'VersionFault';
  constructor(
    message: string,
    readonly code: VersionFaultCode,
    readonly evidence: readonly string[] = [],
  ) {
    super(message);
  }
}

/** The platform did not do, or did not say whether it did, what was asked: never "does not exist", never a sign against the version. */
export class PlatformFault extends Error {
  override readonly name = 'PlatformFault';
  constructor(
    message: string,
    /** A write may have been done: look before repeating it. */
    readonly ambiguous: boolean,
    readonly status?: number,
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/** The platform's clear refusal of one call (4xx with CF error body). `code` is the CF error code, such as 10008. */
export class PlatformRefusal extends Error {
  override readonly name = 'PlatformRefusal';
  constructor(
    message: string,
    readonly status: number,
    readonly code: number | undefined,
    readonly title: string | undefined,
  ) {
    super(message);
  }
}

/** A signal of the runner, or a deadline of the whole command. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/** A wait's own deadline is over. Whether that is a sign against the version is for the one who waited to say. */
export class DeadlineOver extends Error {
  override readonly name = 'DeadlineOver';
}

/** No complete HTTP answer. `connected: false` means that nothing reached the other side. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  constructor(
    message: string,
    readonly kind: 'refused' | 'reset' | 'timeout' | 'tls' | 'dns' | 'proxy' | 'aborted' | 'other',
    readonly connected: boolean,
  ) {
    super(message);
  }
}

/** A program that we run (cf, a smoke script) failed. `output` is untrusted. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed';
  constructor(
    message: string,
    readonly code: number | null,
    readonly output: string,
  ) {
    super(message);
  }
}

/** Neither forward nor back is safe: nothing more is stopped, renamed or unmapped. `next` says what a person has to look at. */
export class Stuck extends Error {
  override readonly name = 'Stuck';
  constructor(
    message: string,
    readonly next: string,
  ) {
    super(message);
  }
}
