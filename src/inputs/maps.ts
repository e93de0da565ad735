/** Inputs that are YAML: maps of variables, and what lists of checks and services are read with. */
import { isScalar } from 'yaml';
import { readYaml, type Yaml } from '../manifest/yaml.js';
import { InputError } from '../model/errors.js';
import { type Parse, Wrong } from './values.js';

/** Values as `cf push --var` would read them. */
export const variables: Parse<Readonly<Record<string, unknown>>> = (given) => {
  const yaml = yamlOf(given);
  return Object.fromEntries(
    namedOf(yaml).map(([name, value]) => {
      if (!/^[-/\w\p{L}]+$/u.test(name)) {
        throw new Wrong(`has "${name}"; a variable is named with letters, digits, -, _ and /`);
      }
      return [name, yaml.value(value)];
    }),
  );
};

/** Values as they are written: `1.10` stays `1.10`, `yes` stays `yes`. */
export const environment: Parse<Readonly<Record<string, string>>> = (given) => {
  const yaml = yamlOf(given, 'core');
  return Object.fromEntries(
    namedOf(yaml).map(([name, value]) => {
      if (name === 'PORT' || /^(VCAP_|VMC)/.test(name)) {
        throw new Wrong(`has "${name}", which the platform sets`);
      }
      if (!/^[^\s=]+$/.test(name)) throw new Wrong(`has "${name}", which is no name of a variable`);
      return [name, plainText(yaml, value, name)];
    }),
  );
};

/** @returns the scalar as it is written; nothing is the empty string. */
export function plainText(yaml: Yaml, node: Parameters<Yaml['textOf']>[0], name: string): string {
  assertSomething(node, name);
  const found = node ? yaml.textOf(node) : '';
  if (found !== undefined) return found;
  throw new Wrong(`has no plain value for "${name}"; quote what is more than one word or number`);
}

export function yamlOf(given: string, dialect: 'cf' | 'core' = 'cf'): Yaml {
  try {
    return readYaml('', given, dialect);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new Wrong(
      ...error.problems.map(
        ({ text: what, at }) => `is no usable YAML, line ${at?.line ?? 1}: ${unquoted(what)}`,
      ),
    );
  }
}

/** Without the words of the text itself: nobody knows yet which of them are secret. */
function unquoted(what: string): string {
  if (/^Not valid YAML: .*\btags?\b/i.test(what)) return 'Not valid YAML: quote a value that begins with !';
  return what
    .replace(/^The anchor "[\s\S]*"(?= (is not|contains))/, 'The anchor')
    .replace(/^(Not valid YAML: [^:]+):[\s\S]*$/, '$1')
    .replace(/\.$/, '');
}

function namedOf(yaml: Yaml) {
  const named = yaml.named(yaml.root);
  if (!named) throw new Wrong('is no map; write one NAME: value a line');
  for (const [name, value] of named) assertSomething(value, name);
  return named;
}

/** A password that is not quoted may look like a tag or an anchor, and would be empty. */
function assertSomething(node: Parameters<Yaml['textOf']>[0], name: string): void {
  if (!isScalar(node) || (node.tag === undefined && node.anchor === undefined)) return;
  if (node.type === 'PLAIN' && !node.source)
    throw new Wrong(`has nothing for "${name}": quote a value that begins with ! or &`);
}
