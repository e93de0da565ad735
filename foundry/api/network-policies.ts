import type { NetworkPolicy } from '../state/service-records.js';
import { dig, text } from './body.js';
import type { Core } from './core.js';
import { isObject } from './metadata.js';
import { type Answer, type Call, type Row, row } from './table.js';

/** Policies that one source app may have, unless an administrator makes them (policy-server's max_policies_per_app_source). */
const MOST_PER_SOURCE = 50;

export function concerns({ source, destination }: NetworkPolicy, appGuid: string): boolean {
  return source.id === appGuid || destination.id === appGuid;
}

/** The policy server has errors of its own kind. */
const refusal = (status: number, error: string): Answer => ({ status, body: { error } });

const same = (a: NetworkPolicy, b: NetworkPolicy) =>
  a.source.id === b.source.id &&
  a.destination.id === b.destination.id &&
  a.destination.protocol === b.destination.protocol &&
  a.destination.ports.start === b.destination.ports.start &&
  a.destination.ports.end === b.destination.ports.end;

/** The policies of a request, or what is wrong with them. */
function readPolicies(body: Record<string, unknown>): NetworkPolicy[] | string {
  const given = body.policies;
  if (!Array.isArray(given) || given.length === 0) return 'missing policies';
  const read: NetworkPolicy[] = [];
  for (const policy of given) {
    const source = text(dig(policy, 'source', 'id')) ?? '';
    const destination = text(dig(policy, 'destination', 'id')) ?? '';
    const protocol = dig(policy, 'destination', 'protocol');
    const start = dig(policy, 'destination', 'ports', 'start');
    const end = dig(policy, 'destination', 'ports', 'end') ?? start;
    if (source === '') return 'missing source id';
    if (destination === '') return 'missing destination id';
    if (protocol !== 'tcp' && protocol !== 'udp') {
      return 'invalid destination protocol, specify either udp or tcp';
    }
    if (!isObject(dig(policy, 'destination', 'ports'))) return 'missing destination ports';
    if (!isPort(start) || !isPort(end)) {
      return `invalid destination port value ${String(isPort(start) ? end : start)}, must be 1-65535`;
    }
    if (start > end) {
      return `invalid destination port range ${start}-${end}, start must be less than or equal to end`;
    }
    read.push({ source: { id: source }, destination: { id: destination, protocol, ports: { start, end } } });
  }
  return read;
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;
}

async function change(
  call: Call,
  core: Core,
  apply: (policies: NetworkPolicy[]) => Answer | undefined,
): Promise<Answer> {
  const read = readPolicies(await call.json());
  if (typeof read === 'string') return refusal(400, `validate policies: ${read}`);
  const known = (guid: string) => core.store.apps.get(guid) !== undefined;
  if (read.some(({ source, destination }) => !known(source.id) || !known(destination.id))) {
    return refusal(403, 'one or more applications cannot be found or accessed');
  }
  return apply(read) ?? { status: 200, body: {} };
}

function add(core: Core, policies: NetworkPolicy[]): Answer | undefined {
  const { store } = core;
  const fresh = policies.filter(
    (p, i) => ![...store.networkPolicies, ...policies.slice(0, i)].some((x) => same(x, p)),
  );
  const after = [...store.networkPolicies, ...fresh];
  const isFull = fresh.some(
    ({ source }) => after.filter((p) => p.source.id === source.id).length > MOST_PER_SOURCE,
  );
  if (isFull) return refusal(403, 'policy quota exceeded');
  store.networkPolicies = after;
  return undefined;
}

function shown(call: Call, core: Core): Answer {
  const asked = (name: string) => call.query.get(name)?.split(',');
  const [id, from, to] = [asked('id'), asked('source_id'), asked('dest_id')];
  const policies = core.store.networkPolicies.filter(
    ({ source, destination }) =>
      (!id || id.includes(source.id) || id.includes(destination.id)) &&
      (!from || from.includes(source.id)) &&
      (!to || to.includes(destination.id)),
  );
  return { status: 200, body: { total_policies: policies.length, policies } };
}

/** The policy server: an API of its own beside the platform's, with answers of its own form. */
export const rows: readonly Row[] = [
  row('GET', '/networking/v1/external/policies', shown),
  row('POST', '/networking/v1/external/policies', (call, core) =>
    change(call, core, (policies) => add(core, policies)),
  ),
  row('POST', '/networking/v1/external/policies/delete', (call, core) =>
    change(call, core, (policies) => {
      core.store.networkPolicies = core.store.networkPolicies.filter(
        (p) => !policies.some((gone) => same(gone, p)),
      );
      return undefined;
    }),
  ),
];
