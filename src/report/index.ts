/** Tells how a command ended: outputs, summary, annotations. The one place that knows the runner's ways to show things. */
import type { Outcome } from '../commands/outcome.js';
import type { Pages } from '../github/pages.js';
import { explain, meaning } from './explain.js';
import { duration, type Log } from './log.js';
import { nextOf } from './next.js';
import { outputsOf } from './outputs.js';
import type { Redact } from './redact.js';
import { seenAt, whoServes } from './serving.js';
import { statusLines } from './status.js';
import { summaryOf } from './summary.js';
import { commandText } from './untrusted.js';
import { noticed } from './watched.js';

/** What of @actions/core a report needs. */
export interface ReportPorts {
  setOutput(name: string, value: string): void;
  error(text: string, at: { title?: string; file?: string; startLine?: number; startColumn?: number }): void;
  /** On the run's page. */
  notice(text: string, at: { title: string }): void;
  /** Appends to the job summary. */
  summary(markdown: string): Promise<void>;
  redact: Redact;
}

/** Routes that are named one by one in the log, and in an annotation. */
const ROUTES_IN_LOG = 50;
const ROUTES_IN_ANNOTATION = 10;

/** Results after which something of what is live, or waits for it, is another one. */
const CHANGED = 'deployed held promoted aborted rolled-back restarted previewed'.split(' ');

/** @returns whether the step has failed */
export async function report(
  outcome: Outcome,
  log: Log,
  ports: ReportPorts,
  wantsSummary: boolean,
  pages?: Pages,
): Promise<boolean> {
  const durationMs = log.elapsedMs();
  const { redact } = ports;
  const outputs = Object.entries(outputsOf(outcome, durationMs, redact));
  const unset = attempt(() => {
    for (const [name, value] of outputs) ports.setOutput(name, value);
  });
  for (const error of [outcome.error, outcome.second])
    if (error !== undefined) tellError(error, outcome, log, ports);
  if (outcome.error === undefined) {
    tellEnd(outcome, log);
    tellNotice(outcome, durationMs, ports);
  }
  if (wantsSummary) {
    const summary = summaryOf(outcome, log.recorder.story(), durationMs, redact, { pages });
    await writeSummary(summary, log, ports);
  }
  // People are told all the same; later steps are not.
  if (unset) throw unset.error;
  return outcome.error !== undefined;
}

function attempt(work: () => void): { error: unknown } | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return { error };
  }
}

function tellEnd(outcome: Outcome, log: Log): void {
  const { result, apps, plan } = outcome;
  const next = nextOf(outcome);
  const lines = [
    meaning(result),
    ...(result === 'shown' ? statusLines(apps, ROUTES_IN_LOG) : whoServes(apps, ROUTES_IN_LOG)),
    ...(next === '' ? [] : [`Next: ${next}`]),
  ];
  log.tell({ type: 'note', text: lines.join('\n') });
  for (const { app, title, calls } of plan ?? [])
    log.tell({ type: 'note', text: [`${app}: ${title}`, ...calls.map((call) => `    ${call}`)].join('\n') });
}

/** What a person has to know who reads no log: what changed of that which is live, and whether anybody noticed. */
function tellNotice({ result, apps, watch }: Outcome, durationMs: number, ports: ReportPorts): void {
  if (!CHANGED.includes(result)) return;
  const lines = [
    `${meaning(result)} It took ${duration(durationMs)}.${watch ? ` ${noticed(watch)}` : ''}`,
    ...apps.slice(0, ROUTES_IN_ANNOTATION).flatMap(({ app, live, url }) => {
      const at = url === undefined ? '' : ` at ${url}`;
      return live.app ? [`${app}: version ${live.version ?? 'unknown'} is live${at}`] : [];
    }),
  ];
  ports.notice(commandText(lines.join('\n'), ports.redact), { title: result });
}

function tellError(error: unknown, outcome: Outcome, log: Log, ports: ReportPorts): void {
  const { code, what, next, commands, evidence, problems } = explain(error);
  if (evidence.length > 0) log.tell({ type: 'foreign', source: 'evidence', text: evidence.join('\n') });
  const show = (text: string) => commandText(text, ports.redact);
  const title = show(code);
  if (problems.length > 0) {
    for (const { text, at } of problems) {
      const place = at ? { file: at.file, startLine: at.line, startColumn: at.column } : {};
      ports.error(show(text), { title, ...place });
    }
    log.tell({ type: 'note', text: `${meaning(outcome.result)} Next: ${next}` });
    return;
  }
  const begin = error === outcome.error ? meaning(outcome.result) : 'On the way back, too:';
  const lines = [`${begin} ${what}`, ...liveLines(outcome), `Next: ${next}`, ...commands];
  ports.error(show(lines.join('\n')), { title });
}

function liveLines({ apps }: Outcome): string[] {
  const [first] = apps;
  if (!first) return [];
  const at = seenAt(first);
  return [`Live${at ? `, seen at ${at}` : ''}:`, ...whoServes(apps, ROUTES_IN_ANNOTATION)];
}

/** It only informs: when it cannot be written, the result stays what it is. */
async function writeSummary(markdown: string, log: Log, { summary }: ReportPorts): Promise<void> {
  try {
    await summary(markdown);
  } catch (error) {
    log.tell({ type: 'warning', text: `The job summary could not be written: ${(error as Error).message}` });
  }
}
