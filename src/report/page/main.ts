/** The page of one run: made of the record that is in it, by this script alone. */
import type { RunRecord } from '../record.js';
import { el } from './dom.js';
import { instances } from './instances.js';
import { log } from './log.js';
import { timeline } from './timeline.js';
import { head, live, plan, why } from './told.js';
import { watched } from './watched.js';

const record: RunRecord = JSON.parse(document.getElementById('record')?.textContent ?? '');
const parts = [why, live, plan, watched, instances, timeline, log].flatMap((part) => part(record) ?? []);
const links = parts.map((part) =>
  el('li', {}, el('a', { href: `#${part.id}` }, part.querySelector('h2')?.textContent ?? '')),
);
document.body.replaceChildren(
  head(record),
  el('nav', { 'aria-label': 'Parts of this page' }, el('ul', {}, ...links)),
  el('main', {}, ...parts),
);

// On paper nobody opens anything; lists of thousands stay closed.
addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('details')) details.open = true;
});
