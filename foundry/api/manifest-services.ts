import type * as r from '../state/records.js';
import { beginBinding, bindingsOfApp, finishBinding, spacesOf } from './binding-rules.js';
import type { Core } from './core.js';
import { ApiError, unprocessable } from './errors.js';
import type { ManifestService } from './manifest-read.js';
import { isBusy } from './service-operations.js';
import type { Caller } from './table.js';

/** A manifest waits no longer for one binding (max_manifest_service_binding_poll_duration_in_seconds). */
const LONGEST_S = 60;

/**
 * Binds an app to the services that a manifest names, one after the other; what is bound already stays as it is. Throws what the
 * manifest's job then shows; the bindings before it stay.
 */
export async function bindServices(
  core: Core,
  app: r.App,
  services: readonly ManifestService[],
  caller: Caller,
): Promise<void> {
  for (const { name, bindingName, parameters } of services) {
    const instance = core.store.serviceInstances.find(
      (i) => i.name === name && spacesOf(i).includes(app.spaceGuid),
    );
    if (!instance) {
      throw new ApiError(404, 10010, 'CF-ResourceNotFound', `Service instance '${name}' not found`);
    }
    const existing = bindingsOfApp(core, app.guid).find((b) => b.instanceGuid === instance.guid);
    if (existing?.lastOperation.type === 'create' && existing.lastOperation.state === 'succeeded') continue;
    const refuse = (why: string) => unprocessable(`For service '${name}': ${why}`);
    if (existing && isBusy(existing)) {
      throw refuse(`A binding is being ${existing.lastOperation.type}d. Retry this operation later.`);
    }
    if (existing?.lastOperation.type === 'delete') {
      throw refuse(
        'A binding failed to be deleted. Resolve the issue with this binding before retrying this operation.',
      );
    }
    try {
      const binding = beginBinding(core, { instance, app, name: bindingName, parameters });
      let isLate = false;
      const timer = { cancel: () => {} };
      const late = new Promise<void>((resolve) => {
        timer.cancel = core.clock.after(LONGEST_S * 1000, () => {
          isLate = true;
          resolve();
        }).cancel;
      });
      const done = finishBinding(core, binding, caller);
      done.catch(() => undefined);
      await Promise.race([done, late]);
      timer.cancel();
      if (isLate) {
        binding.lastOperation.state = 'failed';
        binding.lastOperation.description = 'Polling exceed the maximum polling duration';
        throw unprocessable(`Polling exceeded the maximum duration of ${LONGEST_S}`);
      }
    } catch (error) {
      throw error instanceof ApiError ? refuse(detailOf(error)) : error;
    }
  }
}

/** The broker's own words: a manifest's binding is no job of its own. */
function detailOf({ detail }: ApiError): string {
  return detail.replace(/^\w+ could not be completed: /, '');
}
