/** Versions that must not go live: each is taken back, and nobody notices, live least of all. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  expectKept,
  expectReverted,
  expectTold,
  failedOnes,
  type Standing,
  standingOf,
} from './support/standing.js';
import { startWorld, type VersionOptions, type Watch, type World } from './support/world.js';

/** Each deploy is a whole one: real CLI, real bundle, real instances. */
jest.setTimeout(180_000);

/** Most of a deploy is waiting: so many apps have theirs side by side, each its own in turn. */
const APPS = ['shop', 'cafe', 'bank', 'post'];
/** Long enough for several tries. */
const checks = (within = '3s', more = '') => `[{path: /health, within: ${within}${more}}]`;
/** Three wrong answers in a row end a check, however slow the machine gives them. */
const LONG = '20s';
const SAYS = ['using the database at db.internal'];

interface Bad {
  app: Omit<VersionOptions, 'version'>;
  inputs?: Record<string, string>;
  error: string;
  /** In the annotation and in the summary. */
  why: RegExp;
  /** Words of the app or of its answers, in the log and in the summary. */
  evidence: readonly (string | RegExp)[];
  /** What is left of it. Default: the version itself, for diagnosis. */
  left?: 'what failed before';
}

const BAD: Record<string, Bad> = {
  'its health check answers 500': {
    app: { health: '500', says: SAYS },
    inputs: { 'smoke-test': checks() },
    error: 'smoke',
    why: /"\/health" did not pass on instance \d: 500, not a 2xx/,
    evidence: ['HTTP 500', 'no connection to the database', ...SAYS],
  },
  'its health check never answers': {
    app: { health: 'hang', says: SAYS },
    inputs: { 'smoke-test': checks() },
    error: 'smoke',
    why: /"\/health" did not pass on instance \d: no answer: .*the app did not answer/,
    evidence: [/no answer: .* after \d+ ms/, ...SAYS],
  },
  'its health check leads to a login page, which answers 200': {
    app: { health: 'redirect', says: SAYS },
    error: 'smoke',
    why: /"\/health" did not pass on instance \d: 302, not a 2xx/,
    evidence: ['HTTP 302', 'location: /login', ...SAYS],
  },
  'its first five answers are 404, by the app itself': {
    app: { firstAnswers404: 5, says: SAYS },
    error: 'smoke',
    why: /"\/health" did not pass on instance \d: 404, not a 2xx \(3 attempts\)/,
    evidence: ['HTTP 404', 'not here yet', ...SAYS],
  },
  'its body is another one': {
    app: { body: 'it works, somehow\n' },
    inputs: { 'smoke-test': checks(LONG, ', body: "^welcome"') },
    error: 'smoke',
    why: /"\/health" did not pass .* the body does not match \/\^welcome\//,
    evidence: ['it works, somehow', /version bad-\d+ listens/],
  },
  'one of its three instances crashes again and again': {
    app: { instances: 3, crash: { onlyIndex: 1, afterMs: 300 } },
    error: 'start',
    why: /It crashed \d+ times\. instances ready 2\/3.*last crash: instance 1: CRASHED, exit status 7/,
    evidence: ['out of luck: this instance ends itself', /instance 1: CRASHED, exit status 7/],
  },
  'it ends before it listens': {
    app: { failStart: true },
    error: 'start',
    why: /It crashed \d+ times\. instances ready 0\/2.*exit status 1/,
    evidence: ['cannot start: the configuration names no database', /CRASHED, exit status 1/],
  },
  'it never listens': {
    app: { bootMs: 3_600_000, says: SAYS },
    inputs: { 'start-timeout': '4s' },
    error: 'start',
    why: /the instances of \w+-candidate\. Last seen: instances ready 0\/2/,
    evidence: SAYS,
  },
  'the smoke-script does not like it': {
    app: { says: SAYS },
    inputs: { 'smoke-script': 'echo "$APP_NAME looks odd on $TRIAL_URL"; exit 3' },
    error: 'script',
    why: /The smoke-script ended with exit code 3/,
    evidence: [/\w+ looks odd on http:\/\/\w+-candidate-\w{6}\./, ...SAYS],
  },
  'its task fails': {
    app: { says: SAYS },
    inputs: { task: 'echo "there is no such column"; exit 3' },
    error: 'task',
    why: /The task task-\S+ failed: .*Exited with status 3/,
    evidence: ['there is no such column'],
  },
  'a check fails, and failed versions are not to be kept': {
    app: { health: 'redirect', says: SAYS },
    inputs: { 'keep-failed': 'false' },
    error: 'smoke',
    why: /"\/health" did not pass on instance \d: 302, not a 2xx/,
    evidence: ['HTTP 302', ...SAYS],
    left: 'what failed before',
  },
  'no buildpack takes its bits, so that there is nothing to keep': {
    app: { failStaging: true },
    error: 'staging',
    why: /Staging failed: .*NoAppDetectedError/,
    evidence: [/\[STG\/0\] /],
    left: 'what failed before',
  },
};

async function isRefusedLive(version: string, bad: Bad, app: string, live: Standing): Promise<void> {
  const failed = await failedOnes(world, app);
  const routes = [world.url(app)];
  const result = await world.deploy({ version, name: app, routes, instances: 2, ...bad.app }, bad.inputs);
  await expectReverted(world, result, bad.error, live);
  if (bad.left) expect(await failedOnes(world, app)).toEqual(failed);
  else await expectKept(world, result, app);
  expectTold(result, bad.why);
  for (const words of bad.evidence) {
    expect(result.shown).toMatch(words);
    expect(result.summary).toMatch(words);
  }
  expect(result.outputs['failed-requests']).toBe('0');
  expect(Number(result.outputs.requests)).toBeGreaterThan(0);
}

let world: World;
let watch: Watch;
const outcomes = new Map<string, Promise<void>>();

beforeAll(async () => {
  world = await startWorld();
  const lives = await Promise.all(
    APPS.map(async (name) => {
      const version = { version: 'v1', name, routes: [world.url(name)], instances: 2 };
      const { outputs } = await world.deploy({ ...version, more: ['env: {COLOUR: blue}'] });
      expect(outputs.result).toBe('deployed');
    }),
  ).then(() => Promise.all(APPS.map((name) => standingOf(world, name))));
  for (const live of lives) expect(live.variables).toEqual({ COLOUR: 'blue' });
  watch = await world.watch({ apps: APPS, routes: APPS.map((name) => world.url(name)), rate: 80 });
  const turns = lives.map(() => Promise.resolve());
  for (const [at, [what, bad]] of Object.entries(BAD).entries()) {
    const lane = at % APPS.length;
    const [app = '', live] = [APPS[lane], lives[lane]];
    if (!live) continue;
    const outcome = Promise.resolve(turns[lane]).then(() => isRefusedLive(`bad-${at}`, bad, app, live));
    outcomes.set(what, outcome);
    turns[lane] = outcome.catch(() => undefined);
  }
}, 120_000);
afterAll(() => world.close());

describe('a version is taken back, and live was never touched:', () => {
  test.each(Object.keys(BAD))('%s', async (what) => {
    expect(outcomes.has(what)).toBe(true);
    await outcomes.get(what);
  });

  test('nobody noticed any of it', async () => {
    await Promise.allSettled(outcomes.values());
    const { figures, problems } = await watch.end();
    expect(problems).toEqual([]);
    expect(figures.firstFailures).toEqual([]);
    expect(figures.failed).toBe(0);
    expect(Object.keys(figures.byVersion)).toEqual(['v1']);
    expect(await world.leaks()).toEqual([]);
  });
});
