/** What the service brokers do wrong, as tests order it. */
import { type Counted, firstDue } from './due.js';

export type BrokerAct = 'provision' | 'update' | 'deprovision' | 'bind' | 'unbind';

const ACTS: readonly BrokerAct[] = ['provision', 'update', 'deprovision', 'bind', 'unbind'];

export interface BrokerFault extends Counted {
  act: BrokerAct;
  /** Name of a service instance or an offering; absent: of all. */
  service?: string;
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
    return firstDue(
      this.#rules,
      (rule) => rule.act === act && (rule.service === undefined || names.includes(rule.service)),
    );
  }
}
