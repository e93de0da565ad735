import { PlatformFault } from '../model/errors.js';
import { isTcpUrl } from '../probe/address.js';
import { sideBySide } from '../probe/context.js';
import { type ProofResult, proveOnRoute } from '../probe/proof.js';
import { QUIET_MS, UNSEEN_ALLOWANCE_MS } from '../probe/quiet.js';
import { staysOpen } from '../probe/tcp.js';
import { heeding } from './heed.js';
import { instancesOn, runningOn } from './instances.js';
import { reachKnown, reachOf } from './reach.js';
import { isAskable, isTcp } from './routes.js';
import type { Side, Step } from './step.js';
import {
  type AppWorld,
  droppedOutside,
  note,
  routeNamed,
  type StepKind,
  serverOn,
  type World,
  whyUnasked,
  withFewNotes,
} from './world.js';

/** How long the proof may take beside what routers need to learn a route; each instance and route needs a few requests more. */
const PROOF_MS = 45_000;
const EACH_INSTANCE_MS = 500;
/**
 * One answer proves one router. What is proven here decides whether live may lose its routes, and six connections in a row miss
 * one of two routers once in 32 times, which was seen; so many miss it once in 8,192 times.
 */
const CONNECTIONS_IN_A_ROW = 14;
const ALLOWANCE = `${UNSEEN_ALLOWANCE_MS / 1_000} s`;

/**
 * Every instance of one side answers through every production route, on several fresh connections in a row. Where that cannot be
 * seen, the other side keeps the route until every router must have learned of this one.
 */
export const prove: StepKind<Step & { do: 'prove' }> = {
  title: ({ side, urls }) =>
    `prove ${side} on ${urls.length === 1 ? urls[0] : `${urls.length} production routes`}`,
  plan: ({ side, urls }, { probePath, production }) => [
    ...urls.flatMap((url) => {
      const route = production.find((one) => one.url === url);
      if (!route || isAskable(route))
        return [`GET ${url}${probePath} by every instance of ${side}, each named in a header`];
      return [
        ...(isTcp(route) ? [`TCP connections to ${url}`] : []),
        `wait until ${ALLOWANCE} after ${url} was mapped: its instances cannot be asked one by one`,
      ];
    }),
    `wait until ${ALLOWANCE} after the map wherever no instance can be asked for by that header`,
  ],
  run: async ({ side, urls }, app, world) => {
    if (side === 'live') return proveAll(side, urls, app, world);
    await heeding(app, world, (heeded) => proveAll(side, urls, app, heeded));
  },
};

async function proveAll(side: Side, urls: readonly string[], app: AppWorld, world: World): Promise<void> {
  const found = new Map<string, ProofResult>();
  const startedAtMs = world.clock.now();
  const asked = urls.filter((url) => whyUnasked(url, app) === undefined);
  const behind = await world.platform.behindService(asked.map((url) => routeNamed(url, app).guid));
  // The first fault ends the others too: the way back is not watched by probes of a proof that has failed.
  const look = (some: readonly string[]) =>
    withFewNotes(world, (few) =>
      sideBySide(world.probe, some, some.length, async (url, probe) => {
        const why = whyUnasked(url, app);
        const here = { ...few, probe };
        const proof = isTcpUrl(url)
          ? await proveOpen(url, side, app, here)
          : why
            ? unseen(url, why)
            : await proveOne(url, side, app, here, behind);
        found.set(url, proof);
      }),
    );
  await look(urls);
  const seen = urls.filter((url) => found.get(url)?.proof === 'every-instance');
  const untilMs = Math.max(0, ...urls.map((url) => lostUntilMs(url, side, app, startedAtMs)));
  if (untilMs > startedAtMs) {
    await world.clock.sleep(Math.max(0, untilMs - world.clock.now()), world.signal);
    await look(seen);
  }
  const proofs = urls.flatMap((url) => found.get(url) ?? []);
  const waited = await allow(proofs, side, app, world, startedAtMs);
  if (side !== 'candidate') return;
  app.found.proofs = proofs.map((one) =>
    waited.has(one.routeUrl) ? { ...one, because: `${one.because}; ${waited.get(one.routeUrl)}` } : one,
  );
  // Only now, while live still has them, they show whether an instance can be asked for by name: the drain has to know.
  await Promise.all(droppedOutside(app).map((url) => reachOf(url, app.snapshot.live, app, world)));
}

function unseen(routeUrl: string, because: string): ProofResult {
  return { routeUrl, proof: 'none', requests: 0, because };
}

/**
 * Connections stay open; whom they meet nobody tells. Where none did before the switch either, none is asked for. On the way back
 * one that is closed may be closed by the version that goes: the routers' time has to do, as where a header is lost.
 */
