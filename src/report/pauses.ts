/** What a canary's pauses showed, for the summary. */
import type { AppOutcome } from '../commands/outcome.js';
import type { Figures } from '../probe/canary-verdict.js';
import { shareOf } from '../steps/canary.js';
import { type Markdown, table } from './markdown.js';

/** @returns '' where nothing was paused */
export function pausesTable({ app, found }: AppOutcome, md: Markdown): string {
  const rows = (found?.pauses ?? []).map(({ pause, pauses, canary, live, verdict }) => [
    `${pause} of ${pauses}`,
    `${canary} of ${canary + live}`,
    shareOf(canary, live),
    figuresText(verdict.canary),
    figuresText(verdict.live),
    verdict.bad === undefined ? 'as good as live' : md.prose(verdict.bad),
  ]);
  if (rows.length === 0) return '';
  const head = ['pause', 'new instances', 'their share of the requests', 'canary', 'live', 'verdict'];
  return `### Canary of ${md.code(app)}\n\n${table(head, rows)}`;
}

function figuresText({ probes, errors, medianMs }: Figures): string {
  if (probes === 0) return 'none left';
  const median = medianMs === undefined ? '' : `, median ${Math.round(medianMs)} ms`;
  return `${errors} of ${probes} probes failed${median}`;
}
