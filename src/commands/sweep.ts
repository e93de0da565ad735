/** `sweep`: previews of this repository that nobody needs any more go; what is not known for certain stays. */
import { pullStates } from '../github/pulls.js';
import type { Inputs, RunContext } from '../model/asked.js';
import type { App, Metadata, ServiceInstance } from '../model/cloud.js';
import { InputError } from '../model/errors.js';
import { ANNOTATION, LABEL } from '../platform/names.js';
import { previewSelector, selectorOfIdentity } from '../platform/preview-names.js';
import { type Decision, type PreviewSeen, sweepOf } from '../strategies/sweep.js';
import { stopNow, withIdle } from './idle-previews.js';
import { type Opened, open, type Ports } from './open.js';
import type { Outcome, Removed } from './outcome.js';
import { isUnderWay, removeNow } from './remove-previews.js';

/** One preview, with what carries its labels. */
export interface Group {
  preview: PreviewSeen;
  selector: string;
  apps: readonly App[];
  services: readonly ServiceInstance[];
}

/** Throws what forbids it before anything was changed; everything later is in the outcome. */
export async function sweep(inputs: Inputs, context: RunContext, ports: Ports): Promise<Outcome> {
  const { repository } = context;
  if (repository === undefined) {
    throw new InputError([
      { text: 'The command sweep needs GITHUB_REPOSITORY: it removes previews of that repository alone.' },
    ]);
  }
  const opened = await open(inputs, context, ports);
  try {
    const groups = await groupsOf(repository, opened);
    const pulls = await pullsOf(groups, inputs, context, ports);
    const nowMs = opened.platform.platformNowMs();
    const known = { nowMs, max: inputs.preview.max, ...(pulls ? { pulls } : {}) };
    const wanted = sweepOf(
      groups.map(({ preview }) => preview),
      known,
    );
    const { idleMs } = inputs.preview;
    const decisions =
      idleMs === undefined ? wanted : await withIdle(wanted, groups, { nowMs, idleMs }, opened);
    for (const { preview, what, why } of decisions)
      ports.listener.tell({
        type: 'note',
        text: `${preview.name}: ${FATES[what]}, ${why}`,
      });
    const swept = { swept: decisions, cfVersion: opened.cf.version };
    if (inputs.plan) return { result: 'planned', apps: [], ...swept };
    return { ...swept, ...(await removeAll(decisions, groups, opened, inputs, context, ports)) };
  } finally {
    await opened.close();
  }
}

const FATES = { keep: 'kept', stop: 'stops', remove: 'goes' } satisfies Record<Decision['what'], string>;

/** One after the other: each is a change of its own, which the next run settles where this one is cut. */
async function removeAll(
  decisions: readonly Decision[],
  groups: readonly Group[],
  opened: Opened,
  inputs: Inputs,
  context: RunContext,
  ports: Ports,
): Promise<Pick<Outcome, 'result' | 'apps' | 'removed' | 'gone' | 'error' | 'swept'>> {
  const removed: Removed[] = [];
  const gone: string[] = [];
  const swept = [...decisions];
  let failed: unknown;
  for (const [at, { preview, what }] of decisions.entries()) {
    const group = groups.find((one) => one.preview === preview);
    if (what === 'keep' || !group) continue;
    const outcome = await unlessNew(what, group, opened, inputs, context, ports).catch(
      (error: unknown): Outcome => ({ result: 'failed', error, apps: [] }),
    );
    ports.signal.throwIfAborted();
    if (outcome === undefined || isUnderWay(outcome)) {
      const why = 'it is deployed, or removed, just now';
      swept[at] = { preview, what: 'keep', why };
      ports.listener.tell({ type: 'note', text: `${preview.name}: kept, ${why}` });
      continue;
    }
    removed.push(...(outcome.removed ?? []));
    gone.push(...(outcome.gone ?? []));
    if (outcome.error === undefined) continue;
    failed ??= outcome.error;
    const done = what === 'stop' ? 'stopped' : 'removed';
    if (what === 'stop') swept[at] = { preview, what: 'keep', why: 'it could not be stopped' };
    const text = `${preview.name} could not be ${done}, the next sweep tries it again: ${(outcome.error as Error).message}`;
    ports.listener.tell({ type: 'warning', text });
  }
  if (failed !== undefined) return { result: 'failed', error: failed, apps: [], removed, gone, swept };
  return { result: 'swept', apps: [], removed, gone, swept };
}

/**
 * What was decided on may be minutes old. @returns undefined: it was deployed since, and is another one, or a deploy of it has begun:
 * it makes service instances, or keeps them for longer, before it takes the lock
 */
