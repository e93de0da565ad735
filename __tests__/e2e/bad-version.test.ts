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
import { startWorld, type VersionOptions, type World } from './support/world.js';

/** Each deploy is a whole one: real CLI, real bundle, real instances. */
jest.setTimeout(180_000);

/** Long enough for several tries. */
const checks = (more = '') => `[{path: /health, within: 3s${more}}]`;
const SAYS = ['using the database at db.internal'];

let world: World;
let live: Standing;
beforeAll(async () => {
  world = await startWorld();
  const { outputs } = await world.deploy({ version: 'v1', instances: 2, more: ['env: {COLOUR: blue}'] });
  expect(outputs.result).toBe('deployed');
  live = await standingOf(world);
  expect(live).toMatchObject({
    environment: { var: { COLOUR: 'blue' } },
    app: { processes: [{ wanted: 2 }] },
  });
});
afterAll(() => world.close());

interface Bad {
  app: Omit<VersionOptions, 'version'>;
  inputs?: Record<string, string>;
  error: string;
  /** In the annotation and in the summary. */
  why: RegExp;
  /** Words of the app or of its answers, in the log and in the summary. */
  evidence: readonly (string | RegExp)[];
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
    inputs: { 'smoke-test': checks(', body: "^welcome"') },
    error: 'smoke',
    why: /"\/health" did not pass .* the body does not match \/\^welcome\//,
    evidence: ['it works, somehow', /version bad-\d listens/],
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
    why: /shop-candidate.*instances ready 0\/2/,
    evidence: SAYS,
  },
  'the smoke-script does not like it': {
    app: { says: SAYS },
    inputs: { 'smoke-script': 'echo "$APP_NAME looks odd on $TRIAL_URL"; exit 3' },
    error: 'script',
    why: /The smoke-script ended with exit code 3/,
    evidence: [/shop looks odd on http:\/\/shop-candidate-\w{6}\./, ...SAYS],
  },
};

describe('live stays as it is when of a new version', () => {
  test.each(Object.entries(BAD))('%s', async (name, { app, inputs, error, why, evidence }) => {
    const version = `bad-${Object.keys(BAD).indexOf(name)}`;
    const watch = await world.watch();
    const result = await world.deploy({ version, instances: 2, ...app }, inputs);
    const seen = await watch.end();
    await expectReverted(world, result, error, live);
    await expectKept(world, result);
    expect(seen.problems).toEqual([]);
    expect(seen.figures).toMatchObject({ failed: 0, byVersion: { v1: {} } });
    expect(Object.keys(seen.figures.byVersion)).toEqual(['v1']);
    expect(result.outputs).toMatchObject({ 'failed-requests': '0' });
    expectTold(result, why);
    for (const words of evidence) {
      expect(result.shown).toMatch(words);
      expect(result.summary).toMatch(words);
    }
  });

  test('no buildpack takes its bits: nothing is worth keeping, and what was kept stays', async () => {
    const kept = await failedOnes(world);
    const watch = await world.watch();
    const result = await world.deploy({ version: 'bad-bits', failStaging: true });
    const seen = await watch.end();
    await expectReverted(world, result, 'staging', live);
    expect(await failedOnes(world)).toEqual(kept);
    expect(seen.problems).toEqual([]);
    expect(seen.figures.failed).toBe(0);
    expectTold(result, /Staging failed: .*NoAppDetectedError/);
    expect(result.summary).toMatch(/\[STG\/0\]/);
  });

  test('a check fails, and failed versions are not to be kept', async () => {
    const kept = await failedOnes(world);
    const watch = await world.watch();
    const result = await world.deploy({ version: 'bad-end', health: 'redirect' }, { 'keep-failed': 'false' });
    const seen = await watch.end();
    await expectReverted(world, result, 'smoke', live);
    expect(await failedOnes(world)).toEqual(kept);
    expect(seen.problems).toEqual([]);
    expect(seen.figures.failed).toBe(0);
  });
});

test('no run told a secret', async () => {
  expect(await world.leaks()).toEqual([]);
});
