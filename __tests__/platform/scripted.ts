/** A platform that answers as a test says: an HTTP port with a script, and a clock that only sleeps move. */
import { HttpFailure } from '../../src/model/errors.js';
import type { Clock, Http, HttpRequest, HttpResponse } from '../../src/model/ports.js';
import { createPlatform, type PlatformOptions } from '../../src/platform/client.js';

export const API = 'https://api.example.com';
export const STARTED_AT_MS = Date.parse('2026-11-20T10:00:00Z');

export interface Scripted {
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  text?: string;
}

/** What one request is answered with; an error is thrown as the port would. */
export type Script = (request: HttpRequest, url: URL) => Scripted | HttpFailure;

export class FakeClock implements Clock {
  readonly slept: number[] = [];
  private atMs = STARTED_AT_MS;

  now(): number {
    return this.atMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.slept.push(ms);
    this.atMs += ms;
  }
}

export class FakeHttp implements Http {
  readonly requests: HttpRequest[] = [];

  constructor(private readonly script: Script) {}

  async request(request: HttpRequest): Promise<HttpResponse> {
    this.requests.push(request);
    const said = this.script(request, new URL(request.url));
    if (said instanceof HttpFailure) throw said;
    const text = said.text ?? (said.json === undefined ? '' : JSON.stringify(said.json));
    return {
      status: said.status ?? 200,
      headers: said.headers ?? {},
      body: Buffer.from(text),
      cut: false,
      durationMs: 1,
    };
  }

  /** `METHOD /path?query` of every request, with the query decoded. */
  get lines(): string[] {
    return this.requests.map(({ method, url }) => {
      const { pathname, search } = new URL(url);
      return `${method} ${pathname}${decodeURIComponent(search)}`;
    });
  }
}

/** The answers in turn; the last one again and again. */
export function inTurn(...answers: readonly (Scripted | HttpFailure)[]): Script {
  let next = 0;
  return () => {
    const answer = answers[Math.min(next++, answers.length - 1)];
    if (!answer) throw new Error('the script has no answers');
    return answer;
  };
}

export function scripted(script: Script, options: Partial<PlatformOptions> = {}) {
  const http = new FakeHttp(script);
  const clock = new FakeClock();
  const tokens = { given: 0, invalidated: 0 };
  const platform = createPlatform({
    http,
    clock,
    api: API,
    token: async () => `token-${tokens.invalidated}`,
    invalidateToken: () => {
      tokens.invalidated++;
    },
    ...options,
  });
  return { platform, http, clock, tokens };
}

export function page(resources: readonly unknown[], total = resources.length, next?: string) {
  return {
    json: {
      pagination: { total_results: total, next: next === undefined ? null : { href: `${API}${next}` } },
      resources,
    },
  };
}

export function refusal(status: number, code: number, title: string, detail: string): Scripted {
  return { status, json: { errors: [{ code, title, detail }] } };
}

export const ROUTER_404: Scripted = {
  status: 404,
  headers: { 'x-cf-routererror': 'unknown_route' },
  text: "404 Not Found: Requested route ('api.example.com') does not exist.\n",
};

export function lost(connected: boolean): HttpFailure {
  return new HttpFailure('the connection was reset', connected ? 'reset' : 'refused', connected);
}

export function appJson(name: string, more: { guid?: string; state?: string; labels?: object } = {}) {
  return {
    guid: more.guid ?? `guid-of-${name}`,
    name,
    state: more.state ?? 'STARTED',
    created_at: '2026-11-01T00:00:00Z',
    lifecycle: { type: 'buildpack', data: { buildpacks: [], stack: 'cflinuxfs4' } },
    metadata: { labels: more.labels ?? {}, annotations: {} },
  };
}

export function routeJson(guid: string, host: string, appGuids: readonly string[] = [], more: object = {}) {
  return {
    guid,
    host,
    path: '',
    port: null,
    protocol: 'http',
    url: `${host}.example.com`,
    destinations: appGuids.map((appGuid, index) => ({
      guid: `${guid}-${index}`,
      app: { guid: appGuid, process: { type: 'web' } },
      port: null,
      protocol: 'http1',
    })),
    relationships: { space: { data: { guid: 'space' } }, domain: { data: { guid: 'domain' } } },
    metadata: { labels: {}, annotations: {} },
    ...more,
  };
}
