/** A process that can end between any two of its calls: afterwards nothing that it waits for ever comes. */
export class Life {
  private readonly ended: (() => void)[] = [];
  private isOver = false;

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

  onEnd(hear: () => void): void {
    if (this.isOver) hear();
    else this.ended.push(hear);
  }

  /** What the process asks of the world, unless it has ended: nothing is begun then, and no answer reaches it. */
  living<T>(work: () => Promise<T>): Promise<T> {
    if (this.isOver) return new Promise(() => undefined);
    return new Promise((resolve, reject) => {
      work().then(
        (value) => this.isOver || resolve(value),
        (error) => this.isOver || reject(error),
      );
    });
  }
}
