import { Replay } from '../../../traffic/history.js';
import type { World } from './world.js';

/** A route that was mapped a moment ago is not known to every router yet. */
export async function areServed({ foundry }: World, urls: readonly string[]): Promise<boolean> {
  const { routers } = await foundry.state();
  const now = new Replay();
  for (const entry of await foundry.history()) now.apply(entry);
  const served = (guid: string) =>
    Array.from({ length: routers }, (_, router) => now.behind(router, guid)).every(
      (behind) => behind.length > 0,
    );
  return urls.every((url) => now.routesOf(url).some(({ guid }) => served(guid)));
}
