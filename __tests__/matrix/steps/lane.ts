/** One app on a foundry, deployed and rolled back again and again, each time interrupted at another step; judged after each. */

import type { ActionResult, RunOptions } from '../../../runner/index.js';
import { isOfDeploy } from '../../../traffic/invariant.js';
import { areServed } from '../../e2e/support/served.js';
import { type Space, type SpaceApp, spaceOf } from '../../e2e/support/space.js';
import { type TapHooks, type TappedCall, tapOn } from '../../e2e/support/tap.js';
import { until } from '../../e2e/support/until.js';
import type { World } from '../../e2e/support/world.js';
import { type Command, type End, POINTS, type Point, Reaching, SCRIPT_SAYS, type Trial } from './points.js';

/** All apps of one foundry, and somebody else's. */
export interface Ground {
  world: World;
  lanes: readonly string[];
  /** Name of an app with a route that nobody here may touch. */
  foreign: string;
}

const LABEL = 'cf-zero-downtime.github.io/';
const SCRIPT = `echo '${SCRIPT_SAYS}'; sleep 2`;
/** Requests a second to the route of the lane. */
const RATE = 15;

/** How each command ends that comes to its end; what was held may have been brought there by the run before. */
const ENDS: Readonly<Record<Command, readonly string[]>> = {
  deploy: ['deployed'],
  rolling: ['deployed'],
  canary: ['deployed'],
  // What is held then is promoted.
  holding: ['promoted'],
  rollback: ['rolled-back'],
  promote: ['promoted', 'nothing-held'],
  abort: ['aborted', 'nothing-held'],
};

/** What is asked for beside the version. */
const WAYS: Readonly<Partial<Record<Command, Readonly<Record<string, string>>>>> = {
  rolling: { strategy: 'rolling', bake: '2s' },
  canary: { strategy: 'canary', 'instance-steps': '50' },
  holding: { strategy: 'rolling', hold: 'true' },
};

interface Asked {
  version: string;
  inputs: Readonly<Record<string, string>>;
  workspace: string;
}

export class Lane {
  private number = 0;
  /** What users meet, and the version's own name, of live and of the one before. */
  private live = { says: '', version: '' };
  private kept = { says: '', version: '' };
  private held = { says: '', version: '' };
  private traces: readonly string[] = [];

  constructor(
    private readonly ground: Ground,
    private readonly app: string,
    private readonly command: Command,
  ) {}

  /** Two versions, and one by the command that nothing disturbs. Throws when one of them does not come to its end. */
  async begin(): Promise<void> {
    const undisturbed: Command[] = ['deploy', 'deploy', ...(this.command === 'deploy' ? [] : [this.command])];
    for (const command of undisturbed) {
      await this.hold(command);
      const asked = await this.ask(command);
      const result = await this.toItsEnd(command, asked);
      const wrong = await this.judge(command, asked, result);
      if (wrong.length > 0 && this.number > 1)
        throw new Error(`${this.app}, undisturbed: ${wrong.join('\n')}`);
      this.advance(command, asked, result);
    }
    this.traces = tracesOf((await spaceOf(this.ground.world)).app(this.app));
  }

  /** @returns what is wrong; nothing when it held */
  async attempt({ command, kind, end }: Trial): Promise<string[]> {
    const { world, foreign, lanes } = this.ground;
    await this.change(kind);
    await this.hold(command);
    const before = await spaceOf(world);
    const url = world.url(this.app);
    const asked = await this.ask(command);
    await until(`${url} to be served`, () => areServed(world, [url]));
    const foreigner = before.app(foreign).guid;
    const watch = await world.watch({
      apps: lanes,
      routes: lanes.map((lane) => world.url(lane)),
      traffic: [url],
      rate: RATE,
      foreign: [foreigner],
    });
    const found: string[] = [];
    const point = (POINTS[command] as Readonly<Partial<Record<Trial['kind'], Point>>>)[kind] as Point;
    const { reached, result, runId } = await this.interrupted(point, end, asked, before.route(url).guid);
    if (!reached) found.push(`the point was not reached:\n${result.shown}`);
    found.push(...judgeEnd(end, result));
    if (end === 'cancel') found.push(...(await this.leftByPost()));
    const again = await this.toItsEnd(command, asked, { runId, attempt: 2 });
    const isBack = end === 'cancel' && (await this.isTakenBack(command, again));
    const due = isBack ? { ...asked, version: this.live.says } : asked;
    found.push(...(await this.judge(command, due, again, before)));
    if (!ENDS[command].includes(endOf(again)))
      found.push(`the first run:\n${result.shown}\n${result.post?.shown ?? ''}`);
    const seen = await watch.end();
    const [failure] = seen.figures.firstFailures;
    if (failure) found.push(`${seen.figures.failed} requests failed, the first: ${JSON.stringify(failure)}`);
    const own = seen.problems.filter(
      ({ kind: sort, text }) => sort === 'history' || this.concerns(text, foreign),
    );
    found.push(...own.map(({ kind: sort, text }) => `${sort}: ${text}`));
    if (!isBack) this.advance(command, asked, again);
    return found;
  }

