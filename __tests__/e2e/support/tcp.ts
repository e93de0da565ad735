/** Users of a TCP route: no header names it, so they come to its port. */
import type { ActionResult } from '../../../runner/index.js';
import { openLongRequest } from '../../../traffic/long.js';
import { areServed } from './served.js';
import { until } from './until.js';
import type { Seen, World } from './world.js';

export interface OverTcp {
  url: string;
  result: ActionResult;
  problems: Seen['problems'];
  missed: readonly string[];
  /** Versions, in order of their names. */
  met: readonly string[];
}

/** A TCP route that the platform has chosen the port of. */
export async function tcpRoute(world: World): Promise<string> {
  const made = await world.cf('create-route', 'tcp.localhost');
  const [url = ''] = /tcp\.localhost:\d+/.exec(made) ?? [];
  return url;
}

/** Each request over a connection of its own, one after the other, and each takes a while: what is missed of them, and who answered. */
export async function overTcp(
  world: World,
  app: string,
  url: string,
  work: () => Promise<ActionResult>,
): Promise<OverTcp> {
  const router = `http://127.0.0.1:${url.split(':')[1]}`;
  const missed: string[] = [];
  const met = new Set<string>();
  await until('every router to serve it', () => areServed(world, [url]));
  const watch = await world.watch({ apps: [app], routes: [url], traffic: [world.url('other')], rate: 5 });
  let goesOn = true;
  const asking = Array.from({ length: 4 }, async () => {
    while (goesOn) {
      const { ok, reason = 'not ok', version = '' } = await openLongRequest(router, { host: url }, 700);
      met.add(version);
      if (!ok) missed.push(reason);
    }
  });
  const result = await work().finally(() => {
    goesOn = false;
  });
  await Promise.all(asking);
  const { problems } = await watch.end();
  const own = problems.filter(({ kind }) => kind !== 'foreign');
  return { url, result, problems: own, missed, met: [...met].sort() };
}
