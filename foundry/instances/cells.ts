import type { CellEvents, Cells, Clock } from '../ports.js';

export interface CellOptions {
  clock: Clock;
  /** Directory of ours: one working directory per instance is made in it. */
  workDir: string;
  /** Milliseconds from the decision to start an instance until its process starts (container creation). */
  bootMs: number;
}

export function createCells(_options: CellOptions, _events: CellEvents): Cells {
  throw new Error('not built yet');
}
