/**
 * A step as data: what a strategy asks for. It names roles and route urls, never GUIDs: whoever performs it looks them up in
 * the newest snapshot. Only what is deleted is named by its GUID, so that nothing else can be met.
 */
import type { RouteOptions } from '../model/cloud.js';
import type { Port, WantedRoute, WantedScale } from '../model/intent.js';
import type { Phase } from '../model/words.js';

/** Instances that live had of processes that it gives up to the new version. */
export interface GivenUp {
  counts: Readonly<Record<string, number>>;
  /** All of them ran. */
  ran: boolean;
}

/** The two apps of a deploy. */
export type Side = 'live' | 'candidate';

export type Step =
  | { do: 'make-candidate'; phase?: 'reverting' }
  | { do: 'make-route'; route: WantedRoute; as: 'production' | 'trial' }
  /** Of a production route that is there. */
  | { do: 'set-options'; url: string; options: RouteOptions }
  | { do: 'push-bits' }
  /**
   * The candidate gets a copy of the package that its bits name; live one of the candidate's, for whoever stages it anew. `early`: asked
   * for only, beside what takes its time.
   */
  | { do: 'copy-package'; side?: 'live'; early?: true }
  /** What the manifest says comes to a candidate to which nothing is pushed. */
  | { do: 'apply-to-candidate' }
  | { do: 'stage' }
  | { do: 'set-env'; names: readonly string[] }
  /** `side`: of the candidate, where it is not said. */
  | { do: 'scale'; side?: Side; processType: string; to: WantedScale }
  /** What live gives up is written down as it was. */
  | { do: 'record-given-up'; had: GivenUp }
  /** No instance runs any more, of these process types, or of any. */
  | { do: 'await-gone'; side: Side; types?: readonly string[] }
  /** What live has outside the manifest comes to the candidate; `what` says it, as it was at first. */
  | { do: 'carry'; what: readonly string[] }
  | { do: 'pause-scaling'; side: Side }
  | { do: 'resume-scaling'; name: string; guid: string }
  /** The user's command runs on the candidate's droplet, and ends. */
  | { do: 'run-task' }
  /** On the way back: one that was asked for has ended, or is ended. */
  | { do: 'await-task' }
  | { do: 'start'; side: Side }
  | { do: 'await-instances'; side: Side }
  | { do: 'stay-up' }
  | { do: 'smoke' }
  | { do: 'smoke-script' }
  /** `journal`: what this run wants is written down in the same call, in place of what the deploy before it wanted. */
  | { do: 'mark'; phase: Phase; journal?: true }
  | { do: 'map'; url: string; side: Side; to: readonly Port[] }
  | { do: 'prove'; side: Side; urls: readonly string[] }
  | { do: 'unmap'; url: string; side: Side }
  /** `side` has lost its routes: no router sends it a request any more. */
  | { do: 'await-release'; side: Side }
  /** `side` has lost its routes: wait until no request can reach it any more and what it had is answered. */
  | { do: 'drain'; side: Side }
  /** `onRoutes`: it stops where it is, with its routes; else it is certain that none names it. */
  | { do: 'stop'; name: string; guid: string; onRoutes?: true }
  /** `early`: asked for only, beside what takes its time; what is left of it is looked at, and done, at the end. */
  | { do: 'delete-route'; url: string; guid: string; early?: true }
  /** `wasLive`: a version that a rollback could mean, until it is marked. */
  | { do: 'delete-app'; name: string; guid: string; wasLive?: boolean }
  | { do: 'rename'; side: Side; to: 'live' | 'previous' | 'failed' }
  /** The candidate's droplet becomes one of live's: a deployment takes none of another app. */
  | { do: 'copy-droplet' }
  /** The candidate's droplet becomes a copy of the one that its bits name. */
  | { do: 'take-droplet' }
  /** What may be changed on live is written down as it is. */
  | { do: 'record-live' }
  /** The same is written down on the candidate of a held deploy: whoever promotes it has no manifest. */
  | { do: 'record-wish' }
  /** What the manifest and the inputs change on live; no instance shows any of it before the deployment. */
  | { do: 'apply-to-live' }
  /** Live is not bound any more to what its manifest does not name any more: no instance of the version before is left. */
  | { do: 'unbind'; services: readonly string[] }
  /** Live gets variables and commands of a version that it had before. */
  | { do: 'apply-version' }
  /** Live is again as it was written down. */
  | { do: 'restore-live' }
  /** `of`: whose droplet, the candidate's, or the one that live had. */
  | { do: 'create-deployment'; of: Side }
  /** The bits come to live once more, by cf v6, which stages them there and begins a deployment of what comes out. */
  | { do: 'zdt-push' }
  | { do: 'await-deployment'; of: Side }
  | { do: 'cancel-deployment' }
  /** The canary that is paused is compared with live. `pause`: its number, from 1. */
  | { do: 'judge-canary'; pause: number }
  | { do: 'continue-deployment'; pause: number }
  /** Live's processes get the counts that were asked for: the platform takes no other scale while a deployment is under way. */
  | { do: 'scale-live' }
  /** The watched time after the switch. */
  | { do: 'bake' }
  /** Live, whose instances are all of the new version, is called by it. */
  | { do: 'crown' };

/** The stages of going forward and of going back, in order. */
export const STAGES = [
  'lock',
  'routes',
  'bits',
  'stage',
  'configure',
  'task',
  'start',
  'run',
  'check',
  'switch',
  'map',
  'roll',
  'await',
  'prove',
  'unmap',
  'drain',
  'tidy',
  'stop',
  'prune',
  'retire',
  'crown',
  'end',
] as const;
export type Stage = (typeof STAGES)[number];

/** What is still needed in one stage: `steps` side by side, then each of `after` in turn. */
export interface StageWork {
  steps: readonly Step[];
  after?: readonly Step[];
}

/** What is still needed for one app. */
export type Work = Readonly<Partial<Record<Stage, StageWork>>>;

/** A step of one app of the deploy. */
export interface AppStep {
  app: string;
  step: Step;
}

/**
 * What is done next: `steps` side by side, then each of `after` in turn, those of several apps side by side, but for locks; then a
 * fresh snapshot is taken.
 */
export interface StepGroup {
  stage: Stage;
  steps: readonly AppStep[];
  after: readonly AppStep[];
}
