/** What a sweep kept and removed, for the summary. Pure. */
import type { Outcome } from '../commands/outcome.js';
import { type Markdown, table } from './markdown.js';

const FATES = { remove: '**goes**', stop: '**stops**', keep: 'kept' };
const ORDER = Object.keys(FATES);

/** Those that go come first: they are what a reader looks for. '' when nothing was swept. */
export function sweptTable({ swept }: Outcome, md: Markdown, most: number): string {
  if (!swept) return '';
  if (swept.length === 0) return '### Previews\n\nThere are none of this repository in this space.';
  const ordered = [...swept].sort((one, other) => ORDER.indexOf(one.what) - ORDER.indexOf(other.what));
  const rows = ordered
    .slice(0, most)
    .map(({ preview, what, why }) => [md.code(preview.name), FATES[what], md.prose(why)]);
  const more = swept.length - rows.length;
  return [
    '### Previews\n',
    table(['preview', '', 'why'], rows),
    ...(more > 0 ? [`\n… and ${more} more`] : []),
  ].join('\n');
}
