/** What promote does with a held deploy: what was recorded, with what was given again, and what forbids it. Pure. */
import type { Inputs } from '../model/asked.js';
import type { AppState, Snapshot } from '../model/cloud.js';
import { Refused } from '../model/errors.js';
import type { Intent } from '../model/intent.js';
import { ANNOTATION, recordedOn } from '../platform/names.js';
import { isActive, isDone, overtakenBy, rollOf } from '../steps/deployments.js';
import { LIVE_WISH, RECORDS, readWish } from '../steps/live-wish.js';
import { whyNoInstances } from './in-place.js';
import { countsInPlace, scaleBefore, takenBy } from './intent.js';
import { askedOf, beforeOf, namesBefore } from './intent-parts.js';

export interface PromoteResult {
  intent: Intent;
  /** Each one forbids it. */
  problems: readonly Refused[];
}

/** What is given to promote wins over what the held deploy recorded. */
export function withRecorded(inputs: Inputs, held: Intent): Inputs {
  const isGiven = (input: string) => inputs.given.includes(input);
  const watchPath = inputs.watchPath ?? held.watchPath;
  return {
    ...inputs,
    smokeTest: isGiven('smoke-test') ? inputs.smokeTest : held.checks,
    ...(watchPath === undefined ? {} : { watchPath }),
    failureLimit: isGiven('failure-limit') ? inputs.failureLimit : held.failureLimit,
    drainMs: isGiven('drain') ? inputs.drainMs : held.drainMs,
    bakeMs: isGiven('bake') ? inputs.bakeMs : held.bakeMs,
    keepPrevious: isGiven('keep-previous') ? inputs.keepPrevious : held.keepPrevious,
    keepFailed: isGiven('keep-failed') ? inputs.keepFailed : held.keepFailed,
  };
}

/**
 * @param held what the journal of the held deploy says
 * @param owner of the run that promotes it
 */
export function makePromoteIntent(
  held: Intent,
  snapshot: Snapshot,
  inputs: Inputs,
  owner: string,
): PromoteResult {
  const { live } = snapshot;
  const { before: _, ...recorded } = held;
  const taken = held.production.flatMap((route) => takenBy(route, snapshot));
  return {
    intent: {
      ...recorded,
      ...beforePromote(held, snapshot),
      ...(inputs.scale === 'manifest' ? { scale: asNamed(held, snapshot), keepInstancesOf: [] } : {}),
      ...askedOf(withRecorded(inputs, held)),
      owner,
      until: 'live',
    },
    problems: [
      ...(snapshot.candidate?.phase === 'paused'
        ? endOfPause(held, snapshot)
        : [
            ...changeOf(held, live),
            ...givenToLive(held, changedOf(held, snapshot, inputs)),
            ...(held.inPlace ? nothingToRoll(held, snapshot, inputs) : []),
          ]),
      ...missing(held, inputs),
      ...taken.map((text) => new Refused(text, 'Change what is named above and run again.')),
    ],
  };
}

/** Of a canary live is changed already: what it was is what was recorded. */
function beforePromote(held: Intent, snapshot: Snapshot): Pick<Intent, 'before'> {
  const { live, candidate } = snapshot;
  if (candidate?.phase === 'paused') return held.before ? { before: held.before } : {};
  return live ? { before: beforeOf(live, snapshot, held.before?.version ?? '') } : {};
}

/** Its deployment may go on, or have come to its end, by another hand: only one that was taken back is none to be promoted. */
function endOfPause(held: Intent, snapshot: Snapshot): Refused[] {
  const roll = rollOf(held, snapshot);
  const isThere = (isActive(roll) && roll?.reason !== 'CANCELING') || isDone(roll);
  if (isThere && !overtakenBy(held, snapshot)) return [];
  return [
    new Refused(
      `The canary of ${held.version} of ${held.app} is not there any more: its deployment was ended, and not by this action.`,
      'Put back what is left of it with command: abort, and deploy anew.',
      'live-changed',
    ),
  ];
}

/** A candidate has what the manifest names by itself; live does not. */
function asNamed({ inPlace }: Intent, { candidate, live }: Snapshot): Intent['scale'] {
  if (!inPlace) return {};
  // Beside a canary neither process of a type has the count of live: what the manifest asks for is named then.
  const of = (type: string) => live?.processes.filter((one) => one.type === type) ?? [];
  const processes = live?.processes.map((one) => (of(one.type).length > 1 ? { ...one, instances: 0 } : one));
  const whole = live && processes && { ...live, processes };
  return countsInPlace({ deltas: {}, keep: [] }, scaleBefore(candidate) ?? {}, whole);
}

