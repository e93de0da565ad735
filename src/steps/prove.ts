import { sideBySide } from '../probe/context.js';
import { headerReach, type ProofResult, proveOnRoute } from '../probe/proof.js';
import { instancesOn, runningOn } from './instances.js';
import type { Step } from './step.js';
import {
  type AppWorld,
  appOn,
  droppedOutside,
  note,
  routeNamed,
  type StepKind,
  type World,
} from './world.js';

/**
 * How long routers may take to learn a route. The platform's own tests allow 25 s; each instance and route then needs a few
 * requests more.
 */
const ROUTERS_LEARN_MS = 45_000;
const EACH_INSTANCE_MS = 500;

/** Every instance of one side answers through every production route, on several fresh connections in a row. */
export const prove: StepKind<Step & { do: 'prove' }> = {
  title: ({ side, urls }) =>
    `prove ${side} on ${urls.length === 1 ? urls[0] : `${urls.length} production routes`}`,
  plan: ({ side, urls }, { probePath }) =>
    urls.map((url) => `GET ${url}${probePath} with X-Cf-App-Instance, by every instance of ${side}`),
  run: async ({ side, urls }, app, world) => {
    const internal = new Set(app.intent.production.filter((one) => one.internal).map(({ url }) => url));
    const found = new Map<string, ProofResult>();
    // The first fault ends the others too: the way back is not watched by probes of a proof that has failed.
    await sideBySide(world.probe, urls, urls.length, async (url, probe) => {
      const proof = internal.has(url) ? unseen(url) : await proveOne(url, side, app, { ...world, probe });
      found.set(url, proof);
    });
    const proofs = urls.flatMap((url) => found.get(url) ?? []);
    for (const { routeUrl, proof, because } of proofs) {
      if (because)
        note(world, `${routeUrl}: ${proof === 'none' ? 'not provable' : 'answered only'}: ${because}`);
    }
    if (side !== 'candidate') return;
    app.found.proofs = proofs;
    // Only now, while live still has them, they show whether an instance can be asked for by name: the drain has to know.
    await Promise.all(droppedOutside(app).map((url) => reachOf(url, app.snapshot.live?.guid, app, world)));
  },
};

function unseen(routeUrl: string): ProofResult {
  return { routeUrl, proof: 'none', requests: 0, because: 'an internal route' };
}

async function proveOne(url: string, side: 'live' | 'candidate', app: AppWorld, world: World) {
  const route = routeNamed(url, app);
  const prover = appOn(side, app);
  // Live may have had a broken instance before this deploy: going back brings back what there was.
  const instances = side === 'live' ? runningOn(route, prover) : instancesOn(route, prover);
  const path = app.intent.probePath;
  const reach = await reachOf(url, prover.guid, app, world);
  const deadlineMs = world.clock.now() + ROUTERS_LEARN_MS + instances.length * EACH_INSTANCE_MS;
  return proveOnRoute(world.probe, { routeUrl: url, instances, path, reach, deadlineMs }, (text) =>
    note(world, text),
  );
}

async function reachOf(url: string, appGuid: string | undefined, app: AppWorld, world: World) {
  const { found, intent } = app;
  const asked = { url, path: intent.probePath, ...(appGuid === undefined ? {} : { appGuid }) };
  const reach = found.reach.get(url) ?? (await headerReach(world.probe, asked));
  found.reach.set(url, reach);
  return reach;
}