  /** A promote that was cancelled before live lost a route: nothing is held any more, and users meet what they met before. */
  private async isTakenBack(command: Command, again: ActionResult): Promise<boolean> {
    if (command !== 'promote' || endOf(again) !== 'nothing-held') return false;
    return (await this.ground.world.meet(this.ground.world.url(this.app))) === this.live.says;
  }

  private concerns(text: string, foreign: string): boolean {
    return text.includes(this.app) || text.includes(foreign);
  }

  /** What promote and abort are about. */
  private async hold(command: Command): Promise<void> {
    if (command !== 'promote' && command !== 'abort') return;
    const asked = await this.ask('deploy');
    const result = await this.run({ ...asked, inputs: { ...asked.inputs, hold: 'true' } });
    if (result.outputs.result !== 'held') throw new Error(`${this.app} is not held:\n${result.shown}`);
    this.held = { says: asked.version, version: result.outputs.version ?? '' };
  }

  /** Users meet what is held only when it was promoted. */
  private async toItsEnd(command: Command, asked: Asked, more: Partial<RunOptions> = {}) {
    const result = await this.run(asked, more);
    if (command !== 'holding' || endOf(result) !== 'held') return result;
    const inputs = { command: 'promote', app: this.app, 'smoke-script': SCRIPT, drain: '1s' };
    return this.run({ ...asked, inputs, workspace: this.ground.world.dir });
  }

  /** What is still held waits for promote or abort. */
  private async leftByPost(): Promise<string[]> {
    const space = await spaceOf(this.ground.world);
    const isHeld = space.apps.some(
      ({ name, labels }) => name === `${this.app}-candidate` && labels[`${LABEL}phase`] === 'held',
    );
    return isHeld && this.command !== 'deploy' ? [] : this.left(space);
  }

  /** What makes the step needed. */
  private async change(kind: Trial['kind']): Promise<void> {
    const { world } = this.ground;
    if (kind === 'set-env') await world.cf('set-env', this.app, 'BY_HAND', String(this.number));
    if (kind !== 'scale') return;
    const web = (await spaceOf(world)).app(this.app).processes.find(({ type }) => type === 'web');
    await world.cf('scale', this.app, '-i', String((web?.wanted ?? 1) + 1));
  }

  private async ask(command: Command): Promise<Asked> {
    const { world } = this.ground;
    this.number += 1;
    const inputs = { 'smoke-script': SCRIPT, drain: '1s' };
    if (command === 'rollback') {
      const to = { command, app: this.app, to: this.kept.version };
      return { version: this.kept.says, inputs: { ...inputs, ...to }, workspace: world.dir };
    }
    if (command === 'promote' || command === 'abort') {
      const version = command === 'promote' ? this.held.says : this.live.says;
      return { version, inputs: { ...inputs, command, app: this.app }, workspace: world.dir };
    }
    const version = `v${this.number}`;
    // Each deploy has an option of its route to change.
    const way = this.number % 2 === 0 ? 'round-robin' : 'least-connection';
    const more = ['routes:', `  - route: ${world.url(this.app)}`, `    options: {loadbalancing: ${way}}`];
    const workspace = await world.workspace({ name: this.app, version, routes: [], more });
    return { version, inputs: { ...inputs, ...WAYS[command], env: `STEP: ${version}` }, workspace };
  }

  private run({ version, inputs, workspace }: Asked, more: Partial<RunOptions> = {}, addresses = {}) {
    const env = { GITHUB_SHA: Buffer.from(version).toString('hex').padEnd(40, '0') };
    return this.ground.world.run(workspace, { ...inputs, ...addresses }, { env, ...more });
  }

  private async interrupted(point: Point, end: End, asked: Asked, routeGuid: string) {
    const { world } = this.ground;
    let pid = 0;
    const cancelled = new AbortController();
    const kill = () => process.kill(pid, 'SIGKILL');
    const where = { app: this.app, url: world.url(this.app), routeGuid };
    const reaching = new Reaching(point, where, () => (end === 'cancel' ? cancelled.abort() : undefined));
    /** A killed run's call was done, though the run never hears of it; a cancelled one's is on its way at SIGINT. */
    const hooks = (to: 'api' | 'router'): TapHooks => {
      const reaches = (made: TappedCall) => reaching.call(to, made);
      if (end === 'cancel') return { before: reaches };
      return {
        after: (made) => {
          if (reaches(made)) kill();
        },
      };
    };
    const [api, router] = await Promise.all([
      tapOn(world.foundry.api, hooks('api')),
      tapOn(world.foundry.router, hooks('router')),
    ]);
    const runId = String(10_000 * (1 + this.ground.lanes.indexOf(this.app)) + this.number);
    try {
      const options: Partial<RunOptions> = {
        runId,
        onStart: (started) => {
          pid ||= started;
        },
        onLine: (text) => {
          const already = reaching.reached;
          reaching.line(text);
          if (end === 'kill' && reaching.reached && !already) kill();
        },
        ...(end === 'cancel' ? { signal: cancelled.signal } : { post: false }),
      };
      const result = await this.run(asked, options, { api: api.url, router: router.url });
      return { reached: reaching.reached, result, runId };
    } finally {
      await Promise.all([api.close(), router.close()]);
    }
  }

