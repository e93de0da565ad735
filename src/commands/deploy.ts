/** `deploy`: a new version goes live, or everything is as it was. */
import { assertPushesBits } from '../cli/v6.js';
import { assertRegistrySignIn } from '../manifest/docker.js';
import { loadManifest } from '../manifest/load.js';
import type { Manifest } from '../manifest/manifest.js';
import type { Inputs, ManifestApp, RunContext } from '../model/asked.js';
import { InputError } from '../model/errors.js';
import { ownerLabel } from '../platform/names.js';
import type { World } from '../steps/world.js';
import type { Preview } from '../strategies/intent.js';
import { type Change, change } from './change.js';
import { type Held, heldRefusal, inPlaceOf } from './held.js';
import { type Opened, openToLook, type Ports } from './open.js';
import type { Outcome } from './outcome.js';
import { assertRoomToDeploy, type Found, lookUp, type Preparation, prepare } from './prepare.js';
import type { SettledHeld } from './settle.js';
import { compareWithLive } from './unchanged.js';

/**
 * Throws what forbids the deploy before anything could be read of the apps (`InputError`, `Refused`, `PlatformFault`); everything
 * later is in the outcome.
 */
export async function deploy(inputs: Inputs, context: RunContext, ports: Ports): Promise<Outcome> {
  const manifest = await loadManifest(inputs, context.workspace);
  assertRegistrySignIn(manifest.apps, inputs.docker);
  assertOneApp(manifest.apps, inputs);
  for (const secret of manifest.secrets) ports.runner.setSecret(secret);
  const opened = await openToLook(inputs, context, ports);
  try {
    return await deployManifest(opened, manifest, inputs, context, ports);
  } finally {
    await opened.close();
  }
}

/** @param preview set: what is deployed is one */
export async function deployManifest(
  opened: Opened,
  manifest: Manifest,
  inputs: Inputs,
  context: RunContext,
  ports: Ports,
  preview?: Preview & Pick<Change<Found>, 'ready' | 'knowing'>,
): Promise<Outcome> {
  assertPushesBits(opened.cf.version, manifest.apps);
  const owner = ownerLabel(context.runId, context.attempt, ports.random.token(8));
  const token = () => ports.random.token(6);
  const preparation: Preparation = {
    ...{ inputs, context, apps: manifest.apps, owner, token, word: token() },
    ...(preview ? { preview } : {}),
  };
  const deploying: Change<Found> = {
    result: preview ? 'previewed' : inputs.hold ? 'held' : 'deployed',
    owner,
    manifest,
    names: manifest.apps.map(({ name }) => name),
    look: lookUp.bind(undefined, preparation),
    compare: compareWithLive.bind(undefined, manifest, inputs),
    prepare: async (
      seen: readonly Found[],
      world: World,
      _rolledBack: readonly string[],
      _settled: readonly SettledHeld[],
      ended: readonly Held[],
    ) => {
      return (await prepare(preparation, seen, world)).map((app) => inPlaceOf(ended, app));
    },
    assertRoom: assertRoomToDeploy,
    held: (held: Held, world: World) => mayEnd(held, inputs, context, world),
    ...(preview?.ready ? { ready: preview.ready } : {}),
    ...(preview?.knowing ? { knowing: preview.knowing } : {}),
  };
  return change(opened, deploying, inputs, context, ports);
}

/** Throws `InputError`: each app has a droplet of its own. */
function assertOneApp(apps: readonly ManifestApp[], { dropletGuid }: Inputs): void {
  if (dropletGuid === undefined || apps.length === 1) return;
  const names = apps.map(({ name }) => name).join(', ');
  throw new InputError([
    { text: `"droplet-guid" is the droplet of one app: name with "app" which of ${names} gets it.` },
  ]);
}

/** A held deploy does not keep a newer one waiting, nor its own commit when that is run again. */
async function mayEnd(held: Held, { force }: Inputs, { commit }: RunContext, world: World): Promise<void> {
  if (force) return;
  const age = held.commit && commit ? await world.compare(held.commit, commit) : undefined;
  if (age !== 'newer' && age !== 'same') throw heldRefusal(held);
}
