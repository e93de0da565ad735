/**
 * Rolling, forward: live keeps its GUID. The bits are staged and proven in a candidate of one instance, which is the lock too. Only
 * then the droplet is copied to live, live is written down as it is, what the manifest changes is applied to it, and one
 * deployment brings the droplet to its instances; what the deployment does not need is done beside it. A droplet that is live's own
 * already (a restart, a rollback in place) goes the other way for its proof, and is copied to the candidate. Asked again with a fresh
 * snapshot after each group of steps. Pure.
 */
import type { Snapshot } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import { ANNOTATION, candidateName } from '../platform/names.js';
import { isDone, rollOf } from '../steps/deployments.js';
import type { Step, Work } from '../steps/step.js';
import { isLive, preparation, proof, switching, untilHeld } from './blue-green.js';
import { isCanary, pauses } from './canary.js';
import { destinationsOf, productionUrls, reached, servedBy } from './view.js';
import { compact, deletions, endOfLock, leftTrialRoutes, optionSteps, steps, stopFailed } from './work.js';

export function rolling(intent: Intent, snapshot: Snapshot): Work {
  if (isLive(intent, snapshot)) return compact(lastWrites(intent, snapshot));
  // How many are asked for is live's: the candidate has one instance, as it was pushed, of live's size.
  const small = { ...intent, scale: sizesOf(intent), keepInstancesOf: [] };
  if (intent.until === 'held' && isCanary(intent)) return compact(untilPaused(intent, small, snapshot));
  if (intent.until === 'held') return compact(withWish(untilHeld(small, snapshot)));
  return compact({
    ...preparation(small, snapshot),
    ...proof(small, snapshot),
    ...theRoll(intent, snapshot),
    crown: { steps: unbinding(intent), after: [{ do: 'crown' }] },
    ...lastWrites(intent, snapshot),
  });
}

/** All apps of the deploy are paused before one of them may be taken by another run. */
function untilPaused(intent: Intent, small: Intent, snapshot: Snapshot): Work {
  if (snapshot.candidate?.phase === 'paused') return {};
  return {
    ...preparation(small, snapshot),
    ...proof(small, snapshot),
    ...theBeginning(intent, snapshot),
    prove: steps([{ do: 'mark', phase: 'paused' }]),
  };
}

/** Nobody but this run has the manifest that live shall get: a candidate that is called proven may be held by whoever comes next. */
function withWish({ check, ...work }: Work): Work {
  if (!check) return work;
  return { ...work, check: { ...check, after: [{ do: 'record-wish' }, ...(check.after ?? [])] } };
}

function sizesOf({ scale }: Intent): Intent['scale'] {
  return Object.fromEntries(Object.entries(scale).map(([type, { instances: _, ...sizes }]) => [type, sizes]));
}

/** Until the deployment is at its end, or at a pause where it is held. */
function theBeginning(intent: Intent, snapshot: Snapshot): Work {
  const { candidate } = snapshot;
  const urls = productionUrls(intent, snapshot);
  const roll = rollOf(intent, snapshot);
  const { source, stagesAgain } = intent.inPlace ?? {};
  const has =
    source !== undefined || stagesAgain || candidate?.annotations[ANNOTATION.copiedDroplet] !== undefined;
  return {
    switch: reached(candidate, 'switching')
      ? steps([])
      : {
          steps: has ? [] : [{ do: 'copy-droplet' }],
          // Nothing of live is changed before it is written down as it was: at the last moment, another hand may change it meanwhile.
          after: [{ do: 'record-live' }, switching(intent)],
        },
    map: steps(urls.flatMap((url) => mapToLive(intent, snapshot, url))),
    roll: {
      steps: [],
      after: roll
        ? []
        : [
            intent.asLive ? { do: 'apply-version' } : { do: 'apply-to-live' },
            stagesAgain ? { do: 'zdt-push' } : { do: 'create-deployment', of: 'candidate' },
          ],
    },
    await: isCanary(intent)
      ? pauses(intent, snapshot)
      : steps(isDone(roll) ? [] : meanwhile(intent, snapshot)),
  };
}

