import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import type { Address } from './address.js';
import type { Answer } from './answer.js';
import type { ProbeContext } from './context.js';

export const MAX_REDIRECTS = 10;

/** A request along a chain of redirects. */
export interface Hop {
  address: Address;
  method: string;
  headers: Readonly<Record<string, string>>;
}

/** Ranges that are reached only from inside: this machine, its link, its network, a carrier's, and what maps onto them. */
const INSIDE = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
] as const) {
  INSIDE.addSubnet(net, prefix, 'ipv4');
}
for (const [net, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  // 6to4 and Teredo: an IPv4 address is written into them, and nothing public is served there (RFC 7526, RFC 4380).
  ['2002::', 16],
  ['2001::', 32],
] as const) {
  INSIDE.addSubnet(net, prefix, 'ipv6');
}

/** @param address an IPv4 or IPv6 address, without brackets; an IPv4 address mapped into IPv6 counts as what it maps */
export function isInside(address: string): boolean {
  return INSIDE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** Whether an answer asks the client to go elsewhere. */
export function isRedirect(answer: Answer): boolean {
  return [301, 302, 303, 307, 308].includes(answer.status) && answer.headers.location !== undefined;
}

/**
 * The request that follows a redirect. The same host is asked as before; any other one at its own address, which is looked up
 * once, judged, and connected to, so that a name cannot mean something else a moment later.
 * @param first the check's own request: where its host is itself an inside address, others may be too
 * @returns the next hop, or why it is refused
 */
export async function followed(
  ctx: ProbeContext,
  first: Hop,
  from: Hop,
  answer: Answer,
): Promise<Hop | { refused: string }> {
  const base = new URL(from.address.url);
  let target: URL;
  try {
    target = new URL(answer.headers.location ?? '', base);
  } catch {
    return { refused: 'the redirect names no address' };
  }
  if (target.protocol !== 'https:' && target.protocol !== 'http:') {
    return { refused: `the redirect leads to ${target.protocol}` };
  }
  target.username = '';
  target.password = '';
  target.hash = '';
  const sameOrigin = target.origin === base.origin;
  const changesMethod = answer.status === 303 || (answer.status < 303 && from.method === 'POST');
  const next = {
    method: changesMethod && from.method !== 'HEAD' ? 'GET' : from.method,
    headers: sameOrigin ? from.headers : {},
  };
  const own = first.address;
  if (target.hostname === new URL(own.url).hostname) {
    const connectTo = own.connectTo && { connectTo: own.connectTo };
    return { ...next, address: { url: target.href, ...connectTo } };
  }
  const addresses = await addressesOf(ctx, target.hostname);
  const [reached] = addresses;
  if (reached === undefined)
    return { refused: `the redirect leads to ${target.hostname}, which has no address` };
  if (addresses.some(isInside) && !(await startsInside(ctx, own))) {
    return { refused: `the redirect leads to ${target.hostname}, an address inside a private network` };
  }
  const protocol = target.protocol === 'https:' ? 'https:' : 'http:';
  const port = target.port === '' ? (protocol === 'https:' ? 443 : 80) : Number(target.port);
  return { ...next, address: { url: target.href, connectTo: { protocol, host: reached, port } } };
}

async function startsInside(ctx: ProbeContext, { url, connectTo }: Address): Promise<boolean> {
  return (await addressesOf(ctx, connectTo?.host ?? new URL(url).hostname)).some(isInside);
}

/** @returns none when the name cannot be resolved */
async function addressesOf(ctx: ProbeContext, hostname: string): Promise<readonly string[]> {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host)) return [host];
  const resolve =
    ctx.resolve ?? (async (name: string) => (await lookup(name, { all: true })).map((a) => a.address));
  return resolve(host).catch(() => []);
}
