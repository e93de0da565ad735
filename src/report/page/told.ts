/** What a reader asks first: how it ended, why, what is live, what to do. */
import { duration } from '../duration.js';
import type { Explained } from '../explain.js';
import type { RecordedApp, RunRecord } from '../record.js';
import { type Child, code, el, facts, section, table } from './dom.js';

const BAD = ['reverted', 'refused', 'failed'];

export function head(record: RunRecord): HTMLElement {
  const { result, apps, meaning, durationMs, startedAtMs, target, run, command, strategy, cfVersion } =
    record;
  const names = apps.map(({ app }) => app).join(', ');
  const began = new Date(startedAtMs).toISOString().replace('T', ' ').slice(0, 19);
  document.title = names ? `${result}: ${names}` : result;
  return el(
    'header',
    {},
    el(
      'h1',
      {},
      el('span', { class: `badge ${BAD.includes(result) ? 'bad' : 'good'}` }, result),
      names ? ` ${names}` : undefined,
    ),
    el('p', { class: 'lead' }, `${meaning} It took ${duration(durationMs)}.`),
    facts([
      ['command', command],
      ['strategy', strategy],
      ['began', `${began} UTC`],
      ['target', `${target.org}/${target.space} at ${target.api}`],
      ['run', link(run.runUrl, run.runId)],
      ['commit', run.commit && code(run.commit)],
      ['by', run.actor],
      ['cf CLI', cfVersion],
    ]),
  );
}

/** Only an address of the web may be pressed. */
function link(url: string | undefined, text: string | undefined): Child {
  if (!url || !/^https?:\/\//.test(url)) return text;
  return el('a', { href: url, rel: 'noreferrer' }, text ?? url);
}

export function why({ error, second, next }: RunRecord): HTMLElement | undefined {
  if (!error) return undefined;
  return section(
    'why',
    'Why',
    ...explained(error),
    ...(second ? [el('h3', {}, 'And on the way back'), ...explained(second)] : []),
    el('h3', {}, 'What to do next'),
    el('p', {}, next),
    (second ?? error).commands.length > 0 && pre('Commands', (second ?? error).commands),
  );
}

function explained({ code: name, what, evidence, problems }: Explained): HTMLElement[] {
  const places = problems.map(({ text, at }) =>
    el('li', {}, at ? code(`${at.file}:${at.line}:${at.column}`) : undefined, at ? ' ' : undefined, text),
  );
  return [
    el('p', { class: 'bad' }, code(name), ' '),
    problems.length > 0 ? el('ul', {}, ...places) : el('p', { class: 'lines' }, what),
    ...(evidence.length > 0 ? [pre('What it said', evidence)] : []),
  ];
}

function pre(label: string, lines: readonly string[]): HTMLElement {
  return el('pre', { tabindex: 0, role: 'group', 'aria-label': label }, lines.join('\n'));
}

export function live(record: RunRecord): HTMLElement | undefined {
  const { apps, error, next } = record;
  if (apps.length === 0 && next === '') return undefined;
  return section(
    'live',
    apps.length > 0 ? 'What is live now' : 'What to do next',
    ...apps.flatMap((app) => ofApp(app, apps.length > 1)),
    !error && next !== '' && el('p', { class: 'lines' }, apps.length > 0 ? `Next: ${next}` : next),
  );
}

function ofApp(app: RecordedApp, named: boolean): HTMLElement[] {
  const { live: now, previous, failed } = app;
  const routes = now.routes.map(({ url, by }) => [
    code(url),
    by.length === 0 ? el('strong', { class: 'bad' }, 'nobody') : by.join(' and '),
  ]);
  return [
    ...(named ? [el('h3', {}, app.app)] : []),
    facts([
      ['live', now.app ? code(now.app) : 'nothing'],
      ['its version', now.version && code(now.version)],
      ['its commit', now.commit && code(now.commit)],
      ['its instances', now.app && `${now.instances.running} of ${now.instances.wanted} running`],
      ['address', link(app.url, app.url)],
      ['trial address', link(app.trialUrl, app.trialUrl)],
      ['version of this run', app.version !== now.version && app.version && code(app.version)],
      ['live before', app.previousVersion && code(app.previousVersion)],
      ['deployment', app.deploymentGuid && code(app.deploymentGuid)],
      ['kept for a way back', previous.join(', ')],
      ['kept for diagnosis', failed.join(', ')],
    ]),
    ...(routes.length > 0 ? [table(`Routes of ${app.app}`, ['route', 'served by'], routes)] : []),
  ];
}

export function plan({ plan: steps }: RunRecord): HTMLElement | undefined {
  if (!steps) return undefined;
  const entries = steps.map(({ app, title, calls }) =>
    el('li', {}, `${app}: ${title}`, el('ul', {}, ...calls.map((call) => el('li', {}, code(call))))),
  );
  return section(
    'plan',
    'Plan',
    entries.length > 0 ? el('ol', { class: 'plan' }, ...entries) : el('p', {}, 'Nothing would be done.'),
  );
}
