/**
 * Stands between the CLI and the platform while bits go up. The CLI asks every three seconds whether the manifest's job and the
 * package are done (`DefaultPollingInterval`, configv3/defaults.go), waits a second for its progress bar, and then reads what it
 * shows of the app. Here an answer that would make it wait is held until the platform is done, and as soon as the bits are taken in
 * nothing is left for it to do. Everything else passes as it is, with the CLI's own token.
 */
import type {
  Clock,
  Http,
  HttpResponse,
  LocalAnswer,
  LocalRequest,
  Loopback,
  Random,
} from '../model/ports.js';
import { PATH_LENGTH } from './broker.js';

export interface RelayOptions {
  loopback: Loopback;
  random: Random;
  http: Http;
  clock: Clock;
  /** Address of the Cloud Controller, without a path. */
  api: string;
  /** For one request, its body included. */
  timeoutMs: number;
}

/** Of one connection: they are not for whoever is behind it. And an answer that is packed could not be read here. */
const NOT_PASSED = 'connection keep-alive host transfer-encoding trailer accept-encoding upgrade'.split(' ');
const POLL_MS = { first: 100, growth: 1.5, longest: 3_000 };
/** The CLI asks again by itself then; no job of one app takes as long, and bits of 1 GB are packed in less. */
const LONGEST_HOLD_MS = 10 * 60_000;
/** A look that gets no answer must not take up the time of the whole push: the CLI is told what was seen before, and asks anew. */
const LOOK_TIMEOUT_MS = 30_000;
const ENDS = ['COMPLETE', 'READY', 'FAILED', 'EXPIRED'];

export class Relay {
  private readonly takenIn = new AbortController();
  private broken: Error | undefined;

  private constructor(
    private readonly options: RelayOptions,
    /** Nobody else on the machine knows it: a package that somebody else sees would end the push. */
    private readonly path: string,
    private served: { origin: string; close(): void },
  ) {}

  static async open(options: RelayOptions): Promise<Relay> {
    const path = `/${options.random.token(PATH_LENGTH)}`;
    const relay = new Relay(options, path, { origin: '', close: () => {} });
    relay.served = await options.loopback.serve(async (request) => {
      const [, before, rest = ''] = /^(\/[^/?]*)(.*)$/s.exec(request.path) ?? [];
      if (before !== path) return { status: 404, headers: {}, body: '' };
      return await relay.answer({ ...request, path: rest === '' ? '/' : rest });
    });
    return relay;
  }

  /** What the CLI takes for the platform's address. */
  get address(): string {
    return this.served.origin + this.path;
  }

  /** Aborted when the platform has a package that is ready: the CLI has done its work. */
  get taken(): AbortSignal {
    return this.takenIn.signal;
  }

  /** Why the newest call of the CLI found no platform: to the CLI only a connection broke. */
  get failure(): Error | undefined {
    return this.broken;
  }

  close(): void {
    this.served.close();
  }

  private async answer(request: LocalRequest): Promise<LocalAnswer> {
    const { method, path, signal } = request;
    const first = await this.pass(method, path, request, request.body).catch((error: Error) => {
      // What the CLI itself gave up, as where it was ended from outside, says nothing of the platform.
      if (!signal.aborted) this.broken = error;
      throw error;
    });
    this.broken = undefined;
    const polled = polledAfter(method, path);
    const answer = polled === undefined ? first : await this.held(first, polled, request);
    if (path.startsWith('/v3/packages') && stateOf(answer) === 'READY') this.takenIn.abort();
    signal.throwIfAborted();
    return { status: answer.status, headers: this.headersFor(answer), body: answer.body };
  }

  /** Until the thing at `path` is done, or cannot be asked for: then the CLI is told what was seen last, and asks by itself. */
  private async held(first: HttpResponse, path: string, request: LocalRequest): Promise<HttpResponse> {
    const { clock } = this.options;
    const untilMs = clock.now() + LONGEST_HOLD_MS;
    let answer = first;
    for (
      let delayMs = POLL_MS.first;
      isUnderWay(answer) && clock.now() < untilMs;
      delayMs = Math.min(delayMs * POLL_MS.growth, POLL_MS.longest)
    ) {
      await clock.sleep(delayMs, request.signal);
      const next = await this.pass('GET', path, request, undefined, LOOK_TIMEOUT_MS).catch(() => undefined);
      if (next?.status !== 200 || stateOf(next) === undefined) break;
      answer = { ...answer, body: next.body };
    }
    return answer;
  }

  private pass(
    method: string,
    path: string,
    { headers, signal }: LocalRequest,
    body?: LocalRequest['body'],
    withinMs = this.options.timeoutMs,
  ): Promise<HttpResponse> {
    const { http, api, timeoutMs } = this.options;
    const hasBody = body !== undefined && method !== 'GET';
    const passed = Object.entries(headers).filter(
      ([name]) => !NOT_PASSED.includes(name) && (hasBody || !name.startsWith('content-')),
    );
    return http.request({
      method,
      url: new URL(api).origin + path,
      headers: Object.fromEntries(passed),
      ...(hasBody ? { body } : {}),
      timeoutMs: Math.min(timeoutMs, withinMs),
      signal,
      // What is cut, and has the length of what is left, would be taken for whole.
      maxBytes: Number.POSITIVE_INFINITY,
    });
  }

  /** A job is asked for at the address that its answer names. */
  private headersFor({ headers, body }: HttpResponse): Record<string, string> {
    const passed = Object.entries(headers).filter(([name]) => !NOT_PASSED.includes(name));
    const { location, ...rest } = Object.fromEntries(passed);
    const { api } = this.options;
    return {
      ...rest,
      ...(location === undefined ? {} : { location: location.replace(new URL(api).origin, this.address) }),
      'content-length': String(body.length),
    };
  }
}

/** What the CLI would ask for again and again after this answer; undefined: nothing. */
function polledAfter(method: string, path: string): string | undefined {
  if (method === 'GET' && /^\/v3\/(jobs|packages)\/[^/?]+$/.test(path)) return path;
  return method === 'POST' ? /^(\/v3\/packages\/[^/?]+)\/upload$/.exec(path)?.[1] : undefined;
}

function isUnderWay(answer: HttpResponse): boolean {
  const state = answer.status === 200 ? stateOf(answer) : undefined;
  return state !== undefined && !ENDS.includes(state);
}

function stateOf({ body }: HttpResponse): string | undefined {
  try {
    const { state } = JSON.parse(body.toString('utf8')) as { state?: unknown };
    return typeof state === 'string' ? state : undefined;
  } catch {
    return undefined;
  }
}
