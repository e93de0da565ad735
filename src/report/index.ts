/** Tells how a command ended: outputs, summary, annotations. The one place that knows the runner's ways to show things. */
import type { Outcome } from '../commands/outcome.js';
import { explain, meaning, whoServes } from './explain.js';
import type { Log } from './log.js';
import { outputsOf } from './outputs.js';
import { summaryOf } from './summary.js';
import { plain } from './untrusted.js';

/** What of @actions/core a report needs. */
export interface ReportPorts {
  setOutput(name: string, value: string): void;
  error(text: string, at: { title?: string; file?: string; startLine?: number; startColumn?: number }): void;
  notice(text: string): void;
  /** Appends to the job summary. */
  summary(markdown: string): Promise<void>;
  redact(text: string): string;
}

/** @returns whether the step has failed */
export async function report(
  outcome: Outcome,
  log: Log,
  ports: ReportPorts,
  wantsSummary: boolean,
): Promise<boolean> {
  const durationMs = log.elapsedMs();
  const { redact } = ports;
  for (const [name, value] of Object.entries(outputsOf(outcome, durationMs)))
    ports.setOutput(name, redact(value));
  if (wantsSummary) await ports.summary(redact(summaryOf(outcome, log.timeline, durationMs)));
  if (outcome.error === undefined) {
    log.tell({ type: 'note', text: [meaning(outcome.result), ...whoServes(outcome)].join('\n') });
    for (const { title, calls } of outcome.plan ?? [])
      log.tell({ type: 'note', text: `${title}\n  ${calls.join('\n  ')}` });
    return false;
  }
  for (const error of [outcome.error, outcome.second])
    if (error !== undefined) tellError(error, outcome, log, ports);
  return true;
}

function tellError(error: unknown, outcome: Outcome, log: Log, ports: ReportPorts): void {
  const { code, what, next, evidence, problems } = explain(error);
  if (evidence.length > 0) log.tell({ type: 'foreign', source: 'evidence', text: evidence.join('\n') });
  const show = (text: string) => ports.redact(plain(text));
  if (problems.length > 0) {
    for (const { text, at } of problems) {
      const place = at ? { file: at.file, startLine: at.line, startColumn: at.column } : {};
      ports.error(show(text), { title: code, ...place });
    }
    return;
  }
  const live = outcome.result === 'refused' ? [] : ['Live now:', ...whoServes(outcome)];
  ports.error(show([`${meaning(outcome.result)} ${what}`, ...live, `Next: ${next}`].join('\n')), {
    title: code,
  });
}
