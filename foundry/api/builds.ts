import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Image } from '../state/images.js';
import type * as r from '../state/records.js';
import { findApp } from './apps.js';
import { dig, onlyFields, text } from './body.js';
import { audit, type Core } from './core.js';
import { expireDroplets } from './droplets.js';
import { badRequest, notFound, stagingInProgress, unprocessable } from './errors.js';
import { assertDocker, lifecycleOf, presentLifecycle } from './lifecycle.js';
import { type Listing, list } from './list.js';
import { mergeMetadata } from './metadata.js';
import { head, links, metadata, to } from './present.js';
import { stagingMemory } from './quota-rules.js';
import type { Answer, Call, Caller, Row } from './table.js';
import { row } from './table.js';

function presentBuild(core: Core, b: r.Build, caller: Caller): Record<string, unknown> {
  const self = `/v3/builds/${b.guid}`;
  const state = core.pending.firstLook(b.guid) ? 'STAGING' : b.state;
  const droplet = state === 'STAGED' ? b.dropletGuid : undefined;
  return {
    ...head(b),
    state,
    staging_memory_in_mb: b.memoryMb,
    staging_disk_in_mb: 4096,
    staging_log_rate_limit_bytes_per_second: -1,
    error: state === 'FAILED' ? (b.error ?? null) : null,
    lifecycle: presentLifecycle(b.lifecycle),
    package: { guid: b.packageGuid },
    droplet: droplet === undefined ? null : { guid: droplet },
    created_by: { guid: caller.guid, name: caller.name, email: caller.name },
    relationships: { app: to(b.appGuid) },
    metadata: metadata(b),
    links: links(core, {
      self,
      app: `/v3/apps/${b.appGuid}`,
      ...(droplet === undefined ? {} : { droplet: `/v3/droplets/${droplet}` }),
    }),
  };
}

function listing(core: Core, rows: Iterable<r.Build>, caller: Caller): Listing<r.Build> {
  return {
    rows,
    present: (b) => presentBuild(core, b, caller),
    filters: { states: (b) => b.state, app_guids: (b) => b.appGuid, package_guids: (b) => b.packageGuid },
  };
}

function find(call: Call, core: Core): r.Build {
  const found = core.store.builds.get(call.params.guid ?? '');
  if (!found) throw notFound('Build');
  return found;
}

async function create(call: Call, core: Core): Promise<Answer> {
  const body = await call.json();
  onlyFields(body, [
    'package',
    'lifecycle',
    'metadata',
    'staging_memory_in_mb',
    'staging_disk_in_mb',
    'staging_log_rate_limit_bytes_per_second',
  ]);
  const pack = core.store.packages.get(text(dig(body, 'package', 'guid')) ?? '');
  const app = core.store.apps.get(pack?.appGuid ?? '');
  if (!pack || !app) {
    throw unprocessable('Unable to use package. Ensure that the package exists and you have access to it.');
  }
  if (core.store.builds.of(app.guid).some((b) => b.state === 'STAGING')) throw stagingInProgress();
  if (app.lifecycle.type === 'docker') assertDocker(core);
  if (pack.state !== 'READY') throw badRequest('Cannot stage package whose state is not ready.');
  const memory = body.staging_memory_in_mb;
  const made: r.Build = {
    ...core.store.base(),
    appGuid: app.guid,
    packageGuid: pack.guid,
    memoryMb: stagingMemory(core, app, typeof memory === 'number' ? memory : undefined),
    state: 'STAGING',
    lifecycle: lifecycleOf(core, body.lifecycle, app.lifecycle),
  };
  mergeMetadata(made, body.metadata);
  core.store.builds.add(made);
  audit(core, 'audit.app.build.create', call.caller, app, { build_guid: made.guid, package_guid: pack.guid });
  void stage(core, app, pack, made);
  const answer = { status: 201, body: presentBuild(core, made, call.caller) };
  // The CLI looks again at once, so that this answer is not counted as the first look.
  core.pending.begin(made.guid);
  return answer;
}

async function stage(core: Core, app: r.App, pack: r.Package, build: r.Build): Promise<void> {
  const base = core.store.base();
  const droplet: r.Droplet = {
    ...base,
    appGuid: app.guid,
    packageGuid: pack.guid,
    state: 'FAILED',
    lifecycle: build.lifecycle,
    processTypes: {},
    sidecars: [],
    dir: join(core.workDir, 'droplets', base.guid),
  };
  const log = (text: string) => {
    core.logs.add({ appGuid: app.guid, source: 'STG', instance: '0', stream: 'OUT', text });
  };
  try {
    await mkdir(droplet.dir, { recursive: true });
    const image = pack.image && (await fetchImage(core, pack.image, log));
    if (pack.image && image) Object.assign(droplet, { image: pack.image, ports: image.ports });
    const staged = await core.stager.stage({
      appGuid: app.guid,
      packageDir: image?.dir ?? pack.dir ?? '',
      dropletDir: droplet.dir,
      buildpacks: build.lifecycle.buildpacks,
      env: app.env,
      // No buildpack has a word to say of an image.
      log: image ? () => undefined : log,
    });
    droplet.state = 'STAGED';
    droplet.processTypes = staged.processTypes;
    if (!image) droplet.buildpack = staged.buildpack;
    droplet.sidecars = image ? [] : (staged.sidecars ?? []);
    build.dropletGuid = droplet.guid;
    build.state = 'STAGED';
  } catch (error) {
    build.error = error instanceof Error ? error.message : String(error);
    droplet.error = build.error;
    build.state = 'FAILED';
  }
  // The app may have been deleted while it was staged.
  if (!core.store.apps.get(app.guid)) return;
  core.store.droplets.add(droplet);
  core.store.touch(build);
  if (build.state === 'STAGED') await expireDroplets(core, app.guid);
}

/** As the platform's builder tells it (code.cloudfoundry.org/dockerapplifecycle). */
async function fetchImage(core: Core, wanted: r.DockerImage, log: (text: string) => void): Promise<Image> {
  log('Staging...');
  const image = await core.store.images.pull(wanted, join(core.workDir, 'images'));
  if (!image) {
    const [, name = '', tag = 'latest'] = /^(.*?)(?:[:@]([^/]+))?$/.exec(wanted.reference) ?? [];
    const why = 'unauthorized: authentication required';
    log(`failed to fetch metadata from [${name}] with tag [${tag}] and insecure registries [] due to ${why}`);
    throw new Error('StagingError - Staging error: staging failed');
  }
  log(`There are no containers here: processes of a folder stand in for the image ${wanted.reference}`);
  log('Staging process finished');
  return image;
}

export const rows: readonly Row[] = [
  row('GET', '/v3/builds', (call, core) =>
    list(call, core.api, listing(core, core.store.builds.all(), call.caller)),
  ),
  row('POST', '/v3/builds', create),
  row('GET', '/v3/builds/:guid', (call, core) => ({
    status: 200,
    body: presentBuild(core, find(call, core), call.caller),
  })),
  row('GET', '/v3/apps/:guid/builds', (call, core) =>
    list(call, core.api, listing(core, core.store.builds.of(findApp(call, core).guid), call.caller)),
  ),
];
