import { execFile } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type * as r from '../state/records.js';
import { findApp } from './apps.js';
import { onlyFields, related } from './body.js';
import { accept, audit, type Core } from './core.js';
import { badQuery, notFound, unprocessable } from './errors.js';
import { type Listing, list } from './list.js';
import { mergeMetadata } from './metadata.js';
import { head, links, metadata, to } from './present.js';
import { type Answer, type Call, type Caller, type Row, row } from './table.js';

const KEPT = 5;
const TAR = { encoding: 'buffer', maxBuffer: 256 * 1024 * 1024 } as const;
const run = promisify(execFile);

export function presentDroplet(
  core: Core,
  d: r.Droplet,
  inList = false,
  role?: Caller['role'],
): Record<string, unknown> {
  const self = `/v3/droplets/${d.guid}`;
  const hidden = '[PRIVATE DATA HIDDEN IN LISTS]';
  const state = core.pending.firstLook(d.guid) ? 'COPYING' : d.state;
  const types = Object.entries(d.processTypes).map(([type, command]) => [type, inList ? hidden : command]);
  const checksum = (d.copiedFrom ?? d.guid).replaceAll('-', '').repeat(2);
  return {
    ...head(d),
    state,
    error: d.error ?? null,
    lifecycle: { type: d.lifecycle.type, data: {} },
    checksum: state === 'STAGED' && !d.image ? { type: 'sha256', value: checksum } : null,
    buildpacks: d.buildpack
      ? [
          {
            name: d.buildpack.name,
            detect_output: d.buildpack.detectOutput,
            buildpack_name: d.buildpack.name,
            version: null,
          },
        ]
      : [],
    stack: d.lifecycle.stack || null,
    image: d.image?.reference ?? null,
    execution_metadata: inList ? hidden : executionOf(d),
    process_types: role ? { redacted_message: '[PRIVATE DATA HIDDEN]' } : Object.fromEntries(types),
    relationships: { app: to(d.appGuid) },
    metadata: metadata(d),
    links: links(core, {
      self,
      app: `/v3/apps/${d.appGuid}`,
      assign_current_droplet: [`/v3/apps/${d.appGuid}/relationships/current_droplet`, 'PATCH'],
      ...(d.packageGuid === undefined ? {} : { package: `/v3/packages/${d.packageGuid}` }),
      ...(state === 'STAGED' && !d.image ? { download: `${self}/download` } : {}),
    }),
  };
}

/** What the image itself says of its ports. */
function executionOf({ image, ports = [] }: r.Droplet): string {
  if (!image) return '';
  return JSON.stringify({ ports: ports.map((Port) => ({ Port, Protocol: 'tcp' })) });
}

/**
 * After a successful staging: of the app's droplets but the current one the newest five stay, failed ones counted, the others expire
 * with their bits (CC bits_expiration.rb).
 */
export async function expireDroplets(core: Core, appGuid: string): Promise<void> {
  const current = core.store.apps.get(appGuid)?.dropletGuid;
  const finished = core.store.droplets
    .of(appGuid)
    .filter((d) => (d.state === 'STAGED' || d.state === 'FAILED') && d.guid !== current);
  const expired = finished.slice(0, Math.max(0, finished.length - KEPT));
  for (const old of expired) {
    old.state = 'EXPIRED';
    core.store.touch(old);
  }
  await Promise.all(expired.map((old) => rm(old.dir, { recursive: true, force: true })));
}

function find(call: Call, core: Core): r.Droplet {
  const found = core.store.droplets.get(call.params.guid ?? '');
  if (!found) throw notFound('Droplet');
  return found;
}

function listing(core: Core): Listing<r.Droplet> {
  const app = (d: r.Droplet) => core.store.apps.get(d.appGuid);
  return {
    rows: core.store.droplets.all(),
    present: (d) => presentDroplet(core, d, true),
    filters: {
      states: (d) => d.state,
      app_guids: (d) => d.appGuid,
      space_guids: (d) => app(d)?.spaceGuid ?? null,
      organization_guids: (d) => core.store.spaces.get(app(d)?.spaceGuid ?? '')?.organizationGuid ?? null,
    },
  };
}

/** The app is named by the address, so that no filter names it again; `current` is known here alone. */
function listingOfApp(core: Core, app: r.App): Listing<r.Droplet> {
  return {
    rows: core.store.droplets.of(app.guid),
    present: (d) => presentDroplet(core, d, true),
    filters: { states: (d) => d.state },
    tests: { current: (d) => app.dropletGuid === d.guid },
  };
}

