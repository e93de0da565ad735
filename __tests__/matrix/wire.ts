/** Between a run and the platform: counts every call, and lets one of them go wrong. */
import { HttpFailure } from '../../src/model/errors.js';
import type { Life } from './life.js';
import type { ApiAnswer, ApiCall, Platform } from './platform.js';

export type Caller = 'action' | 'cf';

/** A call of a run, found again in another run by its caller, its name and its number among those of that name. */
export interface Point {
  by: Caller;
  /** Method and path, GUIDs left out; `probe` before a request to an app. */
  name: string;
  number: number;
}

/** A call as it was seen in an unharmed run. */
export interface SeenCall extends Point {
  /** The step of the log in which it was made. */
  step: string;
  kind: 'write' | 'read' | 'probe';
}

/**
 * What happens at a point. `kill`: the action and with it the CLI; `end cf`: the CLI alone. `500`, `429`, `reset`: not done;
 * `lost`: done, and answered by the router with 502; `401`: the token counts no more; `cancel`: the runner's signal just before
 * the call, and its post step afterwards. Not in the matrix: `freeze`, the action sleeps for minutes when the call was answered.
 */
export const HARMS = [
  'kill before',
  'kill after',
  'end cf before',
  'end cf after',
  '500',
  'lost',
  'reset',
  '429',
  '401',
  'cancel',
] as const;
export type Harm = (typeof HARMS)[number];

export interface Trial {
  point: Point;
  harm: Harm | 'freeze';
}

const GUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const RETRY_AFTER_S = '3';
export const FROZEN_MS = 180_000;

export class Wire {
  readonly calls: SeenCall[] = [];
  /** The step of the log that is under way. */
  step = 'begin';
  reached = false;
  private readonly counts = new Map<string, number>();
  private readonly ended = new Set<string>();

  constructor(
    private readonly platform: Platform,
    /** Of the action. */
    private readonly life: Life,
    private readonly trial?: Trial,
    /** The runner's signal. */
    private readonly cancel: () => void = () => undefined,
  ) {}

  /** @throws HttpFailure when the connection breaks */
  async send(by: Caller, life: Life, call: ApiCall): Promise<ApiAnswer> {
    const path = call.path.replace(/\?.*/, '');
    const kind = call.method === 'GET' ? 'read' : 'write';
    const harm = this.harmOf(by, `${call.method} ${path.replace(GUID, '*')}`, kind);
    const token = call.headers?.authorization ?? '';
    if (harm === '401' && /^bearer /i.test(token)) this.ended.add(token);
    if (harm === '401' || this.ended.has(token)) return answer(401, { errors: [INVALID_TOKEN] });
    switch (harm) {
      case '500':
        return answer(500, {
          errors: [{ code: 10001, title: 'UnknownError', detail: 'An unknown error occurred.' }],
        });
      case '429':
        return answer(
          429,
          { errors: [{ code: 10013, title: 'CF-RateLimitExceeded', detail: 'Rate Limit Exceeded' }] },
          { 'retry-after': RETRY_AFTER_S },
        );
      case 'reset':
        throw new HttpFailure('read ECONNRESET', 'reset', true);
    }
    return this.killing(harm, life, async () => {
      const done = await this.platform.call(call);
      if (harm !== 'lost') return done;
      const headers = { 'content-type': 'text/plain', 'x-cf-routererror': 'endpoint_failure (EOF)' };
      return {
        status: 502,
        headers,
        body: '502 Bad Gateway: Registered endpoint failed to handle the request.\n',
      };
    });
  }

  async probe<T>(life: Life, host: string, ask: () => Promise<T>): Promise<T> {
    const route = host.replace(/candidate-[a-z0-9]{6}/, 'candidate-*');
    return this.killing(this.harmOf('action', `probe ${route}`, 'probe'), life, ask);
  }

  /** `life` is that of the caller. */
  private async killing<T>(harm: Trial['harm'] | undefined, life: Life, work: () => Promise<T>): Promise<T> {
    const doomed = harm?.startsWith('kill') ? this.life : life;
    if (harm === 'kill before' || harm === 'end cf before') doomed.end();
    if (life.over) return new Promise(() => undefined);
    const done = await work();
    if (harm === 'freeze') this.life.freeze(this.platform.clock.sleep(FROZEN_MS));
    if (harm === 'kill after' || harm === 'end cf after') doomed.end();
    return done;
  }

  private harmOf(by: Caller, name: string, kind: SeenCall['kind']): Trial['harm'] | undefined {
    const number = (this.counts.get(`${by} ${name}`) ?? 0) + 1;
    this.counts.set(`${by} ${name}`, number);
    this.calls.push({ by, name, number, step: this.step, kind });
    const { point, harm } = this.trial ?? {};
    if (point?.by !== by || point.name !== name || point.number !== number) return undefined;
    this.reached = true;
    if (harm === 'cancel') this.cancel();
    return harm;
  }
}

const INVALID_TOKEN = { code: 1000, title: 'CF-InvalidAuthToken', detail: 'Invalid Auth Token' };

function answer(status: number, body: unknown, headers: Record<string, string> = {}): ApiAnswer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}
