/** The job summary as Markdown: what is live, why, what to do next, did anybody notice, what changed, what took how long. Pure. */
import type { AppOutcome, Outcome } from '../commands/outcome.js';
import type { Pages } from '../github/pages.js';
import { isWaiting } from '../model/words.js';
import { changesPart, commitParts } from './changed.js';
import { explain, meaning } from './explain.js';
import { duration } from './log.js';
import { list, type Markdown, markdown, section, table } from './markdown.js';
import { nextInputs, nextOf } from './next.js';
import { pausesTable } from './pauses.js';
import type { Redact } from './redact.js';
import { seenAt, servingOf } from './serving.js';
import { outlookParts, overview } from './status.js';
import { timelinePart, wayBackPart } from './steps.js';
import type { Story } from './story.js';
import { sweptTable } from './swept.js';
import { noticed, watchPart } from './watched.js';

/** The runner refuses a summary above 1 MiB; other steps of the job write into the same page. */
export const LIMIT_BYTES = 900 * 1024;
/** What a reader takes in at a glance; the log, the outputs and the platform have the rest. */
const MOST = {
  problems: 50,
  evidence: 60,
  routes: 30,
  notes: 50,
  checks: 100,
  steps: 200,
  entries: 100,
  command: 2_000,
};

const MARKS: Record<Outcome['result'], string> = {
  deployed: '✅',
  held: '⏸️',
  promoted: '✅',
  aborted: '🗑️',
  unchanged: '✅',
  'rolled-back': '⏪',
  restarted: '🔁',
  previewed: '👀',
  deleted: '🗑️',
  swept: '🧹',
  skipped: '⏭️',
  planned: '📝',
  ready: '✅',
  shown: 'ℹ️',
  reverted: '↩️',
  refused: '⛔',
  failed: '❌',
};

export interface SummaryOptions {
  /** Bytes. */
  limit?: number;
  /** What can be linked to. */
  pages?: Pages | undefined;
}

/** Parts in the order of their weight: where not all of them fit, the last ones are missing. */
export function summaryOf(
  outcome: Outcome,
  story: Pick<Story, 'steps' | 'startedAtMs' | 'probes'>,
  durationMs: number,
  redact: Redact,
  { limit = LIMIT_BYTES, pages }: SummaryOptions = {},
): string {
  const md = markdown(redact);
  const names = outcome.apps.map(({ app }) => md.code(app));
  const isFailure = outcome.error !== undefined;
  const next = section('What to do next', nextText(outcome, md, pages));
  const noticedText = outcome.watch && story.steps.length > 0 ? ` ${noticed(outcome.watch)}` : '';
  const parts = [
    `## ${MARKS[outcome.result]} ${outcome.result}${names.length > 0 ? `: ${names.slice(0, MOST.routes).join(', ')}` : ''}`,
    `${meaning(outcome.result)} It took ${duration(durationMs)}.${noticedText}`,
    ...failureParts(outcome, md),
    ...(isFailure ? [next, wayBackPart(story, md)] : []),
    sweptTable(outcome, md, MOST.entries),
    overview(outcome.apps, md),
    ...outcome.apps.flatMap((app) => [liveTable(app, md, pages), ...outlookParts(app, md)]),
    ...(isFailure ? [] : [next]),
    watchPart(outcome.watch, story, md),
    ...outcome.apps.map((app) => changesPart(app, md)),
    ...commitParts(outcome, md, pages),
    ...outcome.apps.map((app) => proofLines(app, md)),
    ...outcome.apps.map((app) => pausesTable(app, md)),
    ...outcome.apps.map(({ app, found }) => section(`Notes on ${md.code(app)}`, notesOf(found?.notes, md))),
    ...planParts(outcome, md, limit / 2),
    timelinePart(story, md),
  ];
  return fitted(
    parts.filter((part) => part !== ''),
    limit,
  );
}

