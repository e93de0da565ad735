import { DeadlineOver, VersionFault } from '../model/errors.js';
import { routeAddress } from './address.js';
import {
  type Answer,
  ask,
  describe,
  inShort,
  isAnswer,
  isFailed,
  isUnknownToRouter,
  type Outcome,
} from './answer.js';
import {
  CONNECTIONS_IN_A_ROW,
  headerOf,
  type InstanceRef,
  learnPauseMs,
  PROBE_TIMEOUT_MS,
  type ProbeContext,
  pauseMs,
  sideBySide,
  type Tell,
} from './context.js';

/**
 * What a route lets us see. `by-instance`: the router heeds the header that names an instance. `header-stripped`: answers come, the header is
 * lost on the way. `unknown-route`: a router answers, knows no such route yet, and does not tell whether it saw the header.
 * `unreachable`: this machine gets no answer.
 */
export type HeaderReach = 'by-instance' | 'header-stripped' | 'unknown-route' | 'unreachable';

const NO_SUCH_APP = '00000000-0000-4000-8000-000000000000';
const NO_SUCH_INDEX = 99_999;
const REACH_TRIES = 3;
/** Answers of one kind, one after the other, that are no accident any more. */
const FAULTS_IN_A_ROW = 3;
const LANES = 4;

function stripped({ instances }: Pick<ProofRequest, 'instances'>): string {
  return `the header ${headerOf(instances[0])} does not reach the router, so nobody says which version answered`;
}

/**
 * Tests whether the header reaches the router of a route: an instance that cannot exist must be refused.
 * gorouter refuses with 400 and `unknown_route`, also on a route that it does not know; without the header that is 404.
 * All tries that are answered must agree, since each may meet another router or proxy: the worst of them counts.
 * @param route `of`: what is mapped to the route, when there is something; it says which header is tested
 */
export async function headerReach(
  ctx: ProbeContext,
  route: { url: string; of?: Omit<InstanceRef, 'index'>; path?: string },
): Promise<HeaderReach> {
  const instance = { appGuid: NO_SUCH_APP, ...route.of, index: NO_SUCH_INDEX };
  const path = route.path ?? '/';
  const look = async (): Promise<HeaderReach> => {
    const refused = await ask(ctx, routeAddress(route, path, ctx), { instance, timeoutMs: PROBE_TIMEOUT_MS });
    if (!isAnswer(refused) || refused.status !== 404 || !isUnknownToRouter(refused))
      return judgeReach(refused);
    const plain = await ask(ctx, routeAddress(route, path, ctx), { timeoutMs: PROBE_TIMEOUT_MS });
    return judgeReach(refused, plain);
  };
  const kinds = new Set(await Promise.all(Array.from({ length: REACH_TRIES }, look)));
  const worstFirst: readonly HeaderReach[] = ['header-stripped', 'unknown-route', 'by-instance'];
  return worstFirst.find((kind) => kinds.has(kind)) ?? 'unreachable';
}

/** @param plain what came without the header, asked where the first answer leaves two readings */
function judgeReach(refused: Outcome, plain?: Outcome): HeaderReach {
  if (!isAnswer(refused)) return 'unreachable';
  if (refused.status === 400 && refused.routerError !== undefined) return 'by-instance';
  if (!isUnknownToRouter(refused)) return 'header-stripped';
  return plain && isAnswer(plain) && !isUnknownToRouter(plain) ? 'by-instance' : 'unknown-route';
}

export interface ProofRequest {
  routeUrl: string;
  instances: readonly InstanceRef[];
  path: string;
  reach: HeaderReach;
  /** When the wait for the routers is over. */
  deadlineMs: number;
  /**
   * It served before this deploy and comes back: its own 5xx is what users had, and shows that it is reached. Without the header
   * nothing is asked: who answers plainly may be the version that goes.
   */
  returns?: boolean;
  /** Default and least: `CONNECTIONS_IN_A_ROW`. */
  connectionsInARow?: number;
}

/**
 * `every-instance`: each one answered through this route, several fresh connections in a row. `answered`: the route answers
 * without a fault, which version did cannot be told. `none`: nothing could be seen from here.
 */
export interface ProofResult {
  routeUrl: string;
  proof: 'every-instance' | 'answered' | 'none';
  requests: number;
  /** Why the proof is not a full one. */
  because?: string;
}

/** What one answer says about the asked instance on this route. Other answers than these are the app's own, and prove it. */
function judgeProof(outcome: Outcome, returns = false): 'proven' | 'wait' | 'fault' {
  if (!isFailed(outcome)) return 'proven';
  if (!isAnswer(outcome) || outcome.routerError !== undefined) return 'wait';
  return returns ? 'proven' : 'fault';
}

