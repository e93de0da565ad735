import { openRow, type Row, row } from '../api/table.js';

/** The log cache answers at the host's root. */
export const rows: readonly Row[] = [
  openRow('GET', '/api/v1/info', () => ({ status: 200, body: { version: '2.11.3', vm_uptime: '1' } })),
  row('GET', '/api/v1/read/:source', (call, core) => ({
    status: 200,
    body: core.logs.read(call.params.source ?? '', call.query),
  })),
];
