/** Elements, made of text alone: nothing of a record ever becomes markup. */
export type Child = Node | string | number | undefined | false;

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** @param attributes those that are undefined or false are left out; `true` is one without a value */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  return filled(element, attributes, children);
}

export function svg(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function filled<T extends Element>(element: T, attributes: Attributes, children: readonly Child[]): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) {
    if (child !== undefined && child !== false)
      element.append(typeof child === 'number' ? String(child) : child);
  }
  return element;
}

/** A part of the page with a heading that names it. */
export function section(id: string, title: string, ...children: Child[]): HTMLElement {
  const heading = el('h2', { id: `${id}-title` }, title);
  return el('section', { id, 'aria-labelledby': `${id}-title` }, heading, ...children);
}

/** @param head names of the columns @param caption for whoever hears the page */
export function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly Child[])[],
): HTMLElement {
  const cell = (child: Child, at: number) =>
    at === 0 ? el('th', { scope: 'row' }, child) : el('td', {}, child);
  const body = el(
    'table',
    {},
    el('caption', { class: 'unseen' }, caption),
    el('thead', {}, el('tr', {}, ...head.map((name) => el('th', { scope: 'col' }, name)))),
    el('tbody', {}, ...rows.map((row) => el('tr', {}, ...row.map(cell)))),
  );
  return el('div', { class: 'wide', tabindex: 0, role: 'group', 'aria-label': caption }, body);
}

/** Facts as name and value; what is undefined or empty is left out. */
export function facts(entries: readonly (readonly [string, Child])[]): HTMLElement {
  const shown = entries.filter(([, value]) => value !== undefined && value !== '' && value !== false);
  return el(
    'dl',
    {},
    ...shown.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
  );
}

export function code(text: string): HTMLElement {
  return el('code', {}, text);
}

/** A choice of several, by radio buttons or a box to tick. @param hear is told of each change */
export function select(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  hear: (value: string) => void,
): HTMLElement {
  const box = el('select', {}, ...options.map(([value, text]) => el('option', { value }, text)));
  box.addEventListener('change', () => hear(box.value));
  return el('label', {}, `${label} `, box);
}

export function tick(text: string, checked: boolean, hear: (checked: boolean) => void): HTMLElement {
  const box = el('input', { type: 'checkbox', checked });
  box.addEventListener('change', () => hear(box.checked));
  return el('label', { class: 'tick' }, box, ` ${text}`);
}

export function search(label: string, hear: (text: string) => void): HTMLElement {
  const box = el('input', { type: 'search', spellcheck: 'false', autocomplete: 'off' });
  box.addEventListener('input', () => hear(box.value.trim().toLowerCase()));
  return el('label', {}, `${label} `, box);
}

export function button(text: string, press: () => void, label?: string): HTMLElement {
  const element = el('button', { type: 'button', 'aria-label': label }, text);
  element.addEventListener('click', press);
  return element;
}

/** A folded part whose content is made when it is opened first. */
export function folded(title: Child, content: () => Child): HTMLDetailsElement {
  const details = el('details', {}, el('summary', {}, title));
  details.addEventListener('toggle', () => {
    if (details.open && details.children.length === 1) {
      const made = content();
      if (made) details.append(typeof made === 'number' ? String(made) : made);
    }
  });
  return details;
}
