import { request as plainRequest } from 'node:http';
import { Agent, type AgentOptions, type RequestOptions, request as secureRequest } from 'node:https';
import { BlockList, isIP } from 'node:net';
import type { Duplex } from 'node:stream';

type Environment = Readonly<Record<string, string | undefined>>;

/** How long a proxy may take to open a tunnel. */
const TUNNEL_TIMEOUT_MS = 30_000;

/**
 * The proxy for `url`, chosen as the cf CLI chooses it (Go's `http.ProxyFromEnvironment`), or undefined. Addresses on this
 * machine have none. Pure. Throws an error with the code `ERR_PROXY` when the environment names no address.
 */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  const named =
    url.protocol === 'https:' ? env.HTTPS_PROXY || env.https_proxy : env.HTTP_PROXY || env.http_proxy;
  if (!named || isLoopback(url.hostname) || isExempt(url, env.NO_PROXY || env.no_proxy || ''))
    return undefined;
  const address = named.includes('://') ? named : `http://${named}`;
  // It may hold a password: it is not shown.
  if (!URL.canParse(address) || !/^https?:/.test(address))
    throw proxyError(`the proxy that the environment names for ${url.protocol}// is no http address`);
  return new URL(address);
}

/** Nothing is mended by asking again. */
function proxyError(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_PROXY' });
}

/** `Proxy-Authorization`, when the proxy's address has a user. */
export function proxyHeaders(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` };
}

/** TLS through a tunnel that the proxy opens: the proxy sees where to, and nothing else. */
export class TunnelAgent extends Agent {
  constructor(
    private readonly proxy: URL,
    options: AgentOptions,
  ) {
    super(options);
  }

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    // Node's own type has no place for a failure without a stream.
    const done = callback as (error: Error | null, stream?: Duplex | null) => void;
    this.tunnel(String(options.host), Number(options.port)).then(
      (socket) => done(null, super.createConnection({ ...options, socket } as RequestOptions)),
      (error: Error) => done(error),
    );
  }

  private tunnel(host: string, port: number): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const target = `${host.includes(':') ? `[${host}]` : host}:${port}`;
      const secure = this.proxy.protocol === 'https:';
      const request = (secure ? secureRequest : plainRequest)({
        method: 'CONNECT',
        host: this.proxy.hostname,
        port: this.proxy.port || (secure ? 443 : 80),
        path: target,
        headers: { host: target, ...proxyHeaders(this.proxy) },
        agent: false,
        timeout: TUNNEL_TIMEOUT_MS,
      });
      const refuse = (status: number | undefined) => {
        const said = `the proxy answered ${status}`;
        reject(status === 407 || status === 403 ? proxyError(said) : new Error(said));
        request.destroy();
      };
      request.once('timeout', () => request.destroy(new Error('the proxy did not answer')));
      request.on('error', reject);
      request.once('response', (response) => refuse(response.statusCode));
      request.once('connect', (response, socket) => {
        if (response.statusCode === 200) resolve(socket);
        else {
          socket.destroy();
          refuse(response.statusCode);
        }
      });
      request.end();
    });
  }
}

/** By its literal form: a name other than `localhost` may lead anywhere. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** `10.0.0.0/8` stands for the addresses in it, never for names that lead there. */
function isInBlock(hostname: string, entry: string): boolean {
  const [, network = '', bits = ''] = /^(.+)\/(\d{1,3})$/.exec(entry) ?? [];
  const host = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || Number(bits) > (family === 4 ? 32 : 128)) return false;
  const block = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  block.addSubnet(network, Number(bits), type);
  return block.check(host, type);
}

/** `example.com` stands for itself and what is below it, `.example.com` and `*.example.com` for what is below, `*` for all. */
function isExempt(url: URL, list: string): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*' || isInBlock(url.hostname, entry)) return true;
      const [, name = '', only] = /^(.*?)(?::(\d+))?$/.exec(entry.replace(/^\*/, '')) ?? [];
      if (only !== undefined && only !== port) return false;
      return name.startsWith('.')
        ? url.hostname.endsWith(name)
        : url.hostname === name || url.hostname.endsWith(`.${name}`);
    });
}
