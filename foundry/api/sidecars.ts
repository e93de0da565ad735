import type * as r from '../state/records.js';
import { findApp } from './apps.js';
import { onlyFields, text } from './body.js';
import type { Core } from './core.js';
import { ApiErrors, notFound, unprocessable } from './errors.js';
import { type Listing, list } from './list.js';
import { head, to } from './present.js';
import { type Call, type Row, row } from './table.js';

function presentSidecar(s: r.Sidecar): Record<string, unknown> {
  return {
    ...head(s),
    name: s.name,
    command: s.command,
    process_types: s.processTypes,
    memory_in_mb: s.memoryMb,
    origin: s.origin,
    relationships: { app: to(s.appGuid) },
  };
}

function listing(rows: Iterable<r.Sidecar>): Listing<r.Sidecar> {
  return { rows, present: presentSidecar, noSelector: true };
}

/** Reads and checks a sidecar. Throws 422 with everything that is wrong with it. */
function read(given: Record<string, unknown>): r.RevisionSidecar {
  onlyFields(given, ['name', 'command', 'process_types', 'memory_in_mb']);
  const name = text(given.name) ?? '';
  const command = text(given.command) ?? '';
  const processTypes = Array.isArray(given.process_types) ? given.process_types.map(String) : [];
  const memoryMb = given.memory_in_mb ?? null;
  const problems: string[] = [];
  if (name === '') problems.push("Name can't be blank");
  if (command === '') problems.push("Command can't be blank");
  if (processTypes.length === 0) problems.push('Process types must have at least 1 process_type');
  if (memoryMb !== null && !(Number.isInteger(memoryMb) && Number(memoryMb) > 0)) {
    problems.push('Memory in mb must be greater than 0');
  }
  const [first, ...rest] = problems.map(unprocessable);
  if (first) throw new ApiErrors([first, ...rest]);
  return { name, command, processTypes, memoryMb: memoryMb === null ? null : Number(memoryMb) };
}

/**
 * Adds one of the user's own; it counts from the next start on. Throws 422 for what the platform refuses. Sidecars are only
 * remembered here, nothing runs them.
 */
export function createSidecar(core: Core, app: r.App, given: Record<string, unknown>): r.Sidecar {
  const { name, command, processTypes, memoryMb } = read(given);
  if (core.store.sidecars.of(app.guid).some((s) => s.name === name)) {
    throw unprocessable(`Sidecar with name '${name}' already exists for given app`);
  }
  return core.store.sidecars.add({
    ...core.store.base(),
    appGuid: app.guid,
    name,
    command,
    processTypes,
    memoryMb,
    origin: 'user',
  });
}

function find(call: Call, core: Core): r.Sidecar {
  const found = core.store.sidecars.get(call.params.guid ?? '');
  if (!found) throw notFound('Sidecar');
  return found;
}

export const rows: readonly Row[] = [
  row('GET', '/v3/apps/:guid/sidecars', (call, core) =>
    list(call, core.api, listing(core.store.sidecars.of(findApp(call, core).guid))),
  ),
  row('POST', '/v3/apps/:guid/sidecars', async (call, core) => ({
    status: 201,
    body: presentSidecar(createSidecar(core, findApp(call, core), await call.json())),
  })),
  row('GET', '/v3/processes/:guid/sidecars', (call, core) => {
    const process = core.store.processes.get(call.params.guid ?? '');
    if (!process) throw notFound('Process');
    const all = core.store.sidecars.of(process.appGuid);
    return list(call, core.api, listing(all.filter((s) => s.processTypes.includes(process.type))));
  }),
  row('GET', '/v3/sidecars/:guid', (call, core) => ({ status: 200, body: presentSidecar(find(call, core)) })),
  row('PATCH', '/v3/sidecars/:guid', async (call, core) => {
    const sidecar = find(call, core);
    const { name, command, processTypes, memoryMb } = sidecar;
    const now = { name, command, process_types: processTypes, memory_in_mb: memoryMb };
    const after = read({ ...now, ...(await call.json()) });
    if (core.store.sidecars.of(sidecar.appGuid).some((s) => s !== sidecar && s.name === after.name)) {
      throw unprocessable(`Sidecar with name '${after.name}' already exists for given app`);
    }
    Object.assign(sidecar, after);
    core.store.touch(sidecar);
    return { status: 200, body: presentSidecar(sidecar) };
  }),
  row('DELETE', '/v3/sidecars/:guid', (call, core) => {
    core.store.sidecars.remove(find(call, core).guid);
    return { status: 204 };
  }),
];
