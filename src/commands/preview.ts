/** `preview`: the pull request's own app at its own address, made or brought up to date without downtime. */

import { eventIn } from '../github/event.js';
import { headOf, pullStates } from '../github/pulls.js';
import { assertRegistrySignIn } from '../manifest/docker.js';
import { assertInside } from '../manifest/inside.js';
import { loadManifest } from '../manifest/load.js';
import type { Manifest } from '../manifest/manifest.js';
import { previewManifest } from '../manifest/preview.js';
import { defaultDomain, wantedRoutes } from '../manifest/routes.js';
import type { Inputs, ManifestApp, RunContext } from '../model/asked.js';
import type { App, Domain, Metadata } from '../model/cloud.js';
import { InputError, Refused } from '../model/errors.js';
import { candidateName, LABEL } from '../platform/names.js';
import {
  identityLabels,
  isOfPreview,
  type PreviewOf,
  previewAppName,
  previewFacts,
  previewHost,
  previewLabels,
  selectorOfPreview,
} from '../platform/preview-names.js';
import type { World } from '../steps/world.js';
import { patienceOfPreview } from './commits.js';
import { deployManifest } from './deploy.js';
import { assertOwnCode } from './fork.js';
import { type Opened, open, type Ports } from './open.js';
import type { Outcome } from './outcome.js';
import { previewOf } from './preview-of.js';
import { assertServices, insteadOf, makeServices } from './preview-services.js';
import { removePreview } from './remove-previews.js';

/** Throws what forbids it before anything was changed; everything later is in the outcome. */
export async function preview(inputs: Inputs, context: RunContext, ports: Ports): Promise<Outcome> {
  const payload = await eventOf(context, ports);
  const { request, ...of } = previewOf(inputs, context, payload);
  const manifest = await loadManifest(inputs, context.workspace);
  const bits = manifest.apps.flatMap(({ path }) => path ?? []);
  await assertOwnCode([manifest.file, ...bits], payload, inputs, context, ports);
  assertRegistrySignIn(manifest.apps, inputs.docker);
  for (const secret of manifest.secrets) ports.runner.setSecret(secret);
  await assertInside(context.workspace, [
    { what: 'The manifest', path: manifest.file },
    ...inputs.varsFiles.map((path) => ({ what: 'The file of variables', path })),
    ...manifest.apps.flatMap(({ name, path }) =>
      path === undefined ? [] : [{ what: `The path of ${name}`, path }],
    ),
  ]);
  const opened = await open(inputs, context, ports);
  try {
    const { platform, target } = opened;
    const domains = await platform.domains(target.orgGuid);
    const named = await namesFor(manifest.apps, of, opened);
    await assertServices(manifest.apps, inputs.preview.services, opened);
    const small = smallOf(manifest, named, domains, inputs, context);
    const labels = previewLabels(of, platform.platformNowMs() + inputs.preview.ttlMs);
    const asked: Inputs = {
      ...inputs,
      // Nothing is left of a version that went, or failed, and none of it is carried on.
      ...{ carry: 'manifest', keepPrevious: 0, keepFailed: false },
    };
    // A pull request is its head: GITHUB_SHA is that of a merge which nobody made.
    const ofHead = request?.head === undefined ? context : { ...context, commit: request.head };
    const outcome = await deployManifest(opened, small, asked, ofHead, ports, {
      labels,
      facts: previewFacts(of),
      knowing: (world) => {
        const compare: World['compare'] = async (base, commit) => {
          const age = await world.compare(base, commit);
          return age === 'older' && (await isHead(commit, of, inputs, context, ports)) ? 'newer' : age;
        };
        return { ...world, compare, patience: patienceOfPreview(inputs, ofHead, compare) };
      },
      ready: () =>
        makeAll(manifest.apps, named, { labels, annotations: previewFacts(of) }, inputs, opened, ports),
    });
    const isThere = outcome.result === 'previewed' || outcome.result === 'unchanged';
    const told: Outcome = { ...outcome, ...(isThere ? { isPreview: true } : {}) };
    if (!isThere || !(await isClosed(of, inputs, context, ports))) {
      if (outcome.result === 'unchanged') await renew(of, labels, opened);
      return told;
    }
    const text = `Pull request ${of.pull} was closed meanwhile: its preview goes at once.`;
    ports.listener.tell({ type: 'note', text });
    return await removePreview(selectorOfPreview(of), opened, inputs, context, ports);
  } finally {
    await opened.close();
  }
}

/** One that is what it shall be is kept for its time from now on, too. */
async function renew(
  of: PreviewOf,
  labels: Readonly<Record<string, string>>,
  { platform, target }: Opened,
): Promise<void> {
  const apps = await platform.appsByLabel(target.spaceGuid, selectorOfPreview(of));
  await Promise.all(apps.map(({ guid }) => platform.updateApp(guid, { labels })));
}

/** Whoever removes the previews of closed pull requests may have come before this one was there. */
async function isClosed(
  { pull }: PreviewOf,
  { githubToken: token }: Inputs,
  { apiUrl, repository }: RunContext,
  { publicHttp: http, clock, signal }: Ports,
): Promise<boolean> {
  if (pull === undefined || !token || !apiUrl || !repository) return false;
  const read = await pullStates({ http, clock, signal, token, apiUrl, repository }, pull);
  return 'done' in read && read.done.get(pull) === 'closed';
}

