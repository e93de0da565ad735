/**
 * A step as data: what a strategy asks for. It names roles and route urls, never GUIDs: whoever performs it looks them up in
 * the newest snapshot.
 */
import type { WantedRoute, WantedScale } from '../model/intent.js';
import type { Phase } from '../model/words.js';

/** The two apps of a deploy. */
export type Side = 'live' | 'candidate';

/** What a destination is made of, beside its app. */
export interface Port {
  processType: string;
  port: number | null;
  protocol: string | null;
}

export type Step =
  | { do: 'make-candidate' }
  | { do: 'make-route'; route: WantedRoute; as: 'production' | 'trial' }
  | { do: 'map'; url: string; side: Side; to: readonly Port[] }
  | { do: 'push-bits' }
  | { do: 'stage' }
  | { do: 'set-env'; names: readonly string[] }
  | { do: 'scale'; processType: string; to: WantedScale }
  | { do: 'start'; side: Side }
  | { do: 'await-instances'; side: Side }
  | { do: 'stay-up' }
  | { do: 'smoke' }
  | { do: 'smoke-script' }
  | { do: 'mark'; phase: Phase }
  | { do: 'prove'; side: Side; urls: readonly string[] }
  | { do: 'unmap'; url: string; side: Side }
  | { do: 'drain' }
  | { do: 'stop'; side: Side }
  | { do: 'delete-route'; url: string; guid: string }
  | { do: 'delete-app'; name: string; guid: string }
  | { do: 'rename'; side: Side; to: 'live' | 'previous' | 'failed' };

/** A step of one app of the deploy. */
export interface AppStep {
  app: string;
  step: Step;
}

/** Steps that do not depend on each other: they are done side by side, then a fresh snapshot is taken. */
export interface StepGroup {
  stage: Stage;
  steps: readonly AppStep[];
}

/** The stages of a deploy, in order. Up to `proven` app by app; from `switching` on all apps of the deploy together. */
export const STAGES = [
  'lock',
  'routes',
  'bits',
  'stage',
  'configure',
  'start',
  'run',
  'check',
  'proven',
  'switching',
  'map',
  'prove',
  'serving',
  'unmap',
  'drain',
  'stop',
  'tidy',
  'retire',
  'crown',
] as const;
export type Stage = (typeof STAGES)[number];
