import type { SmokeCheck } from '../model/asked.js';
import { PlatformFault, type Problem, Refused, VersionFault } from '../model/errors.js';
import { type Address, hostMatches, hostOf, routeAddress } from './address.js';
import { ask, describe, inShort, isAnswer, type Outcome } from './answer.js';
import {
  CONNECTIONS_IN_A_ROW,
  headerOf,
  type InstanceRef,
  type ProbeContext,
  pauseMs,
  sideBySide,
  type Tell,
} from './context.js';
import { judge, type Verdict } from './expect.js';
import { followed, type Hop, isRedirect, MAX_REDIRECTS } from './redirect.js';

const LANES = 4;
/** The app's own answer that is wrong in the same way so often will not change by waiting. */
const WRONG_IN_A_ROW = 3;
/** Below this a slow answer would be cut though the check has time left. */
const LEAST_TIMEOUT_MS = 5_000;

export interface SmokeRequest {
  /** Only those that belong here are run: with `productionUrls` the checks `on: production`, else those `on: trial`. */
  checks: readonly SmokeCheck[];
  /** The trial route's url, no scheme. */
  trialUrl: string;
  /** Of the candidate, all that are asked for answers. */
  instances: readonly InstanceRef[];
  /** The header that names an instance reaches the router of the routes that are asked. */
  headerReaches: boolean;
  /** The candidate is the only destination of the route that is asked. */
  onlyDestination: boolean;
  /** Runs the checks `on: production`, each path on each of these routes. */
  productionUrls?: readonly string[];
  /** Hosts on which live answers: no redirect of a trial check may lead there. */
  productionHosts?: readonly string[];
}

/**
 * What a passed check has shown. `every-instance`: each instance passed it. `candidate`: the candidate did, its instances cannot
 * be told apart. `nothing`: it passed, but nobody says that the candidate answered.
 */
export interface PassedCheck {
  label: string;
  /** Host and path that were asked. */
  asked: string;
  shows: 'every-instance' | 'candidate' | 'nothing';
  because?: string;
  requests: number;
}

export interface SmokeReport {
  passed: readonly PassedCheck[];
}

/**
 * Checks that would test live instead of the candidate: those before the switch whose host is a production route.
 * @param productionHosts hosts of production routes, wildcards as `*.domain`
 */
export function refusedChecks(checks: readonly SmokeCheck[], productionHosts: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  for (const check of checks) {
    if (check.on !== 'trial' || !('url' in check.target)) continue;
    const { hostname } = new URL(check.target.url);
    if (!productionHosts.some((host) => hostMatches(host, hostname))) continue;
    problems.push({
      text:
        `smoke-test: "${check.label}" asks ${hostname}, a production route: before the switch it would test live. ` +
        'Give a path, which is asked on the trial route, or set `on: production`.',
    });
  }
  return problems;
}

/**
 * Runs the checks one after the other; each one is asked of all instances side by side.
 * @throws VersionFault (`smoke`, with the last answer as evidence) when a check does not pass within its time
 * @throws Refused when nobody could say that it is the candidate that answers on its trial route
 * @throws PlatformFault when no router ever knew the route, or it could not be reached: that says nothing about the version
 */
export async function runSmoke(ctx: ProbeContext, request: SmokeRequest, tell: Tell): Promise<SmokeReport> {
  const on = request.productionUrls ? 'production' : 'trial';
  const passed: PassedCheck[] = [];
  for (const check of request.checks.filter((one) => one.on === on)) {
    for (const place of placesOf(check, request)) {
      const run = await runCheck(ctx, request, check, place, tell);
      passed.push(run);
      tell(`${check.label} passed: ${run.asked}${run.because ? ` (${run.because})` : ''}`);
    }
  }
  return { passed };
}

/** Where a check is asked: a path on a route, or a full URL, which may be on one of our routes too. */
export interface Place {
  asked: string;
  /** Whether the host is that of a route whose destinations we know. */
  ours: boolean;
  address: (ctx: ProbeContext) => Address;
}

/** Where a check is asked: on each production route where they are given, else on the trial route; a full URL where it says. */
export function placesOf(
  { target }: SmokeCheck,
  { trialUrl, productionUrls }: Pick<SmokeRequest, 'trialUrl' | 'productionUrls'>,
): readonly Place[] {
  const routes = productionUrls ?? [trialUrl];
  if ('path' in target) {
    return routes.map((url) => ({
      asked: `${url}${target.path}`,
      ours: true,
      address: (ctx) => routeAddress(url, target.path, ctx),
    }));
  }
  const { href, hostname, pathname } = new URL(target.url);
  const ours = routes.some((url) => hostMatches(hostOf(url), hostname));
  return [
    {
      asked: `${hostname}${pathname}`,
      ours,
      // The router stands in for our routes only: it knows no other host.
      address: (ctx) => ({ url: href, ...(ours && ctx.router ? { connectTo: ctx.router } : {}) }),
    },
  ];
}

