/** The record of one run: all there is to tell of it, as JSON. Every text in it is harmless for a log, and holds no secret. */
import type { AppOutcome, Outcome, PlannedStep } from '../commands/outcome.js';
import type { Inputs, RunContext } from '../model/asked.js';
import type { WatchFigures } from '../probe/watch.js';
import { type Explained, explain, meaning } from './explain.js';
import { nextOf } from './next.js';
import type { Redact } from './redact.js';
import { type Story, type Switch, switchOf } from './story.js';
import { cleaned } from './untrusted.js';

/** What one app came to. `live` as the output of the same name. */
export type RecordedApp = Pick<
  AppOutcome,
  'app' | 'live' | 'url' | 'trialUrl' | 'version' | 'previousVersion' | 'previousApp' | 'previous' | 'failed'
> & { deploymentGuid?: string };

export interface RunRecord extends Story {
  /** Of this file. */
  format: 1;
  durationMs: number;
  command: string;
  strategy: string;
  target: { api: string; org: string; space: string };
  run: Partial<Pick<RunContext, 'runId' | 'attempt' | 'runUrl' | 'commit' | 'actor' | 'repository'>>;
  result: Outcome['result'];
  /** What the result means, and what to do now, in a sentence each. */
  meaning: string;
  next: string;
  error?: Explained;
  /** What failed on the way back. */
  second?: Explained;
  apps: readonly RecordedApp[];
  /** `byVersion` in the order of `probes.versions` is in the buckets; here it is as the outputs count. */
  watch?: WatchFigures;
  plan?: readonly PlannedStep[];
  switch?: Switch;
  switchBack?: Switch;
  cfVersion?: string;
}

export interface Asked {
  inputs: Inputs;
  context: RunContext;
}

/** Pure. */
export function recordOf(
  outcome: Outcome,
  story: Story,
  durationMs: number,
  { inputs, context }: Asked,
  redact: Redact,
): RunRecord {
  const { result, error, second, apps, watch, plan, cfVersion } = outcome;
  const { command, strategy, api, org, space } = inputs;
  const { runId, attempt, runUrl, commit, actor, repository } = context;
  const forward = switchOf(story.steps);
  const back = switchOf(story.steps, true);
  const record: RunRecord = {
    format: 1,
    ...story,
    durationMs,
    command,
    strategy,
    target: { api, org, space },
    run: present({ runId, attempt, runUrl, commit, actor, repository }),
    result,
    meaning: meaning(result),
    next: error === undefined ? nextOf(outcome) : explain(second ?? error).next,
    ...present({
      error: error === undefined ? undefined : explain(error),
      second: second === undefined ? undefined : explain(second),
    }),
    apps: apps.map(recorded),
    ...present({ watch, plan, cfVersion, switch: forward, switchBack: back }),
  };
  return safe(record, redact) as RunRecord;
}

function recorded(of: AppOutcome): RecordedApp {
  const { app, live, url, trialUrl, version, previousVersion, previousApp, previous, failed, rolled } = of;
  const { deploymentGuid } = rolled ?? {};
  const some = present({ url, trialUrl, version, previousVersion, previousApp, deploymentGuid });
  return { app, live, previous, failed, ...some };
}

/**
 * Every text, wherever it is; columns of numbers are taken as they are. Names are ours, and stay what they are where a secret is an
 * ordinary word: those in `byVersion` alone are told by apps.
 */
function safe(value: unknown, redact: Redact, areForeign = false): unknown {
  if (typeof value === 'string') return cleaned(value, redact);
  if (ArrayBuffer.isView(value)) return Array.from(value as Uint8Array);
  if (Array.isArray(value)) return value.map((one) => safe(one, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      areForeign ? cleaned(name, redact) : name,
      safe(one, redact, name === 'byVersion'),
    ]),
  );
}

type Present<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

function present<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;
}
