import type { Core } from '../api/core.js';
import { ApiError, notFound } from '../api/errors.js';
import { isObject } from '../api/metadata.js';
import { type RateLimit, readRateLimit } from '../api/rate-limit.js';
import { type Answer, type Call, openRow, type Row } from '../api/table.js';
import type { RouteFigures } from '../router/figures.js';
import type { BrokerFaults } from '../state/broker.js';
import type { Tokens } from '../uaa/tokens.js';
import { readTrust, type Trust } from '../uaa/trust.js';
import type { Faults } from './faults.js';
import type { Requests } from './requests.js';
import { seed } from './seed.js';
import { state } from './state.js';

export interface ControlParts {
  faults: Faults;
  requests: Requests;
  rateLimit: RateLimit;
  broker: BrokerFaults;
  trust: Trust;
  tokens: Pick<Tokens, 'refreshable'>;
  advance(ms: number): void;
  /** The client that may sign in with its own credentials. */
  client: Readonly<{ id: string; secret: string }>;
  /** One that may only read. */
  auditor: Readonly<{ id: string; secret: string }>;
  figures(): readonly RouteFigures[];
  resetFigures(): void;
}

const bad = (error: unknown) =>
  new ApiError(400, 10004, 'CF-InvalidRequest', error instanceof Error ? error.message : String(error));

const DISTURBANCES = ['crash', 'unready', 'hang'] as const;

/** For tests only: no token, no faults, not among the recorded requests. */
export function controlRows(parts: ControlParts): readonly Row[] {
  const at = (path: string) => `/__foundry/${path}`;
  return [
    openRow('POST', at('faults'), async (call) => {
      try {
        parts.faults.add(await call.json());
      } catch (error) {
        throw bad(error);
      }
      return { status: 204 };
    }),
    openRow('DELETE', at('faults'), () => {
      parts.faults.clear();
      return { status: 204 };
    }),
    openRow('POST', at('broker'), async (call) => {
      try {
        parts.broker.add(await call.json());
      } catch (error) {
        throw bad(error);
      }
      return { status: 204 };
    }),
    openRow('DELETE', at('broker'), () => {
      parts.broker.clear();
      return { status: 204 };
    }),
    openRow('POST', at('rate-limit'), async (call) => {
      try {
        parts.rateLimit.set(readRateLimit(await call.json()));
      } catch (error) {
        throw bad(error);
      }
      return { status: 204 };
    }),
    openRow('POST', at('trust'), async (call) => {
      try {
        parts.trust.set(readTrust(await call.json()));
      } catch (error) {
        throw bad(error);
      }
      return { status: 204 };
    }),
    openRow('POST', at('images'), registerImage),
    openRow('GET', at('refresh-tokens'), () => ({ status: 200, body: { good: parts.tokens.refreshable } })),
    openRow('GET', at('requests'), () => ({ status: 200, body: parts.requests.all() })),
    openRow('GET', at('state'), (_call, core) => ({ status: 200, body: state(core) })),
    openRow('GET', at('history'), (_call, core) => ({ status: 200, body: core.history.all() })),
    openRow('GET', at('client'), () => ({ status: 200, body: parts.client })),
    openRow('GET', at('auditor'), () => ({ status: 200, body: parts.auditor })),
    openRow('GET', at('figures'), () => ({ status: 200, body: parts.figures() })),
    openRow('DELETE', at('figures'), () => {
      parts.resetFigures();
      return { status: 204 };
    }),
    openRow('POST', at('seed'), seedRow),
    openRow('POST', at('instances/:app/:index'), disturb),
    openRow('POST', at('advance'), async (call) => {
      const { ms } = await call.json();
      if (typeof ms !== 'number' || ms < 0) throw bad('ms is no number');
      parts.advance(ms);
      return { status: 204 };
    }),
  ];
}

async function seedRow(call: Call, core: Core): Promise<Answer> {
  const body = await call.json();
  const [space] = core.store.spaces.all();
  if (!space) throw notFound('Space');
  const count = (value: unknown) => (typeof value === 'number' ? value : 0);
  const made = seed(core, space, {
    apps: count(body.apps),
    routes: count(body.routes),
    prefix: typeof body.prefix === 'string' ? body.prefix : 'seed',
    ...(typeof body.app === 'string' ? { app: body.app } : {}),
  });
  return { status: 201, body: made };
}

/** `{"image", "dir", "ports"?, "username"?, "password"?}`: a folder stands in for an image; a tag that is known moves. */
async function registerImage(call: Call, core: Core): Promise<Answer> {
  const { image, dir, ports = [], username, password } = await call.json();
  if (typeof image !== 'string' || typeof dir !== 'string') throw bad('image and dir are texts');
  if (!Array.isArray(ports)) throw bad('ports are a list of numbers');
  const credentials =
    username === undefined ? undefined : { username: `${username}`, password: `${password}` };
  core.store.images.register(image, {
    dir,
    ports: ports.map(Number),
    ...(credentials ? { credentials } : {}),
  });
  return { status: 204 };
}

async function disturb(call: Call, core: Core): Promise<Answer> {
  const body = await call.json();
  const how = DISTURBANCES.find((name) => isObject(body) && body[name] !== undefined);
  if (!how) throw bad(`one of ${DISTURBANCES.join(', ')}`);
  const { app: named = '', index = '' } = call.params;
  const app = core.store.apps.get(named) ?? core.store.apps.find((a) => a.name === named);
  const process = app && core.store.process(app.guid, call.query.get('type') ?? 'web');
  if (!process) throw notFound('App');
  if (!core.running.instances(process).some((i) => i.index === Number(index))) throw notFound('Instance');
  core.running.disturb(process, Number(index), how);
  return { status: 204 };
}
