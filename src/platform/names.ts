/** Every name that we give on the platform: apps, hosts, labels, annotations. Pure; the same input always gives the same name. */
import { createHash } from 'node:crypto';
import type { Metadata } from '../model/cloud.js';
import type { Role } from '../model/words.js';

export const PREFIX = 'cf-zero-downtime.github.io';

/** Keys of labels, complete. Their values are legal labels: at most 63 of letters, digits, `.`, `_`, `-`. */
export const LABEL = {
  role: `${PREFIX}/role`,
  phase: `${PREFIX}/phase`,
  app: `${PREFIX}/app`,
  version: `${PREFIX}/version`,
  run: `${PREFIX}/run`,
  owner: `${PREFIX}/owner`,
  /** Of a preview, on all that it has: a hash of the repository, its id, and until when it is kept, in epoch seconds. */
  repository: `${PREFIX}/repository`,
  number: `${PREFIX}/number`,
  expires: `${PREFIX}/expires`,
} as const;

/** Keys of annotations, complete. Who may not read an app's environment can read these: never a value of a variable or a credential. */
export const ANNOTATION = {
  /** The user's app name, whole. */
  app: `${PREFIX}/app`,
  version: `${PREFIX}/version`,
  commit: `${PREFIX}/commit`,
  runUrl: `${PREFIX}/run-url`,
  actor: `${PREFIX}/actor`,
  workflowRef: `${PREFIX}/workflow-ref`,
  strategy: `${PREFIX}/strategy`,
  /** Names of the inputs that were not the default. */
  inputs: `${PREFIX}/inputs`,
  /** What the manifest itself named at this deploy: urls, names of variables, counts and sizes. May be split. */
  manifestRoutes: `${PREFIX}/manifest-routes`,
  /** By url, of routes for which the manifest named a protocol. JSON. */
  manifestProtocols: `${PREFIX}/manifest-protocols`,
  manifestEnv: `${PREFIX}/manifest-env`,
  /** On a version that is live once more: the variables that its restarts were given. JSON. */
  restartEnv: `${PREFIX}/restart-env`,
  manifestScale: `${PREFIX}/manifest-scale`,
  /** Names of services, sidecars, features, labels, annotations and settings of processes that the manifest named. JSON; may be split. */
  manifestNamed: `${PREFIX}/manifest-named`,
  /** On the lock: owner of the run that has brought the candidate what live has outside the manifest. */
  carried: `${PREFIX}/carried`,
  /** Guid of the package that this run pushed: a candidate with any other one is never started. */
  package: `${PREFIX}/package`,
  /** Guid of the droplet that this run copied for a candidate: the hash of the bits is of it. */
  droplet: `${PREFIX}/droplet`,
  /** Guid of the package, of the same app, that its droplet was built of; the copy of a droplet itself does not tell. */
  builtOf: `${PREFIX}/built-of`,
  /** Hash of the bits in that package; missing where they changed while they were pushed. */
  bits: `${PREFIX}/bits`,
  /** Hash of what the manifest says of the app, without any value of a variable. */
  manifestHash: `${PREFIX}/manifest-hash`,
  /** The owner's last sign of life, milliseconds of the platform's clock. */
  heartbeat: `${PREFIX}/heartbeat`,
  /** On a taker: guid of the lock that it takes from its owner. Over another one it says nothing. */
  takenFrom: `${PREFIX}/taken-from`,
  /** What a later run must know to go on: times, scale, what is kept. JSON; may be split. */
  journal: `${PREFIX}/journal`,
  /** On the lock: guids of the packages that `v3-zdt-push` made of live, by which its deployment is known. Separated by blanks. */
  pushedToLive: `${PREFIX}/pushed-to-live`,
  /** On the lock: guid of the droplet of live that is a copy of the candidate's, and ready. */
  copiedDroplet: `${PREFIX}/copied-droplet`,
  /** On a candidate: the number of the last pause at which its canary was found as good as live. */
  judged: `${PREFIX}/judged`,
  /** On a version: that its task was asked for, and how it ended. JSON. */
  task: `${PREFIX}/task`,
  /** On the lock: the instances of processes that live has given up to the candidate, as it had them. JSON. */
  givenUp: `${PREFIX}/given-up`,
  /** On the lock: the job that applies the manifest to live. JSON. */
  applying: `${PREFIX}/applying`,
  /** On live, after a deployment: the versions that it had before, newest first. JSON. May be split. */
  earlier: `${PREFIX}/earlier`,
  /** On a lock that is empty: guid of the app that goes live, which was staged before. */
  target: `${PREFIX}/target`,
  /** On a previous version: until when it was live, milliseconds of the platform's clock. */
  liveUntil: `${PREFIX}/live-until`,
  /** On a version that was live: since when it is to be deleted, milliseconds of the platform's clock. Its job may end at any time. */
  deleting: `${PREFIX}/deleting`,
  /** On a version whose deploy ended a held one: the version that was held. JSON. */
  ended: `${PREFIX}/ended`,
  /** Of a preview, in whole: whose it is, as it was named, and the number of its pull request where it has one. */
  repository: `${PREFIX}/repository`,
  previewId: `${PREFIX}/preview-id`,
  pull: `${PREFIX}/pull-request`,
  /** On a version that a rollback took from live: who did, in which run. JSON. */
  withdrawn: `${PREFIX}/withdrawn`,
} as const;

