/** What the service brokers do wrong, as tests order it. */
export type BrokerAct = 'provision' | 'update' | 'deprovision' | 'bind' | 'unbind';

const ACTS: readonly BrokerAct[] = ['provision', 'update', 'deprovision', 'bind', 'unbind'];

export interface BrokerFault {
  act: BrokerAct;
  /** Name of a service instance or an offering; absent: of all. */
  service?: string;
  times: number;
  /** Hits that pass before the first one that fails. */
  after: number;
  /** The broker's words for its failure. */
  fails?: string;
  /** The broker works on for ever. */
  never: boolean;
  /** The broker works on after its answer, whatever its offering does. */
  asynchronous: boolean;
}

export class BrokerFaults {
  #rules: BrokerFault[] = [];

  /** Throws `TypeError` with what is wrong. */
  add(given: Record<string, unknown>): void {
    const { act, service, times, after, fails, never, asynchronous, ...unknown } = given;
    const extra = Object.keys(unknown);
    if (extra.length > 0) throw new TypeError(`unknown: ${extra.join(', ')}`);
    const found = ACTS.find((one) => one === act);
    if (!found) throw new TypeError(`act is one of ${ACTS.join(', ')}`);
    this.#rules.push({
      act: found,
      times: typeof times === 'number' ? times : Number.POSITIVE_INFINITY,
      after: typeof after === 'number' ? after : 0,
      never: never === true,
      asynchronous: asynchronous === true,
      ...(typeof service === 'string' ? { service } : {}),
      ...(typeof fails === 'string' ? { fails } : {}),
    });
  }

  clear(): void {
    this.#rules = [];
  }

  /** The fault that this act meets; counts it. */
  hit(act: BrokerAct, names: readonly string[]): BrokerFault | undefined {
    for (const rule of this.#rules) {
      if (rule.act !== act || rule.times <= 0) continue;
      if (rule.service !== undefined && !names.includes(rule.service)) continue;
      if (rule.after > 0) {
        rule.after -= 1;
        continue;
      }
      rule.times -= 1;
      return rule;
    }
    return undefined;
  }
}
