/** Everything that one group of steps can leave behind: done, half done, or with a sign against the version. */
import { VersionFault } from '../../../src/model/errors.js';
import type { Intent } from '../../../src/model/intent.js';
import type { AppStep, Step, StepGroup } from '../../../src/steps/step.js';
import { chainsOf } from '../../../src/strategies/work.js';
import { assertSafe } from './checks.js';
import { violated, type Write, writesOf } from './effects.js';
import type { ModelWorld } from './world.js';

export interface Run {
  kind: 'deploy' | 'settle' | 'end';
  /** `held`: what was not switched is held again. `away`: what is held is taken away. */
  way: 'forward' | 'back' | 'held' | 'away';
  apps: readonly { intent: Intent; locked: boolean }[];
}

export interface Result {
  label: string;
  world: ModelWorld;
  main?: true;
}

/** All that can be done of a group when it ends anywhere: any of its steps, half of one more, then of what comes after. */
export function outcomesOf(group: StepGroup, run: Run, world: ModelWorld): Result[] {
  const writes = group.steps.map((one) => writesFor(one, run, world));
  const after = group.after.map((one) => ({ one, write: writesFor(one, run, world) }));
  const results: Result[] = [];
  for (const done of subsetsOf(group.steps.length)) {
    const base = guarded(() =>
      applied(
        world,
        done.flatMap((index) => writes[index] ?? []),
      ),
    );
    if (!base) continue;
    const text = `${group.stage}: ${done.map((index) => nameOf(group.steps[index])).join(', ')}`;
    const whole = done.length === group.steps.length;
    if (!whole || after.length > 0)
      results.push({ label: `${text} (of ${group.steps.length})`, world: base });
    for (const [index, list] of writes.entries()) {
      if (done.includes(index)) continue;
      for (let count = 1; count < list.length; count++) {
        const half = guarded(() => applied(base, list.slice(0, count)));
        if (half) results.push({ label: `${text}, half of ${nameOf(group.steps[index])}`, world: half });
      }
    }
    if (!whole) continue;
    const chains = chainsOf(group).map((chain) => after.filter(({ one }) => chain.includes(one)));
    // They go on side by side: each may be anywhere when the run ends.
    for (const lengths of productOf(chains.map(({ length }) => length + 1))) {
      const begun = chains.flatMap((chain, at) => chain.slice(0, lengths[at]));
      if (begun.length === 0 || begun.length === after.length) continue;
      const now = begun.reduce((last, { write }) => applied(last, write), base);
      results.push({ label: `${text}, then ${begun.map(({ one }) => nameOf(one)).join(', ')}`, world: now });
    }
    const end = after.reduce((last, { write }) => applied(last, write), base);
    results.push({ label: text, world: end, main: true });
  }
  return results;
}

const SIGNS = new Set<Step['do']>([
  'stage',
  'carry',
  'run-task',
  'await-instances',
  'stay-up',
  'smoke',
  'smoke-script',
  'prove',
  'drain',
  'await-deployment',
  'judge-canary',
  'bake',
]);

/** A sign against the version: the other steps of the group have ended, nothing of what comes after has begun. */
export function faultsOf(group: StepGroup, run: Run, world: ModelWorld): Result[] {
  const every = [...group.steps, ...group.after];
  return every.flatMap((faulty, at): Result[] => {
    if (!SIGNS.has(faulty.step.do)) return [];
    const done = every.filter((_, index) => index !== at && index < Math.max(group.steps.length, at));
    const changed = guarded(() =>
      applied(
        world,
        done.flatMap((one) => writesFor(one, run, world)),
      ),
    );
    return changed ? [{ label: `${nameOf(faulty)} fails`, world: changed }] : [];
  });
}

/** undefined: the step itself found a sign against the version, which is another outcome. */
function guarded(work: () => ModelWorld): ModelWorld | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof VersionFault) return undefined;
    throw error;
  }
}

function applied(world: ModelWorld, writes: readonly Write[]): ModelWorld {
  return writes.reduce((now, write) => {
    const changed = write(now);
    assertSafe(changed);
    return changed;
  }, world);
}

function writesFor({ app, step }: AppStep, run: Run, world: ModelWorld): Write[] {
  const intent = run.apps.find((one) => one.intent.app === app)?.intent;
  if (!intent) violated(`a step of ${app}, which is not deployed`);
  return writesOf(step, intent, world);
}

/** Every choice of one number below each limit. */
function productOf(limits: readonly number[]): number[][] {
  return limits.reduce<number[][]>(
    (all, limit) => all.flatMap((one) => Array.from({ length: limit }, (_, number) => [...one, number])),
    [[]],
  );
}

function subsetsOf(size: number): number[][] {
  const all = Array.from({ length: size }, (_, index) => index);
  return Array.from({ length: 2 ** size }, (_, bits) => all.filter((index) => bits & (1 << index)));
}

function nameOf(one: AppStep | undefined): string {
  if (!one) return '';
  const { step } = one;
  const what = 'url' in step ? step.url : 'phase' in step ? step.phase : 'to' in step ? step.to : '';
  return `${one.app} ${step.do} ${'side' in step ? `${step.side} ` : ''}${typeof what === 'string' ? what : ''}`;
}
