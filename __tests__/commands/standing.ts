/** A space with one app, and the world that deploys there. */
import { setMaxListeners } from 'node:events';
import type { Intent, WantedRoute } from '../../src/model/intent.js';
import type { Event } from '../../src/model/ports.js';
import { appKey, LABEL } from '../../src/platform/names.js';
import type { World } from '../../src/steps/world.js';
import { IdleClock } from './idle-clock.js';
import { DOMAIN, Space, TARGET } from './space.js';

export const NEW = '20261121-081500-bbbbbbb';
export const OLD = '20261101-100000-aaaaaaa';

/** A space in which `shop` is live on `shop.example.com`, and a world that deploys there. */
export function standing() {
  const clock = new IdleClock();
  const space = new Space(clock);
  const live = space.addApp('shop', {
    state: 'STARTED',
    labels: { [LABEL.app]: appKey('shop'), [LABEL.role]: 'live', [LABEL.version]: OLD },
    droplet: 'droplet-of-old',
  });
  space.addRoute('shop', [live]);
  const events: Event[] = [];
  const cancelling = new AbortController();
  const { signal } = cancelling;
  const ending = new AbortController();
  setMaxListeners(0, signal);
  const listener = { tell: (event: Event) => void events.push(event) };
  const random = { token: (length: number) => 'r'.repeat(length) };
  const answer = { status: 200, headers: {}, body: Buffer.from('fine'), cut: false, durationMs: 1 };
  const http = { request: async () => answer };
  const world: World = {
    platform: space.platform(),
    afterSignal: { platform: space.platform(), signal: ending.signal },
    target: TARGET,
    clock,
    listener,
    signal,
    probe: { http, connect: async () => undefined, clock, random, signal, skipSslValidation: false },
    stagingTimeoutMs: 60_000,
    hasEnded: async () => false,
    compare: async () => undefined,
    facts: {},
    candidateManifest: () => {
      throw new Error('no manifest here');
    },
    uploads: new Map(),
    liveManifest: () => {
      throw new Error('no manifest is applied here');
    },
    hide: () => undefined,
    pushBits: async ({ candidate }) => {
      const app = space.app(candidate);
      app.packages.push({ guid: 'bits', type: 'bits', state: 'READY', createdAtMs: clock.now() });
      space.map(
        space.routes.find(({ host }) => host === TRIAL.host) ?? space.addRoute(TRIAL.host, []),
        app.guid,
      );
    },
    fingerprint: async () => undefined,
    runScript: async () => undefined,
    badSign: () => undefined,
    unwatch: () => undefined,
    onSign: () => () => undefined,
    watchedRoutes: () => 1,
  };
  return { clock, space, live, events, cancelling, ending, world };
}

function wanted(host: string, internal = false): WantedRoute {
  return { url: `${host}.example.com`, host, domainGuid: DOMAIN.guid, path: '', port: null, internal };
}

const TRIAL = wanted('shop-candidate-rrrrrr');

/** The production route is one that no router shows outside: what a deploy decides is tested here, not what probes see. */
export function intentFor(more: Partial<Intent> = {}): Intent {
  const web = { processType: 'web', port: null, protocol: null };
  return {
    app: 'shop',
    set: ['shop'],
    version: NEW,
    owner: 'run-1-ours',
    production: [wanted('shop', true)],
    dropped: [],
    trials: [{ route: TRIAL, to: web }],
    before: {
      guid: 'guid-1',
      version: OLD,
      ran: true,
      destinations: [{ url: 'shop.example.com', to: [web] }],
    },
    scale: {},
    keepInstancesOf: [],
    probePath: '/',
    hold: false,
    again: [],
    failureLimit: 2,
    until: 'live',
    drainMs: 5_000,
    bakeMs: 0,
    keepPrevious: 1,
    keepFailed: true,
    env: {},
    carriedEnv: [],
    checks: [],
    facts: {},
    ...more,
  };
}
