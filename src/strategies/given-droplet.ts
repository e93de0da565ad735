/** What keeps a droplet that is named from being the droplet of an app. Pure. */
import type { ManifestApp } from '../model/asked.js';
import type { AppState, Droplet } from '../model/cloud.js';

export interface GivenDroplet {
  droplet: Droplet;
  app: Pick<ManifestApp, 'name' | 'lifecycle' | 'docker' | 'stack'>;
  /** Live, where its own app gets the droplet. */
  rolled?: Pick<AppState, 'lifecycle'>;
  /** Names of the sidecars that its buildpacks brought to the app that it was staged for. */
  brought: readonly string[];
}

/** @returns one sentence for each thing that forbids the copy, or that the copy would lose */
export function whyNotGiven({ droplet, app, rolled, brought }: GivenDroplet): string[] {
  const { guid, state, stack } = droplet;
  const of = `The droplet ${guid}`;
  if (state !== 'STAGED') return [`${of} is ${state}: only one that is STAGED can be copied.`];
  const lifecycle = droplet.lifecycle ?? 'buildpack';
  if (lifecycle === 'docker') return [`${of} is of a docker image: name that with docker-image.`];
  if (lifecycle !== 'buildpack')
    return [`${of} has the lifecycle ${lifecycle}, of which the platform copies none: deploy its bits.`];
  const wanted = app.lifecycle ?? (app.docker ? 'docker' : 'buildpack');
  if (wanted !== 'buildpack')
    return [
      `${of} has the lifecycle buildpack, and the manifest names ${wanted} for ${app.name}: they must be the same.`,
    ];
  return [
    ...(app.stack !== undefined && stack !== undefined && app.stack !== stack
      ? [
          `${of} was staged for the stack ${stack}, and the manifest names ${app.stack} for ${app.name}: build it for that stack, or name the other one.`,
        ]
      : []),
    ...otherThanLive(of, stack, app, rolled),
    ...brought.map(
      (sidecar) =>
        `${of} was staged with the sidecar ${sidecar} of a buildpack, and the copy of a droplet has none: deploy its bits.`,
    ),
  ];
}

/** Live has its stack from before, unless the manifest names one. */
function otherThanLive(
  of: string,
  stack: string | undefined,
  app: GivenDroplet['app'],
  rolled: GivenDroplet['rolled'],
): string[] {
  const now = rolled?.lifecycle.stack;
  if (app.stack !== undefined || now === undefined || stack === undefined || now === stack) return [];
  return [
    `${of} was staged for the stack ${stack}, and live of ${app.name} has ${now}: name the stack in the manifest, or deploy it with strategy: blue-green.`,
  ];
}