/**
 * Proves the candidate's instances through one production route.
 * @throws VersionFault when the app itself answers 5xx, several times in a row
 * @throws DeadlineOver when routers have not caught up by then: not a sign against the version
 */
export async function proveOnRoute(ctx: ProbeContext, asked: ProofRequest, tell: Tell): Promise<ProofResult> {
  const { routeUrl } = asked;
  const reach = await settledReach(ctx, asked);
  if (reach === 'unreachable') {
    return { routeUrl, proof: 'none', requests: 0, because: 'no answer of this route reaches this machine' };
  }
  if (asked.returns && reach !== 'by-instance')
    return { routeUrl, proof: 'none', requests: 0, because: stripped(asked) };
  const inARow = Math.max(asked.connectionsInARow ?? 0, CONNECTIONS_IN_A_ROW);
  const full = reach === 'by-instance';
  let requests = 0;
  // Without the header nobody says who answers: as many plain requests as all instances would have been asked.
  const goals: readonly (InstanceRef | null)[] = full ? asked.instances : [null];
  const wanted = full ? inARow : inARow * Math.max(1, asked.instances.length);
  await sideBySide(ctx, goals, LANES, async (instance, lane) => {
    const asking = await proveOne(lane, asked, instance, wanted, tell);
    requests += asking;
  });
  if (full) return { routeUrl, proof: 'every-instance', requests };
  return {
    routeUrl,
    proof: 'answered',
    requests,
    because: stripped(asked),
  };
}

/**
 * A route that was just mapped for the first time shows only now whether the header reaches its router. A router has answered
 * there, so that none does a moment later is not believed.
 */
async function settledReach(ctx: ProbeContext, asked: ProofRequest): Promise<HeaderReach> {
  let { reach } = asked;
  const isOpen = () => reach === 'unknown-route' || (reach !== asked.reach && reach === 'unreachable');
  for (let pauses = 0; isOpen(); pauses += 1) {
    if (pauses > 0) await ctx.clock.sleep(learnPauseMs(pauses), ctx.signal);
    if (ctx.clock.now() >= asked.deadlineMs) {
      throw new DeadlineOver(`${asked.routeUrl}: no router knows this route yet`);
    }
    const [of] = asked.instances;
    reach = await headerReach(ctx, { url: asked.routeUrl, path: asked.path, ...(of ? { of } : {}) });
  }
  return reach;
}

async function proveOne(
  ctx: ProbeContext,
  { routeUrl, path, deadlineMs, instances, returns }: ProofRequest,
  instance: InstanceRef | null,
  wanted: number,
  tell: Tell,
): Promise<number> {
  const who = instance ? `instance ${instance.index}` : `the app (${instances.length} instances)`;
  let [passed, faults, pauses, requests] = [0, 0, 0, 0];
  let told = '';
  for (;;) {
    const left = deadlineMs - ctx.clock.now();
    const outcome = await ask(ctx, routeAddress(routeUrl, path, ctx), {
      timeoutMs: Math.max(1_000, Math.min(PROBE_TIMEOUT_MS, left)),
      ...(instance ? { instance } : {}),
    });
    requests += 1;
    const verdict = judgeProof(outcome, returns);
    if (verdict === 'proven') {
      passed += 1;
      faults = 0;
      if (passed >= wanted) return requests;
      continue;
    }
    passed = 0;
    faults = verdict === 'fault' ? faults + 1 : 0;
    const short = inShort(outcome, ctx);
    const over = ctx.clock.now() >= deadlineMs;
    // A plain 5xx may be live's: it weighs against the candidate only when it is all that came until the end.
    if (isAnswer(outcome) && verdict === 'fault' && (over || (instance && faults >= FAULTS_IN_A_ROW))) {
      throw faultOf(routeUrl, who, outcome);
    }
    if (over) {
      throw new DeadlineOver(
        `${routeUrl}: ${who} was not reached through every router in time; last: ${short}`,
      );
    }
    if (short !== told) tell(`${routeUrl}: ${who} not proven yet: ${short}`);
    told = short;
    const pause = verdict === 'wait' ? learnPauseMs : pauseMs;
    await ctx.clock.sleep(pause(pauses++), ctx.signal);
  }
}

function faultOf(routeUrl: string, who: string, answer: Answer): VersionFault {
  return new VersionFault(
    `${who} answers ${answer.status} on the production route ${routeUrl}`,
    'production-proof',
    describe(answer),
  );
}
