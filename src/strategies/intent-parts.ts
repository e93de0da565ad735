/** What the intents of a deploy and of a rollback have in common. Pure. */
import type { Inputs, RunContext, SmokeCheck } from '../model/asked.js';
import type { AppState, Route, RouteOptions, Snapshot } from '../model/cloud.js';
import type { Intent, Port, WantedRoute } from '../model/intent.js';
import { ANNOTATION, recordedOn, trialHost } from '../platform/names.js';
import { probePath } from '../probe/path.js';
import { isInsideCheck } from '../steps/inside.js';
import { isAskable, isPushed, isTcp } from '../steps/routes.js';
import { destinationsOf, portOf, portsOn, runningCount, samePort, servedBy, someRunning } from './view.js';

const PUSHED: Port = { processType: 'web', port: null, protocol: null };

export interface TrialParts {
  /** Domain of trial routes. */
  trialDomain: { guid: string; name: string };
  snapshot: Snapshot;
  /** Random letters for the hosts of trial routes; each call gives others. */
  token: () => string;
}

/** What the inputs say of every change alike. */
export function askedOf(inputs: Inputs) {
  const { drainMs, bakeMs, keepPrevious, keepFailed, smokeTest: checks, smokeScript } = inputs;
  const { watchPath, failureLimit } = inputs;
  return {
    probePath: probePath(inputs),
    again: againOf(inputs),
    ...(watchPath === undefined ? {} : { watchPath }),
    failureLimit,
    drainMs,
    bakeMs,
    keepPrevious,
    keepFailed,
    checks,
    ...(smokeScript ? { smokeScript } : {}),
  };
}

/** Inputs of the proof that must not stand where everybody who may see the app can read them. */
function againOf({ smokeTest, smokeScript, watchPath, secrets }: Inputs): readonly string[] {
  const isSecret = (text: string) =>
    secrets.flatMap(spellingsOf).some((secret) => secret.length >= SHORTEST_SECRET && text.includes(secret));
  const headers = smokeTest.flatMap((check) => Object.keys(check.headers));
  const withSecret = smokeTest.some(({ headers: _, ...check }) => isSecret(JSON.stringify(check)));
  return [
    ...(withSecret ? ['smoke-test'] : []),
    ...[...new Set(headers)].map((name) => `smoke-test with the header ${name}`),
    ...(smokeScript ? ['smoke-script'] : []),
    ...(watchPath !== undefined && isSecret(watchPath) ? ['watch-path'] : []),
  ];
}

/** Shorter ones are in every text. */
const SHORTEST_SECRET = 3;

function spellingsOf(secret: string): string[] {
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(Buffer.from(secret).toString())];
}

/** Who runs this, as far as the runner tells. */
export function runFacts(context: RunContext): Record<string, string> {
  const optional = {
    [ANNOTATION.commit]: context.commit,
    [ANNOTATION.runUrl]: context.runUrl,
    [ANNOTATION.actor]: context.actor,
    [ANNOTATION.workflowRef]: context.workflowRef,
  };
  const known = Object.entries(optional).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(known) as Record<string, string>;
}

export function wantedOf(route: Route, snapshot: Snapshot): WantedRoute {
  const { url, host, domainGuid, path, port } = route;
  const internal = snapshot.domains.find((domain) => domain.guid === domainGuid)?.internal ?? false;
  return { url, host, domainGuid, path, port, internal };
}

/**
 * One for each process type, port and protocol by which production routes will ask the new version; what `cf push` maps comes
 * first. What only TCP routes lead to has one on TCP. An app that nobody outside can reach gets no address outside, not for a
 * moment either: an internal one, where there are checks that a task can ask.
 */
export function trialsOf(
  parts: TrialParts,
  production: readonly WantedRoute[],
  checks: readonly SmokeCheck[],
): Intent['trials'] {
  const web = webTrials(parts, production);
  const outside = [...web, ...tcpTrials(parts, production, web)];
  return outside.length > 0 || !checks.some(isInsideCheck) ? outside : insideTrials(parts, production);
}

/** For checks that a task asks: one is enough, as inside a connection names the container's port by itself. */
function insideTrials({ snapshot, token }: TrialParts, production: readonly WantedRoute[]): Intent['trials'] {
  const [route] = production.filter(({ internal }) => internal);
  if (!route) return [];
  const [to = PUSHED] = portsOn(route.url, production, snapshot);
  const host = trialHost(snapshot.name, token());
  const url = `${host}.${route.url.slice(route.host.length + 1)}`;
  const name = { url, host, domainGuid: route.domainGuid, path: '', port: null, internal: true };
  return [{ route: name, to: isPushed(to) ? PUSHED : to }];
}

