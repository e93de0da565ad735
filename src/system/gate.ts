/** Lets so many in at a time, the others in turn. */
export class Gate {
  private inside = 0;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly most: number) {}

  /**
   * @param begin called once it is inside: at once, or when another one leaves
   * @returns leaves, also from the queue; to be called once
   */
  enter(begin: () => void): () => void {
    if (this.inside < this.most) {
      this.inside += 1;
      begin();
    } else this.waiting.add(begin);
    return () => {
      if (this.waiting.delete(begin)) return;
      const [next] = this.waiting;
      if (next === undefined) this.inside -= 1;
      else {
        this.waiting.delete(next);
        next();
      }
    };
  }

  /** Does it once it is inside. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    let leave = () => {};
    await new Promise<void>((begin) => {
      leave = this.enter(begin);
    });
    try {
      return await work();
    } finally {
      leave();
    }
  }
}
