/** The input `preview-services`: `shared`, `none`, or a YAML list of instances to share or to make. */
import type { Node } from 'yaml';
import type { Yaml } from '../manifest/yaml.js';
import type { PreviewInputs, PreviewService } from '../model/asked.js';
import { plainText, yamlOf } from './maps.js';
import { didYouMean, type Parse, Wrong } from './values.js';

type Services = PreviewInputs['services'];

const KEYS = ['name', 'offering', 'plan', 'parameters'] as const;
const FORMS =
  'allowed are shared, none, or a list whose entries are the name of a service instance to share, or name, offering, plan and parameters of one to make';

/** @throws Wrong with all that is wrong, each with the number of its entry */
export const previewServices: Parse<Services> = (given) => {
  if (given === 'shared') return { bind: 'manifest', shared: [], make: [] };
  if (given === 'none') return { bind: 'none', shared: [], make: [] };
  const yaml = yamlOf(given, 'core');
  const items = yaml.items(yaml.root);
  if (!items || items.length === 0) throw new Wrong(`is no list; ${FORMS}`);
  const problems: string[] = [];
  const entries = items.flatMap((item, i) => {
    try {
      return [entry(yaml, item)];
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      problems.push(...error.texts.map((text) => `(entry ${i + 1}) ${text}`));
      return [];
    }
  });
  const names = entries.map((one) => (typeof one === 'string' ? one : one.name));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) problems.push(`names "${twice}" twice`);
  if (problems.length > 0) throw new Wrong(...problems);
  return {
    bind: 'manifest',
    shared: entries.filter((one) => typeof one === 'string'),
    make: entries.filter((one) => typeof one !== 'string'),
  };
};

function entry(yaml: Yaml, item: Node): string | PreviewService {
  const named = yaml.named(item);
  if (!named) return yaml.items(item) ? wrong('is a list') : plainText(yaml, item, 'name');
  const nodes = new Map(named);
  for (const key of nodes.keys())
    if (!KEYS.some((known) => known === key)) wrong(`has "${key}"${didYouMean(key, KEYS)}`);
  const text = (key: 'name' | 'offering' | 'plan') => {
    const node = nodes.get(key);
    const found = node ? plainText(yaml, node, key) : '';
    return found === '' ? wrong(`has no ${key}`) : found;
  };
  const parameters = nodes.get('parameters');
  const value = parameters ? yaml.value(parameters) : undefined;
  if (parameters && (typeof value !== 'object' || value === null || Array.isArray(value)))
    wrong('has "parameters" that are no map');
  return {
    ...{ name: text('name'), offering: text('offering'), plan: text('plan') },
    ...(value === undefined ? {} : { parameters: value as PreviewService['parameters'] & object }),
  };
}

function wrong(text: string): never {
  throw new Wrong(text);
}
