/**
 * Nothing asynchronous is finished at its first look: a build, a package or a job that was finished behind the caller's back
 * is shown once more in its intermediate state.
 */
export class Pending {
  readonly #unseen = new Set<string>();

  /** Call when the asynchronous work begins. */
  begin(guid: string): void {
    this.#unseen.add(guid);
  }

  /** True at the first look only. */
  firstLook(guid: string): boolean {
    return this.#unseen.delete(guid);
  }
}