  private advance(command: Command, { version }: Asked, { outputs }: ActionResult): void {
    if (command === 'abort') return;
    const next = command === 'promote' ? this.held : { says: version, version: outputs.version ?? '' };
    this.kept = this.live;
    this.live = next;
    if (command === 'rollback' && next.version === '')
      throw new Error(`${this.app}: a rollback without a version`);
  }

  private async judge(
    command: Command,
    { version }: Asked,
    result: ActionResult,
    before?: Space,
  ): Promise<string[]> {
    const { world, foreign } = this.ground;
    const { result: got, error } = result.outputs;
    if (!ENDS[command].includes(endOf(result)))
      return [`the last run ended with ${result.exitCode}, ${got} (${error}):\n${result.shown}`];
    const found: string[] = result.orphans.map(({ command: line }) => `the last run left ${line} running`);
    const space = await spaceOf(world);
    const url = world.url(this.app);
    const met = await world.meet(url);
    if (met !== version) found.push(`users meet ${met}, not ${version}`);
    const serving = space.serving[url]?.join(', ');
    if (serving !== this.app) found.push(`${url} leads to ${serving}`);
    found.push(...this.left(space));
    if (!before) return found;
    const route = space.route(url);
    if (route.guid !== before.route(url).guid) found.push(`${url} is another route than before`);
    const previous = space.names.filter((name) => name.startsWith(`${this.app}-previous-`));
    if (previous.length !== 1) found.push(`previous: ${previous.join(', ') || 'none'}`);
    for (const app of space.apps)
      if (app.name !== this.app && isOfDeploy(app.name, this.app) && app.state !== 'STOPPED')
        found.push(`${app.name} is ${app.state}`);
    const [theirs, now] = [before, space].map((one) => foreignOf(one, foreign));
    if (theirs !== now) found.push(`foreign objects were changed: ${theirs} became ${now}`);
    const traces = tracesOf(space.app(this.app));
    found.push(
      ...traces.filter((one) => !this.traces.includes(one)).map((one) => `left on live: ${one}`),
      ...this.traces.filter((one) => !traces.includes(one)).map((one) => `missing on live: ${one}`),
    );
    return found;
  }

  /** Lock, candidate, trial routes, and more failed versions than are kept. */
  private left(space: Space): string[] {
    const own = space.leftovers.filter((name) => name.startsWith(`${this.app}-`));
    const failed = space.names.filter((name) => name.startsWith(`${this.app}-failed-`));
    return [
      ...own.map((name) => `left: ${name}`),
      ...(failed.length > 1 ? [`failed: ${failed.join(', ')}`] : []),
    ];
  }
}

/** Its result; of one that did not go well its error. */
function endOf({ exitCode, outputs }: ActionResult): string {
  return (exitCode === 0 ? outputs.result : outputs.error) ?? '';
}

/** A killed run's children end by their leash a moment later than the runner looks for them. */
function judgeEnd(end: End, { exitCode, signal, post, orphans, shown }: ActionResult): string[] {
  if (end === 'kill') return signal === 'SIGKILL' ? [] : [`ended with ${exitCode}, ${signal}:\n${shown}`];
  const left = orphans.map(({ command }) => `it left ${command} running`);
  const late = signal === null ? [] : [`it took ${signal} to end it:\n${shown}`];
  const broken = post?.exitCode === 0 ? [] : [`post ended with ${post?.exitCode}: ${post?.shown}`];
  return [...left, ...late, ...broken];
}

/** Names of what we wrote on live. */
/** Without the note that a held deploy, which the first run had left, was ended by the second. */
function tracesOf(app: SpaceApp & { annotations?: Readonly<Record<string, string>> }): readonly string[] {
  const ours = (of: Readonly<Record<string, string>> = {}) =>
    Object.keys(of).filter((key) => key.startsWith(LABEL) && key !== `${LABEL}ended`);
  return [
    ...ours(app.labels).map((key) => `label ${key}`),
    ...ours(app.annotations).map((key) => `annotation ${key}`),
  ];
}

function foreignOf({ apps, routes }: Space, name: string): string {
  const app = apps.find((one) => one.name === name);
  return JSON.stringify([
    app,
    routes.filter(({ destinations }) => destinations.some((to) => to.appGuid === app?.guid)),
  ]);
}
