/** A preview goes, with all that was made for it and nothing else. Pure. */
import type { AppState, Route, Snapshot } from '../model/cloud.js';
import type { Intent } from '../model/intent.js';
import { appKey, LABEL } from '../platform/names.js';
import { isOfPreview } from '../platform/preview-names.js';
import type { Step, Work } from '../steps/step.js';
import { servedBy } from './view.js';
import { compact, deletion, endOfLock, steps } from './work.js';

/**
 * All but the lock: nobody deploys it anew before everything is gone. One after the other without a snapshot between: whether a route
 * or an app is in use is read again right before it goes.
 */
export function emptied(intent: Intent, snapshot: Snapshot): Work {
  const { lock } = snapshot;
  const apps = appsOf(intent, snapshot);
  const routes = routesOf(intent, snapshot);
  const isLeft = apps.length + routes.length > 0;
  const unmaps = apps
    .filter((app) => app === snapshot.live)
    .flatMap((live) => servedBy(snapshot, live))
    .map(({ url }): Step => ({ do: 'unmap', url, side: 'live' }));
  return compact({
    lock: steps(isLeft && !lock ? [{ do: 'make-candidate' }] : []),
    prune: {
      steps: unmaps,
      after: [
        ...routes.map(({ url, guid }): Step => ({ do: 'delete-route', url, guid })),
        ...apps.map(deletion),
      ],
    },
  });
}

/** Those that carry its labels: whoever made an app under its name, where it has none itself, keeps that. */
export function appsOf({ preview }: Intent, { live, previous, failed }: Snapshot): readonly AppState[] {
  return [live, ...previous, ...failed].filter(
    (app) => app !== undefined && LABEL.number in app.labels && isOfPreview(app.labels, preview ?? {}),
  ) as AppState[];
}

/** The lock goes last: an empty app, or what an interrupted deploy of it left. */
export function released(_intent: Intent, snapshot: Snapshot): Work {
  const { candidate } = snapshot;
  return compact({
    retire: steps(candidate ? [deletion(candidate)] : []),
    end: { steps: [], after: endOfLock(snapshot) },
  });
}

/** Made for it, and used by nobody else: a route that another app has as well stays that app's. */
export function routesOf(intent: Intent, snapshot: Snapshot): readonly Route[] {
  return snapshot.routes.filter((route) => isMadeForIt(route, intent, snapshot));
}

function isMadeForIt({ labels, destinations }: Route, intent: Intent, snapshot: Snapshot): boolean {
  const { live, candidate, previous, failed } = snapshot;
  const own = [live, candidate, ...previous, ...failed].map((app) => app?.guid);
  return (
    LABEL.number in labels &&
    labels[LABEL.app] === appKey(intent.app) &&
    destinations.every(({ appGuid }) => own.includes(appGuid))
  );
}
