/** What live itself had before, and a rollback to it: what is read of revisions and droplets. */

import { likelySecrets } from '../manifest/secrets.js';
import type { AppState, Snapshot } from '../model/cloud.js';
import { PlatformRefusal } from '../model/errors.js';
import { belongingsOf } from '../steps/belongings.js';
import { forProof, missing, newApp } from '../steps/carried.js';
import { linesWithNames } from '../steps/carry.js';
import { NOTHING_NAMED } from '../steps/named.js';
import type { World } from '../steps/world.js';
import type { IntentResult } from '../strategies/intent.js';
import { makeInPlaceRollbackIntent } from '../strategies/rollback-in-place-intent.js';
import type { AnyRollbackParts } from '../strategies/rollback-intent.js';
import type { OwnVersion, Standing } from '../strategies/versions.js';

/** Of live; empty where there is none, and where the platform has no revisions. */
export async function lookUpOwn(
  { live }: Snapshot,
  { platform }: World,
): Promise<Required<Pick<Standing, 'revisions' | 'droplets'>>> {
  if (!live) return { revisions: [], droplets: [] };
  const [revisions, droplets] = await Promise.all([
    orNothing(platform.revisions(live.guid), []),
    platform.droplets(live.guid),
  ]);
  return { revisions, droplets };
}

/** Reads what the version was started with, and what live is started with now. */
export async function inPlaceIntent(
  parts: AnyRollbackParts,
  live: AppState,
  target: OwnVersion,
  { platform, hide }: World,
): Promise<() => IntentResult> {
  const [env, brought, lives] = await Promise.all([
    target.revision && orNothing(platform.revisionEnvironment(target.revision.guid), undefined),
    platform.sidecars(live.guid, 'buildpack'),
    belongingsOf(live, platform),
  ]);
  hide(likelySecrets(env ?? {}));
  const types = Object.keys(lives.processes);
  const commands = types.map((type) => [type, lives.processes[type]?.command ?? null] as const);
  // The version is proven beside all that live has, but with its own commands.
  const named = { ...NOTHING_NAMED, processes: Object.fromEntries(types.map((type) => [type, ['command']])) };
  const what = await linesWithNames(forProof(missing(lives, newApp(lives), named)), platform, [live]);
  return () =>
    makeInPlaceRollbackIntent({
      ...parts,
      live,
      target,
      brought,
      carry: { named, what },
      commands: Object.fromEntries(commands),
      ...(env ? { env } : {}),
    });
}

/** A clear no: an older platform, a revision that is gone, or a sign-in that may not read it. */
async function orNothing<T, None>(asked: Promise<T>, nothing: None): Promise<T | None> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof PlatformRefusal && [403, 404].includes(error.status)) return nothing;
    throw error;
  }
}
