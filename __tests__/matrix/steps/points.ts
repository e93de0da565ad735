/** Where deploys, rollbacks and the ends of held deploys are interrupted on real processes: one point for each kind of step. */
import type { Step } from '../../../src/steps/step.js';
import type { TappedCall } from '../../e2e/support/tap.js';

export type Kind = Step['do'];
/** `rolling`, `canary`: a deploy in place; `holding`: one in place that is held. */
export type Command = 'deploy' | 'rollback' | 'rolling' | 'canary' | 'holding' | 'promote' | 'abort';

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

/** Steps of a change in place: no command has them under blue-green. */
type InPlace =
  | 'copy-droplet'
  | 'record-live'
  | 'record-wish'
  | 'apply-to-live'
  | 'take-droplet'
  | 'apply-version'
  | 'restore-live'
  | 'create-deployment'
  | 'zdt-push'
  | 'await-deployment'
  | 'cancel-deployment'
  | 'judge-canary'
  | 'continue-deployment'
  | 'scale-live'
  | 'unbind'
  | 'bake'
  | 'crown';
/** Those of a way back, of other commands, of a canary, and of cf v6. */
type NotRolled =
  | 'zdt-push'
  | 'record-wish'
  | 'take-droplet'
  | 'apply-version'
  | 'restore-live'
  | 'cancel-deployment'
  | 'judge-canary'
  | 'continue-deployment'
  | 'scale-live'
  // The manifest of these trials names no service.
  | 'unbind';
/** Nothing scales the app of these trials. */
type OfAutoscaler = 'pause-scaling' | 'resume-scaling';
/** What comes to a candidate to which nothing is pushed. */
type NotPushed = 'copy-package' | 'apply-to-candidate';
/** Nothing hands its processes over. */
type OfHandover = 'record-given-up' | 'await-gone';
/** No version has a task. */
type OfTask = 'run-task' | 'await-task';
/** No app has its turn after another one. */
type OfTurn = 'await-release';
type Swapped = Exclude<Kind, InPlace | OfAutoscaler | NotPushed | OfHandover | OfTask | OfTurn>;

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

const DELETE_APP: Point = ROLLBACK['delete-app'];
const marked = (phase: string): Point => ({
  api: call('PATCH', /^\/v3\/apps\/[^/]+$/, new RegExp(`"${phase}"`)),
});

/** What a promote does with what is there already. */
const PROMOTED = [
  'smoke-script',
  'mark',
  'map',
  'prove',
  'unmap',
  'drain',
  'stop',
  'delete-route',
  'delete-app',
  'rename',
] as const satisfies readonly (keyof typeof ROLLBACK)[];

/** What a deployment with pauses does. */
const PAUSED = ['mark', 'create-deployment', 'judge-canary', 'continue-deployment', 'crown'] as const;

/** Each kind of step once for a deploy, a rollback and what is only done in place: one that is missing does not compile. */
export const POINTS: {
  readonly deploy: Readonly<Record<Swapped, Point>>;
  readonly rollback: typeof ROLLBACK;
  readonly rolling: Readonly<Record<Exclude<InPlace, NotRolled> | 'mark' | 'delete-app', Point>>;
  readonly canary: Readonly<Record<(typeof PAUSED)[number], Point>>;
  readonly holding: Readonly<Record<'record-wish' | 'mark', Point>>;
  readonly promote: Readonly<Record<(typeof PROMOTED)[number], Point>>;
  readonly abort: Readonly<Record<'mark' | 'delete-route' | 'delete-app', Point>>;
} = {
  deploy: {
    ...ROLLBACK,
    'push-bits': { api: call('POST', /^\/v3\/packages\/[^/]+\/upload$/) },
    stage: { api: call('POST', /^\/v3\/builds$/) },
    'set-options': { api: call('PATCH', /^\/v3\/routes\/[^/]+$/) },
  },
  rollback: ROLLBACK,
  rolling: {
    'copy-droplet': { api: call('POST', /^\/v3\/droplets/) },
    'record-live': { api: call('PATCH', /^\/v3\/apps\/[^/]+\/environment_variables$/, /LIVE_BEFORE/) },
    mark: marked('switching'),
    // The CLI has applied one to the candidate before.
    'apply-to-live': { line: /apply the manifest to/, api: call('POST', /\/actions\/apply_manifest$/) },
    'create-deployment': { api: call('POST', /^\/v3\/deployments$/) },
    'await-deployment': { line: /deployment deploying, / },
    bake: { line: /^##\[group\].*bake/ },
    crown: { api: call('PATCH', /^\/v3\/apps\/[^/]+$/, /\/role":"live"/) },
    'delete-app': DELETE_APP,
  },
  canary: {
    mark: marked('switching'),
    'create-deployment': { api: call('POST', /^\/v3\/deployments$/) },
    'judge-canary': { line: /compare the canary with live/, router: production },
    'continue-deployment': { api: call('POST', /^\/v3\/deployments\/[^/]+\/actions\/continue$/) },
    crown: { api: call('PATCH', /^\/v3\/apps\/[^/]+$/, /\/role":"live"/) },
  },
  holding: {
    'record-wish': { api: call('PATCH', /^\/v3\/apps\/[^/]+\/environment_variables$/, /LIVE_WISH/) },
    mark: marked('held'),
  },
  promote: Object.fromEntries(PROMOTED.map((kind) => [kind, ROLLBACK[kind]])) as Record<
    (typeof PROMOTED)[number],
    Point
  >,
  abort: { mark: marked('withdrawn'), 'delete-route': ROLLBACK['delete-route'], 'delete-app': DELETE_APP },
};

/** `kill`: SIGKILL, and the machine is gone. `cancel`: SIGINT as the runner sends it, then the post step. */
export type End = 'kill' | 'cancel';

export interface Trial {
  command: Command;
  kind: Kind;
  end: End;
}

export const TRIALS: readonly Trial[] = (Object.keys(POINTS) as Command[]).flatMap((command) =>
  (Object.keys(POINTS[command]) as Kind[]).flatMap((kind) =>
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