/** A copy for another app; asynchronous, without the package and the buildpack's sidecars (CC droplet_copy.rb). */
async function copy(call: Call, core: Core): Promise<Answer> {
  const body = await call.json();
  onlyFields(body, ['relationships']);
  const appGuid = related(body, 'app');
  if (appGuid === undefined) throw unprocessable('App must be an object, App guid must be a string');
  const source = core.store.droplets.get(call.query.get('source_guid') ?? '');
  if (!source) throw notFound('Droplet');
  const app = core.store.apps.get(appGuid);
  if (!app) throw notFound('App');
  if (source.state !== 'STAGED') throw unprocessable('source droplet is not staged');
  if (source.lifecycle.type !== app.lifecycle.type) {
    throw unprocessable('source and destination lifecycle types do not match');
  }
  const { packageGuid: _without, ...kept } = source;
  const base = core.store.base();
  const made: r.Droplet = {
    ...kept,
    ...base,
    appGuid: app.guid,
    state: 'COPYING',
    sidecars: [],
    copiedFrom: source.copiedFrom ?? source.guid,
    dir: join(core.workDir, 'droplets', base.guid),
  };
  core.store.droplets.add(made);
  audit(core, 'audit.app.droplet.create', call.caller, app, { droplet_guid: made.guid });
  if (made.image) {
    // There are no bits to be copied.
    made.state = 'STAGED';
    return { status: 201, body: presentDroplet(core, made) };
  }
  core.clock.after(core.jobMs, () => void finishCopy(core, source, made));
  const answer = { status: 201, body: presentDroplet(core, made) };
  // This answer is no look: whoever asks next still finds it under way.
  core.pending.begin(made.guid);
  return answer;
}

async function finishCopy(core: Core, source: r.Droplet, made: r.Droplet): Promise<void> {
  try {
    await cp(source.dir, made.dir, { recursive: true, verbatimSymlinks: true });
    made.state = 'STAGED';
  } catch (error) {
    made.state = 'FAILED';
    made.error = `failed to copy - ${error instanceof Error ? error.message : String(error)}`;
  }
  core.store.touch(made);
}

export const rows: readonly Row[] = [
  row('GET', '/v3/droplets', (call, core) => list(call, core.api, listing(core))),
  row('POST', '/v3/droplets', (call, core) => {
    if (call.query.has('source_guid')) return copy(call, core);
    throw unprocessable('A droplet can be made by a build or from `source_guid` only.');
  }),
  row('GET', '/v3/apps/:guid/droplets', (call, core) => {
    const current = call.query.get('current');
    if (current !== null && current !== 'true') throw badQuery("Current only accepts the value 'true'");
    return list(call, core.api, listingOfApp(core, findApp(call, core)));
  }),
  row('GET', '/v3/droplets/:guid', (call, core) => ({
    status: 200,
    body: presentDroplet(core, find(call, core), false, call.caller.role),
  })),
  row('PATCH', '/v3/droplets/:guid', async (call, core) => {
    const droplet = find(call, core);
    mergeMetadata(droplet, (await call.json()).metadata);
    core.store.touch(droplet);
    return { status: 200, body: presentDroplet(core, droplet) };
  }),
  row('GET', '/v3/droplets/:guid/download', async (call, core) => {
    const droplet = find(call, core);
    if (droplet.state !== 'STAGED') throw unprocessable('Only staged droplets can be downloaded.');
    const { stdout } = await run('tar', ['-czf', '-', '-C', droplet.dir, '.'], TAR);
    return { status: 200, body: stdout, headers: { 'content-type': 'application/octet-stream' } };
  }),
  row('DELETE', '/v3/droplets/:guid', (call, core) => {
    const droplet = find(call, core);
    const user = core.store.apps.find((app) => app.dropletGuid === droplet.guid);
    if (user) throw unprocessable(`The droplet is currently used by app with guid "${user.guid}".`);
    return accept(
      core,
      'droplet.delete',
      { kind: 'droplet', plural: 'droplets', guid: droplet.guid },
      async () => {
        core.store.droplets.remove(droplet.guid);
        await rm(droplet.dir, { recursive: true, force: true });
      },
    );
  }),
];
