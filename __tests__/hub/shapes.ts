/** GitHub's published shapes as a validator, stricter than published: a field that GitHub has not is a fault too. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { projectRoot } from '../../runner/tools.js';

interface Published {
  operations: Record<string, object>;
  error: object;
  $defs: Record<string, object>;
}

export const published = JSON.parse(
  readFileSync(join(projectRoot(), 'hub', 'openapi.json'), 'utf8'),
) as Published;

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
formats.default(ajv);
ajv.addSchema({ $id: 'github', $defs: closed(published.$defs) });

/** @returns what is wrong with the body, each with its place; `error`: any refusal */
export function faultsOf(operation: string, body: unknown): readonly string[] {
  const schema = operation === 'error' ? published.error : published.operations[operation];
  if (!schema) throw new Error(`${operation} is none of openapi.json`);
  const text = JSON.stringify(closed(schema)).replaceAll('"#/$defs/', '"github#/$defs/');
  const validate = ajv.compile(JSON.parse(text));
  if (validate(body)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** An object whose fields are published has no others. */
function closed<T>(node: T): T {
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map(closed) as T;
  const all = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)])) as T;
  const { properties, type } = node as { properties?: unknown; type?: unknown };
  const hasFields = typeof properties === 'object' && type !== undefined;
  return hasFields ? { additionalProperties: false, ...all } : all;
}
