/** What the demo promises, checked against the traffic that users met and the platform itself. Pure. */
import type { Figures } from '../traffic/figures.js';
import type { HistoryEntry, PlatformState } from '../traffic/history.js';
import { checkInvariant } from '../traffic/invariant.js';
import type { Check } from './show.js';

/** One deploy under traffic, and what is known of it afterwards. */
export interface Deploy {
  app: string;
  /** Production route, `host.domain`. */
  url: string;
  fromMs: number;
  toMs: number;
  exitCode: number | null;
  outputs: Readonly<Record<string, string>>;
  figures: Figures;
  history: readonly HistoryEntry[];
  before: PlatformState;
  after: PlatformState;
  /** `X-App-Version` that a user meets at the end. */
  metNow: string | undefined;
}

/** The version went live: it serves alone, and nobody noticed the change. */
export function judgeDeployed(deploy: Deploy, from: string, to: string): Check[] {
  const { figures, outputs, exitCode, after } = deploy;
  const [old, fresh] = [figures.byVersion[from], figures.byVersion[to]];
  const serving = appsOn(after, deploy.url);
  return [
    check(`the deploy of ${to} ends well`, exitCode === 0 && outputs.result === 'deployed', result(deploy)),
    ...judgeTraffic(deploy),
    check(`traffic met ${from}, then ${to}`, old !== undefined && fresh !== undefined, versions(figures)),
    check(
      `at the end traffic meets ${to} alone`,
      deploy.metNow === to && (old?.lastAtMs ?? 0) < (fresh?.lastAtMs ?? 0),
      deploy.metNow,
    ),
    check(
      `the platform has one app on the route: ${deploy.app}, started, with the app GUID of the outputs`,
      serving.length === 1 &&
        serving[0]?.name === deploy.app &&
        serving[0].state === 'STARTED' &&
        serving[0].guid === outputs['app-guid'],
      names(serving),
    ),
    check(
      `the version before is kept, stopped and off all routes`,
      after.apps.some(
        (app) =>
          app.name.startsWith(`${deploy.app}-previous-`) &&
          app.state === 'STOPPED' &&
          isOffRoutes(after, app.guid),
      ),
      names(after.apps),
    ),
    judgeInvariant(deploy),
  ];
}

/** The version was refused: what was live before is live, untouched. */
export function judgeRefused(deploy: Deploy, live: string, refused: string): Check[] {
  const { figures, outputs, exitCode, before, after } = deploy;
  const guid = appsOn(before, deploy.url)[0]?.guid;
  return [
    check(
      `the deploy of ${refused} fails and goes back`,
      exitCode === 1 && outputs.result === 'reverted',
      result(deploy),
    ),
    ...judgeTraffic(deploy),
    check(
      `traffic met ${live} alone`,
      Object.keys(figures.byVersion).join() === live && deploy.metNow === live,
      versions(figures),
    ),
    check(
      'the platform still has the same app on the route, started',
      guid !== undefined &&
        appsOn(after, deploy.url).length === 1 &&
        after.apps.some((app) => app.guid === guid && app.name === deploy.app && app.state === 'STARTED') &&
        appsOn(after, deploy.url)[0]?.guid === guid,
      names(appsOn(after, deploy.url)),
    ),
    check(
      `${refused} is kept for diagnosis, stopped and off all routes`,
      after.apps.some(
        (app) =>
          app.name.startsWith(`${deploy.app}-failed-`) &&
          app.state === 'STOPPED' &&
          isOffRoutes(after, app.guid),
      ),
      names(after.apps),
    ),
    judgeInvariant(deploy, guid),
  ];
}

function judgeTraffic({ figures }: Deploy): Check[] {
  const first = figures.firstFailures[0];
  return [
    check(
      `none of ${figures.sent} requests failed`,
      figures.sent > 0 && figures.failed === 0 && figures.ok === figures.sent,
      `${figures.failed} failed${first ? `, the first by ${first.kind}: ${first.reason}` : ''}`,
    ),
  ];
}

/** @param only GUID of the one app that may serve; default: every app of the deploy */
function judgeInvariant(deploy: Deploy, only?: string): Check {
  const problems = checkInvariant(deploy.history, deploy.after, {
    apps: [deploy.app],
    routes: [deploy.url],
    fromMs: deploy.fromMs,
    toMs: deploy.toMs,
    ...(only === undefined ? {} : { intended: (app) => app.guid === only }),
  });
  return check(
    'in every router the route had a healthy destination at every moment',
    problems.length === 0,
    `${problems.length} problems, the first: ${problems[0]?.text ?? ''}`,
  );
}

function appsOn(state: PlatformState, url: string): PlatformState['apps'] {
  const destinations = state.routes
    .filter((route) => route.url === url)
    .flatMap((route) => route.destinations);
  const guids = new Set(destinations.map((to) => to.appGuid));
  return state.apps.filter((app) => guids.has(app.guid));
}

function isOffRoutes(state: PlatformState, guid: string): boolean {
  return !state.routes.some((route) => route.destinations.some((to) => to.appGuid === guid));
}

function check(what: string, ok: boolean, seen = 'nothing'): Check {
  return { what, ok, seen };
}

function result({ exitCode, outputs }: Deploy): string {
  return `exit code ${String(exitCode)}, result ${outputs.result ?? 'none'}`;
}

function versions(figures: Figures): string {
  return Object.keys(figures.byVersion).join(', ') || 'no answer';
}

function names(apps: PlatformState['apps']): string {
  return apps.map((app) => `${app.name} (${app.state})`).join(', ') || 'none';
}
