import type * as r from '../state/records.js';
import type { Core } from './core.js';
import { list } from './list.js';
import { findSpace } from './spaces.js';
import { type Call, type Row, row } from './table.js';

/**
 * Collections of which nothing can be made here: their look-ups are answered with true emptiness, everything else about them is
 * an unknown request.
 */
function none(call: Call, core: Core, accepts: readonly string[]) {
  const rows: r.Base[] = [];
  return list(call, core.api, { rows, present: () => ({}), accepts });
}

export const rows: readonly Row[] = [
  row('GET', '/v3/spaces/:guid/running_security_groups', (call, core) => {
    findSpace(call, core);
    return none(call, core, ['names']);
  }),
  row('GET', '/v3/spaces/:guid/staging_security_groups', (call, core) => {
    findSpace(call, core);
    return none(call, core, ['names']);
  }),
];