/** Beside the deployment: nobody asks the proven candidate any more, and the package is of use only later. */
function meanwhile(intent: Intent, snapshot: Snapshot): Step[] {
  const early = leftTrialRoutes(snapshot).map((step): Step => ({ ...step, early: true }));
  return [{ do: 'await-deployment', of: 'candidate' }, ...earlyPackage(intent, snapshot), ...early];
}

/** The package that the droplet was built of comes to live, too. */
function packageForLive({ inPlace, bits }: Intent, { candidate }: Snapshot): LivePackage[] {
  if (inPlace?.source || inPlace?.stagesAgain) return [];
  // For a plan, which has no candidate yet.
  const comes = bits?.from !== 'droplet' || bits.packageGuid !== undefined;
  const has = candidate ? candidate.annotations[ANNOTATION.package] !== undefined : comes;
  return has ? [{ do: 'copy-package', side: 'live' }] : [];
}

type LivePackage = Step & { do: 'copy-package' };

/** The candidate's own copy goes with the candidate. */
function earlyPackage(intent: Intent, snapshot: Snapshot): Step[] {
  const { [ANNOTATION.package]: own, [ANNOTATION.builtOf]: builtOf = own } =
    snapshot.candidate?.annotations ?? {};
  if (own === undefined || builtOf !== own) return [];
  return packageForLive(intent, snapshot).map((step) => ({ ...step, early: true }));
}

function theRoll(intent: Intent, snapshot: Snapshot): Work {
  const { candidate, live } = snapshot;
  if (reached(candidate, 'drained')) return {};
  return {
    ...theBeginning(intent, snapshot),
    prove: reached(candidate, 'serving')
      ? steps([])
      : {
          steps: packageForLive(intent, snapshot),
          after: [
            { do: 'scale-live' },
            { do: 'await-instances', side: 'live' },
            { do: 'prove', side: 'candidate', urls: productionUrls(intent, snapshot) },
            { do: 'mark', phase: 'serving' },
          ],
        },
    unmap: steps(
      servedBy(snapshot, live)
        .filter(({ url }) => intent.dropped.includes(url))
        .map(({ url }): Step => ({ do: 'unmap', url, side: 'live' })),
    ),
    drain: { steps: [{ do: 'bake' }], after: [{ do: 'mark', phase: 'drained' }] },
  };
}

/** A broker takes back what it gave: only when no instance of the version before is left, and nothing goes back any more. */
function unbinding({ taken }: Intent): Step[] {
  return taken && taken.services.length > 0 ? [{ do: 'unbind', services: taken.services }] : [];
}

/** Instances of both versions belong to one app and share its routes: a new route may come before the deployment. */
function mapToLive(intent: Intent, { routes, live }: Snapshot, url: string): Step[] {
  const route = routes.find((one) => one.url === url);
  if (destinationsOf(route, live).length > 0) return [];
  const protocol = intent.production.find((one) => one.url === url)?.protocol ?? null;
  return [{ do: 'map', url, side: 'live', to: [{ processType: 'web', port: null, protocol }] }];
}

/** The candidate has served its purpose. It is the lock, so it goes last. */
function lastWrites(intent: Intent, snapshot: Snapshot): Work {
  const { candidate, previous, lock } = snapshot;
  const left: Step[] = candidate ? [{ do: 'delete-app', name: candidate.name, guid: candidate.guid }] : [];
  // For a plan, which has no candidate yet.
  const comes: Step[] = lock || isLive(intent, snapshot) ? [] : [deletionOf(intent)];
  return {
    tidy: steps([...leftTrialRoutes(snapshot), ...optionSteps(intent, snapshot), ...stopFailed(snapshot)]),
    prune: steps(deletions(snapshot, previous.slice(intent.keepPrevious))),
    end: { steps: [], after: [...left, ...comes, ...endOfLock(snapshot)] },
  };
}

function deletionOf({ app }: Intent): Step {
  return { do: 'delete-app', name: candidateName(app), guid: '' };
}
