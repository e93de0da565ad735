import type { Clock, Stager } from '../ports.js';

export interface StagerOptions {
  clock: Clock;
  /** Milliseconds that a build takes. */
  stagingMs: number;
}

export function createStager(_options: StagerOptions): Stager {
  throw new Error('not built yet');
}