async function unlessNew(
  what: Decision['what'],
  { preview, selector, ...before }: Group,
  opened: Opened,
  inputs: Inputs,
  context: RunContext,
  ports: Ports,
): Promise<Outcome | undefined> {
  const { platform, target } = opened;
  const [apps, services] = await Promise.all([
    platform.appsByLabel(target.spaceGuid, selector),
    platform.servicesByLabel(target.spaceGuid, selector),
  ]);
  const isNew = ({ guid, labels }: App | ServiceInstance) =>
    ![...before.apps, ...before.services].some((one) => one.guid === guid) ||
    Number(labels[LABEL.expires]) * 1000 > (preview.expiresAtMs ?? 0);
  if ([...apps, ...services].some(isNew)) return undefined;
  if (what === 'stop') return stopNow(apps, opened, inputs, context, ports);
  return removeNow({ selector, apps }, opened, inputs, context, ports);
}

/** What carries the labels of one preview: apps, and routes and service instances that have lost theirs. */
async function groupsOf(repository: string, { platform, target }: Opened): Promise<readonly Group[]> {
  const selector = previewSelector(repository);
  const [apps, routes, services] = await Promise.all([
    platform.appsByLabel(target.spaceGuid, selector),
    platform.routesByLabel(target.spaceGuid, selector),
    platform.servicesByLabel(target.spaceGuid, selector),
  ]);
  const all: readonly (Metadata & { name?: string; url?: string })[] = [...apps, ...routes, ...services];
  const numbers = [...new Set(all.flatMap(({ labels }) => labels[LABEL.number] ?? []))];
  return numbers.map((number) => {
    const isOf = ({ labels }: Metadata) => labels[LABEL.number] === number;
    const own = apps.filter(isOf);
    return {
      preview: seenOf(number, own, all.filter(isOf)),
      selector: selectorOfIdentity(number, repository),
      apps: own,
      services: services.filter(isOf),
    };
  });
}

function seenOf(
  number: string,
  apps: readonly App[],
  all: readonly (Metadata & { name?: string; url?: string })[],
): PreviewSeen {
  const expires = all.map(({ labels }) => Number(labels[LABEL.expires])).filter((at) => at > 0);
  const pull = all.map(({ annotations }) => Number(annotations[ANNOTATION.pull])).find((one) => one > 0);
  // A route that has lost its app tells its number alone, which may be a pull request's or somebody's own.
  const tells = all.some(({ annotations }) => ANNOTATION.previewId in annotations);
  const live = apps.find(({ labels }) => labels[LABEL.role] === 'preview') ?? apps[0];
  const [first] = all;
  return {
    name: live?.annotations[ANNOTATION.app] ?? live?.name ?? first?.url ?? first?.name ?? number,
    // Only a pull request's preview is called by a number that GitHub can be asked for.
    ...(pull !== undefined && String(pull) === number ? { pull } : {}),
    ...(!tells && apps.length === 0 && /^[1-9]\d*$/.test(number) ? { pull: Number(number) } : {}),
    ...(expires.length > 0 ? { expiresAtMs: Math.max(...expires) * 1000 } : {}),
    deployedAtMs: Math.max(0, ...apps.flatMap((app) => [app.createdAtMs, versionAtMs(app)])),
    startedAtMs: Math.max(0, ...apps.map(({ updatedAtMs = 0 }) => updatedAtMs)),
    hasApp: apps.length > 0,
    ...(apps.length > 0 && apps.every(({ state }) => state === 'STOPPED') ? { sleeps: true } : {}),
  };
}

/** An app that is deployed in place stays as old as it was. */
function versionAtMs({ labels }: App): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(labels[LABEL.version] ?? '') ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) || 0;
}

/** @returns undefined: not known, and nothing is taken for closed */
async function pullsOf(
  groups: readonly Group[],
  { githubToken: token }: Inputs,
  { apiUrl, repository }: RunContext,
  { publicHttp: http, clock, signal, listener }: Ports,
) {
  const numbers = groups.flatMap(({ preview }) => preview.pull ?? []);
  if (numbers.length === 0) return new Map<number, 'open' | 'closed'>();
  const warn = (why: string) =>
    listener.tell({
      type: 'warning',
      text: `Which pull requests are closed is not known, so previews go by their time alone: ${why}`,
    });
  if (!token || !apiUrl || !repository) return warn('there is no github-token, or no GITHUB_API_URL.');
  const read = await pullStates({ http, clock, signal, token, apiUrl, repository }, Math.min(...numbers));
  return 'why' in read ? warn(read.why) : read.done;
}
