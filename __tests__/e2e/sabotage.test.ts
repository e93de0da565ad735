import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { ActionResult } from '../../runner/index.js';
import { type LongEnd, openLongRequest } from '../../traffic/long.js';
import { type Seen, sabotaged, startWorld, type World } from './support/world.js';

/** Whole deploys, side by side: real CLI, real bundles, real instances. */
jest.setTimeout(240_000);

/** `none` is the committed bundle: a checker that always complains would prove nothing. */
const KINDS = ['none', 'unmap-first', 'replace-destinations', 'no-drain', 'leak-secret'] as const;
type Kind = (typeof KINDS)[number];

interface Played {
  seen: Seen;
  /** Requests of 16 s that live was answering when it lost its routes: longer than a stop takes with its ten seconds of grace. */
  long: readonly LongEnd[];
  result: ActionResult;
}

let world: World;
let played: Record<Kind, Played>;

/** A second version goes live, each kind of bundle with an app and a route of its own. */
async function play(kind: Kind): Promise<Played> {
  const version = { name: kind, routes: [world.url(kind)] };
  const [bundle, first] = await Promise.all([
    kind === 'none' ? {} : sabotaged(kind).then((path) => ({ bundle: path })),
    world.deploy({ version: 'v1', ...version }),
  ]);
  expect(first.outputs.result).toBe('deployed');
  const watch = await world.watch({
    apps: KINDS,
    routes: version.routes,
    trial: (url) => KINDS.some((other) => url.startsWith(other)),
    rate: 40,
  });
  const long: Promise<LongEnd>[] = [];
  let opening: NodeJS.Timeout | undefined;
  const result = await world.deploy(
    { version: 'v2', ...version },
    { drain: '18s' },
    {
      ...bundle,
      onLine: (line) => {
        const open = (): void =>
          void long.push(openLongRequest(world.foundry.router, { host: world.url(kind) }, 16_000));
        if (line.includes('mark as switching') && opening === undefined) {
          open();
          opening = setInterval(open, 300);
        }
        if (line.includes('mark as drained')) clearInterval(opening);
      },
    },
  );
  clearInterval(opening);
  const ends = await Promise.all(long);
  return { seen: await watch.end(), long: ends.filter((one) => one.version === 'v1'), result };
}

beforeAll(async () => {
  world = await startWorld();
  const all = await Promise.all(KINDS.map(async (kind) => [kind, await play(kind)] as const));
  played = Object.fromEntries(all) as Record<Kind, Played>;
});
afterAll(() => world.close());

const kindsOf = ({ seen }: Played): string[] => seen.problems.map(({ kind }) => kind);

describe('the checker sees', () => {
  test('nothing wrong in a good deploy', () => {
    const { seen, long, result } = played.none;
    expect(result.outputs.result).toBe('deployed');
    expect(seen.problems).toEqual([]);
    expect(seen.figures).toMatchObject({ failed: 0, byVersion: { v1: {}, v2: {} } });
    expect(long.length).toBeGreaterThan(0);
    expect(long.filter((one) => !one.ok)).toEqual([]);
  });

  test('an unmap before the map, in traffic and in the history', () => {
    expect(played['unmap-first'].seen.figures.failed).toBeGreaterThan(0);
    expect(kindsOf(played['unmap-first'])).toContain('no-healthy-destination');
  });

  test('a replace of destinations, in the history even where traffic is lucky', () => {
    expect(kindsOf(played['replace-destinations'])).toContain('no-healthy-destination');
  });

  test('a stop without drain, in the long requests that it cuts', () => {
    expect(played['no-drain'].long.filter((one) => !one.ok)).not.toEqual([]);
    expect(played['no-drain'].seen.figures.failed).toBe(0);
  });

  test('the secret that one run printed, there and nowhere else', async () => {
    const run = world.runs.indexOf(played['leak-secret'].result) + 1;
    const leaks = await world.leaks();
    expect(leaks).toContainEqual({ where: `log of run ${run}`, as: 'plain' });
    expect(new Set(leaks.map(({ where }) => where))).toEqual(new Set([`log of run ${run}`]));
  });
});
