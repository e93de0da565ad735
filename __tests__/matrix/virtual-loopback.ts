/** `Loopback` without sockets: what a played CLI asks of the action itself, and whose call the action then passes on. */
import type { HttpRequest, LocalRequest, Loopback } from '../../src/model/ports.js';
import type { Life } from './life.js';
import type { ApiAnswer, ApiCall } from './platform.js';

/** Says whose call it is that is passed on. */
const CHILD = 'x-played-cf';

export class VirtualLoopback implements Loopback {
  private readonly served = new Map<string, (request: LocalRequest) => ReturnType<Answerer>>();
  private readonly children: Life[] = [];

  constructor(
    /** Of the action, which answers. */
    private readonly life: Life,
  ) {}

  async serve(answer: Answerer) {
    const origin = `http://127.0.0.1:${this.served.size + 1}`;
    this.served.set(origin, answer);
    return { origin, close: () => void this.served.set(origin, NOBODY) };
  }

  /** @param target as the CLI knows it, with a path. undefined: nobody was ever there. Never answers where the connection breaks off: the child ends with the action then. */
  ask(target: string | undefined, child: Life, call: ApiCall): Promise<ApiAnswer> | undefined {
    const [, origin = '', below = ''] = /^(https?:\/\/[^/]+)(.*)$/.exec(target ?? '') ?? [];
    const answer = this.served.get(origin);
    if (!answer) return undefined;
    const gone = new AbortController();
    child.onEnd(() => gone.abort());
    const { method, path, headers, body } = call;
    const request: LocalRequest = {
      method,
      path: below + path,
      headers: { ...headers, [CHILD]: String(this.children.push(child) - 1) },
      body: (async function* () {
        if (body !== undefined) yield Buffer.from(body);
      })(),
      signal: gone.signal,
    };
    return this.life
      .living(() => answer(request))
      .then((answered) => ({
        ...answered,
        body: answered.body.toString(),
      }));
  }

  /** The child for which the action passes this on. */
  childOf({ headers }: HttpRequest): Life | undefined {
    return this.children[Number(headers?.[CHILD] ?? Number.NaN)];
  }
}

type Answerer = Parameters<Loopback['serve']>[0];

const NOBODY: Answerer = () => new Promise(() => undefined);

/** What stands in a body, however it is sent. */
export async function bodyOf({ body }: HttpRequest): Promise<string | Buffer | undefined> {
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) return body;
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}