/** Whether a lock is that of a rollback, whichever way it brings the version back. */
export function isOfRollback({ annotations }: { annotations: Readonly<Record<string, string>> }): boolean {
  return ANNOTATION.target in annotations || annotations[ANNOTATION.strategy] === 'rollback';
}

/** The platform's limit for an annotation's value, characters. */
export const ANNOTATION_LIMIT = 5_000;
const LABEL_LIMIT = 63;
const HOST_LIMIT = 63;
/** An app's name is a column of 255 characters. What is left for the user's part holds for the longest suffix of ours. */
const BASE_NAME_LIMIT = 220;

/** The candidate's name, which is also the lock. */
export function candidateName(app: string): string {
  return `${baseName(app)}-candidate`;
}

/** The app whose making takes the lock from a dead owner: N is one above the highest there. */
export function takerName(app: string, number: number): string {
  return `${candidateName(app)}-lock-${number}`;
}

/** @returns the N of a taker's name; undefined: it is no taker of this app */
export function takerNumber(app: string, name: string): number | undefined {
  const prefix = `${candidateName(app)}-lock-`;
  const digits = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  return /^[1-9]\d{0,8}$/.test(digits) ? Number(digits) : undefined;
}

export function previousName(app: string, version: string): string {
  return `${baseName(app)}-previous-${version}`;
}

export function failedName(app: string, version: string): string {
  return `${baseName(app)}-failed-${version}`;
}

/** Host of a trial route: a legal DNS label of at most 63 characters. `token` tells runs apart. */
export function trialHost(app: string, token: string): string {
  const suffix = `-candidate-${token}`;
  const base = app
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, HOST_LIMIT - suffix.length)
    .replace(/^-+|-+$/g, '');
  return `${base || 'app'}${suffix}`;
}

const HASHED_KEY = /-x[0-9a-f]{20}$/;

/** A legal label value that stands for the app's name. Names that differ have keys that differ. */
export function appKey(name: string): string {
  if (isLabelValue(name) && !HASHED_KEY.test(name)) return name;
  const readable = name.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 40);
  return `${readable.replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '') || 'app'}-x${digest(name)}`;
}

/** Label selector for what is ours of one app; with roles, only for those. */
export function selectorOf(app: string, roles?: readonly Role[]): string {
  const ours = `${LABEL.app}=${appKey(app)}`;
  return roles ? `${ours},${LABEL.role} in (${roles.join(',')})` : ours;
}

