/** Records a deploy that nothing disturbs, and repeats it once for each call and each way in which that can go wrong. */
import { type RunResult, runAction } from './action.js';
import { judge, type Known, leftOf, type Traces, tracesOf } from './judge.js';
import type { Platform } from './platform.js';
import { commandOf, type Folders, type Scenario } from './scenarios.js';
import { onPlatformAgain } from './setup.js';
import { HARMS, type Harm, type SeenCall, type Trial } from './wire.js';

export interface Unharmed {
  trials: readonly Trial[];
  traces: Traces;
}

/** @throws Error when the deploy does not even hold when nothing disturbs it */
export async function record(scenario: Scenario, folders: Folders): Promise<Unharmed> {
  return onPlatformAgain(scenario, folders, async (platform, known) => {
    const result = await runAction(platform, commandOf(scenario, folders, 2));
    const wrong = await judge(scenario, platform, known, result, undefined);
    if (wrong.length > 0) throw new Error(`${scenario.name}, undisturbed: ${wrong.join('\n')}`);
    const traces = tracesOf(scenario, await platform.clock.drive(platform.state()));
    return { trials: trialsOf(result.calls), traces };
  });
}

/** The calls of a deploy that nothing disturbs, in their order. */
export async function callsOf(scenario: Scenario, folders: Folders): Promise<readonly SeenCall[]> {
  return onPlatformAgain(scenario, folders, async (platform) => {
    const { calls } = await runAction(platform, commandOf(scenario, folders, 2));
    return calls;
  });
}

/** How many calls of this name there are before the first one of another. */
export function countBefore(calls: readonly SeenCall[], name: string, until: string): number {
  const end = calls.findIndex((call) => call.name === until);
  if (end < 0) throw new Error(`${until} is not called`);
  return calls.slice(0, end).filter((call) => call.name === name).length;
}

export interface Verdict {
  /** Nothing when it held. */
  wrong: readonly string[];
  /** The run was neither killed nor cancelled, and did not come to its end all the same: it took a second one. */
  again: boolean;
}

export async function attempt(
  scenario: Scenario,
  folders: Folders,
  trial: Trial,
  traces: Traces,
): Promise<Verdict> {
  return onPlatformAgain(scenario, folders, async (platform, known) => {
    const first = await runAction(platform, commandOf(scenario, folders, 2), trial);
    if (!first.reached) return { wrong: ['the point was not reached'], again: false };
    const wrong = [...judgeEnd(trial, first), ...(await judgeLeft(scenario, trial, platform, known))];
    const again = !isDone(scenario, first);
    const last = again ? await runAction(platform, commandOf(scenario, folders, 3)) : first;
    wrong.push(...(await judge(scenario, platform, known, last, traces, trial.harm === 'cancel')));
    return { wrong, again: again && !isEnded(trial) };
  });
}

function isHeld({ labels }: Pick<ReturnType<typeof leftOf>[number], 'labels'>): boolean {
  return ['held', 'paused'].includes(labels['cf-zero-downtime.github.io/phase'] ?? '');
}

function isEnded({ harm }: Pick<Trial, 'harm'>): boolean {
  return harm === 'cancel' || harm.startsWith('kill');
}

/** The post step has settled what a cancelled run left. */
async function judgeLeft(
  { routes, ends }: Scenario,
  { harm }: Trial,
  platform: Platform,
  { before }: Known,
): Promise<string[]> {
  if (harm !== 'cancel') return [];
  const state = await platform.clock.drive(platform.state());
  // A held deploy is left as one, until somebody decides.
  const mayStay = ({ guid }: { guid: string }) =>
    ['held', 'promoted', 'aborted'].includes(ends) || before.apps.some((app) => app.guid === guid);
  const names = Object.keys(routes).flatMap((user) =>
    leftOf(user, state)
      .filter((app) => !(isHeld(app) && mayStay(app)))
      .map(({ name }) => name),
  );
  return names.filter((name) => name.includes('-candidate')).map((name) => `the post step left ${name}`);
}

/** What the runner waits for a cancelled step before it sends the next signal. */
const CANCEL_MS = 7_500;

function judgeEnd({ harm, point }: Trial, { code, endedAfterMs = 0 }: RunResult): string[] {
  // A request of the watch may be under way when a run ends: there is nobody to be killed when it is answered.
  if (harm === 'kill after' && point.name.startsWith('probe') && code === 0) return [];
  if (harm.startsWith('kill') !== (code === 'killed')) return [`ended with ${code}`];
  return harm === 'cancel' && endedAfterMs > CANCEL_MS ? [`ended ${endedAfterMs} ms after the signal`] : [];
}

function isDone({ ends }: Scenario, { code, outputs }: RunResult): boolean {
  return code !== 'killed' && outputs.result === ends;
}

/**
 * Every write, and of what is asked again and again in one step the request in the middle. A read changes nothing: wherever among
 * those of a step the run ends, the platform is the same, and whatever is read is repeated by the same code. So it is one of them
 * at which the run ends, and that goes wrong in every way; the others go wrong in one way each, in turn.
 */
export function trialsOf(calls: readonly SeenCall[]): Trial[] {
  const reads = calls.filter(({ kind }) => kind !== 'write');
  const asked = groupsOf(reads, ({ by, step, name }) => `${by} ${step} ${name}`);
  const polls = new Set(asked.filter(({ length }) => length > 1).map(middleOf));
  const inTurn = calls.filter((call) => polls.has(call));
  const whole = new Set(groupsOf(inTurn, ({ by, step }) => `${by} ${step}`).map(middleOf));
  return calls
    .filter((call) => call.kind === 'write' || polls.has(call))
    .flatMap((call, turn) => {
      const harms = harmsOf(call);
      const tried = call.kind === 'write' || whole.has(call) ? harms : inTurnOf(harms, turn);
      return tried.map((harm) => ({ point: pointOf(call), harm }));
    });
}

/** One of the ways in which a call goes wrong and the run goes on. */
function inTurnOf(harms: readonly Harm[], turn: number): readonly Harm[] {
  const borne = harms.filter((harm) => !isEnded({ harm }) && !harm.startsWith('end cf'));
  return borne.slice(turn % borne.length).slice(0, 1);
}

/** In the order of their first calls. */
function groupsOf(calls: readonly SeenCall[], keyOf: (call: SeenCall) => string): SeenCall[][] {
  const groups = new Map<string, SeenCall[]>();
  for (const call of calls) groups.set(keyOf(call), [...(groups.get(keyOf(call)) ?? []), call]);
  return [...groups.values()];
}

function middleOf(group: readonly SeenCall[]): SeenCall {
  return group[Math.floor(group.length / 2)] as SeenCall;
}

function pointOf({ by, name, number }: SeenCall) {
  return { by, name, number };
}

/** A read that was killed leaves the same before and after it; what an app answers is a matter of the version. */
function harmsOf({ by, kind }: SeenCall): readonly Harm[] {
  return HARMS.filter((harm) => {
    if (kind === 'probe') return isEnded({ harm }) && harm !== 'kill before';
    if (harm.startsWith('end cf') && by !== 'cf') return false;
    return kind === 'write' || !(harm.endsWith('before') || harm === 'lost');
  });
}

export function nameOf({ point: { by, name, number }, harm }: Trial): string {
  return `${harm} | ${by} ${name} #${number}`;
}
