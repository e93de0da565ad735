/** The outputs of action.yml. Pure: a test holds this list against the file. */
import type { AppOutcome, Outcome } from '../commands/outcome.js';
import { explain } from './explain.js';
import type { Redact } from './redact.js';

/**
 * Every text in it is redacted. Figures and names of ours stay what they are where a secret is an ordinary word, or no workflow could
 * read them.
 * @returns every output, '' for what there is not
 */
export function outputsOf(
  outcome: Outcome,
  durationMs: number,
  redact: Redact = (text) => text,
): Record<string, string> {
  const [first] = outcome.apps;
  const { watch } = outcome;
  const json = (value: unknown) =>
    JSON.stringify(value, (_, one) => (typeof one === 'string' ? redact(one) : one));
  return {
    result: outcome.result,
    ...outputsOfApp(first, redact, json),
    requests: watch ? String(watch.requests) : '',
    'failed-requests': watch ? String(watch.failures) : '',
    'longest-gap-ms': watch ? String(Math.round(watch.longestGapMs)) : '',
    'duration-ms': String(Math.round(durationMs)),
    'cf-version': redact(outcome.cfVersion ?? ''),
    plan: outcome.plan ? json(outcome.plan) : '',
    'preview-url': redact(outcome.isPreview ? (first?.url ?? '') : ''),
    report: redact(outcome.report ?? ''),
    removed: outcome.removed ? json(outcome.removed) : '',
    error: outcome.error === undefined ? '' : redact(explain(outcome.error).code),
    apps: JSON.stringify(
      outcome.apps.map((app) => ({
        ...outputsOfApp(app, redact, json),
        ...(JSON.parse(json(statusOf(app))) as object),
      })),
    ),
  };
}

/** Of `status` alone: what has no output of its own. */
function statusOf({ outlook }: AppOutcome) {
  return outlook ? { status: outlook } : {};
}

function outputsOfApp(app: AppOutcome | undefined, redact: Redact, json: (value: unknown) => string) {
  const { live } = app ?? {};
  const texts = {
    app: app?.app,
    'app-guid': live?.guid,
    url: app?.url,
    'trial-url': app?.trialUrl,
    version: app?.version,
    'previous-version': app?.previousVersion,
    'previous-app-guid': app?.previousAppGuid,
    'droplet-guid': live?.dropletGuid,
    'deployment-guid': app?.rolled?.deploymentGuid,
  };
  return {
    ...Object.fromEntries(Object.entries(texts).map(([name, text = '']) => [name, redact(text)])),
    live: live ? json(live) : '',
  };
}
