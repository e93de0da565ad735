/** What a new app would silently lose of what live has outside the manifest. Pure. */
import type { ManifestApp } from '../model/asked.js';

export interface LiveExtras {
  bindings: readonly string[];
  /** undefined: the platform did not tell. */
  policies: readonly string[] | undefined;
  features: Readonly<Record<string, boolean>>;
  sidecars: readonly string[];
}

/** Features of a new app, from the v3 API's documentation of app features; a name that is not here is off. */
export const NEW_APP_HAS: Readonly<Record<string, boolean>> = { ssh: true, revisions: true };

/** @returns one line for each thing that the candidate would not have. */
export function lossesOf(
  app: Pick<ManifestApp, 'services' | 'sidecars'>,
  live: LiveExtras,
): readonly string[] {
  const bindings = live.bindings.filter((name) => !app.services.includes(name));
  const features = Object.entries(live.features).filter(([name, on]) => on !== (NEW_APP_HAS[name] ?? false));
  return [
    ...bindings.map((name) => `binding to service instance ${name}: name it under services in the manifest`),
    ...(live.policies ?? []).map(
      (policy) => `network policy ${policy}: it names the app's GUID, which is new`,
    ),
    ...features.map(
      ([name, on]) =>
        `app feature ${name}: live has it ${on ? 'on' : 'off'}, a new app has it ${on ? 'off' : 'on'}`,
    ),
    ...live.sidecars
      .filter((name) => !app.sidecars.includes(name))
      .map((name) => `sidecar ${name}: name it under sidecars in the manifest`),
  ];
}
