import type { Sample, Samples } from '../figure.js';
import { type Lab, type LabOptions, startLab } from '../lab.js';
import type { Settings } from '../settings.js';

export interface Context {
  settings: Settings;
  latencyMs: number;
  /** Ends everything. */
  signal: AbortSignal;
  /** Progress, for a person. */
  say(text: string): void;
}

/** One measurement, repeated: figures are made of one or several of them. */
export type Series = (context: Context) => Promise<Samples>;

/** Deploys by the action before one is measured: each later one also deletes the version before the last, and all do equal work. */
export const UNMEASURED = 2;

/** On a platform of its own, which is gone afterwards. */
export async function inLab<T>(
  context: Context,
  use: (lab: Lab) => Promise<T>,
  flags: LabOptions['flags'] = [],
): Promise<T> {
  const lab = await startLab({ latencyMs: context.latencyMs, flags, signal: context.signal });
  try {
    return await use(lab);
  } finally {
    await lab.close();
  }
}

/**
 * Both ways in turns, and each way first every other time: what changes on the machine in the meantime meets both.
 * @param instead undefined: there is no other way
 */
export async function inTurns(
  context: Context,
  ours: () => Promise<Sample>,
  instead?: () => Promise<Sample>,
  repeats = context.settings.repeats,
): Promise<Samples> {
  const samples = { ours: [] as Sample[], instead: [] as Sample[] };
  const ways = [
    { name: 'ours', measure: ours } as const,
    ...(instead ? [{ name: 'instead', measure: instead } as const] : []),
  ];
  for (let turn = 0; turn < repeats; turn += 1) {
    for (const { name, measure } of turn % 2 === 0 ? ways : ways.toReversed()) {
      context.signal.throwIfAborted();
      const sample = await measure();
      samples[name].push(sample);
      context.say(`${turn + 1}/${repeats} ${name} ${Math.round(sample.ms)} ms`);
    }
  }
  return samples;
}
