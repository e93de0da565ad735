/** What each step does to the platform, as the writes that it is made of; a kill may come after each of them. */
import { recorded } from '../../../src/engine/journal.js';
import { VersionFault } from '../../../src/model/errors.js';
import type { Intent } from '../../../src/model/intent.js';
import { isWaiting } from '../../../src/model/words.js';
import {
  ANNOTATION,
  appKey,
  candidateName,
  failedName,
  LABEL,
  previousName,
} from '../../../src/platform/names.js';
import { isPushed } from '../../../src/steps/routes.js';
import type { Side, Step } from '../../../src/steps/step.js';
import { route as emptyRoute, to } from '../support.js';
import { carryWrites } from './carries.js';
import { packageLeft, rollWrites, TAKEN } from './rolls.js';
import { assertNoTask, assertTaskRan, taskWrites } from './tasks.js';
import {
  changedApp,
  changedRoute,
  isHealthy,
  isTrial,
  type ModelApp,
  type ModelWorld,
  playersOf,
  routesOf,
  withoutKey,
} from './world.js';

/** Something that must never happen. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export type Write = (world: ModelWorld) => ModelWorld;

export function writesOf(step: Step, intent: Intent, before: ModelWorld): Write[] {
  const on = (world: ModelWorld, side: Side): ModelApp => {
    const { live, candidate } = playersOf(world, intent.app);
    const app = world.apps[(side === 'live' ? live : candidate)?.guid ?? ''];
    return app ?? violated(`${step.do}: there is no ${side}`);
  };
  const routeAt = (world: ModelWorld, url: string) =>
    Object.values(world.routes).find((one) => one.url === url) ?? violated(`${step.do}: no route ${url}`);

  switch (step.do) {
    case 'make-candidate':
      return [(world) => makeCandidate(world, intent)];
    case 'make-route':
      return [(world) => makeRoute(world, intent, step)];
    case 'set-options':
      return [
        (world) => {
          const { guid, ...old } = routeAt(world, step.url);
          const changed = { ...old, guid, options: { ...old.options, ...step.options } };
          return { ...world, routes: { ...world.routes, [guid]: changed } };
        },
      ];
    case 'push-bits':
      return [
        (world) => pushBits(world, intent, on(world, 'candidate')),
        (world) => {
          const { guid, packages, annotations } = on(world, 'candidate');
          const annotation = { [ANNOTATION.package]: packages.at(-1) ?? '' };
          return changedApp(world, guid, { annotations: { ...annotations, ...annotation } });
        },
      ];
    case 'copy-package':
      if (step.side === 'live') return [(world) => packageLeft(world, intent)];
      return [
        (world) => {
          const { guid, packages, annotations } = on(world, 'candidate');
          const copy = `package ${intent.version} #copy`;
          const recorded = { ...annotations, [ANNOTATION.package]: copy };
          return changedApp(world, guid, { packages: [...packages, copy].slice(-2), annotations: recorded });
        },
      ];
    case 'apply-to-candidate':
      return [
        (world) => {
          if (intent.asLive) violated('applies a manifest that nobody gave');
          return changedApp(world, on(world, 'candidate').guid, { processes: PUSHED });
        },
      ];
    case 'stage':
      return [
        (world) => {
          const { guid, annotations } = on(world, 'candidate');
          const droplet = annotations[ANNOTATION.package] ?? violated('staged before any bits were pushed');
          return changedApp(world, guid, { droplet });
        },
      ];
    case 'set-env':
      return [
        (world) => {
          const { guid, env } = on(world, 'candidate');
          const changed = { ...env };
          for (const name of step.names) {
            const value = intent.env[name] ?? null;
            if (value === null) delete changed[name];
            else changed[name] = value;
          }
          return changedApp(world, guid, { env: changed });
        },
      ];
    case 'scale':
      return [
        (world) => {
          const { guid, processes } = on(world, step.side ?? 'candidate');
          const scaled = processes.map((one) =>
            one.type === step.processType ? { ...one, instances: step.to.instances ?? one.instances } : one,
          );
          return changedApp(world, guid, { processes: scaled });
        },
      ];
    case 'record-given-up':
      return [
        (world) => {
          const lock = playersOf(world, intent.app).lock ?? violated('writes on a lock that is not there');
          const annotations = { ...lock.annotations, [ANNOTATION.givenUp]: JSON.stringify(step.had) };
          return changedApp(world, lock.guid, { annotations });
        },
      ];
    case 'await-gone':
      return [
        (world) => {
          const { guid, state, processes } = on(world, step.side);
          const gone = processes.map((one) => {
            const isMeant = step.types?.includes(one.type) ?? true;
            if (isMeant && state === 'STARTED' && one.instances > 0)
              violated(`waits for the end of ${one.type} of ${guid}, which nobody ends`);
            return isMeant ? { ...one, running: 0 } : one;
          });
          return changedApp(world, guid, { processes: gone });
        },
      ];
    case 'carry':
    case 'pause-scaling':
    case 'resume-scaling':
      return carryWrites(step, intent, before);
    case 'run-task':
    case 'await-task':
      return taskWrites(step, intent, (world) => on(world, 'candidate'));
    case 'start':
      return [
        (world) => {
          const app = on(world, step.side);
          if (step.side === 'candidate') assertTaskRan(app, intent);
          return start(world, app);
        },
      ];
    case 'await-instances':
      return [
        (world) => {
          const { guid, state, processes } = on(world, step.side);
          if (state !== 'STARTED') violated(`waits for ${step.side}, which nobody started`);
          const running = processes.map((one) => ({ ...one, running: one.instances }));
          return changedApp(world, guid, { processes: running });
        },
      ];
    case 'stay-up':
    case 'smoke-script':
      return [(world) => world];
    case 'smoke':
      return [(world) => smoke(world, intent, on(world, 'candidate'))];
    case 'mark':
      return [
        (world) => {
          const lock = playersOf(world, intent.app).lock ?? violated('marks a lock that is not there');
          const annotations = step.journal ? { ...lock.annotations, ...recorded(intent) } : lock.annotations;
          return changedApp(world, lock.guid, {
            labels: { ...lock.labels, [LABEL.phase]: step.phase },
            annotations,
          });
        },
      ];
    case 'map':
      return [
        (world) => {
          const { guid: appGuid } = on(world, step.side);
          const { guid, destinations } = routeAt(world, step.url);
          const wishes = step.to.map((port) => to(appGuid, { ...port, port: port.port ?? 8080 }));
          const fresh = wishes.filter((one) => !destinations.some((old) => old.guid === one.guid));
          return changedRoute(world, guid, [...destinations, ...fresh]);
        },
      ];
    case 'prove': {
      // A version that live's own app got is proven there.
      const side = intent.inPlace ? 'live' : step.side;
      return [
        (world) =>
          step.urls.reduce((now, url) => prove(now, routeAt(now, url).guid, on(now, side).guid), world),
      ];
    }
    case 'unmap': {
      const { guid: appGuid } = on(before, step.side);
      const { guid, destinations } = routeAt(before, step.url);
      const leaving = destinations.filter((one) => one.appGuid === appGuid);
      return leaving.map((one) => (world) => unmap(world, guid, one.guid));
    }
    case 'await-release':
    case 'drain':
      return [
        (world) => {
          // A first deploy has nobody to wait for.
          if (step.side === 'live' && !playersOf(world, intent.app).live) return world;
          const { guid } = on(world, step.side);
          const named = routesOf(world, guid).filter((route) => !isTrial(route));
          if (named.length > 0) violated(`drains ${guid} while ${named[0]?.url} names it`);
          if (step.do === 'await-release') return world;
          return { ...world, undrained: world.undrained.filter((one) => one !== guid) };
        },
      ];
    case 'stop':
      return [
        (world) => {
          assertUnused(world, step.guid, 'stopped');
          // Its instances have a while to end: who must not meet them has to wait.
          const idle =
            world.apps[step.guid]?.processes.map((one) => ({
              ...one,
              running: world.alone ? one.running : 0,
            })) ?? [];
          const smoked = world.smoked.filter((one) => one !== step.guid);
          return changedApp({ ...world, smoked }, step.guid, { state: 'STOPPED', processes: idle });
        },
      ];
    case 'delete-route':
      return [(world) => deleteRoute(world, step.guid)];
    case 'delete-app':
      return [
        (world) => {
          assertUnused(world, step.guid, 'deleted');
          assertNoTask(world.apps[step.guid], 'deleted');
          const isTaker = world.apps[step.guid]?.labels[LABEL.role] === 'lock';
          const { lock } = playersOf(world, intent.app);
          if (isTaker && lock && !isWaiting(lock.labels[LABEL.phase]))
            violated(`${step.name} goes before its lock`);
          return { ...world, apps: withoutKey(world.apps, step.guid) };
        },
      ];
    case 'rename':
      return [
        (world) => {
          assertNoTask(on(world, step.side), 'given up');
          return rename(world, intent, on(world, step.side), step.to);
        },
      ];
    default:
      return rollWrites(step, intent);
  }
}

export function violated(text: string): never {
  throw new Violation(text);
}

function makeCandidate(world: ModelWorld, intent: Intent): ModelWorld {
  const { app, version, owner, target } = intent;
  const name = candidateName(app);
  if (Object.values(world.apps).some((one) => one.name === name)) violated(`a second ${name}`);
  const guid = target || intent.inPlace?.source ? `lock of ${app} ${version}` : `${app} ${version}`;
  const labels = {
    [LABEL.role]: 'candidate',
    [LABEL.phase]: 'made',
    [LABEL.app]: appKey(app),
    [LABEL.version]: version,
    [LABEL.owner]: owner,
  };
  const made: ModelApp = {
    guid,
    name,
    state: 'STOPPED',
    labels,
    annotations: { ...recorded(intent), ...(target ? { [ANNOTATION.target]: target } : {}) },
    processes: [{ type: 'web', instances: 1, running: 0 }],
    env: {},
    packages: [],
    ports: [],
  };
  return { ...world, apps: { ...world.apps, [guid]: made } };
}

function makeRoute(world: ModelWorld, intent: Intent, step: Step & { do: 'make-route' }): ModelWorld {
  const { url } = step.route;
  if (Object.values(world.routes).some((one) => one.url === url)) violated(`a second route ${url}`);
  const number = (world.made[url] ?? 0) + 1;
  const guid = `${url} #${number}`;
  const labels = {
    [LABEL.role]: step.as === 'trial' ? 'candidate' : 'live',
    [LABEL.app]: appKey(intent.app),
    [LABEL.version]: intent.version,
  };
  const { options = {} } = step.route;
  const made = emptyRoute(url, [], { guid, labels, options });
  return { ...world, routes: { ...world.routes, [guid]: made }, made: { ...world.made, [url]: number } };
}

/** The manifest of the models, and each droplet, has a web and a worker process. */
export const PUSHED: ModelApp['processes'] = [
  { type: 'web', instances: 1, running: 0 },
  { type: 'worker', instances: 0, running: 0 },
];

