/**
 * Nothing asynchronous is finished at its first look: a build, a package or a job that was finished before anybody looked is
 * shown in its intermediate state once. An answer that shows the state (of an upload, of a copy) is a look too.
 */
export class Pending {
  readonly #unseen = new Set<string>();

  /** Call when the asynchronous work begins. */
  begin(guid: string): void {
    this.#unseen.add(guid);
  }

  /** Call at every look, whatever the state is. True at the first one. */
  firstLook(guid: string): boolean {
    return this.#unseen.delete(guid);
  }
}