function webTrials(
  { trialDomain, snapshot, token }: TrialParts,
  production: readonly WantedRoute[],
): Intent['trials'] {
  const asked = production.filter(isAskable).flatMap((route) =>
    portsOn(route.url, production, snapshot).map((port) => ({
      to: isPushed(port) ? PUSHED : port,
      ...(route.options ? { options: route.options } : {}),
    })),
  );
  // A trial route with options stands for the same port without any, too.
  const best = [...asked].sort((one, other) => Number('options' in other) - Number('options' in one));
  const distinct = best.filter((wish, at) => best.findIndex((one) => standsFor(one, wish)) === at);
  const trials = distinct.sort((one, other) => Number(isPushed(other.to)) - Number(isPushed(one.to)));
  return trials.map(({ to, ...options }) => {
    const host = trialHost(snapshot.name, token());
    const url = `${host}.${trialDomain.name}`;
    const name = { url, host, domainGuid: trialDomain.guid, path: '', port: null, internal: false };
    return { route: { ...name, ...options }, to };
  });
}

/**
 * Of ports that no HTTP trial route leads to: that they are open is known before the switch, and an instance opens those alone that
 * it had at its start. The platform chooses the port of the route: nobody else knows which its routers listen on.
 */
function tcpTrials(
  { snapshot, token }: TrialParts,
  production: readonly WantedRoute[],
  web: Intent['trials'],
): Intent['trials'] {
  const asked = production
    .filter(isTcp)
    .flatMap((route) =>
      portsOn(route.url, production, snapshot).map((port) => ({ route, to: { ...port, protocol: 'tcp' } })),
    );
  const wanted = asked.filter(
    ({ to }, at) =>
      !web.some((one) => samePort(one.to, to)) && asked.findIndex((one) => samePort(one.to, to)) === at,
  );
  return wanted.map(({ route: { url, domainGuid }, to }) => {
    const name = { url: url.replace(/:\d+$/, ':0'), host: '', domainGuid, path: '', port: 0 };
    return { route: { ...name, mark: token(), internal: false }, to };
  });
}

interface TrialWish {
  to: Port;
  options?: RouteOptions;
}

function standsFor(one: TrialWish, wish: TrialWish): boolean {
  const isSame = samePort(one.to, wish.to) && (one.to.protocol ?? 'http1') === (wish.to.protocol ?? 'http1');
  return isSame && (!wish.options || JSON.stringify(one.options) === JSON.stringify(wish.options));
}

export function beforeOf(
  live: AppState,
  snapshot: Snapshot,
  adoptedVersion: string,
): Intent['before'] & object {
  const down = downOf(live);
  return {
    guid: live.guid,
    version: live.version ?? adoptedVersion,
    ran: someRunning(live),
    ...(live.state === 'STARTED' && !someRunning(live) ? { started: true } : {}),
    ...(Object.keys(down).length > 0 ? { down } : {}),
    ...(live.currentDropletGuid ? { dropletGuid: live.currentDropletGuid } : {}),
    destinations: servedBy(snapshot, live).map((route) => ({
      url: route.url,
      to: destinationsOf(route, live).map(portOf),
    })),
  };
}

/** Going back brings back what there was: who waited for more than ran then would wait for ever. */
function downOf({ processes }: AppState): Record<string, number> {
  const down = new Map<string, number>();
  for (const process of processes) {
    const missing = process.instances - runningCount(process);
    if (missing > 0) down.set(process.type, (down.get(process.type) ?? 0) + missing);
  }
  return Object.fromEntries(down);
}

/**
 * A version that goes live again is asked by the protocol that its own manifest named; by the usual one where only live's names
 * another.
 */
export function protocolBefore(
  url: string,
  target: Pick<AppState, 'annotations'>,
  live: Pick<AppState, 'annotations'> | undefined,
): { protocol?: string } {
  const named = (app: Pick<AppState, 'annotations'> | undefined) => {
    const all = recordedOn(app, ANNOTATION.manifestProtocols);
    const protocol = (all as Record<string, unknown> | undefined)?.[url];
    return typeof protocol === 'string' ? protocol : undefined;
  };
  const protocol = named(target) ?? (named(live) === undefined ? undefined : 'http1');
  return protocol === undefined ? {} : { protocol };
}

/** Names that manifest and inputs named at the last deploy; none when live was never deployed this way. */
export function namesBefore(app: Pick<AppState, 'annotations'> | undefined, key: string): readonly string[] {
  const names = recordedOn(app, key);
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
}
