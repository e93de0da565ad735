/** Where a deploy and a rollback are interrupted on real processes: one point for each kind of step. */
import type { Step } from '../../../src/steps/step.js';
import type { TappedCall } from '../../e2e/support/tap.js';

export type Kind = Step['do'];
export type Command = 'deploy' | 'rollback';

export interface Where {
  app: string;
  /** Its production route. */
  url: string;
  routeGuid: string;
}

/** Reached with the first call of this sort to the API, or to the router, after the line; without a call with the line itself. */
export interface Point {
  line?: RegExp;
  api?: (call: TappedCall, where: Where) => boolean;
  router?: (call: TappedCall, where: Where) => boolean;
}

const call = (method: string, path: RegExp, body?: RegExp) => (made: TappedCall) =>
  made.method === method && path.test(made.path) && (body?.test(made.body) ?? true);
const stats = call('GET', /^\/v3\/processes\/[^/]+\/stats/);
const production = ({ host }: TappedCall, { url }: Where) => host.split(':')[0] === url;
const destinations =
  (method: string) =>
  (made: TappedCall, { routeGuid }: Where) =>
    made.method === method && made.path.startsWith(`/v3/routes/${routeGuid}/destinations`);

/** What the script of the step `smoke-script` says while it runs. */
export const SCRIPT_SAYS = 'the script is at work';

/** Steps of a deploy in place: neither of these two commands has them under blue-green. */
type InPlace =
  | 'copy-droplet'
  | 'record-live'
  | 'record-wish'
  | 'apply-to-live'
  | 'take-droplet'
  | 'apply-version'
  | 'restore-live'
  | 'create-deployment'
  | 'await-deployment'
  | 'cancel-deployment'
  | 'judge-canary'
  | 'continue-deployment'
  | 'scale-live'
  | 'bake'
  | 'crown';
/** Nothing scales the app of these trials. */
type OfAutoscaler = 'pause-scaling' | 'resume-scaling';
type Swapped = Exclude<Kind, InPlace | OfAutoscaler>;

const ROLLBACK: Readonly<Record<Exclude<Swapped, 'push-bits' | 'stage' | 'set-options'>, Point>> = {
  'make-candidate': { api: call('POST', /^\/v3\/apps$/) },
  'make-route': { api: call('POST', /^\/v3\/routes$/) },
  'set-env': { api: call('PATCH', /^\/v3\/apps\/[^/]+\/environment_variables$/) },
  carry: { api: call('PATCH', /^\/v3\/apps\/[^/]+$/, /\/carried"/) },
  scale: { api: call('POST', /^\/v3\/processes\/[^/]+\/actions\/scale$/) },
  start: { api: call('POST', /^\/v3\/apps\/[^/]+\/actions\/start$/) },
  'await-instances': { line: /wait for all instances of candidate/, api: stats },
  'stay-up': { line: /see that all instances stay up/, api: stats },
  smoke: { router: ({ host, path }) => host.includes('-candidate-') && path === '/health' },
  'smoke-script': { line: new RegExp(SCRIPT_SAYS) },
  // Both versions are on the routes, and it was just seen that both may be.
  mark: { api: call('PATCH', /^\/v3\/apps\/[^/]+$/, /"serving"/) },
  map: { api: destinations('POST') },
  prove: { line: /^##\[group\].*prove candidate/, router: production },
  unmap: { api: destinations('DELETE') },
  drain: { line: /^##\[group\].*drain live/, router: production },
  stop: { api: call('POST', /^\/v3\/apps\/[^/]+\/actions\/stop$/) },
  'delete-route': { api: call('DELETE', /^\/v3\/routes\/[^/]+$/) },
  // Of a deploy the version that is not kept any more, of a rollback its lock.
  'delete-app': { api: call('DELETE', /^\/v3\/apps\/[^/]+$/) },
  // The first of two: nobody has the user's name then.
  rename: { api: call('PATCH', /^\/v3\/apps\/[^/]+$/, /"name":/) },
};

/** Each kind of step once for each command: one that is missing does not compile. */
export const POINTS: {
  readonly deploy: Readonly<Record<Swapped, Point>>;
  readonly rollback: typeof ROLLBACK;
} = {
  deploy: {
    ...ROLLBACK,
    'push-bits': { api: call('POST', /^\/v3\/packages\/[^/]+\/upload$/) },
    stage: { api: call('POST', /^\/v3\/builds$/) },
    'set-options': { api: call('PATCH', /^\/v3\/routes\/[^/]+$/) },
  },
  rollback: ROLLBACK,
};

/** `kill`: SIGKILL, and the machine is gone. `cancel`: SIGINT as the runner sends it, then the post step. */
export type End = 'kill' | 'cancel';

export interface Trial {
  command: Command;
  kind: Swapped;
  end: End;
}

export const TRIALS: readonly Trial[] = (['deploy', 'rollback'] as const).flatMap((command) =>
  (Object.keys(POINTS[command]) as Swapped[]).flatMap((kind) =>
    (['kill', 'cancel'] as const).map((end) => ({ command, kind, end })),
  ),
);

export function nameOf({ command, kind, end }: Trial): string {
  return `real ${command}, ${end} in ${kind}`;
}

/** Sees when a run reaches a point; tells once. */
export class Reaching {
  reached = false;
  private armed: boolean;

  constructor(
    private readonly point: Point,
    private readonly where: Where,
    private readonly end: () => void,
  ) {
    this.armed = point.line === undefined;
  }

  line(text: string): void {
    if (!this.point.line?.test(text)) return;
    this.armed = true;
    if (!this.point.api && !this.point.router) this.reach();
  }

  /** @returns whether it is this call that the point is about */
  call(to: 'api' | 'router', made: TappedCall): boolean {
    if (!this.armed || this.reached || !this.point[to]?.(made, this.where)) return false;
    this.reach();
    return true;
  }

  private reach(): void {
    if (this.reached) return;
    this.reached = true;
    this.end();
  }
}
