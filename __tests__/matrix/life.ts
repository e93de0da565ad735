/** A process that can end between any two of its calls: afterwards nothing that it waits for ever comes. */
export class Life {
  private readonly ended: (() => void)[] = [];
  private isOver = false;
  private thaw: Promise<void> | undefined;

  /** A child does not outlive its parent. */
  constructor(parent?: Life) {
    parent?.onEnd(() => this.end());
  }

  get over(): boolean {
    return this.isOver;
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    for (const hear of this.ended) hear();
  }

  /** Nothing reaches it until then, as after SIGSTOP; its calls that were sent go on. */
  freeze(until: Promise<void>): void {
    this.thaw = until.then(() => {
      this.thaw = undefined;
    });
  }

  onEnd(hear: () => void): void {
    if (this.isOver) hear();
    else this.ended.push(hear);
  }

  /** What the process asks of the world, unless it has ended: nothing is begun then, and no answer reaches it. */
  living<T>(work: () => Promise<T>): Promise<T> {
    if (this.isOver) return new Promise(() => undefined);
    return new Promise((resolve, reject) => {
      const awake = async (act: () => void) => {
        while (this.thaw !== undefined) await this.thaw;
        if (!this.isOver) act();
      };
      work().then(
        (value) => awake(() => resolve(value)),
        (error) => awake(() => reject(error)),
      );
    });
  }
}
