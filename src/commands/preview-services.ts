/** What a preview is bound to: nothing that a live app is bound to, unless it is named; its own instances are made with it. */
import type { Inputs, ManifestApp } from '../model/asked.js';
import type { Metadata, ServiceInstance, Target } from '../model/cloud.js';
import { Refused } from '../model/errors.js';
import type { Clock } from '../model/ports.js';
import { MINUTE_MS } from '../model/words.js';
import type { Platform } from '../platform/calls.js';
import { LABEL } from '../platform/names.js';
import { isOfPreview } from '../platform/preview-names.js';
import { isGone } from '../platform/services.js';

interface Place {
  platform: Platform;
  target: Target;
}

/** By the name that the manifest binds, the instance that is bound instead; null: none. */
export type Instead = ReadonlyMap<string, string | null>;

/** @param name of the preview's app */
export function insteadOf(
  { services }: ManifestApp,
  { bind, make }: Inputs['preview']['services'],
  name: string,
): Instead {
  if (bind === 'none') return new Map(services.map((service) => [service, null]));
  const own = make.filter((one) => services.includes(one.name));
  return new Map(own.map((one) => [one.name, ownInstanceName(name, one.name)]));
}

function ownInstanceName(app: string, service: string): string {
  return `${app}-${service}`;
}

/**
 * Throws `Refused` where a preview would be bound to an instance that an app is bound to which is no preview, and where one that is
 * to be made cannot be. Changes nothing.
 */
export async function assertServices(
  apps: readonly ManifestApp[],
  { bind, make, shared }: Inputs['preview']['services'],
  { platform, target }: Place,
): Promise<void> {
  const bound = bind === 'none' ? [] : apps.flatMap(({ services }) => services);
  const unknown = make.filter(({ name }) => !bound.includes(name));
  if (unknown.length > 0) {
    throw refused(
      `The manifest binds no service ${unknown.map(({ name }) => name).join(', ')}, which preview-services is to make.`,
      'Name services of the manifest.',
    );
  }
  const others = bound.filter((name) => !make.some((one) => one.name === name) && !shared.includes(name));
  const taken = await ofLiveApps([...new Set(others)], { platform, target });
  if (taken.length > 0) {
    throw refused(
      taken
        .map(({ service, app }) => `The service ${service} is bound to ${app}, which is no preview.`)
        .join('\n'),
      `A preview shares no data with a live app unasked. Let it: preview-services: '[${taken.map(({ service }) => service).join(', ')}]'. Or have its own made: a list with name, offering and plan. Or bind none: preview-services: none.`,
    );
  }
  for (const { name, offering, plan } of make) {
    if ((await platform.servicePlan(target.spaceGuid, offering, plan)) === undefined)
      throw refused(
        `There is no plan ${plan} of ${offering} in this space, of which ${name} is to be made.`,
        'See with cf marketplace what there is.',
      );
  }
}

async function ofLiveApps(
  names: readonly string[],
  { platform, target }: Place,
): Promise<readonly { service: string; app: string }[]> {
  const instances = await platform.servicesByName(target.spaceGuid, names);
  const bindings = await platform.appsBoundTo(instances.map(({ guid }) => guid));
  const apps = new Map(
    (await platform.appsByGuid(bindings.map(({ appGuid }) => appGuid))).map((app) => [app.guid, app]),
  );
  return instances.flatMap(({ guid, name }) => {
    const live = bindings
      .filter(({ instanceGuid }) => instanceGuid === guid)
      .find(({ appGuid }) => !(LABEL.number in (apps.get(appGuid)?.labels ?? {})));
    if (!live) return [];
    return [{ service: name, app: apps.get(live.appGuid)?.name ?? 'an app of another space' }];
  });
}

export interface Making extends Place {
  clock: Clock;
  signal: AbortSignal;
  tell(text: string): void;
}

/** Brokers of databases take their time; the platform itself gives up after a week. */
const READY_MS = 30 * MINUTE_MS;

/**
 * Makes those of the preview's own instances that are not there, and waits until all are ready. What failed is deleted and made anew
 * by the next run. Throws `Refused` with the broker's words.
 */
export async function makeServices(
  name: string,
  make: Inputs['preview']['services']['make'],
  whose: Metadata,
  making: Making,
): Promise<void> {
  await Promise.all(make.map((one) => makeService(ownInstanceName(name, one.name), one, whose, making)));
}

async function makeService(
  name: string,
  wanted: Inputs['preview']['services']['make'][number],
  whose: Metadata,
  making: Making,
): Promise<void> {
  const { labels } = whose;
  const { offering, plan, parameters } = wanted;
  const { platform, target, clock, signal, tell } = making;
  const find = async () => (await platform.servicesByName(target.spaceGuid, [name]))[0];
  let found = await find();
  if (found && !isOfPreview(found.labels, labels)) {
    throw refused(
      `A service instance ${name} is there, and it is not of this preview.`,
      `Rename or delete it (cf rename-service ${name} NEW-NAME), then run again. It was not touched.`,
    );
  }
  if (found && hasFailed(found)) {
    await platform.deleteService(found.guid);
    found = undefined;
  }
  const isNew = found === undefined;
  if (!found) {
    const planGuid = await platform.servicePlan(target.spaceGuid, offering, plan);
    if (planGuid === undefined)
      throw refused(`There is no plan ${plan} of ${offering} in this space any more.`, 'Name another one.');
    tell(`The service instance ${name} is being made: ${offering} ${plan}.`);
    await platform.createService({
      ...{ spaceGuid: target.spaceGuid, name, planGuid, ...whose },
      ...(parameters ? { parameters } : {}),
    });
  } else if (!isGoing(found)) await platform.labelService(found.guid, labels);
  const deadlineMs = clock.now() + READY_MS;
  for (let delayMs = 250; ; delayMs = Math.min(delayMs * 1.5, 10_000)) {
    const now = found ? await platform.service(found.guid).catch(goneIsNone) : await find();
    if (found && !now) {
      // A removal was under way, and this is what comes after it.
      if (!isNew) return makeService(name, wanted, whose, making);
      throw refused(`The service instance ${name} was deleted while it was being made.`, 'Run again.');
    }
    if (now && hasFailed(now))
      throw refused(
        `The service instance ${name} could not be made: ${now.operation?.description || 'the broker does not say why'}`,
        'See what the broker needs, then run again: it is made anew.',
      );
    if (now && !isBusy(now)) return;
    found = now ?? found;
    if (clock.now() > deadlineMs)
      throw refused(
        `The service instance ${name} is still being made after ${READY_MS / MINUTE_MS} minutes.`,
        `Run again when cf service ${name} shows that it is ready.`,
      );
    await clock.sleep(delayMs, signal);
  }
}

function goneIsNone(error: unknown): undefined {
  if (!isGone(error)) throw error;
  return undefined;
}

function hasFailed({ operation }: ServiceInstance): boolean {
  return operation?.type === 'create' && operation.state === 'failed';
}

function isGoing(one: ServiceInstance): boolean {
  return one.operation?.type === 'delete' && isBusy(one);
}

function isBusy({ operation }: ServiceInstance): boolean {
  return operation?.state === 'in progress' || operation?.state === 'initial';
}

function refused(what: string, next: string): Refused {
  return new Refused(what, next, 'preview-services');
}
