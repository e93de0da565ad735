/** A platform of which only what a test scripts can be asked, and a world around it. */
import type { Snapshot } from '../../src/model/cloud.js';
import type { Intent } from '../../src/model/intent.js';
import type { HttpRequest, HttpResponse } from '../../src/model/ports.js';
import type { Platform } from '../../src/platform/calls.js';
import { type AppWorld, nothingFound, type World } from '../../src/steps/world.js';
import { steppedClock } from '../engine/stepped-clock.js';
import { intent, snapshot } from '../strategies/support.js';

/** Any call that is not scripted fails the test by its name; policies and bindings are none, unless they are scripted. */
export function platformOf(calls: Partial<Platform>): Platform {
  return new Proxy(calls as Platform, {
    get: (target, name) => {
      if (name in target) return target[name as keyof Platform];
      if (name === 'policies') return async () => undefined;
      if (name === 'serviceBindings') return async () => [];
      throw new Error(`${String(name)} was called, and nobody scripted it`);
    },
  });
}

/** Guids of what was written, in order: `call guid`. */
export function appWorld(seen: Partial<Snapshot>, wish: Partial<Intent> = {}): AppWorld {
  return { intent: intent(wish), snapshot: snapshot(seen), found: nothingFound() };
}

export type Answer = Partial<Omit<HttpResponse, 'body'>> & { body?: string };

export interface ScriptedWorld extends World {
  clock: ReturnType<typeof steppedClock>;
  told: string[];
  requests: HttpRequest[];
}

export function worldOf(
  calls: Partial<Platform>,
  over: Partial<Omit<World, 'clock'>> = {},
  answer: (request: HttpRequest, atMs: number) => Answer = () => ({}),
): ScriptedWorld {
  const clock = steppedClock(1_000_000);
  const told: string[] = [];
  const requests: HttpRequest[] = [];
  const signal = new AbortController().signal;
  const random = { token: (length: number) => 'x'.repeat(length) };
  const http = {
    request: async (request: HttpRequest): Promise<HttpResponse> => {
      requests.push(request);
      const { body = '', ...rest } = answer(request, clock.now());
      return { status: 200, headers: {}, body: Buffer.from(body), cut: false, durationMs: 1, ...rest };
    },
  };
  return {
    platform: platformOf({
      platformNowMs: () => clock.now(),
      behindService: async () => new Set(),
      ...calls,
    }),
    afterSignal: { platform: platformOf(calls), signal },
    target: snapshot().target,
    clock,
    probe: { http, connect: async () => undefined, clock, random, signal, skipSslValidation: false },
    listener: { tell: (event) => told.push('text' in event ? event.text : event.type) },
    told,
    requests,
    signal,
    stagingTimeoutMs: 60_000,
    hasEnded: async () => false,
    compare: async () => undefined,
    facts: {},
    fingerprint: async () => undefined,
    pushBits: () => Promise.reject(new Error('nothing is pushed here')),
    candidateManifest: () => {
      throw new Error('no manifest here');
    },
    uploads: new Map(),
    liveManifest: () => {
      throw new Error('no manifest is applied here');
    },
    hide: () => undefined,
    runScript: () => Promise.reject(new Error('no script is run here')),
    badSign: () => undefined,
    unwatch: () => undefined,
    onSign: () => () => undefined,
    watchedRoutes: () => 1,
    ...over,
  };
}

export const REFUSED: Answer = { status: 400, headers: { 'x-cf-routererror': 'unknown_route' } };

/** `GUID:INDEX` of the instance that is asked for. */
export function askedInstance({ headers = {} }: HttpRequest): string | undefined {
  const [, value] =
    Object.entries(headers).find(([name]) => name.toLowerCase() === 'x-cf-app-instance') ?? [];
  return value;
}

/** Refuses instances of `gone` from `sinceMs` on, and every index that nobody has. */
export function router(gone: string, sinceMs = 0) {
  return (request: HttpRequest, atMs: number): Answer => {
    const [guid, index] = askedInstance(request)?.split(':') ?? [];
    if (Number(index) > 100) return REFUSED;
    return guid === gone && atMs >= sinceMs ? REFUSED : {};
  };
}

/** An availability watch that holds something against the version since `sinceMs` from the moment in which it sees it. */
export function watching(sinceMs: number) {
  const hearers = new Set<() => void>();
  let seen = false;
  return {
    badSign: (askedMs: number) =>
      seen && askedMs === sinceMs
        ? { route: 'shop.apps.example', why: '3 in a row', sinceMs, untilMs: sinceMs }
        : undefined,
    onSign: (hear: () => void) => {
      hearers.add(hear);
      return () => void hearers.delete(hear);
    },
    sees: () => {
      seen = true;
      for (const hear of hearers) hear();
    },
    hearers: () => hearers.size,
  };
}
