/** The job summary as Markdown: what is live, did anybody notice, what took how long, what to do next. Pure. */
import type { AppOutcome, Outcome } from '../commands/outcome.js';
import type { WatchFigures } from '../probe/watch.js';
import { explain, meaning, whoServes } from './explain.js';
import { seconds, type TimelineEntry } from './log.js';
import { code, codeBlock, prose } from './untrusted.js';

/** The runner refuses a summary above 1 MiB; other steps of the job write into the same page. */
const LIMIT_BYTES = 900 * 1024;

const MARKS: Record<Outcome['result'], string> = {
  deployed: '✅',
  planned: '📝',
  ready: '✅',
  shown: 'ℹ️',
  reverted: '↩️',
  refused: '⛔',
  failed: '❌',
};

export function summaryOf(outcome: Outcome, timeline: readonly TimelineEntry[], durationMs: number): string {
  const names = outcome.apps.map(({ app }) => code(app)).join(', ');
  const parts = [
    `## ${MARKS[outcome.result]} ${outcome.result}${names ? `: ${names}` : ''}`,
    `${meaning(outcome.result)} It took ${seconds(durationMs)}.`,
    ...failureParts(outcome),
    ...outcome.apps.map(liveTable),
    ...(outcome.watch ? [watchTable(outcome.watch)] : []),
    ...outcome.apps.flatMap(proofLines),
    ...outcome.apps.flatMap(({ app, found }) => notesOf(app, found?.notes ?? [])),
    ...(outcome.plan ? [planTable(outcome.plan)] : []),
    ...(timeline.length > 0 ? [timelineTable(timeline)] : []),
    nextStep(outcome),
  ];
  return fitted(parts.filter((part) => part !== ''));
}

function failureParts({ error, second }: Outcome): string[] {
  return [error, second].flatMap((one, at) => {
    if (one === undefined) return [];
    const { code: name, what, evidence } = explain(one);
    const title = at === 0 ? 'Why' : 'And on the way back';
    const text = what.split('\n').map((line) => prose(line));
    return [
      `### ${title} (${code(name)})\n\n${text.length > 1 ? text.map((line) => `- ${line}`).join('\n') : text[0]}`,
      evidence.length > 0 ? codeBlock(evidence) : '',
    ];
  });
}

function liveTable(outcome: AppOutcome): string {
  const { app, live, url, version, previousVersion, candidate } = outcome;
  const rows = [
    ['live now', live.app ? `${code(live.app)}, version ${code(live.version ?? 'adopted')}` : 'nothing'],
    ['instances', `${live.instances.running} of ${live.instances.wanted} running`],
    ['address', url ? code(url) : ''],
    ['new version', version && version !== live.version ? code(version) : ''],
    ['before', previousVersion ? code(previousVersion) : ''],
    ['under way', candidate ? `${code(candidate.version)}, ${candidate.phase}` : ''],
    ['kept previous', outcome.previous.map((name) => code(name)).join(', ')],
    ['kept failed', outcome.failed.map((name) => code(name)).join(', ')],
    ...whoServes({ apps: [outcome] }).map((line) => ['route', code(line)]),
  ].filter(([, value]) => value !== '');
  return `### ${code(app)}\n\n${table(['', ''], rows)}`;
}

function watchTable(watch: WatchFigures): string {
  const versions = Object.entries(watch.byVersion).map(([version, count]) => `${code(version)}: ${count}`);
  const rows = [
    ['requests', String(watch.requests)],
    ['failed', String(watch.failures)],
    ['longest gap', `${Math.round(watch.longestGapMs)} ms`],
    ['answers by version', versions.join(', ')],
    [
      'inconclusive (the platform did not answer either)',
      watch.inconclusive > 0 ? String(watch.inconclusive) : '',
    ],
    [
      'failed before the deploy',
      watch.failedBefore > 0
        ? `${watch.failedBefore}: ${watch.failingBefore.map((url) => code(url)).join(', ')}`
        : '',
    ],
  ].filter(([, value]) => value !== '');
  return `### Did anybody notice?\n\n${table(['watch on the production routes', ''], rows)}`;
}

function proofLines({ app, found }: AppOutcome): string[] {
  if (!found) return [];
  const smoke = (found.smoke?.passed ?? []).map(
    ({ label, shows, because }) =>
      `- smoke check ${code(label)} passed (${SHOWN[shows]}${because ? `: ${prose(because)}` : ''})`,
  );
  const proofs = found.proofs.map(
    ({ routeUrl, proof, because }) =>
      `- ${code(routeUrl)}: ${SHOWN[proof]}${because ? ` (${prose(because)})` : ''}`,
  );
  const lines = [...smoke, ...proofs];
  return lines.length > 0 ? [`### Proof of ${code(app)}\n\n${lines.join('\n')}`] : [];
}

const SHOWN = {
  'every-instance': 'every instance answered',
  answered: 'answered without a fault, which version did could not be told',
  candidate: 'the candidate answered',
  none: 'could not be proven from here',
  nothing: 'it is not shown that the candidate answered',
} as const;

function notesOf(app: string, notes: readonly string[]): string[] {
  return notes.length > 0
    ? [`### Notes on ${code(app)}\n\n${notes.map((note) => `- ${prose(note)}`).join('\n')}`]
    : [];
}

function planTable(plan: NonNullable<Outcome['plan']>): string {
  const rows = plan.map(({ app, title, calls }) => [
    code(app),
    code(title),
    calls.map((call) => code(call)).join('<br>'),
  ]);
  return `### Plan\n\n${table(['app', 'step', 'calls'], rows)}`;
}

function timelineTable(timeline: readonly TimelineEntry[]): string {
  const rows = timeline.map(({ title, startMs, durationMs, ok }) => [
    seconds(startMs),
    code(title),
    `${seconds(durationMs)}${ok ? '' : ' ✗'}`,
  ]);
  return `### Timeline\n\n${table(['from', 'step', 'took'], rows)}`;
}

function nextStep(outcome: Outcome): string {
  if (outcome.error === undefined) return '';
  return `### What to do next\n\n${prose(explain(outcome.second ?? outcome.error).next)}`;
}

function table(head: readonly string[], rows: readonly (readonly (string | undefined)[])[]): string {
  const line = (cells: readonly (string | undefined)[]) =>
    `| ${cells.map((cell) => cell ?? '').join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Parts from the top, as long as they fit; a summary is cut between parts, never inside one. */
function fitted(parts: readonly string[]): string {
  const kept: string[] = [];
  let left = LIMIT_BYTES;
  for (const part of parts) {
    left -= Buffer.byteLength(part) + 2;
    if (left < 0) return `${kept.join('\n\n')}\n\n(The rest did not fit into the summary; see the log.)\n`;
    kept.push(part);
  }
  return `${kept.join('\n\n')}\n`;
}
