/** The smoke checks of an app that nobody outside can reach: asked by tasks of the candidate on its internal trial route. */
import type { SmokeCheck } from '../model/asked.js';
import type { AppState, NetworkPolicy, Route, Task } from '../model/cloud.js';
import { PlatformFault, Refused, VersionFault } from '../model/errors.js';
import { describe, inShort } from '../probe/answer.js';
import { judge } from '../probe/expect.js';
import { commandInside, notInside, readInside, type ToldInside } from '../probe/inside.js';
import type { PassedCheck } from '../probe/smoke.js';
import { instancesOn } from './instances.js';
import { waitFor } from './wait.js';
import { note, type World } from './world.js';

/** Until a task runs that the platform has taken: the droplet comes to its cell first. */
const TASK_START_MS = 120_000;
/** What it wrote may come a moment after its end. */
const OUTPUT_MS = 10_000;
const OUTPUT_PAUSE_MS = 500;
/** As many as the log cache gives at once: the app's own lines are among them. */
const LOG_LINES = 1_000;
/** Of such a task: it runs a shell and curl. */
export const TASK_MB = 128;

type PathCheck = SmokeCheck & { target: { path: string } };

export function isInsideCheck(check: SmokeCheck): check is PathCheck {
  return 'path' in check.target && notInside(check) === undefined;
}

/**
 * Runs the checks one after the other, each by a task that asks every instance.
 * @throws VersionFault (`smoke`) when an instance did not answer as the check asks, or the task failed
 * @throws PlatformFault when no instance was reached, or nobody tells what was answered
 * @throws Refused when the platform does not let the app reach itself
 */
export async function checksInside(
  checks: readonly PathCheck[],
  trial: Route,
  candidate: AppState,
  world: World,
): Promise<readonly PassedCheck[]> {
  const port = portOn(trial, candidate);
  return reachingItself(candidate, port, world, async () => {
    const passed: PassedCheck[] = [];
    for (const check of checks) {
      const indexes = instancesOn(trial, candidate).map(({ index }) => index);
      await runInside({ check, host: trial.url, port, indexes }, candidate, world);
      const requests = indexes.length * check.attemptsInARow;
      const asked = `${trial.url}${check.target.path}`;
      note(world, `${check.label} passed: ${asked}, asked by a task`);
      passed.push({ label: check.label, asked, shows: 'every-instance', requests });
    }
    return passed;
  });
}

function portOn({ destinations }: Route, { guid }: AppState): number {
  return destinations.find(({ appGuid }) => appGuid === guid)?.port ?? 8080;
}

/** An app reaches itself only where a network policy says so. One that was there already stays. */
async function reachingItself<T>(
  { guid, name }: AppState,
  port: number,
  { platform }: World,
  work: () => Promise<T>,
): Promise<T> {
  const own: NetworkPolicy = { source: guid, destination: guid, protocol: 'tcp', start: port, end: port };
  const known = await platform.policies(guid);
  if (!known) throw noPolicies(name);
  const isThere = known.some(
    ({ source, destination, protocol, start, end }) =>
      source === guid && destination === guid && protocol === 'tcp' && start <= port && port <= end,
  );
  if (isThere) return work();
  await platform.addPolicies([own]);
  const result = await work();
  // A version that fails goes with all its policies.
  await platform.removePolicies([own]);
  return result;
}

export function noPolicies(app: string): Refused {
  return new Refused(
    `${app}: only others inside the platform reach it, so a smoke check is asked by a task of the new version, which needs a network policy. This account may not make any, or the platform has none.`,
    'Give the account the scope network.write (or have the platform let space developers make policies), or leave the input smoke-test out.',
    'input',
  );
}

async function runInside(
  asked: Parameters<typeof commandInside>[0],
  candidate: AppState,
  world: World,
): Promise<void> {
  const { platform, clock, probe } = world;
  const { check, indexes } = asked;
  const name = `check-${probe.random.token(6)}`;
  const { diskMb, logRateBps = -1 } = candidate.processes.find(({ type }) => type === 'web') ?? {};
  const { guid } = await platform.createTask(candidate.guid, {
    name,
    command: commandInside(asked),
    memoryMb: TASK_MB,
    ...(diskMb === undefined ? {} : { diskMb }),
    // Older platforms know no such limit.
    ...(logRateBps < 0 ? {} : { logRateBps }),
  });
  const deadlineMs = clock.now() + check.withinMs + TASK_START_MS;
  const ended = await waitFor<Task>(world, {
    what: `the task ${name}`,
    deadlineMs,
    look: async () => {
      const task = await platform.task(guid);
      const isOver = task.state === 'SUCCEEDED' || task.state === 'FAILED';
      return { state: `task ${name}: ${task.state}`, ...(isOver ? { done: task } : {}) };
    },
  });
  await judgeInside(check, indexes, ended, await toldBy(name, indexes.length, candidate.guid, world), world);
}

async function toldBy(task: string, wanted: number, appGuid: string, world: World): Promise<ToldInside> {
  const untilMs = world.clock.now() + OUTPUT_MS;
  for (;;) {
    const told = readInside(await world.platform.recentLogs(appGuid, LOG_LINES), task);
    if (told.answers.size >= wanted || told.hasNoCurl || world.clock.now() >= untilMs) return told;
    await world.clock.sleep(OUTPUT_PAUSE_MS, world.signal);
  }
}

/** How the task ended decides; what it wrote says why, and a body is known by that alone. */
async function judgeInside(
  check: PathCheck,
  indexes: readonly number[],
  { state, failure = 'no reason given' }: Task,
  { answers, hasNoCurl }: ToldInside,
  { clock }: World,
): Promise<void> {
  const text = (who: string, why: string) => `smoke check "${check.label}" did not pass on ${who}: ${why}`;
  if (hasNoCurl) throw new VersionFault(text('any instance', 'there is no curl beside the app'), 'smoke');
  const untilMs = clock.now();
  for (const index of indexes) {
    const outcome = answers.get(index);
    if (!outcome) continue;
    const verdict = await judge(check, outcome, () => untilMs - clock.now());
    if (verdict.is === 'passed') continue;
    const why = text(`instance ${index}`, `${inShort(outcome)}, ${verdict.why}`);
    if (verdict.is === 'not-reached') throw new PlatformFault(why, false);
    throw new VersionFault(why, 'smoke', describe(outcome));
  }
  if (state === 'FAILED') throw new VersionFault(text('its task', failure), 'smoke');
  const needsBody = check.body !== undefined || check.json !== undefined;
  if (needsBody && answers.size < indexes.length)
    throw new PlatformFault(text('its task', 'the log cache does not tell what was answered'), false);
}
