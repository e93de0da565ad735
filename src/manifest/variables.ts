/**
 * `((name))` in a manifest, as the CLI fills it in (bosh's template): a string that is nothing but one variable takes the
 * variable's own type; inside a longer string only text and whole numbers are allowed; `((a.b))` looks into a map.
 */
const VARIABLE = /\(\((!?[-/.\w\p{L}]+)\)\)/gu;

export type Variables = Readonly<Record<string, unknown>>;

/** @returns what is wrong with the variables in one string of the manifest: undefined ones, and types that do not fit. */
export function variableProblems(text: string, variables: Variables): readonly string[] {
  return names(text).flatMap((name) => {
    const value = lookUp(variables, name);
    if (value === undefined) return [`The variable ((${name})) is given in neither "vars" nor "vars-files".`];
    if (isWhole(text) || isText(value)) return [];
    return [`The variable ((${name})) stands inside a text, and is neither text nor a whole number.`];
  });
}

/** @returns the data with every variable filled in, keys too; an undefined one stays as it is written. */
export function fillIn(data: unknown, variables: Variables): unknown {
  if (typeof data === 'string') return fillInText(data, variables);
  if (Array.isArray(data)) return data.map((item) => fillIn(item, variables));
  if (data !== null && typeof data === 'object') {
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [String(fillIn(key, variables)), fillIn(value, variables)]),
    );
  }
  return data;
}

/** Whether some text in the data names a variable. */
export function namesVariable(data: unknown): boolean {
  if (typeof data === 'string') return names(data).length > 0;
  if (data === null || typeof data !== 'object') return false;
  return Object.entries(data).some(([key, value]) => namesVariable(key) || namesVariable(value));
}

function fillInText(text: string, variables: Variables): unknown {
  let filled = text;
  for (const name of names(text)) {
    const value = lookUp(variables, name);
    if (value === undefined) continue;
    if (isWhole(text)) return value;
    filled = filled
      .replaceAll(`((${name}))`, () => String(value))
      .replaceAll(`((!${name}))`, () => String(value));
  }
  return filled;
}

function names(text: string): readonly string[] {
  return [...new Set([...text.matchAll(VARIABLE)].map((match) => (match[1] ?? '').replace(/^!/, '')))];
}

function isWhole(text: string): boolean {
  return new RegExp(`^${VARIABLE.source}$`, 'u').test(text);
}

function lookUp(variables: Variables, name: string): unknown {
  let value: unknown = variables;
  for (const key of name.split('.')) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, key)) return undefined;
    value = (value as Variables)[key];
  }
  return value;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'bigint' || Number.isInteger(value);
}
