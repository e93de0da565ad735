/** Probes a canary and live side by side, on the real hosts, each instance by its name, until there is enough to judge by. */
import type { SmokeCheck } from '../model/asked.js';
import { inShort, isUnknownToRouter } from './answer.js';
import { type CanaryVerdict, isHopeless, judgeCanary, type Sample } from './canary-verdict.js';
import {
  type InstanceRef,
  PROBE_TIMEOUT_MS,
  type ProbeContext,
  ROUTERS_LEARN_MS,
  sideBySide,
  type Tell,
} from './context.js';
import { attempt, type Place, placesOf } from './smoke.js';

export interface CanaryRequest {
  /** Those that only read are asked, whatever they are `on`; without any of them `path` must be answered below 500. */
  checks: readonly SmokeCheck[];
  path: string;
  /** Urls of the production routes whose routers heed the header. */
  routes: readonly string[];
  canary: readonly InstanceRef[];
  /** None: all instances are new, and there is nothing to compare with. */
  live: readonly InstanceRef[];
  /** How long it lasts at least, milliseconds. */
  bakeMs: number;
}

/** Of each instance of the canary. */
export const LEAST_PROBES = 20;
const LEAST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2_000;
const LANES = 4;

/** @throws the reason of the context's signal: the watch has seen enough, or the run was cancelled */
export async function probeCanary(
  ctx: ProbeContext,
  request: CanaryRequest,
  tell: Tell,
): Promise<CanaryVerdict> {
  const { canary, live, bakeMs } = request;
  const questions = questionsOf(request);
  const least = Math.max(LEAST_PROBES, questions.length);
  const pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, bakeMs / least));
  const beganMs = ctx.clock.now();
  const samples: Sample[] = [];
  const probed = new Map<InstanceRef, number>(canary.map((one) => [one, 0]));
  let told = '';
  for (let round = 0; ; round++) {
    const startedMs = ctx.clock.now();
    const question = questions[round % questions.length] as Question;
    // As many of live as of the canary, in turn: what a user may meet, and no more load than that.
    const turn = canary.map((_, at) => live[(round * canary.length + at) % live.length]);
    const lives = [...new Set(turn)].filter((one) => one !== undefined);
    const asked = canary.flatMap((one, at) => {
      const beside = lives[at];
      return [
        { of: one, side: 'canary' as const },
        ...(beside ? [{ of: beside, side: 'live' as const }] : []),
      ];
    });
    await sideBySide(ctx, asked, LANES, async ({ of, side }, lane) => {
      const sample = await probe(lane, request, question, of, side, startedMs - beganMs);
      if (!sample) return;
      samples.push(sample);
      if (side === 'canary') probed.set(of, (probed.get(of) ?? 0) + 1);
      if (side === 'canary' && sample.error !== undefined && sample.error !== told) {
        told = sample.error;
        tell(`instance ${of.index} of the canary, ${question.check.label}: ${sample.error}`);
      }
    });
    const isEnough = [...probed.values()].every((count) => count >= least);
    if (isHopeless(samples) || (isEnough && ctx.clock.now() - beganMs >= bakeMs)) return judgeCanary(samples);
    const leftMs = startedMs + pauseMs - ctx.clock.now();
    if (leftMs > 0) await ctx.clock.sleep(leftMs, ctx.signal);
  }
}

interface Question {
  check: SmokeCheck;
  place: Place;
}

/** What is asked again and again of live may change nothing there. */
const READS = ['GET', 'HEAD', 'OPTIONS'];

function questionsOf({
  checks,
  path,
  routes,
}: Pick<CanaryRequest, 'checks' | 'path' | 'routes'>): Question[] {
  const on = { trialUrl: '', productionUrls: routes };
  const of = (check: SmokeCheck) =>
    placesOf(check, on)
      .filter(({ ours }) => ours)
      .map((place) => ({ check, place }));
  const asked = checks.filter(({ method }) => READS.includes(method.toUpperCase())).flatMap(of);
  return asked.length > 0 ? asked : of(plainly(path));
}

/** Every answer that is no failure of a server. */
function plainly(path: string): SmokeCheck {
  return {
    label: path,
    target: { path },
    method: 'GET',
    status: Array.from({ length: 300 }, (_, more) => 200 + more),
    headers: {},
    follow: false,
    withinMs: PROBE_TIMEOUT_MS,
    attemptsInARow: 1,
    on: 'production',
  };
}

/** @returns undefined: it says nothing, as the router may not have learned of the instance yet, or has let go of it */
async function probe(
  ctx: ProbeContext,
  { routes }: Pick<CanaryRequest, 'routes'>,
  { check, place }: Question,
  instance: InstanceRef,
  side: Sample['side'],
  sinceMs: number,
): Promise<Sample | undefined> {
  const deadlineMs = ctx.clock.now() + PROBE_TIMEOUT_MS;
  const { outcome, verdict } = await attempt(
    ctx,
    { productionUrls: routes },
    check,
    place,
    instance,
    deadlineMs,
  );
  if (isUnknownToRouter(outcome) && (side === 'live' || sinceMs < ROUTERS_LEARN_MS)) return undefined;
  const error = verdict.is === 'passed' ? {} : { error: `${inShort(outcome, ctx)}: ${verdict.why}` };
  return { side, index: instance.index, durationMs: outcome.durationMs, ...error };
}
