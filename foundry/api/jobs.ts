import type * as r from '../state/records.js';
import type { Core } from './core.js';
import { notFound } from './errors.js';
import { head, links } from './present.js';
import { type Row, row } from './table.js';

function presentJob(core: Core, job: r.Job): Record<string, unknown> {
  const state = core.pending.firstLook(job.guid) ? 'PROCESSING' : job.state;
  const { about } = job;
  return {
    ...head(job),
    operation: job.operation,
    state,
    errors: state === 'FAILED' ? job.errors : [],
    warnings: [],
    links: links(core, {
      self: `/v3/jobs/${job.guid}`,
      ...(about ? { [about.kind]: `/v3/${about.plural}/${about.guid}` } : {}),
    }),
  };
}

export const rows: readonly Row[] = [
  row('GET', '/v3/jobs/:guid', (call, core) => {
    const job = core.store.jobs.get(call.params.guid ?? '');
    if (!job) throw notFound('Job');
    return { status: 200, body: presentJob(core, job) };
  }),
];
