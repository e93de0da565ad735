/** The task of a version: a command of the user's that runs once on its droplet, before its first instance starts. */
import type { AppState, LogLine, Process, Task } from '../model/cloud.js';
import { DeadlineOver, PlatformFault, PlatformRefusal, VersionFault } from '../model/errors.js';
import { MINUTE_MS } from '../model/words.js';
import { ANNOTATION, recordedOn } from '../platform/names.js';
import { saysNoRoom } from './room.js';
import type { Step } from './step.js';
import { waitFor } from './wait.js';
import { appOn, note, type StepKind, type World } from './world.js';

/**
 * Nobody knows how long a migration takes, and the platform ends none by itself: it is what a person would wait for a deploy. The
 * input `timeout` says otherwise.
 */
const LONGEST_MS = 60 * MINUTE_MS;
/** Looks at what may run for long. */
const PAUSE_MS = 5_000;
/** From its cancel: SIGTERM, SIGKILL after 10 s (platform facts A4), and what the platform takes to say so. */
const ENDING_MS = 2 * MINUTE_MS;
/** What it wrote last may come a moment after its end. */
const OUTPUT_MS = 5_000;
const OUTPUT_PAUSE_MS = 500;
/** As many as the log cache gives at once: the app's own lines are among them. */
const LOG_LINES = 1_000;

/** What is written on a version of its task. Never the command. */
export interface TaskRecord {
  /** Whose task it was first: a restart of the version has a version of its own. */
  version: string;
  /** undefined: it was asked for, and its end was not seen. */
  ended?: 'SUCCEEDED' | 'FAILED';
  /** When that was written down, milliseconds of the platform's clock. */
  atMs: number;
}

/** One for each version, so that it is found again whoever looks. */
export function taskName(version: string): string {
  return `task-${version}`;
}

/** @returns undefined: none was asked for, or what is written of it cannot be read */
export function taskOn(app: Pick<AppState, 'annotations'> | undefined): TaskRecord | undefined {
  const record = recordedOn(app, ANNOTATION.task) as Partial<TaskRecord> | null | undefined;
  if (typeof record?.version !== 'string' || typeof record.atMs !== 'number') return undefined;
  const { version, atMs, ended } = record;
  return { version, atMs, ...(ended === 'SUCCEEDED' || ended === 'FAILED' ? { ended } : {}) };
}

/** That it is asked for is written down before: whoever takes the version away has to know that there may be one. */
export const runTask: StepKind<Step & { do: 'run-task' }> = {
  title: (_step, { version }) => `run the task ${taskName(version)}`,
  plan: (_step, { version }) => [
    `PATCH /v3/apps/<candidate> annotation ${ANNOTATION.task}`,
    `POST /v3/apps/<candidate>/tasks name=${taskName(version)}, with the command of the input task`,
    'GET /v3/tasks/<task> until SUCCEEDED',
  ],
  run: async (_step, app, world) => {
    const { intent, found } = app;
    const { platform, clock } = world;
    const candidate = appOn('candidate', app);
    const { version } = intent;
    const name = taskName(version);
    const known = await taskOf(candidate, version, world);
    if (!known) await record(candidate, { version, atMs: platform.platformNowMs() }, world);
    const web = candidate.processes.find(({ type }) => type === 'web');
    const task =
      known ??
      (await platform.createTask(candidate.guid, {
        name,
        command: intent.task ?? '',
        ...(web ? sizesOf(web) : {}),
      }));
    const sinceMs = clock.now();
    const over = await endOf(task, candidate, deadlineOf(task, world), world).catch((error) => {
      if (!(error instanceof DeadlineOver)) throw error;
      throw new VersionFault(`${error.message} The input timeout gives it more time.`, 'task');
    });
    await record(candidate, { version, ended: over.state, atMs: platform.platformNowMs() }, world);
    if (over.state === 'FAILED') throw failed(over);
    const told = `The task ${name} of ${intent.app} has run: it succeeded within ${Math.round((clock.now() - sinceMs) / 1_000)} s, and going back does not undo it.`;
    note(world, told);
    found.notes.push(told);
  },
};

/**
 * On the way back. Half of a migration is worse than a wait: what runs still has the time that it would have had on the way forward.
 * After that it is ended, as the next version's must never run beside it, and neither a kept nor a deleted app says that it has.
 */
