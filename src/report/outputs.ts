/** The outputs of action.yml. Pure: a test holds this list against the file. */
import type { AppOutcome, Outcome } from '../commands/outcome.js';
import { explain } from './explain.js';

/** @returns every output, '' for what there is not */
export function outputsOf(outcome: Outcome, durationMs: number): Record<string, string> {
  const [first] = outcome.apps;
  const { watch } = outcome;
  return {
    result: outcome.result,
    ...outputsOfApp(first),
    requests: watch ? String(watch.requests) : '',
    'failed-requests': watch ? String(watch.failures) : '',
    'longest-gap-ms': watch ? String(Math.round(watch.longestGapMs)) : '',
    'duration-ms': String(Math.round(durationMs)),
    'cf-version': outcome.cfVersion ?? '',
    plan: outcome.plan ? JSON.stringify(outcome.plan) : '',
    'preview-url': outcome.isPreview ? (first?.url ?? '') : '',
    report: outcome.report ?? '',
    removed: outcome.removed ? JSON.stringify(outcome.removed) : '',
    error: outcome.error === undefined ? '' : explain(outcome.error).code,
    apps: JSON.stringify(outcome.apps.map((app) => ({ ...outputsOfApp(app), ...statusOf(app) }))),
  };
}

/** Of `status` alone: what has no output of its own. */
function statusOf({ outlook }: AppOutcome) {
  return outlook ? { status: outlook } : {};
}

function outputsOfApp(app: AppOutcome | undefined) {
  const { live } = app ?? {};
  return {
    app: app?.app ?? '',
    'app-guid': live?.guid ?? '',
    url: app?.url ?? '',
    'trial-url': app?.trialUrl ?? '',
    version: app?.version ?? '',
    'previous-version': app?.previousVersion ?? '',
    'previous-app-guid': app?.previousAppGuid ?? '',
    'droplet-guid': live?.dropletGuid ?? '',
    'deployment-guid': app?.rolled?.deploymentGuid ?? '',
    live: live ? JSON.stringify(live) : '',
  };
}