/** What is pushed twice has two packages. */
function pushBits(world: ModelWorld, intent: Intent, { guid, packages }: ModelApp): ModelWorld {
  const [first] = intent.trials;
  const asked = first && isPushed(first.to) ? first.route.url : undefined;
  const trial = Object.values(world.routes).find(({ url }) => url === asked);
  if (asked !== undefined && !trial) violated('pushed before there was a trial route');
  const number = Math.min(2, packages.length + 1);
  const pushed = changedApp(world, guid, {
    packages: [...packages.slice(0, 1), `package ${intent.version} #${number}`],
    processes: PUSHED.map((one) => ({
      ...one,
      instances: intent.handover?.counts[one.type] ?? one.instances,
    })),
  });
  return trial ? changedRoute(pushed, trial.guid, [to(guid)]) : pushed;
}

function start(world: ModelWorld, { guid, processes, droplet, annotations }: ModelApp): ModelWorld {
  const isOwn = droplet === annotations[ANNOTATION.package] || droplet?.startsWith(TAKEN);
  if (annotations[ANNOTATION.journal] && !isOwn) {
    violated(`${guid} starts with bits that this deploy did not push`);
  }
  const asked = routesOf(world, guid).flatMap((route) =>
    route.destinations.flatMap((one) => (one.appGuid === guid ? [one.port ?? 8080] : [])),
  );
  const ports = [...new Set([8080, ...asked])].sort();
  const booting = processes.map((one) => ({ ...one, running: 0 }));
  return changedApp(world, guid, { state: 'STARTED', ports, processes: booting });
}