/** A pull request may be pushed back to an earlier commit, which is none that came too late. */
async function isHead(
  commit: string,
  { pull }: PreviewOf,
  { githubToken: token }: Inputs,
  { apiUrl, repository }: RunContext,
  { publicHttp: http, clock, signal }: Ports,
): Promise<boolean> {
  if (pull === undefined || !token || !apiUrl || !repository) return false;
  return (await headOf({ http, clock, signal, token, apiUrl, repository }, pull)) === commit.toLowerCase();
}

async function makeAll(
  apps: readonly ManifestApp[],
  named: ReadonlyMap<string, string>,
  whose: Metadata,
  { preview: { services } }: Inputs,
  { platform, target }: Opened,
  { clock, signal, listener }: Ports,
): Promise<void> {
  const tell = (text: string) => listener.tell({ type: 'note', text });
  const making = { platform, target, clock, signal, tell };
  await Promise.all(
    apps.map((app) => {
      const own = services.make.filter(({ name }) => app.services.includes(name));
      return makeServices(named.get(app.name) ?? app.name, own, whose, making);
    }),
  );
}

/**
 * `APP-pr-ID`, or the name with a hash of the repository where another one's preview has that. Throws `Refused` where an app has it that
 * is no preview at all: it is not touched.
 */
async function namesFor(
  apps: readonly ManifestApp[],
  of: PreviewOf,
  { platform, target }: Opened,
): Promise<ReadonlyMap<string, string>> {
  const wanted = apps.map(({ name }) => ({
    app: name,
    names: [previewAppName(name, of.id), previewAppName(name, of.id, of.repository ?? '')],
  }));
  const all = wanted.flatMap(({ names }) => names.flatMap((name) => [name, candidateName(name)]));
  const found = await platform.appsByName(target.spaceGuid, all);
  return new Map(
    wanted.map(({ app, names }) => {
      // A name that became free is none for what has an address already.
      const own = names.filter((name) => found.some((one) => one.name === name));
      const free = [...own, ...names].find((name) => isFreeFor(of, name, found));
      const [first = ''] = names;
      if (free === undefined || hasForeigner(first, found)) throw notAPreview(first);
      return [app, free];
    }),
  );
}

function isFreeFor(of: PreviewOf, name: string, found: readonly App[]): boolean {
  const there = found.filter((one) => one.name === name || one.name === candidateName(name));
  return there.every(({ labels }) => isOfPreview(labels, identityLabels(of)));
}

function hasForeigner(name: string, found: readonly App[]): boolean {
  return found.some((one) => one.name === name && !(LABEL.number in one.labels));
}

function notAPreview(name: string): Refused {
  return new Refused(
    `An app named ${name} is there, and it is no preview: it does not carry the labels of one.`,
    `Rename it (cf rename ${name} NEW-NAME), or give this preview another preview-id, then run again. It was not touched.`,
    'not-a-preview',
  );
}

function smallOf(
  manifest: Manifest,
  named: ReadonlyMap<string, string>,
  domains: readonly Domain[],
  { preview: { domain, services }, scale }: Inputs,
  { workspace }: RunContext,
): Manifest {
  const wishes = manifest.apps.map((app) => {
    const name = named.get(app.name) ?? app.name;
    const on = app.noRoute ? undefined : domainFor(app, domain, domains);
    return {
      ...{ app: app.name, name },
      ...(on ? { route: `${previewHost(name)}.${on.name}` } : {}),
      instances: scale === 'manifest' ? ('manifest' as const) : ('one' as const),
      services: insteadOf(app, services, name),
    };
  });
  return previewManifest(manifest, wishes, workspace);
}

/**
 * Nobody reaches a preview from outside whose app nobody reaches from there, unless that is asked for. Throws `InputError` where
 * there is none. @returns undefined: its routes are TCP routes, which have no name that a preview could have
 */
function domainFor(
  app: ManifestApp,
  asked: string | undefined,
  domains: readonly Domain[],
): Domain | undefined {
  const isWeb = ({ internal, protocols }: Domain) => !internal && protocols.includes('http');
  if (asked !== undefined) {
    const found = domains.find(({ name }) => name.toLowerCase() === asked);
    if (found && isWeb(found)) return found;
    const why = !found
      ? 'the organization has none such'
      : found.internal
        ? 'it is internal'
        : 'it is for TCP';
    const fit = domains.filter(isWeb).map(({ name }) => name);
    throw new InputError([
      {
        text: `The input "preview-domain" is "${asked}", which previews cannot be on: ${why}. Fit are ${fit.join(', ')}.`,
      },
    ]);
  }
  const routes = wantedRoutes(app, domains).routes;
  const own = routes.flatMap(({ domainGuid }) => domains.find(({ guid }) => guid === domainGuid) ?? []);
  const first = own.find(isWeb) ?? own.find(({ internal }) => internal);
  if (!first && routes.length > 0) return undefined;
  const domain = first ?? defaultDomain(domains);
  if (!domain)
    throw new InputError([{ text: 'The organization has no HTTP domain that a preview could be on.' }]);
  return domain;
}

/** Outside GitHub there is none, and one that cannot be read names no pull request. */
export async function eventOf(
  { event }: RunContext,
  { files }: { files: Pick<Ports['files'], 'read'> },
): Promise<unknown> {
  return event && eventIn(event.path, files).catch(() => undefined);
}
