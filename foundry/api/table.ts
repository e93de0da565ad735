import type { IncomingMessage } from 'node:http';
import type { Core } from './core.js';

/** Who asks, by the token. */
export interface Caller {
  guid: string;
  name: string;
  type: 'user' | 'uaa-client';
  /** Only reads, and not everything; else it may do all that a space developer may. */
  role?: 'auditor';
}

/** One request of the API. */
export interface Call {
  method: string;
  /** Without the query, decoded in `params` only. */
  path: string;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  caller: Caller;
  /** Reads the whole body; undefined when there is none. Throws `ApiError` when it is no JSON object. */
  json(): Promise<Record<string, unknown>>;
  text(): Promise<string>;
  raw: IncomingMessage;
}

export interface Answer {
  status: number;
  /** Sent as JSON; a string or a buffer as it is. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
}

export type Handler = (call: Call, core: Core) => Answer | Promise<Answer>;

export interface Row {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** `/v3/apps/:guid` */
  pattern: string;
  handler: Handler;
  /** Asked without a token. */
  open?: boolean;
}

export const row = (method: Row['method'], pattern: string, handler: Handler): Row => ({
  method,
  pattern,
  handler,
});
export const openRow = (method: Row['method'], pattern: string, handler: Handler): Row => ({
  method,
  pattern,
  handler,
  open: true,
});

interface Node {
  fixed: Map<string, Node>;
  parameter?: Node;
  rows: Map<string, { row: Row; names: string[] }>;
}

/** Finds the row for a request; a fixed segment wins over a parameter. */
export class RouteIndex {
  readonly #root: Node = { fixed: new Map(), rows: new Map() };

  constructor(rows: readonly Row[]) {
    for (const entry of rows) this.#add(entry);
  }

  #add(entry: Row): void {
    let node = this.#root;
    const names: string[] = [];
    for (const segment of segments(entry.pattern)) {
      let next: Node | undefined;
      if (segment.startsWith(':')) {
        names.push(segment.slice(1));
        node.parameter ??= { fixed: new Map(), rows: new Map() };
        next = node.parameter;
      } else {
        next = node.fixed.get(segment);
        if (!next) {
          next = { fixed: new Map(), rows: new Map() };
          node.fixed.set(segment, next);
        }
      }
      node = next;
    }
    if (node.rows.has(entry.method)) throw new Error(`two rows for ${entry.method} ${entry.pattern}`);
    node.rows.set(entry.method, { row: entry, names });
  }

  find(method: string, path: string): { row: Row; params: Record<string, string> } | undefined {
    const values: string[] = [];
    const hit = this.#walk(this.#root, segments(path), 0, method, values);
    if (!hit) return undefined;
    const params: Record<string, string> = {};
    hit.names.forEach((name, i) => {
      params[name] = decode(values[i] ?? '');
    });
    return { row: hit.row, params };
  }

  #walk(
    node: Node,
    path: readonly string[],
    at: number,
    method: string,
    values: string[],
  ): { row: Row; names: string[] } | undefined {
    const segment = path[at];
    if (segment === undefined) return node.rows.get(method);
    const fixed = node.fixed.get(segment);
    const hit = fixed && this.#walk(fixed, path, at + 1, method, values);
    if (hit || !node.parameter) return hit;
    values.push(segment);
    const found = this.#walk(node.parameter, path, at + 1, method, values);
    if (!found) values.pop();
    return found;
  }
}

function segments(path: string): string[] {
  return path.split('/').filter((s) => s !== '');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
