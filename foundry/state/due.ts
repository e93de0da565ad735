/** Which rule of ordered faults is due. */
export interface Counted {
  times: number;
  /** Hits that pass before the first one that fails. */
  after: number;
}

/** The first rule that is met and due; counts the hit with each rule that it meets on the way. */
export function firstDue<Rule extends Counted>(
  rules: readonly Rule[],
  meets: (rule: Rule) => boolean,
): Rule | undefined {
  for (const rule of rules) {
    if (rule.times <= 0 || !meets(rule)) continue;
    if (rule.after > 0) {
      rule.after -= 1;
      continue;
    }
    rule.times -= 1;
    return rule;
  }
  return undefined;
}
