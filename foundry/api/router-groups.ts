import { ROUTER_GROUP } from '../state/first-records.js';
import type { Core } from './core.js';
import { type Row, row } from './table.js';

function group(core: Core): Record<string, unknown> {
  const { first, last } = core.tcpPorts;
  return { ...ROUTER_GROUP, type: 'tcp', reservable_ports: `${first}-${last}` };
}

/** The routing API: of its own form, without pages. */
export const rows: readonly Row[] = [
  row('GET', '/routing/v1/router_groups', (call, core) => {
    const name = call.query.get('name');
    if (name === null || name === ROUTER_GROUP.name) return { status: 200, body: [group(core)] };
    return {
      status: 404,
      body: { name: 'ResourceNotFoundError', message: `Router Group '${name}' not found` },
    };
  }),
  row('GET', '/routing/v1/router_groups/:guid', (call, core) =>
    call.params.guid === ROUTER_GROUP.guid
      ? { status: 200, body: group(core) }
      : { status: 404, body: { name: 'ResourceNotFoundError', message: 'Router Group not found' } },
  ),
];
