import { expect, test } from '@jest/globals';
import { leftoverNames, lookForLeftovers } from '../../src/platform/leftovers.js';
import { appKey, LABEL } from '../../src/platform/names.js';
import { ownedNames } from '../../src/platform/ours.js';
import { takeSnapshot } from '../../src/platform/snapshot.js';
import { TARGET } from '../commands/space.js';
import { standing } from '../commands/standing.js';

const OURS = { [LABEL.app]: 'shop', [LABEL.role]: 'live', [LABEL.version]: 'v0' };

async function looked(arrange: (at: ReturnType<typeof standing>) => void, set = ['shop']) {
  const at = standing();
  arrange(at);
  const { platform } = at.world;
  const snapshot = await takeSnapshot(platform, TARGET, { name: 'shop', wanted: [] });
  const calls: string[] = [];
  at.space.hook = (call) => void calls.push(call);
  const [left] = await lookForLeftovers(platform, [snapshot], set);
  return { names: left?.apps.map(({ name }) => name), routes: left?.routes.map(({ url }) => url), calls };
}

test('names that other tools give, and no name that is only like them', async () => {
  const { names, routes } = await looked(({ space }) => {
    for (const name of ['shop-venerable', 'shop-olde', 'shop-old-2', 'xshop-old', 'blue-shop'])
      space.addApp(name);
    space.addRoute('own', [space.addApp('shop-green', { state: 'STARTED' })]);
  });
  expect(names?.sort()).toEqual(['blue-shop', 'shop-green', 'shop-venerable']);
  expect(routes).toEqual(['own.example.com']);
});

test('an app of the same deploy, and one that carries our role for another app, are no leftovers', async () => {
  const { names } = await looked(
    ({ space }) => {
      space.addApp('shop-blue');
      space.addApp('shop-green', { labels: { ...OURS, [LABEL.app]: 'shop-green' } });
    },
    ['shop', 'shop-blue'],
  );
  expect(names).toEqual([]);
});

test('a second one that is called live, and one of ours that another hand has renamed', async () => {
  const { names } = await looked(({ space }) => {
    space.addApp('copy', { labels: OURS });
    space.addApp('renamed', { labels: { ...OURS, [LABEL.role]: 'candidate' } });
    space.addApp('shop-candidate-lock-1', { labels: { ...OURS, [LABEL.role]: 'lock' } });
    space.addApp('shop-pr-7', { labels: { ...OURS, [LABEL.role]: 'preview' } });
  });
  expect(names).toEqual(['copy', 'renamed']);
});

test('where nothing is left it is two reads, and no write', async () => {
  const { calls } = await looked(() => undefined);
  expect(calls.filter((call) => call.startsWith('apps'))).toEqual(['appsByName', 'appsByLabel']);
  expect(calls.filter((call) => !call.startsWith('apps'))).toEqual(['routesOfApps']);
});

test('names do not depend on the app being there', () => {
  expect(leftoverNames('a b')).toContain('a b-venerable');
});

test('what of a space is ours: each app once, by the name that its user gave it', () => {
  const { space } = standing();
  const unusual = 'shop & söhne';
  const apps = [
    space.addApp('shop', { labels: OURS }),
    space.addApp('shop-previous-v0', { labels: { ...OURS, [LABEL.role]: 'previous' } }),
    space.addApp('api-failed-v0', { labels: { ...OURS, [LABEL.app]: 'api', [LABEL.role]: 'failed' } }),
    space.addApp('web-pr-7', { labels: { ...OURS, [LABEL.app]: 'web', [LABEL.role]: 'preview' } }),
    space.addApp(unusual, { labels: { ...OURS, [LABEL.app]: appKey(unusual) } }),
    // A hash stands for its name, and nothing says for which.
    space.addApp('x', { labels: { ...OURS, [LABEL.app]: appKey('lost & found'), [LABEL.role]: 'failed' } }),
  ];
  expect(ownedNames(apps)).toEqual(['api', 'shop', unusual]);
});