async function proveOpen(url: string, side: Side, app: AppWorld, world: World): Promise<ProofResult> {
  const because = 'a TCP route, on which nothing names a version';
  if (side === 'live') return unseen(url, because);
  const notFromHere = unseen(url, 'a TCP route on which no connection from this machine stayed open before');
  const { before } = app.intent;
  const had = before?.ran === true && before.destinations.some((one) => one.url === url);
  const reach = reachKnown(url, app.snapshot.live, app);
  // Refused where live has the route: by something on the way, as its routers listen.
  if (reach === 'unreachable' || (had && reach === 'unknown-route')) return notFromHere;
  const inARow = CONNECTIONS_IN_A_ROW;
  const deadlineMs = world.clock.now() + PROOF_MS;
  const asked = { url, inARow, deadlineMs, code: 'production-proof' as const };
  try {
    const requests = await staysOpen(world.probe, asked, (text) => note(world, text));
    return { routeUrl: url, proof: 'answered', requests, because };
  } catch (error) {
    // A run that finishes what another one began has not seen what was before.
    if (!(error instanceof PlatformFault) || !had || reach !== undefined) throw error;
    return notFromHere;
  }
}

/** @param behind guids of routes with a route service: the router heeds the header, and what comes back from the service is routed anew */
async function proveOne(url: string, side: Side, app: AppWorld, world: World, behind: ReadonlySet<string>) {
  const route = routeNamed(url, app);
  const prover = serverOn(side, app);
  // Live may have had a broken instance before this deploy: going back brings back what there was.
  const returns = side === 'live';
  const instances = returns ? runningOn(route, prover) : instancesOn(route, prover);
  const path = app.intent.probePath;
  const reach = behind.has(route.guid) ? 'header-stripped' : await reachOf(url, prover, app, world);
  const deadlineMs = world.clock.now() + PROOF_MS + instances.length * EACH_INSTANCE_MS;
  const connectionsInARow = CONNECTIONS_IN_A_ROW;
  const asked = { routeUrl: url, instances, path, reach, deadlineMs, returns, connectionsInARow };
  const proof = await proveOnRoute(world.probe, asked, (text) => note(world, text));
  return behind.has(route.guid) ? { ...proof, because: 'its requests pass a route service' } : proof;
}

/**
 * Where it is not seen that each router knows this side, nothing may be taken from the other one until every router must.
 * @returns by url what was waited for, in words
 */
async function allow(
  proofs: readonly ProofResult[],
  side: Side,
  app: AppWorld,
  world: World,
  nowMs: number,
): Promise<ReadonlyMap<string, string>> {
  const waited = new Map<string, string>();
  let untilMs = 0;
  for (const { routeUrl, proof, because } of proofs) {
    if (proof === 'every-instance') continue;
    const fromMs = gainedAtMs(routeUrl, side, app, nowMs);
    if (fromMs !== undefined) {
      untilMs = Math.max(untilMs, fromMs + UNSEEN_ALLOWANCE_MS);
      waited.set(routeUrl, `the routers had ${ALLOWANCE} to learn of the ${side}`);
    }
    const wait = fromMs === undefined ? '' : `; the routers get ${ALLOWANCE} to learn of the ${side}`;
    note(world, `${routeUrl}: ${proof === 'none' ? 'not provable' : 'answered only'}: ${because}${wait}`);
  }
  const leftMs = untilMs - world.clock.now();
  if (leftMs > 0) await world.clock.sleep(leftMs, world.signal);
  return waited;
}

/**
 * A router that has not learned yet that live had lost a route answers for it as if it had come back, and loses it a moment later:
 * until every router must have learned of the loss, an answer proves nothing. In place it is the version's own instances that live
 * loses: they have ended, and a router may send to them still. Not after the epoch: live had the route all along.
 */
function lostUntilMs(url: string, side: Side, app: AppWorld, nowMs: number): number {
  if (side !== 'live') return 0;
  const lostAtMs = app.intent.inPlace
    ? nowMs
    : (app.found.takenFromLive.get(url) ?? gainedAtMs(url, side, app, nowMs));
  return lostAtMs === undefined ? 0 : lostAtMs + QUIET_MS;
}

/**
 * From when on the routers may learn that this side has the route; what another run has mapped may be as new as this proof.
 * @returns undefined: nobody has to wait, the routers knew it all along, or nobody else is there to be let go
 */
function gainedAtMs(url: string, side: Side, app: AppWorld, nowMs: number): number | undefined {
  const { found, intent, snapshot } = app;
  const mappedAt = (one: Side) => found.mappedAtMs[one].get(url);
  const mapped = mappedAt(side);
  if (side === 'candidate' && intent.inPlace) return mappedAt('live');
  if (side === 'candidate') {
    const liveHas = routeNamed(url, app).destinations.some(({ appGuid }) => appGuid === snapshot.live?.guid);
    return intent.before?.ran && liveHas ? (mapped ?? nowMs) : undefined;
  }
  return mapped ?? (found.begun && !found.takenFromLive.has(url) ? undefined : nowMs);
}
