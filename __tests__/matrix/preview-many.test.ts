/** A space full of previews: what a sweep of it asks of the platform, and of GitHub. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { appKey } from '../../src/platform/names.js';
import { previewFacts, previewLabels } from '../../src/platform/preview-names.js';
import { inSpace, removeWorkspaces, type Space, went } from './preview-space.js';

jest.setTimeout(120_000);

afterAll(removeWorkspaces);

const ALL = 200;
/** Calls of one removal: its lock, a look after it and after all that goes, and those changes. */
const MOST_OF_ONE = 75;
const PREFIX = 'cf-zero-downtime.github.io';

/** As a deploy leaves each of them. */
async function seeded(space: Space): Promise<void> {
  const wanted = { apps: ALL, routes: ALL, prefix: 'shop-pr' };
  const { apps, routes } = await space.ask('POST', '/__foundry/seed', wanted);
  const expiresAtMs = space.platform.clock.now() + 86_400_000;
  await Promise.all(
    [...apps, ...routes].map((guid: string, index) => {
      const kind = index < ALL ? 'apps' : 'routes';
      // Each route leads to the next app.
      const number = ((kind === 'apps' ? index : index + 1) % ALL) + 1;
      const name = `shop-pr-${number}`;
      const of = { repository: 'octo/shop', id: String(number), pull: number };
      const role = { [`${PREFIX}/role`]: 'preview' };
      const labels = { ...previewLabels(of, expiresAtMs), [`${PREFIX}/app`]: appKey(name) };
      return space.ask('PATCH', `/v3/${kind}/${guid}`, {
        metadata: {
          labels: kind === 'apps' ? { ...labels, ...role } : labels,
          annotations: { ...previewFacts(of), [`${PREFIX}/app`]: name },
        },
      });
    }),
  );
}

/** Two pages of them, the newest first, as GitHub gives them. */
const listing = (closed: (number: number) => boolean, asked: string[]) => (path: string) => {
  const page = Number(/\/pulls\?.*&page=(\d+)/.exec(path)?.[1]);
  if (!page) return undefined;
  asked.push(String(page));
  const numbers = Array.from({ length: 100 }, (_, index) => ALL - (page - 1) * 100 - index);
  const json = numbers.map((number) => ({ number, state: closed(number) ? 'closed' : 'open' }));
  return { status: 200, json, ...(page < 2 ? { headers: { link: '<x>; rel="next"' } } : {}) };
};

test('200 of which 20 go: few calls beside the removals, and one list of pull requests by pages', async () => {
  await inSpace(async (space) => {
    await seeded(space);
    const asked: string[] = [];
    const inputs = { 'preview-max': '200', comment: 'false', deployment: 'false' };
    const callsOf = async (closed: (number: number) => boolean) => {
      const swept = await space.run({ command: 'sweep', gitHub: listing(closed, asked), inputs });
      went(swept, 'swept');
      return swept.calls.length;
    };
    const left = async (path: string) => (await space.ask('GET', `${path}?per_page=5000`)).resources.length;
    const none = await callsOf(() => false);
    expect(none).toBeLessThanOrEqual(20);
    expect([await left('/v3/apps'), await left('/v3/routes')]).toEqual([ALL, ALL]);
    const one = await callsOf((number) => number === 10);
    const rest = await callsOf((number) => number % 10 === 0);
    expect([await left('/v3/apps'), await left('/v3/routes')]).toEqual([ALL - 20, ALL - 20]);
    const removal = one - none;
    // As each of them costs what the first one did: what is left is the sweep's own.
    expect(rest - 19 * removal).toBeLessThanOrEqual(60);
    expect(removal).toBeLessThanOrEqual(MOST_OF_ONE);
    expect(asked).toEqual(['1', '2', '1', '2', '1', '2']);
  });
});
