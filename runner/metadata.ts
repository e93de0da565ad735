/** What the runner takes from `action.yml`. */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';

export interface ActionMetadata {
  inputs: Readonly<Record<string, { default?: string; deprecationMessage?: string }>>;
  hasPost: boolean;
}

/** @throws Error when the file is not there, or has a `post-if` that this runner does not evaluate */
export function readMetadata(file: string): ActionMetadata {
  const action = load(readFileSync(file, 'utf8')) as {
    inputs?: Record<string, { default?: unknown; deprecationMessage?: string } | null>;
    runs: { post?: string; 'post-if'?: string };
  };
  const postIf = action.runs['post-if'] ?? 'always()';
  if (postIf !== 'always()') throw new Error(`post-if: ${postIf} is not evaluated here`);
  const inputs: Record<string, { default?: string; deprecationMessage?: string }> = {};
  for (const [name, input] of Object.entries(action.inputs ?? {})) {
    inputs[name] = {
      ...(input?.default !== undefined && { default: String(input.default) }),
      ...(input?.deprecationMessage !== undefined && { deprecationMessage: input.deprecationMessage }),
    };
  }
  return { inputs, hasPost: action.runs.post !== undefined };
}

/**
 * The inputs as the step gets them: names are compared without case, each input of `action.yml` is there, if empty.
 * @param context `github.NAME` of default values' expressions -> value
 * @returns environment and the warnings that the runner shows
 * @throws Error for an expression that this runner does not evaluate
 */
export function inputEnvironment(
  metadata: ActionMetadata,
  given: Readonly<Record<string, string>>,
  context: Readonly<Record<string, string>>,
): { env: Record<string, string>; warnings: string[] } {
  const valid = Object.keys(metadata.inputs);
  const env: Record<string, string> = {};
  for (const name of valid) env[variableOf(name)] = evaluate(metadata.inputs[name]?.default ?? '', context);
  for (const [name, value] of Object.entries(given)) env[variableOf(name)] = value;
  const has = (name: string, names: readonly string[]) =>
    names.some((other) => other.toLowerCase() === name.toLowerCase());
  const unexpected = Object.keys(given).filter((name) => !has(name, valid));
  const warnings = valid
    .filter((name) => metadata.inputs[name]?.deprecationMessage && has(name, Object.keys(given)))
    .map(
      (name) =>
        `Input '${name}' has been deprecated with message: ${metadata.inputs[name]?.deprecationMessage}`,
    );
  if (unexpected.length > 0) {
    warnings.push(
      `Unexpected input(s) '${unexpected.join("', '")}', valid inputs are ['${valid.join("', '")}']`,
    );
  }
  return { env, warnings };
}

/** Blanks become underscores; hyphens stay. */
function variableOf(input: string): string {
  return `INPUT_${input.replaceAll(' ', '_').toUpperCase()}`;
}

function evaluate(text: string, context: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (expression, inner: string) => {
    const value = inner.startsWith('github.') ? context[inner.slice('github.'.length)] : undefined;
    if (value === undefined) throw new Error(`${expression} is not evaluated here`);
    return value;
  });
}
