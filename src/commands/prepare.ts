/** Brings inputs, manifest and platform together: one intent for each app, or one refusal with all that is wrong. */

import { randomRoute, wantedRoutes } from '../manifest/routes.js';
import type { Inputs, ManifestApp, RunContext } from '../model/asked.js';
import type { Domain, Snapshot } from '../model/cloud.js';
import { InputError, Refused } from '../model/errors.js';
import type { WantedRoute } from '../model/intent.js';
import { versionOf } from '../platform/names.js';
import { takeSnapshot } from '../platform/snapshot.js';
import { hostOf } from '../probe/address.js';
import { refusedChecks } from '../probe/smoke.js';
import { type AppWorld, nothingFound, type World } from '../steps/world.js';
import { makeIntent } from '../strategies/intent.js';
import { lossesOf } from '../strategies/losses.js';
import { servedBy } from '../strategies/view.js';
import { inTheWayOf } from './pursue.js';

export interface Preparation {
  inputs: Inputs;
  context: RunContext;
  apps: readonly ManifestApp[];
  owner: string;
  /** Letters for hosts of trial routes. */
  token: () => string;
}

/** One app before anything is decided: what the manifest names, and what there is. */
export interface Found {
  app: ManifestApp;
  named: readonly WantedRoute[];
  snapshot: Snapshot;
}

/** Reads what there is for each app. Throws `InputError` with every route that no domain fits. */
export async function lookUp(preparation: Preparation, world: World): Promise<readonly Found[]> {
  const { platform, target } = world;
  const domains = await platform.domains(target.orgGuid);
  const wishes = preparation.apps.map((app) => {
    const { choice, routes, problems } = wantedRoutes(app, domains);
    const drawn = choice === 'random' ? randomRoute(app.name, preparation.token(), domains) : undefined;
    return { app, choice, problems, named: drawn ? [drawn] : routes };
  });
  const problems = wishes.flatMap((wish) => wish.problems);
  if (problems.length > 0) throw new InputError(problems);
  return Promise.all(
    wishes.map(async ({ app, choice, named }) => {
      const snapshot = await takeSnapshot(platform, target, { name: app.name, wanted: named });
      // As `cf push`: a default or random route is only for an app that has none.
      const madeUp = choice !== 'named' && servedBy(snapshot, snapshot.live).length > 0;
      return { app, named: madeUp ? [] : named, snapshot };
    }),
  );
}

/** Throws `Refused` with everything that forbids the deploy; nothing was changed then. */
export async function prepare(
  preparation: Preparation,
  found: readonly Found[],
  world: World,
): Promise<AppWorld[]> {
  const { inputs, context, owner, token } = preparation;
  const problems: string[] = [];
  const nowMs = world.platform.platformNowMs();
  const apps = await Promise.all(
    found.map(async ({ app, named, snapshot }): Promise<AppWorld> => {
      for (const { name } of snapshot.inTheWay) throw inTheWayOf(name);
      const made = makeIntent({
        inputs,
        context,
        app,
        named,
        snapshot,
        owner,
        token,
        set: found.map((one) => one.app.name),
        trialDomain: trialDomain(snapshot.domains, inputs),
        version: versionOf(nowMs, context.commit),
        adoptedVersion: versionOf(await adoptedAtMs(snapshot, world)),
      });
      const lost = await losses(app, snapshot, world);
      const notes = [...made.notes];
      problems.push(...made.problems);
      if (inputs.carry === 'all') {
        const way = 'or accept the loss with carry: manifest.';
        problems.push(...lost.map((what) => `${app.name} would lose its ${what}; ${way}`));
      } else notes.push(...lost.map((what) => `${app.name} loses its ${what}.`));
      const hosts = made.intent.production.map(({ url }) => hostOf(url));
      problems.push(...refusedChecks(inputs.smokeTest, hosts).map(({ text }) => text));
      for (const text of notes) world.listener.tell({ type: 'note', text });
      return { intent: made.intent, snapshot, found: { ...nothingFound(), notes } };
    }),
  );
  refuse(problems);
  return apps;
}

/** An adopted app's version is its droplet's time; without a droplet, its own. */
async function adoptedAtMs({ live, takenAtMs }: Snapshot, { platform }: World): Promise<number> {
  if (!live || live.version) return takenAtMs;
  return (await platform.currentDroplet(live.guid))?.createdAtMs ?? live.createdAtMs;
}

/** What the new version would not have, one line for each. */
async function losses(
  app: ManifestApp,
  { live }: Snapshot,
  { platform, listener }: World,
): Promise<readonly string[]> {
  if (!live) return [];
  const [bindings, policies, features, sidecars] = await Promise.all([
    platform.bindings(live.guid),
    platform.policies(live.guid),
    platform.features(live.guid),
    platform.sidecars(live.guid),
  ]);
  if (policies === undefined) {
    listener.tell({
      type: 'note',
      text: 'Network policies: unknown, they may not be read with this sign-in.',
    });
  }
  return lossesOf(app, { bindings, policies, features, sidecars });
}

/** Throws `Refused` when there is none of that name, or none at all. */
function trialDomain(domains: readonly Domain[], { trialDomain: name }: Inputs): Domain {
  const fit = domains.filter(({ internal, protocols }) => !internal && protocols.includes('http'));
  const domain = name ? fit.find((one) => one.name === name) : (fit.find(({ shared }) => shared) ?? fit[0]);
  if (domain) return domain;
  throw new Refused(
    name
      ? `There is no HTTP domain ${name} for trial routes.`
      : 'There is no HTTP domain that trial routes could be on.',
    `Set the input trial-domain to one of: ${fit.map((one) => one.name).join(', ') || 'none is there; ask for one'}.`,
    'trial-domain',
  );
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new Refused(
    problems.join('\n'),
    'Change what is named above and run again. Nothing was changed.',
    'refused',
  );
}