function smoke(world: ModelWorld, { trials }: Intent, { guid }: ModelApp): ModelWorld {
  for (const { route, to: port } of trials) {
    const trial = Object.values(world.routes).find(({ url }) => url === route.url);
    const answers = trial?.destinations.some(
      (one) => one.appGuid === guid && one.processType === port.processType && isHealthy(world, one),
    );
    if (!answers) violated(`checked on ${route.url}, where ${guid} does not answer`);
  }
  return { ...world, smoked: [...new Set([...world.smoked, guid])].sort() };
}

/** Throws `VersionFault`, as the real proof does, when somebody who should does not answer. */
function prove(world: ModelWorld, routeGuid: string, appGuid: string): ModelWorld {
  const mine = world.routes[routeGuid]?.destinations.filter((one) => one.appGuid === appGuid) ?? [];
  if (mine.length === 0) violated(`proves ${appGuid} on ${routeGuid}, where it is not mapped`);
  if (!mine.every((one) => isHealthy(world, one))) {
    throw new VersionFault(`${appGuid} does not answer on ${routeGuid}`, 'production-proof');
  }
  return { ...world, proved: [...new Set([...world.proved, `${routeGuid} ${appGuid}`])].sort() };
}

function unmap(world: ModelWorld, routeGuid: string, destinationGuid: string): ModelWorld {
  const destinations = world.routes[routeGuid]?.destinations ?? [];
  const leaver = destinations.find(({ guid }) => guid === destinationGuid);
  if (!leaver) return world;
  const left = destinations.filter((one) => one !== leaver);
  const gone = !left.some(({ appGuid }) => appGuid === leaver.appGuid);
  const proof = `${routeGuid} ${leaver.appGuid}`;
  return {
    ...changedRoute(world, routeGuid, left),
    proved: gone ? world.proved.filter((one) => one !== proof) : world.proved,
    undrained: isHealthy(world, leaver)
      ? [...new Set([...world.undrained, leaver.appGuid])].sort()
      : world.undrained,
  };
}

