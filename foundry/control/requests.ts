/** One request of the API. `status` 0: no answer was given. `path` is with its query. */
export interface Recorded {
  atMs: number;
  method: string;
  path: string;
  status: number;
  ms: number;
}

/** Requests that are remembered; of a longer run the newest. */
const KEPT = 20_000;

export class Requests {
  #all: Recorded[] = [];
  /** Pollers ask the same again and again: each path is kept once. */
  #paths = new Map<string, string>();

  add(request: Recorded): void {
    const path = this.#paths.get(request.path);
    if (path === undefined) this.#paths.set(request.path, request.path);
    this.#all.push(path === undefined ? request : { ...request, path });
    if (this.#all.length <= KEPT * 1.2) return;
    this.#all = this.#all.slice(-KEPT);
    this.#paths = new Map(this.#all.map((r) => [r.path, r.path]));
  }

  all(): readonly Recorded[] {
    return this.#all;
  }
}
