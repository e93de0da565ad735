import type { Inputs } from '../model/asked.js';

/**
 * Where watch, proof and drain ask: `watch-path`, else the first smoke check that a plain GET of a path can stand for, else `/`.
 */
export function probePath({ watchPath, smokeTest }: Pick<Inputs, 'watchPath' | 'smokeTest'>): string {
  if (watchPath) return watchPath;
  for (const { target, method } of smokeTest) if ('path' in target && method === 'GET') return target.path;
  return '/';
}
