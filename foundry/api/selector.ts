import { badQuery } from './errors.js';

export interface Requirement {
  key: string;
  test: (value: string | null | undefined) => boolean;
}

const KEY = String.raw`[\w.\-/]+`;
const FORMS: readonly { pattern: RegExp; make: (values: string[]) => Requirement['test'] }[] = [
  { pattern: new RegExp(`^!(${KEY})$`), make: () => (value) => value === undefined },
  { pattern: new RegExp(`^(${KEY})$`), make: () => (value) => value !== undefined },
  {
    pattern: new RegExp(`^(${KEY}) +in *\\((.*)\\)$`),
    make: (wanted) => (value) => value != null && wanted.includes(value),
  },
  {
    pattern: new RegExp(`^(${KEY}) +notin *\\((.*)\\)$`),
    make: (wanted) => (value) => value == null || !wanted.includes(value),
  },
  {
    pattern: new RegExp(`^(${KEY}) *==? *([\\w.\\-]*)$`),
    make: (wanted) => (value) => value === wanted[0],
  },
  {
    pattern: new RegExp(`^(${KEY}) *!= *([\\w.\\-]*)$`),
    make: (wanted) => (value) => value !== wanted[0],
  },
];

/** Parses `a=b,c in (d,e),!f`. Throws `ApiError` for what is no selector. */
export function parseSelector(text: string): Requirement[] {
  // Commas inside brackets separate values, the others separate requirements.
  const parts = text.match(/(?:\([^)]*\)|[^,(])+/g);
  if (!parts) throw badQuery('Missing label_selector value');
  return parts.map((part) => {
    for (const { pattern, make } of FORMS) {
      const match = pattern.exec(part.trim());
      if (match?.[1] === undefined) continue;
      const wanted = (match[2] ?? '').split(',').map((v) => v.trim());
      return { key: match[1], test: make(wanted) };
    }
    throw badQuery('Invalid label_selector value');
  });
}

export function matches(
  requirements: readonly Requirement[],
  labels: Readonly<Record<string, string | null>>,
): boolean {
  return requirements.every((r) => r.test(labels[r.key]));
}
