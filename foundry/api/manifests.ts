import { dump } from 'js-yaml';
import { appNamed, createApp } from './app-rules.js';
import { findApp } from './apps.js';
import { accept, audit } from './core.js';
import { ApiError, ApiErrors, unprocessable } from './errors.js';
import { lifecycleOf } from './lifecycle.js';
import { applyManifest } from './manifest-apply.js';
import { diffApp } from './manifest-diff.js';
import { type AppManifest, readManifest } from './manifest-read.js';
import { showManifest } from './manifest-show.js';
import { findSpace } from './spaces.js';
import { type Row, row } from './table.js';

/** Errors of a job say which application they are about. */
function about(manifest: AppManifest, error: unknown): unknown {
  const named = (e: ApiError) =>
    new ApiError(e.status, e.code, e.title, `For application '${manifest.name}': ${e.detail}`);
  if (error instanceof ApiErrors) {
    const [first, ...rest] = error.errors;
    return new ApiErrors([named(first), ...rest.map(named)]);
  }
  return error instanceof ApiError ? named(error) : error;
}

export const rows: readonly Row[] = [
  row('POST', '/v3/spaces/:guid/actions/apply_manifest', async (call, core) => {
    const space = findSpace(call, core);
    const manifests = await readManifest(call);
    // Apps are found or made at once; everything else is the job's.
    const apps = manifests.map((manifest) => {
      const { name } = manifest;
      const app =
        appNamed(core, space.guid, name) ??
        createApp(
          core,
          space,
          { name, lifecycle: lifecycleOf(core, manifest.docker ? { type: 'docker' } : undefined) },
          call.caller,
        );
      audit(core, 'audit.app.apply_manifest', call.caller, app);
      return { app, manifest };
    });
    return accept(
      core,
      'space.apply_manifest',
      { kind: 'space', plural: 'spaces', guid: space.guid },
      async () => {
        for (const { app, manifest } of apps) {
          if (!core.store.apps.get(app.guid)) throw unprocessable(`App with guid '${app.guid}' not found`);
          try {
            await applyManifest(core, app, manifest, call.caller);
          } catch (error) {
            throw about(manifest, error);
          }
        }
      },
    );
  }),
  // What cf v6 applies with; later platforms and CLIs know a space's alone.
  row('POST', '/v3/apps/:guid/actions/apply_manifest', async (call, core) => {
    const app = findApp(call, core);
    const manifest = (await readManifest(call)).find(({ name }) => name === app.name);
    if (!manifest) throw unprocessable(`The manifest has no application '${app.name}'.`);
    audit(core, 'audit.app.apply_manifest', call.caller, app);
    const about = { kind: 'app', plural: 'apps', guid: app.guid };
    return accept(core, 'app.apply_manifest', about, () => applyManifest(core, app, manifest, call.caller));
  }),
  row('POST', '/v3/spaces/:guid/manifest_diff', async (call, core) => {
    const space = findSpace(call, core);
    const diff = (await readManifest(call)).flatMap((manifest, index) => {
      const app = appNamed(core, space.guid, manifest.name);
      return diffApp(index, manifest.source, app && showManifest(core, app));
    });
    return { status: 201, body: { diff } };
  }),
  row('GET', '/v3/apps/:guid/manifest', (call, core) => ({
    status: 200,
    body: dump({ applications: [showManifest(core, findApp(call, core))] }),
    headers: { 'content-type': 'application/x-yaml' },
  })),
];
