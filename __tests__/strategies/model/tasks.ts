/** Tasks in the model: what starts one, what ends it, and what must not happen while one runs. */
import type { Intent } from '../../../src/model/intent.js';
import { ANNOTATION } from '../../../src/platform/names.js';
import type { Step } from '../../../src/steps/step.js';
import { wanted } from '../support.js';
import { violated, type Write } from './effects.js';
import type { Scenario } from './explore.js';
import { RUNS } from './rolls.js';
import { LIVE, ON_SHOP, ONE_ROUTE, space } from './scenarios.js';
import { changedApp, type ModelApp, type ModelWorld } from './world.js';

type TaskStep = Extract<Step, { do: 'run-task' | 'await-task' }>;

export function taskWrites(
  { do: kind }: TaskStep,
  { version }: Intent,
  candidate: (world: ModelWorld) => ModelApp,
): Write[] {
  const recorded = (ended?: 'SUCCEEDED') => (world: ModelWorld) => {
    const { guid, annotations } = candidate(world);
    const record = JSON.stringify({ version, atMs: 1, ...(ended ? { ended } : {}) });
    return changedApp(world, guid, { annotations: { ...annotations, [ANNOTATION.task]: record } });
  };
  const runs = (world: ModelWorld) => {
    const { guid, state, droplet, task } = candidate(world);
    if (state === 'STARTED') violated(`the task of ${guid} runs beside its instances`);
    if (!droplet) violated(`a task runs on ${guid} before it is staged`);
    // Who looks first does not start it twice.
    return task ? world : changedApp(world, guid, { task: 'running' });
  };
  const ends = (world: ModelWorld) => {
    const { guid, task } = candidate(world);
    return task ? changedApp(world, guid, { task: 'succeeded' }) : world;
  };
  return kind === 'run-task'
    ? [recorded(), runs, (world) => recorded('SUCCEEDED')(ends(world))]
    : [(world) => recorded('SUCCEEDED')(ends(world))];
}

export function assertNoTask(app: ModelApp | undefined, what: string): void {
  if (app?.task === 'running') violated(`${app.guid} is ${what} while its task runs`);
}

/** Who settles does not know the command, and starts nothing that was not proven. */
export function assertTaskRan({ guid, task }: ModelApp, intent: Intent): void {
  if (intent.task !== undefined && task !== 'succeeded') violated(`${guid} starts before its task has run`);
}

const TASK = { inputs: { task: './migrate' } } as const;
const TWO = { ...ONE_ROUTE, admin: [wanted('admin.apps.example')] };
const BEFORE = space([LIVE], ON_SHOP);

export const TASKS: readonly Scenario[] = [
  { name: 'a task', deploys: [ONE_ROUTE, ONE_ROUTE], ...TASK, world: BEFORE },
  {
    name: 'a task, and no failed one is kept',
    deploys: [ONE_ROUTE, ONE_ROUTE],
    inputs: { task: './migrate', keepFailed: false },
    world: BEFORE,
  },
  {
    name: 'a task, held, promoted or else aborted',
    deploys: [{ hold: ONE_ROUTE }, 'promote', 'abort', ONE_ROUTE],
    ...TASK,
    world: BEFORE,
  },
  {
    name: 'a task, rolling',
    deploys: [ONE_ROUTE, ONE_ROUTE],
    inputs: { task: './migrate', strategy: 'rolling' },
    world: space([RUNS], ON_SHOP),
  },
  {
    name: 'a task, of the second of two apps too',
    apps: ['shop', 'admin'],
    interruptedFrom: 'task',
    deploys: [TWO, TWO],
    ...TASK,
    world: BEFORE,
  },
];
