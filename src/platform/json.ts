/** The edge: what the platform answered, unknown JSON, becomes typed here or throws `PlatformFault`. */
import type { Metadata } from '../model/cloud.js';
import { PlatformFault } from '../model/errors.js';

/** One object of an answer. Every getter throws `PlatformFault` when the field is missing or of another type. */
export class Fields {
  private constructor(
    private readonly values: Readonly<Record<string, unknown>>,
    private readonly what: string,
  ) {}

  /** `what` names the thing in messages, for example `app`. */
  static of(value: unknown, what: string): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new PlatformFault(`The platform's answer is not as expected: ${what} is not an object.`, false);
    return new Fields(value as Record<string, unknown>, what);
  }

  text(key: string): string {
    const value = this.values[key];
    return typeof value === 'string' ? value : this.wrong(key, 'a text');
  }

  /** undefined when absent or null. */
  maybeText(key: string): string | undefined {
    return this.has(key) ? this.text(key) : undefined;
  }

  number(key: string): number {
    const value = this.values[key];
    return typeof value === 'number' ? value : this.wrong(key, 'a number');
  }

  maybeNumber(key: string): number | undefined {
    return this.has(key) ? this.number(key) : undefined;
  }

  flag(key: string): boolean {
    const value = this.values[key];
    return typeof value === 'boolean' ? value : this.wrong(key, 'true or false');
  }

  maybeFlag(key: string): boolean | undefined {
    return this.has(key) ? this.flag(key) : undefined;
  }

  /** An RFC 3339 time as milliseconds since the epoch. */
  time(key: string): number {
    const atMs = Date.parse(this.text(key));
    return Number.isNaN(atMs) ? this.wrong(key, 'a time') : atMs;
  }

  oneOf<T extends string>(key: string, allowed: readonly T[]): T {
    const value = this.text(key);
    return allowed.find((one) => one === value) ?? this.wrong(key, `one of ${allowed.join(', ')}`);
  }

  object(key: string): Fields {
    return Fields.of(this.values[key], `${this.what}.${key}`);
  }

  maybeObject(key: string): Fields | undefined {
    return this.has(key) ? this.object(key) : undefined;
  }

  objects(key: string): Fields[] {
    const value = this.values[key];
    if (!Array.isArray(value)) return this.wrong(key, 'a list');
    return value.map((item) => Fields.of(item, `${this.what}.${key}`));
  }

  maybeObjects(key: string): Fields[] {
    return this.has(key) ? this.objects(key) : [];
  }

  texts(key: string): string[] {
    const value = this.values[key];
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
      return this.wrong(key, 'a list of texts');
    return value;
  }

  /** A map of texts. */
  textMap(key: string): Record<string, string> {
    const map: Record<string, string> = {};
    for (const [name, value] of Object.entries(this.object(key).values)) {
      if (typeof value !== 'string') return this.wrong(key, 'a map of texts');
      map[name] = value;
    }
    return map;
  }

  /** Variables of an app: what is no text (left from version 2 of the API) as its instances get it (CC normal_env_hash_to_diego_env_array_philosopher.rb). */
  variables(key: string): Record<string, string> {
    const asText = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
    return Object.fromEntries(
      Object.entries(this.object(key).values).map(([name, value]) => [
        name,
        value === null ? '' : asText(value),
      ]),
    );
  }

  /** What of a map is text or number; the rest is left out. */
  plainMap(key: string): Record<string, string | number> {
    const isPlain = (entry: [string, unknown]): entry is [string, string | number] =>
      typeof entry[1] === 'string' || typeof entry[1] === 'number';
    return Object.fromEntries(Object.entries(this.object(key).values).filter(isPlain));
  }

  all(): Readonly<Record<string, unknown>> {
    return this.values;
  }

  keys(): string[] {
    return Object.keys(this.values);
  }

  has(key: string): boolean {
    return this.values[key] !== undefined && this.values[key] !== null;
  }

  private wrong(key: string, expected: string): never {
    throw new PlatformFault(
      `The platform's answer is not as expected: ${this.what}.${key} is not ${expected}.`,
      false,
    );
  }
}

/** `relationships.NAME.data.guid`, or undefined when nothing is related. */
export function related(fields: Fields, name: string): string | undefined {
  return fields.maybeObject('relationships')?.maybeObject(name)?.maybeObject('data')?.text('guid');
}

export function metadataOf(fields: Fields): Metadata {
  const metadata = fields.object('metadata');
  return { labels: metadata.textMap('labels'), annotations: metadata.textMap('annotations') };
}

/** Only what is there: a key whose value is undefined is left out, as `exactOptionalPropertyTypes` wants it. */
export function present<T extends object>(values: { [K in keyof T]: T[K] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