/** `YYYYMMDD-HHMMSS-abcdefg`, UTC; without a commit (or with something that is none) `0000000`. */
export function versionOf(atMs: number, commit?: string): string {
  const [day = '', time = ''] = new Date(atMs).toISOString().slice(0, 19).split('T');
  const short = /^[0-9a-f]{7}/i.exec(commit ?? '')?.[0].toLowerCase() ?? '0000000';
  return `${day.replaceAll('-', '')}-${time.replaceAll(':', '')}-${short}`;
}

/** Whose lock it is, as a legal label value. */
export function ownerLabel(runId: string, attempt: string, nonce: string): string {
  return appKey(`${runId}-${attempt}-${nonce}`);
}

/** @returns the run and the attempt that an owner's label names; undefined: it was no run of a workflow */
export function runOfOwner(owner: string): { id: string; attempt: number } | undefined {
  const [, id, attempt] = /^(\d+)-(\d+)-[a-z0-9]+$/.exec(owner) ?? [];
  return id && attempt ? { id, attempt: Number(attempt) } : undefined;
}

/**
 * Annotations for a text of any length: under `key` itself when it fits, else in parts `key-1`, `key-2`, … of at most 5,000
 * characters. With `existing`, leftovers of a longer text are null, which removes them.
 */
export function splitAnnotation(key: string, text: string): Record<string, string>;
export function splitAnnotation(
  key: string,
  text: string,
  existing: Readonly<Record<string, string>>,
): Record<string, string | null>;
export function splitAnnotation(
  key: string,
  text: string,
  existing: Readonly<Record<string, string>> = {},
): Record<string, string | null> {
  const split: Record<string, string | null> = {};
  for (const old of Object.keys(existing)) if (isPartOf(key, old)) split[old] = null;
  const parts = partsOf(text);
  if (parts.length === 1) split[key] = text;
  else for (const [index, part] of parts.entries()) split[`${key}-${index + 1}`] = part;
  return split;
}

/** @returns the text that `splitAnnotation` split, or undefined when there is none. */
export function joinAnnotation(
  key: string,
  annotations: Readonly<Record<string, string>>,
): string | undefined {
  const whole = annotations[key];
  if (whole !== undefined) return whole;
  let text: string | undefined;
  for (let number = 1; ; number++) {
    const part = annotations[`${key}-${number}`];
    if (part === undefined) return text;
    text = (text ?? '') + part;
  }
}

/** Whether `splitAnnotation` may have given this name to a part of the text under `key`. */
export function isPartOf(key: string, name: string): boolean {
  return name === key || (name.startsWith(`${key}-`) && /^\d+$/.test(name.slice(key.length + 1)));
}

function partsOf(text: string): string[] {
  const parts: string[] = [];
  for (let from = 0; from < text.length || parts.length === 0; ) {
    const end = wholeUpTo(text, from + ANNOTATION_LIMIT);
    parts.push(text.slice(from, end));
    if (end >= text.length) break;
    from = end;
  }
  return parts;
}

/** The end at or before `end` that does not part a surrogate pair. */
function wholeUpTo(text: string, end: number): number {
  if (end >= text.length) return text.length;
  const next = text.charCodeAt(end);
  return next >= 0xdc00 && next <= 0xdfff ? end - 1 : end;
}

function baseName(app: string): string {
  if (app.length <= BASE_NAME_LIMIT) return app;
  const hash = `-x${digest(app)}`;
  return app.slice(0, wholeUpTo(app, BASE_NAME_LIMIT - hash.length)) + hash;
}

function isLabelValue(text: string): boolean {
  return text.length <= LABEL_LIMIT && /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(text);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 20);
}

/** What an annotation of an app records as JSON; undefined: nothing, or nothing that can be read. */
export function recordedOn(app: Pick<Metadata, 'annotations'> | undefined, key: string): unknown {
  const text = app && joinAnnotation(key, app.annotations);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Another hand wrote it: as good as not recorded.
    return undefined;
  }
}