function nextText(outcome: Outcome, md: Markdown, pages: Pages | undefined): string {
  const failed = outcome.second ?? outcome.error;
  const { commands } = failed === undefined ? { commands: [] } : explain(failed);
  const inputs = nextInputs(outcome).map((lines) => md.codeBlock(lines, MOST.command));
  const { workflow } = pages ?? {};
  return [
    md.prose(nextOf(outcome)),
    ...(commands.length > 0 ? [md.codeBlock(commands, MOST.command)] : []),
    inputs.slice(0, MOST.routes).join('\n\nor\n\n'),
    inputs.length > 0 && workflow
      ? `A workflow that can be started by hand takes them on its page: ${md.link(workflow.file, workflow.url)}.`
      : '',
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function failureParts({ error, second }: Outcome, md: Markdown): string[] {
  if (error === undefined) return [];
  return [
    ...whyParts('Why', error, md),
    ...(second === undefined ? [] : whyParts('And on the way back', second, md)),
  ];
}

function whyParts(title: string, error: unknown, md: Markdown): string[] {
  const { code, what, evidence, problems } = explain(error);
  const lines =
    problems.length > 0
      ? problems.map(({ text, at }) =>
          at ? `${md.code(`${at.file}:${at.line}:${at.column}`)} ${md.prose(text)}` : md.prose(text),
        )
      : what.split('\n').map((line) => md.prose(line));
  const text = lines.length > 1 ? list(lines, MOST.problems) : lines[0];
  return [
    `### ${title} (${md.code(code)})\n\n${text}`,
    evidence.length > 0 ? md.codeBlock(evidence.slice(-MOST.evidence)) : '',
  ];
}

function liveTable(outcome: AppOutcome, md: Markdown, pages: Pages | undefined): string {
  const { app, live, url, trialUrl, version, previousVersion, candidate, rolled } = outcome;
  const names = (list: readonly string[]) => list.map((name) => md.code(name)).join(', ');
  const { shown, others } = servingOf(outcome, MOST.routes);
  const rows: [string, string][] = [
    [
      'its version',
      live.app ? (live.version ? md.code(live.version) : 'none: not deployed this way yet') : '',
    ],
    ['its commit', live.commit ? commitText(live.commit, md, pages) : ''],
    ['its instances', live.app ? `${live.instances.running} of ${live.instances.wanted} running` : ''],
    ['seen at', seenAt(outcome) ?? ''],
    ['address', url ? md.link(url, url) : ''],
    ['trial address', trialUrl && isWaiting(candidate?.phase) ? md.link(trialUrl, trialUrl) : ''],
    ['version of this run, not live', version && version !== live.version ? md.code(version) : ''],
    ['live before', previousVersion && previousVersion !== live.version ? md.code(previousVersion) : ''],
    ['deployment', rolled?.deploymentGuid ? md.code(rolled.deploymentGuid) : ''],
    ['droplet before', rolled?.previousDropletGuid ? md.code(rolled.previousDropletGuid) : ''],
    ...(outcome.outlook
      ? []
      : ([
          ['under way', candidate ? `${md.code(candidate.version)}, ${candidate.phase}` : ''],
          ['kept for a way back', names(outcome.previous)],
          ['kept for diagnosis', names(outcome.failed)],
        ] as [string, string][])),
  ];
  const facts = table(
    ['live now', live.app ? md.code(live.app) : 'nothing'],
    rows.filter(([, value]) => value !== ''),
  );
  const routes = shown.map(({ url: route, by }) => [md.code(route), md.code(by)]);
  if (others !== '') routes.push([md.prose(others), '']);
  const served = routes.length > 0 ? `\n\n${table(['route', 'served by'], routes)}` : '';
  return `### ${md.code(app)}\n\n${facts}${served}`;
}

function commitText(commit: string, md: Markdown, pages: Pages | undefined): string {
  return pages ? md.link(commit.slice(0, 12), `${pages.repository}/commit/${commit}`) : md.code(commit);
}

function proofLines({ app, found }: AppOutcome, md: Markdown): string {
  const smoke = (found?.smoke?.passed ?? []).map(
    ({ label, shows, because }) =>
      `smoke check ${md.code(label)} passed (${SHOWN[shows]}${because ? `: ${md.prose(because)}` : ''})`,
  );
  const proofs = (found?.proofs ?? []).map(
    ({ routeUrl, proof, because }) =>
      `${md.code(routeUrl)}: ${SHOWN[proof]}${because ? ` (${md.prose(because)})` : ''}`,
  );
  const lines = [...smoke, ...proofs];
  return section(`Proof of ${md.code(app)}`, lines.length > 0 ? list(lines, MOST.checks) : '');
}

const SHOWN = {
  'every-instance': 'every instance answered',
  answered: 'answered without a fault, which version did could not be told',
  candidate: 'the candidate answered',
  none: 'could not be proven from here',
  nothing: 'it is not shown that the candidate answered',
} as const;

function notesOf(notes: readonly string[] = [], md: Markdown): string {
  return notes.length > 0
    ? list(
        notes.map((note) => md.prose(note)),
        MOST.notes,
      )
    : '';
}

/** The first steps, as many as there is room for: a plan that is missing as a whole tells nobody anything. */
function planParts({ plan }: Outcome, md: Markdown, mostBytes: number): string[] {
  if (!plan) return [];
  const steps = plan.slice(0, MOST.steps).map(({ app, title, calls }, at) => {
    const number = `${at + 1}. `;
    // A list in a list stands exactly under the text of its item.
    const indent = ' '.repeat(number.length);
    const under = calls.slice(0, MOST.routes).map((call) => `${indent}- ${md.code(call)}`);
    return [`${number}${md.code(app)}: ${md.prose(title)}`, ...under].join('\n');
  });
  let size = 0;
  const over = steps.findIndex((step) => {
    size += Buffer.byteLength(`${step}\n`);
    return size > mostBytes;
  });
  const shown = over === -1 ? steps : steps.slice(0, over);
  const left = plan.length - shown.length;
  return [
    section(
      'Plan',
      [
        ...shown,
        ...(left > 0 ? [`\n${left} more steps are in the log and in the output \`plan\`.`] : []),
      ].join('\n'),
    ),
  ];
}

const LEFT_OUT = '(Not everything fitted into this summary: see the log.)';

/** Every part that still fits into so many bytes, in order; a summary is cut between parts, never inside one. */
export function fitted(parts: readonly string[], limit = LIMIT_BYTES): string {
  const whole = `${parts.join('\n\n')}\n`;
  if (Buffer.byteLength(whole) <= limit) return whole;
  const kept: string[] = [];
  let left = limit - Buffer.byteLength(`${LEFT_OUT}\n`);
  for (const part of parts) {
    const size = Buffer.byteLength(`${part}\n\n`);
    if (size > left) continue;
    left -= size;
    kept.push(part);
  }
  return `${[...kept, LEFT_OUT].join('\n\n')}\n`;
}
