import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Pool } from './pool.js';
import { endpointFailure, type Refusal } from './refusal.js';
import type { Table } from './table.js';

const FORWARDED = 'x-cf-forwarded-url';
const SIGNATURE = 'x-cf-proxy-signature';
const METADATA = 'x-cf-proxy-metadata';

/** Leads requests of routes that have a route service through it. */
export interface RouteServices {
  /**
   * Where a request for a route goes: to the route's own backends when it comes from the route service, else to the service, with
   * its headers changed. Only services that are apps of this platform are reached (gorouter's internal look-up).
   */
  lead(incoming: IncomingMessage, pool: Pool, host: string, table: Table): Pool | Refusal;
}

export function createRouteServices(): RouteServices {
  const secret = randomBytes(32);
  const sign = (url: string) => createHmac('sha256', secret).update(url).digest('base64url');

  return {
    lead(incoming, pool, host, table) {
      const { headers } = incoming;
      const service = pool.record.routeServiceUrl;
      if (service === undefined) return pool;
      const signature = text(headers[SIGNATURE]);
      if (signature !== undefined) {
        if (!isSame(signature, sign(text(headers[FORWARDED]) ?? ''))) {
          return { status: 400, text: '400 Bad Request: Failed to validate Route Service Signature' };
        }
        for (const name of [FORWARDED, SIGNATURE, METADATA]) delete headers[name];
        return pool;
      }
      const { hostname, pathname, search } = new URL(service);
      const found = table.find(hostname.toLowerCase(), pathname);
      if (!found) return endpointFailure(`dial tcp: lookup ${hostname}: no such host`);
      const url = `http://${host}${incoming.url ?? '/'}`;
      headers[FORWARDED] = url;
      headers[SIGNATURE] = sign(url);
      headers[METADATA] = randomBytes(12).toString('base64url');
      headers.host = hostname;
      incoming.url = pathname + search;
      return found;
    },
  };
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
