/** One request of the API. `status` 0: no answer was given. `path` is with its query. */
export interface Recorded {
  atMs: number;
  method: string;
  path: string;
  status: number;
  ms: number;
}

/** Requests that are remembered; of a longer run the newest. */
const KEPT = 100_000;

export class Requests {
  #all: Recorded[] = [];

  add(request: Recorded): void {
    this.#all.push(request);
    if (this.#all.length > KEPT * 1.1) this.#all = this.#all.slice(-KEPT);
  }

  all(): readonly Recorded[] {
    return this.#all;
  }
}
