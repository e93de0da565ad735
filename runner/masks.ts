/** The values that the runner replaces by `***` in the log and in summaries; one set per job. */
export class Masks {
  private readonly values = new Set<string>();

  /** Takes the whole value and each of its lines, as actions/runner's ActionCommandManager.cs does. */
  add(value: string): void {
    if (value.trim() === '') return;
    this.values.add(value);
    for (const line of value.split(/[\r\n]/)) if (line.trim() !== '') this.values.add(line.trim());
  }

  /** In the order in which they came. */
  list(): readonly string[] {
    return [...this.values];
  }

  apply(text: string): string {
    const longestFirst = [...this.values].sort((a, b) => b.length - a.length);
    return longestFirst.reduce((masked, value) => masked.replaceAll(value, '***'), text);
  }
}
