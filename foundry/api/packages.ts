import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type * as r from '../state/records.js';
import { findApp } from './apps.js';
import { dig, onlyFields, related, text } from './body.js';
import { accept, audit, type Core } from './core.js';
import { presentDroplet } from './droplets.js';
import { bitsUploaded, notFound, unprocessable } from './errors.js';
import { assertOn } from './feature-flags.js';
import { type Listing, list } from './list.js';
import { mergeMetadata } from './metadata.js';
import { head, links, metadata, to } from './present.js';
import { type Answer, type Call, type Row, row } from './table.js';
import { receive, sha256, unzip } from './upload.js';

const KEPT = 5;

export function presentPackage(core: Core, p: r.Package): Record<string, unknown> {
  const self = `/v3/packages/${p.guid}`;
  const underWay = p.copiedFrom === undefined ? 'PROCESSING_UPLOAD' : 'COPYING';
  const state = core.pending.firstLook(p.guid) ? underWay : p.state;
  const ready = state === 'READY';
  return {
    ...head(p),
    type: p.type,
    data: p.image
      ? presentImage(p.image)
      : {
          error: state === 'FAILED' ? (p.error ?? null) : null,
          checksum: { type: 'sha256', value: ready ? (p.sha256 ?? null) : null },
        },
    state,
    relationships: { app: to(p.appGuid) },
    metadata: metadata(p),
    links: links(core, {
      self,
      upload: [`${self}/upload`, 'POST'],
      download: `${self}/download`,
      app: `/v3/apps/${p.appGuid}`,
    }),
  };
}

function presentImage({ reference, username }: r.DockerImage): Record<string, unknown> {
  return { image: reference, username: username ?? null, password: username === undefined ? null : '***' };
}

function find(call: Call, core: Core): r.Package {
  const found = core.store.packages.get(call.params.guid ?? '');
  if (!found) throw notFound('Package');
  return found;
}

function listing(core: Core, rows: Iterable<r.Package>): Listing<r.Package> {
  const app = (p: r.Package) => core.store.apps.get(p.appGuid);
  return {
    rows,
    present: (p) => presentPackage(core, p),
    filters: {
      types: (p) => p.type,
      states: (p) => p.state,
      app_guids: (p) => p.appGuid,
      space_guids: (p) => app(p)?.spaceGuid ?? null,
      organization_guids: (p) => core.store.spaces.get(app(p)?.spaceGuid ?? '')?.organizationGuid ?? null,
    },
  };
}

async function create(call: Call, core: Core): Promise<Answer> {
  const body = await call.json();
  onlyFields(body, ['type', 'relationships', 'data', 'metadata']);
  const type = text(body.type);
  if (type !== 'bits' && type !== 'docker') throw unprocessable("Type must be one of 'bits, docker'");
  const app = core.store.apps.get(related(body, 'app') ?? '');
  if (!app) throw unprocessable('App is invalid. Ensure it exists and you have access to it.');
  const isDocker = app.lifecycle.type === 'docker';
  if (type === 'docker' && !isDocker)
    throw unprocessable('Cannot create Docker package for a buildpack app.');
  if (type === 'bits' && isDocker) throw unprocessable('Cannot create bits package for a Docker app.');
  const made: r.Package = {
    ...core.store.base(),
    appGuid: app.guid,
    type,
    // There is nothing to be uploaded of an image.
    ...(isDocker
      ? ({ state: 'READY', image: imageOf(body.data) } as const)
      : ({ state: 'AWAITING_UPLOAD' } as const)),
  };
  mergeMetadata(made, body.metadata);
  core.store.packages.add(made);
  audit(core, 'audit.app.package.create', call.caller, app, { package_guid: made.guid });
  return { status: 201, body: presentPackage(core, made) };
}

function imageOf(data: unknown): r.DockerImage {
  const reference = text(dig(data, 'image'));
  if (!reference) throw unprocessable('Data Image required');
  const [username, password] = [text(dig(data, 'username')), text(dig(data, 'password'))];
  return { reference, ...(username ? { username } : {}), ...(password ? { password } : {}) };
}

/** A copy for another app; asynchronous (CC package_copy.rb). */
async function copy(call: Call, core: Core): Promise<Answer> {
  const app = core.store.apps.get(related(await call.json(), 'app') ?? '');
  if (!app) throw unprocessable('App is invalid. Ensure it exists and you have access to it.');
  const source = core.store.packages.get(call.query.get('source_guid') ?? '');
  if (!source) throw unprocessable('Source package is invalid. Ensure it exists and you have access to it.');
  if (source.appGuid === app.guid) throw unprocessable('Source and destination app cannot be the same');
  const made: r.Package = {
    ...core.store.base(),
    appGuid: app.guid,
    type: source.type,
    state: 'COPYING',
    copiedFrom: source.guid,
    ...(source.image ? { state: 'READY', image: source.image } : {}),
  };
  core.store.packages.add(made);
  audit(core, 'audit.app.package.create', call.caller, app, { package_guid: made.guid });
  if (made.image) return { status: 201, body: presentPackage(core, made) };
  core.clock.after(core.jobMs, () => void finishCopy(core, source, made));
  const answer = { status: 201, body: presentPackage(core, made) };
  core.pending.begin(made.guid);
  return answer;
}