export const awaitTask: StepKind<Step & { do: 'await-task' }> = {
  title: () => 'wait for the task that runs still',
  plan: () => ['GET /v3/tasks/<task> until it has ended'],
  run: async (_step, app, world) => {
    const { platform, clock } = world;
    const candidate = appOn('candidate', app);
    const { version = app.intent.version } = taskOn(candidate) ?? {};
    const task = await taskOf(candidate, version, world);
    // The platform never took it.
    if (!task) {
      await platform.updateApp(candidate.guid, { annotations: { [ANNOTATION.task]: null } });
      return;
    }
    const over = await endOf(task, candidate, deadlineOf(task, world), world).catch(async (error) => {
      if (!(error instanceof DeadlineOver)) throw error;
      note(world, `${error.message} It is ended.`);
      await cancel(task, world);
      return endOf(task, candidate, clock.now() + ENDING_MS, world).catch(unended);
    });
    await record(candidate, { version, ended: over.state, atMs: platform.platformNowMs() }, world);
    const why = over.state === 'FAILED' ? `failed: ${over.failure ?? 'no reason given'}` : 'succeeded';
    const told = `The task ${task.name} of ${app.intent.app} ${why}. What it did stays.`;
    note(world, told);
    app.found.notes.push(told);
  },
};

/** Nothing is taken away before: the platform is asked again. */
function unended(error: unknown): never {
  throw error instanceof DeadlineOver ? new PlatformFault(error.message, false) : error;
}

/** Older platforms know no limit of log lines. */
function sizesOf({ memoryMb, diskMb, logRateBps }: Process) {
  return { memoryMb, diskMb, ...(logRateBps < 0 ? {} : { logRateBps }) };
}

type Ended = Task & { state: 'SUCCEEDED' | 'FAILED' };

function failed({ name, failure = 'no reason given' }: Task): VersionFault {
  return new VersionFault(`The task ${name} failed: ${failure}`, saysNoRoom(failure) ? 'no-room' : 'task');
}

/** A lost answer may have made it. */
async function taskOf({ guid }: AppState, version: string, { platform }: World): Promise<Task | undefined> {
  const tasks = await platform.tasksNamed(guid, taskName(version));
  return tasks.find((task) => !isOver(task)) ?? tasks[0];
}

function isOver(task: Task): task is Ended {
  return task.state === 'SUCCEEDED' || task.state === 'FAILED';
}

/** By its own beginning: whoever waits for it after an interruption does not begin to count anew. */
function deadlineOf({ createdAtMs }: Task, { platform, clock, taskTimeoutMs = LONGEST_MS }: World): number {
  const leftMs = createdAtMs + taskTimeoutMs - platform.platformNowMs();
  return clock.now() + Math.max(0, leftMs);
}

async function cancel({ guid }: Task, { platform }: World): Promise<void> {
  try {
    await platform.cancelTask(guid);
  } catch (error) {
    // It has ended meanwhile.
    if (!(error instanceof PlatformRefusal && error.status === 422)) throw error;
  }
}

async function record({ guid }: AppState, what: TaskRecord, { platform }: World): Promise<void> {
  await platform.updateApp(guid, { annotations: { [ANNOTATION.task]: JSON.stringify(what) } });
}

/** What it writes is shown on the way. Throws `DeadlineOver`. */
async function endOf(
  { guid, name }: Task,
  { guid: appGuid }: AppState,
  deadlineMs: number,
  world: World,
): Promise<Ended> {
  const output = outputOf(name, appGuid, world);
  const over = await waitFor<Ended>(world, {
    what: `the task ${name}`,
    deadlineMs,
    lastPauseMs: PAUSE_MS,
    look: async () => {
      const [task] = await Promise.all([world.platform.task(guid), output.show()]);
      return { state: `task ${name}: ${task.state}`, ...(isOver(task) ? { done: task } : {}) };
    },
  });
  const untilMs = world.clock.now() + OUTPUT_MS;
  while (!(await output.show()) && world.clock.now() < untilMs)
    await world.clock.sleep(OUTPUT_PAUSE_MS, world.signal);
  return over;
}

/** The platform itself writes the last line of a task. */
const LAST_LINE = /^Exit status \d+$/;

/** `show` tells what is new, and whether the last line was among what there is. */
function outputOf(task: string, appGuid: string, { platform, listener }: World) {
  const isSame = (one: LogLine, other: LogLine) => one.atMs === other.atMs && one.text === other.text;
  let last: LogLine | undefined;
  return {
    async show(): Promise<boolean> {
      const lines = (await platform.recentLogs(appGuid, LOG_LINES)).filter(({ source }) =>
        source.endsWith(`/TASK/${task}`),
      );
      const known = lines.findLastIndex((line) => last !== undefined && isSame(line, last));
      for (const { text } of lines.slice(known + 1)) listener.tell({ type: 'foreign', source: task, text });
      last = lines.at(-1) ?? last;
      return lines.some(({ text }) => LAST_LINE.test(text));
    },
  };
}
