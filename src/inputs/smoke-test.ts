/** The input `smoke-test`: a path, a URL, or a YAML list of checks. */
import { METHODS } from 'node:http';
import type { Node } from 'yaml';
import type { Entry, Yaml } from '../manifest/yaml.js';
import type { SmokeCheck } from '../model/asked.js';
import { MINUTE_MS } from '../model/words.js';
import { plainText, yamlOf } from './maps.js';
import {
  aboveZero,
  boolean,
  didYouMean,
  duration,
  integer,
  oneOf,
  type Parse,
  Wrong,
  webPath,
  webUrl,
} from './values.js';

const DEFAULTS = {
  method: 'GET',
  status: 'success',
  headers: {},
  follow: false,
  withinMs: MINUTE_MS,
  attemptsInARow: 3,
  on: 'trial',
} as const;

const KEYS = [
  'path',
  'url',
  'method',
  'status',
  'body',
  'json',
  'headers',
  'follow',
  'within',
  'attempts-in-a-row',
  'on',
] as const;
type Key = (typeof KEYS)[number];

/** Who is asked, and how the answer is framed, is for the probe to say. */
const OWN_HEADERS =
  /^(host|connection|content-length|transfer-encoding|upgrade|expect|x-cf-(app|process)-instance)$/i;

/** @throws Wrong with all that is wrong, each with the number of its check */
export const smokeTest: Parse<readonly SmokeCheck[]> = (given) => {
  if (/^(\/|https?:\/\/)\S*$/i.test(given)) return [{ ...DEFAULTS, label: given, target: target(given) }];
  const yaml = yamlOf(given, 'core');
  const items = yaml.items(yaml.root);
  if (!items) {
    throw new Wrong('is neither a path that begins with /, nor an http(s) URL, nor a YAML list of checks');
  }
  if (items.length === 0) throw new Wrong('is an empty list of checks');
  const problems: string[] = [];
  const checks = items.map((item, i) => {
    const reading = new CheckReading(yaml, item);
    problems.push(...reading.problems.map((problem) => `(check ${i + 1}) ${problem}`));
    return reading.check;
  });
  if (problems.length > 0) throw new Wrong(...problems);
  return checks;
};

class CheckReading {
  readonly problems: string[] = [];
  readonly check: SmokeCheck;
  private readonly entries: ReadonlyMap<string, Entry>;

  constructor(
    private readonly yaml: Yaml,
    item: Node,
  ) {
    const alone = yaml.value(item);
    this.entries = yaml.entries(item) ?? new Map();
    if (typeof alone === 'string') {
      const where = this.tried(() => target(alone)) ?? { path: '/' };
      this.check = { ...DEFAULTS, label: alone, target: where };
      return;
    }
    this.check = this.read();
  }

  private read(): SmokeCheck {
    if (this.entries.size === 0)
      this.problems.push('is neither a path, nor a URL, nor a map with a path or url');
    for (const key of this.entries.keys()) {
      if (!KEYS.some((known) => known === key)) {
        this.problems.push(
          `has the unknown key "${key}"${didYouMean(key, KEYS)}; allowed are ${KEYS.join(', ')}`,
        );
      }
    }
    const where = this.where();
    const method = this.scalar('method', (word) => httpMethod(word.toUpperCase())) ?? DEFAULTS.method;
    const body = this.scalar('body', pattern);
    const json = this.entries.get('json');
    if (body !== undefined && json)
      this.problems.push('has both body and json; one answer is matched in one way');
    if (method === 'HEAD' && (body !== undefined || json)) {
      this.problems.push('asks with HEAD, whose answer has no body, and looks at the body');
    }
    return {
      label: `${method === DEFAULTS.method ? '' : `${method} `}${'path' in where ? where.path : where.url}`,
      target: where,
      method,
      status: this.status(),
      ...(body === undefined ? {} : { body }),
      ...(json ? { json: this.yaml.value(json.value) } : {}),
      headers: this.headers(),
      follow: this.scalar('follow', boolean) ?? DEFAULTS.follow,
      withinMs: this.scalar('within', aboveZero(duration)) ?? DEFAULTS.withinMs,
      attemptsInARow: this.scalar('attempts-in-a-row', integer(1, 100)) ?? DEFAULTS.attemptsInARow,
      on: this.scalar('on', oneOf(['trial', 'production'])) ?? DEFAULTS.on,
    };
  }

  private where(): SmokeCheck['target'] {
    const path = this.scalar('path', webPath);
    const url = this.scalar('url', checkUrl);
    const named = Number(this.entries.has('path')) + Number(this.entries.has('url'));
    if (named === 2) this.problems.push('has both path and url; give one');
    if (named === 0 && this.entries.size > 0) this.problems.push('has neither path nor url');
    return url === undefined ? { path: path ?? '/' } : { url };
  }

  /** A number, or several: as a list, or separated by spaces or commas. */
  private status(): SmokeCheck['status'] {
    const entry = this.entries.get('status');
    if (!entry) return DEFAULTS.status;
    const parts =
      this.yaml.items(entry.value)?.map((item) => String(this.yaml.value(item))) ??
      String(this.yaml.value(entry.value)).split(/[\s,]+/);
    const statuses = parts.map((part) => this.tried(() => integer(100, 599)(part), 'status '));
    return statuses.filter((status) => status !== undefined);
  }

  private headers(): Readonly<Record<string, string>> {
    const entry = this.entries.get('headers');
    if (!entry) return DEFAULTS.headers;
    const given = this.yaml.entries(entry.value);
    if (!given) this.problems.push('has headers that are no map; write one Name: value a line');
    const headers = [...(given ?? [])].map(([name, { value }]) =>
      this.tried(() => [name, header(name, plainText(this.yaml, value, name))] as const),
    );
    return Object.fromEntries(headers.filter((one) => one !== undefined));
  }

  private scalar<T>(key: Key, parse: Parse<T>): T | undefined {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    return this.tried(() => parse(plainText(this.yaml, entry.value, key)), `${key} `);
  }

  private tried<T>(read: () => T, subject = ''): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      this.problems.push(`${subject}${error.message}`);
      return undefined;
    }
  }
}

function target(given: string): SmokeCheck['target'] {
  return given.startsWith('/') ? { path: webPath(given) } : { url: checkUrl(given) };
}

function checkUrl(given: string): string {
  const url = webUrl(given, given);
  if (url.hash) throw new Wrong(`is "${given}"; what follows # never reaches a server`);
  return url.href;
}

function httpMethod(word: string): string {
  if (METHODS.includes(word) && word !== 'CONNECT' && word !== 'TRACE') return word;
  throw new Wrong(`is "${word}", which is no HTTP method for a check`);
}

function pattern(source: string): string {
  try {
    new RegExp(source);
    return source;
  } catch (error) {
    throw new Wrong(`is no regular expression: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function header(name: string, value: string): string {
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) throw new Wrong(`has "${name}", which is no name of a header`);
  if (OWN_HEADERS.test(name)) throw new Wrong(`has the header "${name}", which the probe sets itself`);
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
    throw new Wrong(`has a header "${name}" whose value is not one line of plain characters`);
  }
  return value;
}
