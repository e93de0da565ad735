import type { Base } from '../state/records.js';
import { ApiError, unprocessable } from './errors.js';

const MAX_ANNOTATION = 5000;
/** Of one resource. */
const MOST = { labels: 50, annotations: 200 } as const;
const NAME = /^(?:[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)$/;
const PREFIX =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+$/;

/**
 * Merges `metadata` of a request into a record: null removes. Throws 422 for keys and values that the platform refuses (63
 * characters of letters, digits, `.`, `_`, `-`; annotations of 5,000; 50 labels, 200 annotations).
 */
export function mergeMetadata(record: Base, metadata: unknown): void {
  const change = checkMetadata(metadata);
  const after = { labels: { ...record.metadata.labels }, annotations: { ...record.metadata.annotations } };
  for (const kind of ['labels', 'annotations'] as const) {
    for (const [key, value] of Object.entries(change[kind])) {
      if (value === null) delete after[kind][key];
      else after[kind][key] = value;
    }
    const [before, now] = [record.metadata[kind], after[kind]].map((all) => Object.keys(all).length);
    const asked = Object.keys(change[kind]).length;
    if ((before ?? 0) < (now ?? 0) && (now ?? 0) > MOST[kind]) throw tooMany(kind, asked);
  }
  record.metadata = after;
}

function tooMany(kind: 'labels' | 'annotations', asked: number): ApiError {
  const [code, title] =
    kind === 'labels' ? [390020, 'CF-LabelLimitExceeded'] : [390023, 'CF-AnnotationLimitExceeded'];
  const text = `Failed to add ${asked} ${kind} because it would exceed maximum of ${MOST[kind]}`;
  return new ApiError(422, code, title, text);
}

/** As `mergeMetadata`, without a record yet. */
export function checkMetadata(metadata: unknown): {
  labels: Record<string, string | null>;
  annotations: Record<string, string | null>;
} {
  if (metadata === undefined) return { labels: {}, annotations: {} };
  if (!isObject(metadata)) throw unprocessable('Metadata must be an object');
  const errors: string[] = [];
  const extra = Object.keys(metadata).filter((k) => k !== 'labels' && k !== 'annotations');
  if (extra.length > 0) errors.push(`Metadata has unexpected field(s): '${extra.join("' '")}'`);
  const labels = texts(metadata.labels, 'labels', errors);
  const annotations = texts(metadata.annotations, 'annotations', errors);
  for (const [key, value] of Object.entries(labels)) {
    const reason = keyError(key);
    if (reason) errors.push(`Metadata label key error: ${reason}`);
    if (value && (value.length > 63 || !NAME.test(value))) {
      errors.push(
        value.length > 63
          ? `Metadata label value error: '${value.slice(0, 8)}...' is greater than 63 characters`
          : `Metadata label value error: '${value}' contains invalid characters`,
      );
    }
  }
  for (const [key, value] of Object.entries(annotations)) {
    const reason = keyError(key);
    if (reason && value) errors.push(`Metadata annotation key error: ${reason}`);
    if (value && value.length > MAX_ANNOTATION) {
      errors.push(
        `Metadata annotation value error: '${value.slice(0, 8)}...' is greater than 5000 characters`,
      );
    }
  }
  if (errors.length > 0) throw unprocessable(errors.join(', '));
  const change = { labels, annotations };
  for (const kind of ['labels', 'annotations'] as const) {
    const values = Object.values(change[kind]);
    if (values.filter((value) => value !== null).length > MOST[kind]) throw tooMany(kind, values.length);
  }
  return change;
}

function texts(value: unknown, name: string, errors: string[]): Record<string, string | null> {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) {
    errors.push(`Metadata '${name}' is not an object`);
    return {};
  }
  const entries = Object.entries(value).map(([k, v]): [string, string | null] => [
    k,
    v === null ? null : String(v),
  ]);
  return Object.fromEntries(entries);
}

function keyError(key: string): string | undefined {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  if (parts.length > 2) return `key has more than one '/'`;
  if (name === '') return 'key cannot be empty string';
  if (parts.length === 2) {
    if (!PREFIX.test(parts[0] ?? '')) return `prefix '${parts[0]}' must be in valid dns format`;
    if (/^cloudfoundry\.org$/i.test(parts[0] ?? '')) return `prefix 'cloudfoundry.org' is reserved`;
  }
  if (name.length > 63) return `'${name.slice(0, 8)}...' is greater than 63 characters`;
  if (!NAME.test(name)) return `'${name}' contains invalid characters`;
  return undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
