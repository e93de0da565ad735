/** Who tries what next. A scenario is set up by each worker that tries any of it: one does all of it, and others help at the end. */

/** Points of a scenario, by their numbers. */
export interface Share {
  scenario: number;
  from: number;
  /** The first one that is not in it. */
  to: number;
}

/** Few enough that nobody waits long for the last one. */
const POINTS = 16;

export class Shares {
  private readonly left: { next: number; points: number; begun: boolean }[];

  constructor(scenarios: number) {
    // How many there are is known when somebody has set it up.
    this.left = Array.from({ length: scenarios }, () => ({ next: 0, points: Infinity, begun: false }));
  }

  /** @param points of the scenario; told by each worker that has set it up */
  tell(scenario: number, points: number): void {
    const one = this.left[scenario];
    if (one) one.points = points;
  }

  /**
   * @param current the scenario that the worker has tried last
   * @returns undefined: nothing is left to try
   */
  next(current?: number): Share | undefined {
    const scenario = this.choose(current);
    const one = this.left[scenario];
    if (!one) return undefined;
    one.begun = true;
    const from = one.next;
    one.next += POINTS;
    return { scenario, from, to: one.next };
  }

  private choose(current: number | undefined): number {
    const isOpen = (number: number) => rest(this.left[number]) > 0;
    if (current !== undefined && isOpen(current)) return current;
    const fresh = this.left.findIndex(({ begun }) => !begun);
    if (fresh >= 0) return fresh;
    const open = [...this.left.keys()].filter(isOpen);
    return open.sort((a, b) => rest(this.left[b]) - rest(this.left[a]))[0] ?? -1;
  }
}

function rest(of: { next: number; points: number } | undefined): number {
  return of ? of.points - of.next : 0;
}
