/** The droplet that the input `droplet-guid` names: what is read of it before anything is changed. */
import type { ManifestApp } from '../model/asked.js';
import type { Droplet, Snapshot } from '../model/cloud.js';
import { PlatformRefusal, Refused } from '../model/errors.js';
import type { Intent } from '../model/intent.js';
import type { World } from '../steps/world.js';
import { whyNotGiven } from '../strategies/given-droplet.js';

export interface Given {
  /** For the intent. */
  parts: Pick<Intent, 'bits'>;
  problems: readonly Refused[];
}

const NEXT =
  'Name another droplet: cf droplets APP lists those of an app, and the output droplet-guid of a deploy names what it brought.';

/** Throws what keeps it from looking. */
export async function givenDroplet(
  guid: string,
  app: ManifestApp,
  { inPlace }: Pick<Intent, 'inPlace'>,
  { live }: Pick<Snapshot, 'live'>,
  world: Pick<World, 'platform'>,
): Promise<Given> {
  const droplet = await orUnseen(world.platform.droplet(guid));
  if (!droplet) return { parts: {}, problems: [unseen(guid)] };
  const problems = whyNotGiven({
    droplet,
    app,
    ...(inPlace && live ? { rolled: live } : {}),
    brought: await broughtWith(droplet, world),
  });
  const { stack } = droplet;
  return {
    parts: { bits: { from: 'droplet', guid, ...(stack === undefined ? {} : { stack }) } },
    problems: problems.map((text) => new Refused(text, NEXT)),
  };
}

function unseen(guid: string): Refused {
  return new Refused(
    `The droplet ${guid} is not there, or the account that signs in may not see it.`,
    'Check the GUID (cf droplets APP shows it). For one of another space the account needs a role there that may see its apps, such as SpaceDeveloper.',
    'droplet-gone',
  );
}

/** Only an app tells of sidecars, and only of those of its current droplet. */
async function broughtWith({ guid, appGuid }: Droplet, { platform }: Pick<World, 'platform'>) {
  if (appGuid === undefined) return [];
  const brought = (await orUnseen(platform.sidecars(appGuid, 'buildpack'))) ?? [];
  if (brought.length === 0) return [];
  return (await orUnseen(platform.currentDroplet(appGuid)))?.guid === guid ? brought : [];
}

/** undefined: the platform says that it is not there, or not for this account. */
async function orUnseen<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof PlatformRefusal && [403, 404].includes(error.status)) return undefined;
    throw error;
  }
}
