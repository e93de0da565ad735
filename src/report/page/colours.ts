/** Colours as the style sheet has them now: light, dark, or on paper. */
export interface Colours {
  text: string;
  line: string;
  failed: string;
  mark: string;
  groups: readonly string[];
}

const GROUPS = 6;

export function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: of('text'),
    line: of('line'),
    failed: of('failed'),
    mark: of('mark'),
    groups: Array.from({ length: GROUPS }, (_, at) => of(`group-${at + 1}`)),
  };
}

/** Calls `draw` again whenever the colours are others. */
export function onColours(draw: () => void): void {
  for (const query of ['(prefers-color-scheme: dark)', 'print'])
    matchMedia(query).addEventListener('change', draw);
}
