/** What `status` shows beside live: under way, held, kept, left over, and what the next deploy would do about it. Pure. */
import type { AppOutcome } from '../commands/outcome.js';
import type { Earlier, Kept, LeftApp, Outlook, UnderWay } from '../strategies/outlook.js';
import { duration } from './log.js';
import { type Markdown, table } from './markdown.js';
import { whoServes } from './serving.js';

/** Apps of one space in the overview, and of one kind in a list. */
const MOST_APPS = 200;
const MOST_KEPT = 20;

const HEAD = ['app', 'live', 'instances', 'under way', 'next deploy'];

/** Lines for the log: a table of all apps where there are several, and each one with what stands beside it. */
export function statusLines(apps: readonly AppOutcome[], mostRoutes: number): string[] {
  if (apps.length === 0) return [NONE];
  const lines = (one: AppOutcome) => [
    ...whoServes([one], mostRoutes),
    ...factsOf(one).map(([title, text]) => `${title}: ${text}`),
    ...(one.outlook?.nextDeploy.commands ?? []).map((command) => `  ${command}`),
  ];
  if (apps.length === 1) return apps.flatMap(lines);
  return [
    ...aligned([HEAD, ...apps.map(rowOf)]),
    ...apps.flatMap((one) => [`${one.app}:`, ...lines(one).map((line) => `  ${line}`)]),
  ];
}

const NONE = 'No app of this space was deployed this way.';

/** One table of all apps, '' where that would say nothing. */
export function overview(apps: readonly AppOutcome[], md: Markdown): string {
  const shown = apps.filter(({ outlook }) => outlook !== undefined);
  if (shown.length < 2) return '';
  const left = shown.length - MOST_APPS;
  const rows = shown.slice(0, MOST_APPS).map((one) => rowOf(one).map((cell) => md.code(cell)));
  return table(HEAD, left > 0 ? [...rows, [`and ${left} more`, '', '', '', '']] : rows);
}

/** What is told of one app below its own table. */
export function outlookParts(outcome: AppOutcome, md: Markdown): string[] {
  const facts = factsOf(outcome);
  if (facts.length === 0) return [];
  const commands = outcome.outlook?.nextDeploy.commands ?? [];
  return [
    facts.map(([title, text]) => `- ${title}: ${md.prose(text)}`).join('\n'),
    ...(commands.length > 0 ? [md.codeBlock(commands, 2_000)] : []),
  ];
}

function rowOf({ app, live, outlook }: AppOutcome): string[] {
  const change = outlook?.underWay ?? outlook?.held;
  return [
    app,
    live.app ? (live.version ?? `${live.app}, not deployed this way yet`) : 'nothing',
    live.app ? `${live.instances.running} of ${live.instances.wanted}` : '',
    change ? `${change.version ?? 'an unknown version'} (${change.phase})` : '',
    outlook ? shortly(outlook) : '',
  ];
}

function shortly({ nextDeploy: { settles, adopts } }: Outlook): string {
  const first = {
    nothing: adopts ? 'adopts it' : 'goes on at once',
    forward: 'finishes it first',
    back: 'takes it back first',
    wait: 'waits for it',
    refuse: 'is refused',
  };
  return first[settles];
}

/** Title and text, each a line. */
function factsOf({ outlook, seenAtMs = 0 }: AppOutcome): [string, string][] {
  if (!outlook) return [];
  const { underWay, held, previous, earlier, failed, leftovers, nextDeploy } = outlook;
  return [
    ...(underWay ? [['under way', changeText(underWay, seenAtMs)] as [string, string]] : []),
    ...(held ? [['held', changeText(held, seenAtMs)] as [string, string]] : []),
    ...some('can be rolled back to', [...earlier.map(earlierText), ...previous.map(keptText)]),
    ...some('failed', failed.map(keptText)),
    ...some('left over', leftovers.map(leftText)),
    ['next deploy', nextDeploy.told.length > 0 ? nextDeploy.told.join(' ') : 'It has nothing to settle.'],
  ];
}

function some(title: string, texts: readonly string[]): [string, string][] {
  const left = texts.length - MOST_KEPT;
  const shown = texts.slice(0, MOST_KEPT).join('; ');
  return texts.length > 0 ? [[title, left > 0 ? `${shown}; and ${left} more` : shown]] : [];
}

const LIVES: Record<NonNullable<UnderWay['life']>, string> = {
  alive: 'its run was alive a moment ago',
  dead: 'its run is dead',
  unknown: 'whether its run lives cannot be told yet',
};

function changeText(change: UnderWay, nowMs: number): string {
  const { what, version, commit, phase, owner, actor, run, sinceMs, lastSignMs, life } = change;
  const to = version ? ` ${what === 'deploy' ? 'of' : 'to'} ${version}` : '';
  const by = [actor, run, `owner ${owner}`].filter((part) => part !== undefined).join(', ');
  const since = new Date(sinceMs).toISOString().slice(0, 19);
  const sign = `last sign of life ${duration(nowMs - lastSignMs)} ago`;
  return [
    `${what}${to}${commit ? `, commit ${commit}` : ''}, ${phase}, by ${by}, since ${since}Z`,
    ...(life ? [`${LIVES[life]} (${sign})`] : []),
  ].join('; ');
}

function keptText({ version, commit, app, withdrawn }: Kept): string {
  return `${version}${commit ? `, commit ${commit}` : ''} (${app})${withdrawn ? ', taken from live by a rollback' : ''}`;
}

function earlierText({ version, commit, droplet, revision, withdrawn }: Earlier): string {
  const where = `droplet ${droplet} of live${revision === undefined ? '' : `, revision v${revision}`}`;
  return `${version}${commit ? `, commit ${commit}` : ''} (${where})${withdrawn ? ', taken from live by a rollback' : ''}`;
}

function leftText({ app, state, running, routes, ours }: LeftApp): string {
  const how = state === 'STOPPED' ? 'stopped' : `started, ${running} running`;
  const where = routes.length > 0 ? `on ${routes.join(', ')}` : 'on no route';
  return `${app}, ${ours ? 'ours by its labels' : 'not ours'}, ${how}, ${where}`;
}

/** Columns as wide as their widest cell. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = HEAD.map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