async function runCheck(
  ctx: ProbeContext,
  request: SmokeRequest,
  check: SmokeCheck,
  place: Place,
  tell: Tell,
): Promise<PassedCheck> {
  const byInstance = place.ours && request.headerReaches;
  const lost = `the header ${headerOf(request.instances[0])} does not reach the router`;
  if (place.ours && !byInstance && !request.onlyDestination && !request.productionUrls) {
    throw new Refused(
      `"${check.label}" would prove nothing: another app is mapped to the trial route ${request.trialUrl} too, ` +
        `and ${lost}.`,
      `Unmap the other app from ${request.trialUrl}, then run again.`,
      'trial-route',
    );
  }
  const goals: readonly (InstanceRef | null)[] = byInstance ? request.instances : [null];
  const deadlineMs = ctx.clock.now() + check.withinMs;
  const blind = place.ours ? request.instances.length : 1;
  const wanted = byInstance
    ? check.attemptsInARow
    : Math.max(check.attemptsInARow, blind * CONNECTIONS_IN_A_ROW);
  let [requests, elsewhere] = [0, false];
  await sideBySide(ctx, goals, LANES, async (instance, lane) => {
    const run = await passInARow(lane, request, check, place, instance, wanted, deadlineMs, tell);
    requests += run.requests;
    elsewhere ||= run.elsewhere;
  });
  const passed = { label: check.label, asked: place.asked, requests };
  if (!place.ours) return { ...passed, shows: 'nothing', because: 'its host is no route of the candidate' };
  if (elsewhere)
    return { ...passed, shows: 'nothing', because: 'another host gave the last answer, after a redirect' };
  if (byInstance) return { ...passed, shows: 'every-instance' };
  return { ...passed, shows: request.onlyDestination ? 'candidate' : 'nothing', because: lost };
}

async function passInARow(
  ctx: ProbeContext,
  request: SmokeRequest,
  check: SmokeCheck,
  place: Place,
  instance: InstanceRef | null,
  wanted: number,
  deadlineMs: number,
  tell: Tell,
): Promise<{ requests: number; elsewhere: boolean }> {
  const who = instance ? `instance ${instance.index}` : place.asked;
  let [inARow, pauses, requests] = [0, 0, 0];
  let elsewhere = false;
  let [told, same] = ['', 0];
  // What the version did weighs more than what a router did later.
  let worst: Attempt | undefined;
  for (;;) {
    const one = await attempt(ctx, request, check, place, instance, deadlineMs);
    requests += 1;
    elsewhere ||= one.elsewhere;
    if (one.verdict.is === 'passed') {
      inARow += 1;
      same = 0;
      if (inARow >= wanted) return { requests, elsewhere };
      continue;
    }
    inARow = 0;
    if (one.verdict.is !== 'not-reached' || !worst) worst = one;
    const short = `${inShort(one.outcome, ctx)}: ${one.verdict.why}`;
    same = short === told ? same + 1 : 1;
    if (short !== told) tell(`${check.label}, ${who}: ${short}`);
    told = short;
    const hopeless = one.verdict.is === 'wrong' && same >= Math.max(WRONG_IN_A_ROW, check.attemptsInARow);
    const over = ctx.clock.now() + pauseMs(pauses) >= deadlineMs;
    if (hopeless || over) throw failure(check, who, worst, requests);
    await ctx.clock.sleep(pauseMs(pauses++), ctx.signal);
  }
}

export interface Attempt {
  outcome: Outcome;
  verdict: Verdict;
  elsewhere: boolean;
}

/** One request of a check, with the redirects that it follows. */
export async function attempt(
  ctx: ProbeContext,
  request: Pick<SmokeRequest, 'productionUrls' | 'productionHosts'>,
  check: SmokeCheck,
  place: Place,
  instance: InstanceRef | null,
  deadlineMs: number,
): Promise<Attempt> {
  const first: Hop = { address: place.address(ctx), method: check.method, headers: check.headers };
  const ownHost = new URL(first.address.url).hostname;
  let hop = first;
  for (let redirects = 0; ; redirects += 1) {
    const host = new URL(hop.address.url).hostname;
    const elsewhere = host !== ownHost;
    const left = deadlineMs - ctx.clock.now();
    const outcome = await ask(ctx, hop.address, {
      method: hop.method,
      headers: hop.headers,
      timeoutMs: Math.max(1, Math.min(left, Math.max(check.withinMs / 3, LEAST_TIMEOUT_MS))),
      ...(instance && !elsewhere ? { instance } : {}),
    });
    if (!check.follow || !isAnswer(outcome) || !isRedirect(outcome)) {
      return { outcome, elsewhere, verdict: await judge(check, outcome, () => deadlineMs - ctx.clock.now()) };
    }
    const wrong = (why: string): Attempt => ({ outcome, elsewhere, verdict: { is: 'wrong', why } });
    if (redirects >= MAX_REDIRECTS) return wrong(`more than ${MAX_REDIRECTS} redirects`);
    const next = await followed(ctx, first, hop, outcome);
    if ('refused' in next) return wrong(next.refused);
    const { hostname } = new URL(next.address.url);
    const toLive = !request.productionUrls && hostname !== ownHost;
    if (toLive && request.productionHosts?.some((production) => hostMatches(production, hostname))) {
      return wrong(`the redirect leads to ${hostname}, a production route, where live answers`);
    }
    hop = next;
  }
}

function failure(check: SmokeCheck, who: string, last: Attempt, requests: number): Error {
  const text =
    `smoke check "${check.label}" did not pass on ${who}: ${inShort(last.outcome)}, ${last.verdict.why} ` +
    `(${requests} attempts)`;
  return last.verdict.is === 'not-reached'
    ? new PlatformFault(text, false)
    : new VersionFault(text, 'smoke', describe(last.outcome));
}
