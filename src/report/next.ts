/** What a user does now, in a sentence or a few. Pure. The text may hold untrusted bytes: whoever shows it makes it safe. */
import type { AppOutcome, Outcome } from '../commands/outcome.js';
import { isWaiting } from '../model/words.js';
import { explain } from './explain.js';

/** @returns '' when there is nothing to do */
export function nextOf({ result, error, second, apps }: Outcome): string {
  if (error !== undefined) return explain(second ?? error).next;
  switch (result) {
    case 'deployed':
    case 'promoted':
    case 'rolled-back':
    case 'restarted':
      return apps.flatMap(wayBack).join(' ');
    case 'held':
      return apps.map(toDecide).join(' ');
    case 'planned':
      return 'Run it without the input "plan" to do this.';
    case 'ready':
      return 'Run "cf" in the later steps of this job: it is on the PATH, and signed in to the target.';
    default:
      return apps.flatMap(underWay).join(' ');
  }
}

function wayBack({ app, previousApp, previousVersion, rolled }: AppOutcome): string[] {
  if (previousVersion === undefined) return [];
  // In place it lives on in a droplet of live's.
  return previousApp === undefined && !rolled
    ? [`The version of ${app} before is not kept: there is no way back to it.`]
    : [`To go back: run this action with command: rollback, app: ${app} and to: ${previousVersion}.`];
}

type Waiting = Pick<AppOutcome, 'app' | 'version' | 'trialUrl' | 'candidate'>;

function toDecide({ app, version, trialUrl, candidate }: Waiting): string {
  const how = candidate?.phase === 'paused' ? ' as a canary: its first instances serve' : '';
  const look = trialUrl ? ` Look at it: ${trialUrl}.` : '';
  return `Version ${version} of ${app} is held${how}.${look} Run this action with command: promote and app: ${app} to let it go live, or with command: abort to take it away.`;
}

function underWay({ app, candidate, trialUrl }: AppOutcome): string[] {
  if (!candidate) return [];
  const { version, phase } = candidate;
  if (isWaiting(phase)) return [toDecide({ app, version, candidate, ...(trialUrl ? { trialUrl } : {}) })];
  return [
    `A change of ${app} to ${version} (${phase}) goes on, or was interrupted: when its run is dead, the next run settles it.`,
  ];
}
