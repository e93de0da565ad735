/** What the version of a run changes, and the commits that come with it or leave, for the summary. Pure. */
import type { AppOutcome, CommitChange, Outcome } from '../commands/outcome.js';
import type { CommitShown, CommitsBetween } from '../github/commits.js';
import type { Pages } from '../github/pages.js';
import { list, type Markdown, section, table } from './markdown.js';

const MOST = { names: 50, commits: 20, lists: 10 };

/** '' where nothing is known to differ. */
export function changesPart({ app, changes }: AppOutcome, md: Markdown): string {
  if (!changes) return '';
  const { sameBits, settings, variables, routes } = changes;
  const rows = [
    ...(sameBits === undefined ? [] : [['bits', '', sameBits ? 'the same' : 'other ones']]),
    ...settings.map(({ what, before, after }) => [md.prose(what), md.code(before), md.code(after)]),
    ...named('variables', 'added', variables.added, md),
    ...named('variables', 'other values', variables.changed, md),
    ...named('variables', 'removed', variables.removed, md),
    ...named('routes', 'added', routes.added, md),
    ...named('routes', 'removed', routes.removed, md),
  ];
  return rows.length === 0
    ? ''
    : section(`What changed of ${md.code(app)}`, table(['what', 'before', 'after'], rows));
}

function named(what: string, how: string, names: readonly string[], md: Markdown): string[][] {
  if (names.length === 0) return [];
  const left = names.length - MOST.names;
  const shown = names.slice(0, MOST.names).map((name) => md.code(name));
  const text = [...shown, ...(left > 0 ? [`and ${left} more`] : [])].join(', ');
  return [[`${what} ${how}`, ...(how === 'removed' ? [text, ''] : ['', text])]];
}

/** Of the apps of one deploy they are mostly the same. */
export function commitParts({ apps, result }: Outcome, md: Markdown, pages: Pages | undefined): string[] {
  const all = new Map(
    apps.flatMap(({ commits }) =>
      commits ? [[`${commits.before} ${commits.after}`, commits] as const] : [],
    ),
  );
  return [...all.values()].slice(0, MOST.lists).flatMap((change) => {
    const { before, after, come, leave } = change;
    const willBe = result === 'planned' || result === 'held';
    return [
      ofCommits(
        willBe ? 'Commits that would go live' : 'Commits that went live',
        come,
        [before, after],
        md,
        pages,
      ),
      ofCommits(willBe ? 'Commits that would leave' : 'Commits that left', leave, [after, before], md, pages),
    ];
  });
}

function ofCommits(
  title: string,
  { commits, total }: CommitsBetween,
  ends: readonly [CommitChange['before'], CommitChange['after']],
  md: Markdown,
  pages: Pages | undefined,
): string {
  if (total === 0) return '';
  const to = (text: string, path: string) =>
    pages ? md.link(text, `${pages.repository}${path}`) : md.code(text);
  const line = ({ sha, title: text, pull }: CommitShown) =>
    [
      to(sha.slice(0, 7), `/commit/${sha}`),
      md.prose(text, 120),
      ...(pull === undefined ? [] : [`(${to(`pull request ${pull}`, `/pull/${pull}`)})`]),
    ].join(' ');
  const [base, head] = ends.map((sha) => sha.slice(0, 12));
  const all = pages ? `\n\n${to('All that differs', `/compare/${base}...${head}`)}` : '';
  const shown = commits.slice(0, MOST.commits).map(line);
  const left = total - shown.length;
  return section(
    `${title} (${total})`,
    list([...shown, ...(left > 0 ? [`and ${left} older ones`] : [])], MOST.commits + 1) + all,
  );
}
