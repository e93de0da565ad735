/** What a scenario finds: made once by those who make it, and then again and again by the requests that reached the platform. */
import { pushByHand } from './by-hand.js';
import { type Known, knownOf } from './judge.js';
import { type Heard, type Platform, startPlatform } from './platform.js';
import { FOREIGN, type Folders, type Scenario, url } from './scenarios.js';

/** What reached the platform, and when. */
interface Tape {
  requests: readonly { atMs: number; heard: Heard }[];
  endMs: number;
}

interface Setup {
  tape: Tape;
  known: Known;
  history: string;
}

/** A read of these is remembered: what goes on in the background is shown as unfinished at the first look. */
const LOOKED_AT = /\/(jobs|packages|builds|droplets|tasks)\b/;
const made = new WeakMap<Scenario, Promise<Setup>>();

/** Has what the scenario finds, and a platform of its own. */
export function onPlatform<T>(
  scenario: Scenario,
  folders: Folders,
  work: (platform: Platform, known: Known) => Promise<T>,
): Promise<T> {
  return within(scenario, async (platform) => {
    await record(platform, scenario, folders);
    return work(platform, await knownOf(platform));
  });
}

/** As `onPlatform`, for a scenario that is tried often: all but the first find what was made again. */
export async function onPlatformAgain<T>(
  scenario: Scenario,
  folders: Folders,
  work: (platform: Platform, known: Known) => Promise<T>,
): Promise<T> {
  const { tape, known } = await setupOf(scenario, folders);
  return within(scenario, async (platform) => {
    await play(platform, tape);
    return work(platform, known);
  });
}

function setupOf(scenario: Scenario, folders: Folders): Promise<Setup> {
  const known = made.get(scenario);
  if (known) return known;
  const making = make(scenario, folders);
  made.set(scenario, making);
  return making;
}

/** @throws Error when the requests alone make another state */
async function make(scenario: Scenario, folders: Folders): Promise<Setup> {
  const setup = await within(scenario, async (platform) => {
    const tape = await record(platform, scenario, folders);
    return { tape, ...(await seen(platform)) };
  });
  const again = await within(scenario, async (platform) => {
    await play(platform, setup.tape);
    return seen(platform);
  });
  const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  if (!isSame(again.known, setup.known) || !isSame(again.history, setup.history))
    throw new Error(
      `${scenario.name}: the requests that made what it finds make something else when repeated`,
    );
  return setup;
}

async function seen(platform: Platform): Promise<Omit<Setup, 'tape'>> {
  const fromMs = platform.clock.now();
  const history = JSON.stringify(await platform.clock.drive(platform.history()));
  return { known: { ...(await knownOf(platform)), fromMs }, history };
}

async function within<T>({ jobMs }: Scenario, work: (platform: Platform) => Promise<T>): Promise<T> {
  const platform = await startPlatform(jobMs === undefined ? {} : { jobMs });
  try {
    return await work(platform);
  } finally {
    await platform.close();
  }
}

async function record(platform: Platform, scenario: Scenario, folders: Folders): Promise<Tape> {
  const requests: { atMs: number; heard: Heard }[] = [];
  platform.hear((heard) => {
    if (changes(heard)) requests.push({ atMs: platform.clock.now(), heard });
  });
  for (const name of FOREIGN) {
    const routes = [url(name)];
    const bits = folders.of({ version: name }, { [name]: routes });
    await pushByHand(platform, { name, bits, instances: 1, routes });
  }
  await scenario.before(platform, folders);
  // The routers learn what was made last.
  await platform.clock.pass(10_000);
  platform.hear(() => undefined);
  return { requests, endMs: platform.clock.now() };
}

/** The routers take turns, and remember whom they could not reach. */
function changes(heard: Heard): boolean {
  return 'ask' in heard || heard.call.method !== 'GET' || LOOKED_AT.test(heard.call.path);
}

async function play({ clock, call, routers }: Platform, { requests, endMs }: Tape): Promise<void> {
  const send = (number: number): void => {
    const next = requests[number];
    if (!next) return;
    clock.after(next.atMs - clock.now(), () => {
      if ('ask' in next.heard) routers.ask(...next.heard.ask);
      else void call(next.heard.call);
      send(number + 1);
    });
  };
  send(0);
  await clock.pass(endMs - clock.now());
}
