import type * as r from '../state/records.js';
import { badQuery } from './errors.js';
import { matches, parseSelector } from './selector.js';
import type { Answer, Call } from './table.js';

/** How one collection is listed. */
export interface Listing<T extends r.Base> {
  rows: Iterable<T>;
  present: (row: T) => Record<string, unknown>;
  /** Query parameter -> values of a row that it is compared with. */
  filters?: Readonly<Record<string, (row: T) => string | readonly string[] | null>>;
  /** Query parameters with a test of their own. */
  tests?: Readonly<Record<string, (row: T, value: string) => boolean>>;
  /** Names beside `created_at` and `updated_at`. */
  orderBy?: Readonly<Record<string, (row: T) => string | number>>;
  /** `include=` value -> adds to `included`. */
  include?: Readonly<Record<string, (rows: readonly T[]) => Record<string, unknown[]>>>;
  /** Other parameters that are accepted; their handler looks at them itself. */
  accepts?: readonly string[];
  noSelector?: boolean;
}

const PAGING = ['page', 'per_page', 'order_by'];
const TIMES: Readonly<Record<string, (row: r.Base) => number>> = {
  created_ats: (row) => row.createdMs,
  updated_ats: (row) => row.updatedMs,
};

/** Answers one page: 50 rows unless asked otherwise, at most 5,000. Unknown parameters are refused, as the platform does. */
export function list<T extends r.Base>(call: Call, api: string, listing: Listing<T>): Answer {
  checkNames(call.query, listing);
  const page = whole(call.query, 'page', 1, Number.MAX_SAFE_INTEGER);
  const perPage = whole(call.query, 'per_page', 50, 5000);
  const found = order(filter(call.query, listing), call.query.get('order_by'), listing);
  const pages = Math.max(1, Math.ceil(found.length / perPage));
  const rows = found.slice((page - 1) * perPage, page * perPage);
  const link = (n: number) => ({ href: pageAddress(call, api, n, perPage) });
  const included = listing.include && include(call.query.get('include'), rows, listing);
  return {
    status: 200,
    body: {
      pagination: {
        total_results: found.length,
        total_pages: pages,
        first: link(1),
        last: link(pages),
        next: page < pages ? link(page + 1) : null,
        previous: page > 1 ? link(page - 1) : null,
      },
      resources: rows.map(listing.present),
      ...(included ? { included } : {}),
    },
  };
}

/** `included` of a single resource or a page; undefined when nothing was asked for. */
export function include<T extends r.Base>(
  asked: string | null,
  rows: readonly T[],
  listing: Pick<Listing<T>, 'include'>,
): Record<string, unknown[]> | undefined {
  if (asked === null) return undefined;
  const known = listing.include ?? {};
  const included: Record<string, unknown[]> = {};
  for (const name of asked.split(',')) {
    const make = known[name];
    if (!make) {
      const valid = Object.keys(known).join("', '");
      throw badQuery(`Invalid included resource: '${name}'. Valid included resources are: '${valid}'`);
    }
    Object.assign(included, make(rows));
  }
  return included;
}

function checkNames<T extends r.Base>(query: URLSearchParams, listing: Listing<T>): void {
  const allowed = [
    ...PAGING,
    ...Object.keys(TIMES),
    'guids',
    ...Object.keys(listing.filters ?? {}),
    ...Object.keys(listing.tests ?? {}),
    ...(listing.include ? ['include'] : []),
    ...(listing.noSelector ? [] : ['label_selector']),
    ...(listing.accepts ?? []),
  ];
  const unknown = [...new Set(query.keys())].filter(
    (key) => !allowed.includes(key.replace(/\[[\w.]+\]$/, '')),
  );
  if (unknown.length > 0) {
    throw badQuery(
      `Unknown query parameter(s): '${unknown.join("', '")}'. Valid parameters are: '${allowed.join("', '")}'`,
    );
  }
}

function whole(query: URLSearchParams, name: string, otherwise: number, most: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  const value = Number.parseInt(text, 10);
  const title = name === 'page' ? 'Page' : 'Per page';
  if (!(value > 0)) throw badQuery(`${title} must be a positive integer`);
  if (value > most) throw badQuery(`${title} must be between 1 and ${most}`);
  return value;
}

function filter<T extends r.Base>(query: URLSearchParams, listing: Listing<T>): T[] {
  const tests: ((row: T) => boolean)[] = [];
  const guids = values(query.get('guids'));
  if (guids) tests.push((row) => guids.has(row.guid));
  for (const [name, of] of Object.entries(listing.filters ?? {})) {
    const wanted = values(query.get(name));
    if (!wanted) continue;
    tests.push((row) => {
      const has = of(row);
      if (has === null) return false;
      return typeof has === 'string' ? wanted.has(has) : has.some((value) => wanted.has(value));
    });
  }
  for (const [name, test] of Object.entries(listing.tests ?? {})) {
    const value = query.get(name);
    if (value !== null) tests.push((row) => test(row, value));
  }
  const selector = listing.noSelector ? null : query.get('label_selector');
  if (selector !== null) {
    const requirements = parseSelector(selector);
    tests.push((row) => matches(requirements, row.metadata.labels));
  }
  for (const [key, value] of query) {
    const time = /^(created_ats|updated_ats)(?:\[(lt|lte|gt|gte)\])?$/.exec(key);
    const of = time?.[1] === undefined ? undefined : TIMES[time[1]];
    if (of) tests.push(timeTest(of, time?.[2], value));
  }
  const found: T[] = [];
  for (const row of listing.rows) if (tests.every((test) => test(row))) found.push(row);
  return found;
}

/** The platform's times have whole seconds. */
function timeTest(of: (row: r.Base) => number, operator: string | undefined, text: string) {
  const given = text.split(',').map((part) => Math.floor(Date.parse(part) / 1000));
  if (given.some((seconds) => Number.isNaN(seconds))) {
    throw badQuery(
      `Created ats has an invalid timestamp format. Timestamps should be formatted as 'YYYY-MM-DDThh:mm:ssZ'`,
    );
  }
  return (row: r.Base): boolean => {
    const seconds = Math.floor(of(row) / 1000);
    const other = given[0] ?? 0;
    if (operator === 'lt') return seconds < other;
    if (operator === 'lte') return seconds <= other;
    if (operator === 'gt') return seconds > other;
    if (operator === 'gte') return seconds >= other;
    return given.includes(seconds);
  };
}

function values(text: string | null): Set<string> | undefined {
  return text === null ? undefined : new Set(text.split(/,\s*/).map((v) => unescapeOnce(v)));
}

/** A comma inside a value arrives escaped twice. */
function unescapeOnce(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function order<T extends r.Base>(rows: T[], by: string | null, listing: Listing<T>): T[] {
  const down = by?.startsWith('-') ?? false;
  const name = by?.replace(/^[+-]/, '') ?? 'created_at';
  const keys: Record<string, (row: T) => string | number> = {
    ...listing.orderBy,
    created_at: (row) => row.createdMs,
    updated_at: (row) => row.updatedMs,
  };
  const key = keys[name];
  if (!key) {
    throw badQuery(
      `Order by can only be: ${Object.keys(keys)
        .map((k) => `'${k}'`)
        .join(', ')}`,
    );
  }
  const sign = down ? -1 : 1;
  return rows.sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x !== y) return x < y ? -sign : sign;
    return (a.serial - b.serial) * sign;
  });
}

function pageAddress(call: Call, api: string, page: number, perPage: number): string {
  const query = new URLSearchParams(call.query);
  query.set('page', String(page));
  query.set('per_page', String(perPage));
  return `${api}${call.path}?${query.toString()}`;
}
