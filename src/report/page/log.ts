/** The log, with what other programs said. */
import type { RunRecord } from '../record.js';
import type { StoryLine } from '../story.js';
import { button, el, search, section, tick } from './dom.js';

/** Lines that are made at once: a page of a hundred thousand takes seconds to lay out. */
const FIRST = 2_000;

const KINDS = {
  step: 'steps',
  note: 'notes',
  warning: 'warnings',
  foreign: 'other programs',
} as const;

export function log({ log: lines, leftOut }: RunRecord): HTMLElement | undefined {
  if (lines.length === 0) return undefined;
  const hidden = new Set<StoryLine['type']>();
  let [text, most] = ['', FIRST];
  const list = el('ol', { class: 'log' });
  const told = el('p', { role: 'status' });
  const more = el('p', {});
  const draw = () => {
    const found = lines.filter(
      (line) =>
        !hidden.has(line.type) &&
        (text === '' || `${line.source ?? ''} ${line.text}`.toLowerCase().includes(text)),
    );
    told.textContent = `${found.length} of ${lines.length} entries`;
    list.replaceChildren(...found.slice(0, most).map(entry));
    more.replaceChildren(
      ...(found.length > most
        ? [
            button(`Show all ${found.length} entries`, () => {
              most = Number.POSITIVE_INFINITY;
              draw();
            }),
          ]
        : []),
    );
  };
  draw();
  const kinds = Object.entries(KINDS) as [StoryLine['type'], string][];
  return section(
    'log',
    'Log',
    el(
      'div',
      { class: 'controls' },
      search('Entries with', (wanted) => {
        text = wanted;
        draw();
      }),
      el(
        'fieldset',
        {},
        el('legend', {}, 'Show'),
        ...kinds.map(([kind, name]) =>
          tick(name, true, (shown) => {
            if (shown) hidden.delete(kind);
            else hidden.add(kind);
            draw();
          }),
        ),
      ),
    ),
    told,
    el('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Log' }, list),
    more,
    leftOut.log > 0 &&
      el('p', {}, `${leftOut.log} entries in the middle were not kept: there were too many.`),
  );
}

function entry({ atMs, type, source, text }: StoryLine): HTMLElement {
  const name = { step: 'step', note: '', warning: 'warning', foreign: source ?? 'other' }[type];
  return el(
    'li',
    { class: type },
    el('span', { class: 'when' }, clock(atMs)),
    el('span', { class: 'who' }, name),
    el('span', { class: 'what' }, text),
  );
}

/** `02:03.4`, as the log of the job has it. */
function clock(ms: number): string {
  const tenths = Math.floor(ms / 100);
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, '0');
  return `${String(Math.floor(tenths / 600)).padStart(2, '0')}:${rest}`;
}