/** A plan may be made by who may not read variables. */
function nothingToRoll({ app, version }: Intent, { live, candidate }: Snapshot, { plan }: Inputs): Refused[] {
  const why = whyNoInstances(live);
  const env = candidate?.env ?? {};
  const isHidden = plan && Object.keys(env).length === 0;
  const next = 'End the held deploy with command: abort, and deploy anew.';
  return [
    ...(why ? [new Refused(`${app} has nothing to roll, as ${why}.`, next, 'live-changed')] : []),
    ...(isHidden || readWish(env)
      ? []
      : [
          new Refused(
            `What ${app} shall get with ${version} is not written down any more: ${candidate?.name ?? 'its candidate'} has no readable variable ${LIVE_WISH}.`,
            next,
          ),
        ]),
  ];
}

/** The version was proven, and looked at, as the one after what was live then. */
function changeOf({ app, before, version }: Intent, live: AppState | undefined): Refused[] {
  const isSame =
    live?.guid === before?.guid &&
    (before?.dropletGuid === undefined || live?.currentDropletGuid === before.dropletGuid);
  if (isSame) return [];
  const was = before ? `version ${before.version}` : 'nothing';
  const now = live
    ? `${live.version ?? 'a version that was not deployed this way'} (app ${live.guid}, droplet ${live.currentDropletGuid ?? 'none'})`
    : 'nothing';
  return [
    new Refused(
      `Live has changed since ${version} was held: ${was} of ${app} was live then, and ${now} is live now.`,
      'Look at what is live. End the held deploy with command: abort, and deploy anew.',
      'live-changed',
    ),
  ];
}

/** @param what live was given by hand since then, and the held version does not have: it would be lost */
export function givenToLive({ app, version }: Pick<Intent, 'app' | 'version'>, what: readonly string[]) {
  if (what.length === 0) return [];
  return [
    new Refused(
      `Live of ${app} was changed since ${version} was held, and that version does not have it: ${what.join('; ')}.`,
      'End the held deploy with command: abort, and deploy anew.',
      'live-changed',
    ),
  ];
}

/** Whether the deploy brought along what live had outside its manifest, and shall. */
export function carries(candidate: AppState, { carry }: Pick<Inputs, 'carry'>): boolean {
  const given = candidate.annotations[ANNOTATION.inputs]?.split(' ') ?? [];
  return carry === 'all' && !given.includes('carry');
}

/** Variables and sizes that were brought along from live, and are others there now. No value of a variable is in it. */
function changedOf(
  { scale, before }: Intent,
  { live, candidate }: Snapshot,
  inputs: Inputs,
): readonly string[] {
  if (!live || !candidate || live.guid !== before?.guid) return [];
  const named = namesBefore(candidate, ANNOTATION.manifestEnv);
  const known = [...named, ...namesBefore(live, ANNOTATION.manifestEnv), ...Object.keys(candidate.env)];
  const brought = Object.keys(candidate.env).filter(
    (name) => !named.includes(name) && !RECORDS.includes(name),
  );
  const variables = [
    ...brought.filter((name) => live.env[name] !== candidate.env[name]),
    ...(carries(candidate, inputs) ? Object.keys(live.env).filter((name) => !known.includes(name)) : []),
  ];
  const sizes = Object.entries(inputs.scale === 'manifest' ? {} : scale).filter(([type, was]) => {
    const now = live.processes.find((process) => process.type === type);
    return now && SIZES.some((size) => was[size] !== undefined && was[size] !== now[size]);
  });
  return [
    ...variables.map((name) => `variable ${name}`),
    ...sizes.map(([type]) => `memory, disk or log rate of ${type}`),
  ];
}

const SIZES = ['memoryMb', 'diskMb', 'logRateBps'] as const;

/** Nobody may say that it was proven as it was asked for when a part of the proof is missing. */
function missing({ again, version }: Intent, { given }: Inputs): Refused[] {
  const wanted = again.filter((one) => !given.includes(one.split(' ', 1)[0] ?? ''));
  if (wanted.length === 0) return [];
  return [
    new Refused(
      `The deploy of ${version} was proven with what is not recorded, as it may hold secrets: ${wanted.join(', ')}.`,
      'Give it again.',
      'give-again',
    ),
  ];
}

/** Which held deploy another deploy has ended, as that one says on its own version. */
export function endingOf({ live, candidate, previous, failed }: Snapshot): string | undefined {
  for (const app of [candidate, live, ...failed, ...previous]) {
    const ended = recordedOn(app, ANNOTATION.ended);
    if (!app || typeof ended !== 'string') continue;
    const run = app.annotations[ANNOTATION.runUrl];
    return `The held deploy of ${ended} was ended by the deploy of ${app.version ?? 'another version'}${run ? ` (${run})` : ''}.`;
  }
  return undefined;
}