function deleteRoute(world: ModelWorld, guid: string): ModelWorld {
  const route = world.routes[guid] ?? violated(`deletes a route that is not there: ${guid}`);
  if (route.labels[LABEL.role] === undefined) violated(`deletes ${route.url}, which is not ours`);
  if (world.served.includes(guid)) violated(`deletes ${route.url}, which is served`);
  return { ...world, routes: withoutKey(world.routes, guid) };
}

function assertUnused(world: ModelWorld, guid: string, what: string): void {
  const app = world.apps[guid] ?? violated(`an app is ${what} that is not there: ${guid}`);
  const [named] = routesOf(world, guid);
  if (named) violated(`${app.name} is ${what} while ${named.url} names it`);
  if (world.undrained.includes(guid)) violated(`${app.name} is ${what} before it is drained`);
}

function rename(
  world: ModelWorld,
  intent: Intent,
  app: ModelApp,
  role: 'live' | 'previous' | 'failed',
): ModelWorld {
  const version = role === 'previous' ? (intent.before?.version ?? '') : intent.version;
  const name = {
    live: intent.app,
    previous: previousName(intent.app, version),
    failed: failedName(intent.app, version),
  }[role];
  if (Object.values(world.apps).some((one) => one.name === name)) violated(`two apps named ${name}`);
  const [named] = routesOf(world, app.guid).filter((route) => !isTrial(route));
  if (role !== 'live' && named) violated(`${app.name} becomes ${name} while ${named.url} names it`);
  const labels = withoutKey(withoutKey(app.labels, LABEL.phase), LABEL.owner);
  return changedApp(world, app.guid, {
    name,
    labels: { ...labels, [LABEL.role]: role, [LABEL.app]: appKey(intent.app), [LABEL.version]: version },
    annotations: {
      ...Object.fromEntries(
        Object.entries(app.annotations).filter(
          ([key]) => !key.startsWith(ANNOTATION.journal) && key !== ANNOTATION.liveUntil,
        ),
      ),
      ...(role === 'previous' ? { [ANNOTATION.liveUntil]: String(1 + lastEnd(world)) } : {}),
    },
  });
}

/** The model's clock counts the versions that were replaced. */
function lastEnd({ apps }: ModelWorld): number {
  return Math.max(0, ...Object.values(apps).map((app) => Number(app.annotations[ANNOTATION.liveUntil] ?? 0)));
}