async function finishCopy(core: Core, source: r.Package, made: r.Package): Promise<void> {
  try {
    if (source.dir === undefined) throw new Error('the source has no bits');
    const dir = join(core.workDir, 'packages', made.guid);
    await cp(source.dir, dir, { recursive: true, verbatimSymlinks: true });
    made.dir = dir;
    if (source.sha256 !== undefined) made.sha256 = source.sha256;
    made.state = 'READY';
  } catch (error) {
    made.state = 'FAILED';
    made.error = `failed to copy - ${error instanceof Error ? error.message : String(error)}`;
  }
  core.store.touch(made);
  await expireOld(core, made.appGuid);
}

async function upload(call: Call, core: Core): Promise<Answer> {
  assertOn(core, 'app_bits_upload');
  const pack = find(call, core);
  if (pack.type !== 'bits') throw unprocessable('Package type must be bits.');
  if (pack.state !== 'AWAITING_UPLOAD') throw bitsUploaded();
  const file = join(core.workDir, `${pack.guid}.zip`);
  const { bits, fields } = await receive(call.raw, file);
  if (bits === undefined && fields.resources === undefined) {
    throw unprocessable('Upload must include either resources or bits');
  }
  // Another upload may have come in between.
  if (pack.state !== 'AWAITING_UPLOAD') throw bitsUploaded();
  pack.state = 'PROCESSING_UPLOAD';
  core.store.touch(pack);
  core.pending.begin(pack.guid);
  const app = core.store.apps.get(pack.appGuid);
  if (app) audit(core, 'audit.app.package.upload', call.caller, app, { package_guid: pack.guid });
  const answer = { status: 200, body: presentPackage(core, pack) };
  core.clock.after(core.jobMs, () => void process(core, pack, bits));
  return answer;
}

/** The platform's own work on uploaded bits. */
async function process(core: Core, pack: r.Package, file: string | undefined): Promise<void> {
  try {
    if (file === undefined) throw new Error('No bits were uploaded and no resource is known here.');
    const dir = join(core.workDir, 'packages', pack.guid);
    pack.sha256 = await sha256(file);
    await unzip(file, dir);
    pack.dir = dir;
    pack.state = 'READY';
  } catch (error) {
    pack.state = 'FAILED';
    pack.error = error instanceof Error ? error.message : String(error);
  }
  core.store.touch(pack);
  if (file !== undefined) await rm(file, { force: true });
  await expireOld(core, pack.appGuid);
}

/** Beside the current droplet's package the newest five are kept, failed ones counted. */
async function expireOld(core: Core, appGuid: string): Promise<void> {
  const current = core.store.droplets.get(core.store.apps.get(appGuid)?.dropletGuid ?? '')?.packageGuid;
  const finished = core.store.packages
    .of(appGuid)
    .filter((p) => (p.state === 'READY' || p.state === 'FAILED') && p.guid !== current);
  for (const old of finished.slice(0, Math.max(0, finished.length - KEPT))) {
    old.state = 'EXPIRED';
    if (old.dir !== undefined) await rm(old.dir, { recursive: true, force: true });
  }
}

export const rows: readonly Row[] = [
  row('POST', '/v3/resource_matches', async (call, core) => {
    assertOn(core, 'app_bits_upload');
    const { resources } = await call.json();
    if (!Array.isArray(resources)) throw unprocessable('Resources must be an array');
    // Nothing is cached here, so that every upload is whole.
    return { status: 201, body: { resources: [] } };
  }),
  row('GET', '/v3/packages', (call, core) => list(call, core.api, listing(core, core.store.packages.all()))),
  row('GET', '/v3/apps/:guid/packages', (call, core) =>
    list(call, core.api, listing(core, core.store.packages.of(findApp(call, core).guid))),
  ),
  row('POST', '/v3/packages', (call, core) =>
    call.query.has('source_guid') ? copy(call, core) : create(call, core),
  ),
  row('GET', '/v3/packages/:guid', (call, core) => ({
    status: 200,
    body: presentPackage(core, find(call, core)),
  })),
  row('PATCH', '/v3/packages/:guid', async (call, core) => {
    const pack = find(call, core);
    mergeMetadata(pack, (await call.json()).metadata);
    core.store.touch(pack);
    return { status: 200, body: presentPackage(core, pack) };
  }),
  row('DELETE', '/v3/packages/:guid', (call, core) => {
    const pack = find(call, core);
    return accept(
      core,
      'package.delete',
      { kind: 'package', plural: 'packages', guid: pack.guid },
      async () => {
        core.store.packages.remove(pack.guid);
        if (pack.dir !== undefined) await rm(pack.dir, { recursive: true, force: true });
      },
    );
  }),
  row('POST', '/v3/packages/:guid/upload', upload),
  row('GET', '/v3/packages/:guid/droplets', (call, core) => {
    const pack = find(call, core);
    return list(call, core.api, {
      rows: core.store.droplets.of(pack.appGuid).filter((d) => d.packageGuid === pack.guid),
      present: (d) => presentDroplet(core, d),
      filters: { states: (d) => d.state },
    });
  }),
];
