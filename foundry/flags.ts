import { parseArgs } from 'node:util';
import type { FoundryOptions } from './start.js';
import type { Limits } from './state/records.js';

const QUOTA: Readonly<Record<string, keyof Limits>> = {
  memory: 'totalMemoryMb',
  'process-memory': 'perProcessMemoryMb',
  instances: 'totalInstances',
  routes: 'totalRoutes',
  'log-rate': 'logRateBps',
  'reserved-ports': 'totalReservedPorts',
  'service-instances': 'totalServiceInstances',
  tasks: 'perAppTasks',
};

/**
 * Reads the flags of `main.ts`; `base` holds what they leave out. `--quota` is a list such as
 * `memory=2048,instances=10,routes=50` (MiB, counts). Throws `TypeError` that says what is wrong.
 */
export function readFlags(argv: readonly string[], base: FoundryOptions): FoundryOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: text,
      'router-port': text,
      latency: text,
      tick: text,
      job: text,
      staging: text,
      boot: text,
      propagation: text,
      routers: text,
      'route-integrity': text,
      'api-version': text,
      v2: text,
      'token-ttl': text,
      'refresh-tokens': text,
      edge: text,
      quota: text,
      seed: text,
    },
  });
  const number = (name: keyof typeof values, otherwise: number): number => {
    const value = values[name];
    if (value === undefined) return otherwise;
    if (!/^\d+$/.test(value)) throw new TypeError(`--${name} is no whole number: ${value}`);
    return Number(value);
  };
  const integrity = values['route-integrity'] ?? (base.routeIntegrity ? 'on' : 'off');
  if (integrity !== 'on' && integrity !== 'off') throw new TypeError('--route-integrity is on or off');
  const v2 = values.v2 ?? (base.v2 ? 'on' : 'off');
  if (v2 !== 'on' && v2 !== 'off') throw new TypeError('--v2 is on or off');
  const refresh = values['refresh-tokens'] ?? (base.opaqueRefresh ? 'opaque' : 'jwt');
  if (refresh !== 'opaque' && refresh !== 'jwt') throw new TypeError('--refresh-tokens is jwt or opaque');
  return {
    port: number('port', base.port),
    routerPort: number('router-port', base.routerPort),
    latencyMs: number('latency', base.latencyMs),
    tickMs: number('tick', base.tickMs),
    jobMs: number('job', base.jobMs),
    stagingMs: number('staging', base.stagingMs),
    bootMs: number('boot', base.bootMs),
    propagationMs: number('propagation', base.propagationMs),
    routers: Math.max(1, number('routers', base.routers)),
    routeIntegrity: integrity === 'on',
    apiVersion: values['api-version'] ?? base.apiVersion,
    v2: v2 === 'on',
    tokenTtlMs: duration(values['token-ttl'], base.tokenTtlMs),
    edgeFile: values.edge ?? base.edgeFile,
    opaqueRefresh: refresh === 'opaque',
    quota: quota(values.quota, base.quota),
    seed: number('seed', base.seed),
  };
}

/** `90s`, `20m`, `1h`, or whole seconds -> milliseconds. */
function duration(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const match = /^(\d+)(ms|s|m|h)?$/.exec(text);
  if (!match) throw new TypeError(`--token-ttl is no duration: ${text}`);
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] ?? 's'] ?? 1000;
  return Number(match[1]) * unit;
}

function quota(text: string | undefined, otherwise: Limits): Limits {
  if (text === undefined || text === 'generous') return otherwise;
  const limits = { ...otherwise };
  for (const part of text.split(',')) {
    const [name = '', value = ''] = part.split('=');
    const key = QUOTA[name];
    if (!key || !/^\d+$/.test(value)) {
      throw new TypeError(`--quota is a list of NAME=NUMBER with ${Object.keys(QUOTA).join(', ')}: ${part}`);
    }
    limits[key] = Number(value);
  }
  return limits;
}
