/** Which droplets can be named for an app, and what is said of the others. */
import { expect, test } from '@jest/globals';
import { type GivenDroplet, whyNotGiven } from '../../src/strategies/given-droplet.js';

const FITS: GivenDroplet = {
  droplet: { guid: 'd', state: 'STAGED', createdAtMs: 0, lifecycle: 'buildpack', stack: 'fs4' },
  app: { name: 'shop' },
  brought: [],
};
const rolled = (stack: string) => ({ rolled: { lifecycle: { type: 'buildpack', buildpacks: [], stack } } });

test.each<[string, Partial<GivenDroplet>]>([
  ['a new app takes its stack', {}],
  ['the manifest names its stack', { app: { name: 'shop', stack: 'fs4' } }],
  ['live has its stack', rolled('fs4')],
  [
    'live has another one, and the manifest names its own',
    { ...rolled('fs3'), app: { name: 'shop', stack: 'fs4' } },
  ],
  ['an older platform tells no stack', { droplet: { guid: 'd', state: 'STAGED', createdAtMs: 0 } }],
])('fits: %s', (_name, over) => {
  expect(whyNotGiven({ ...FITS, ...over })).toEqual([]);
});

test.each<[string, Partial<GivenDroplet>, RegExp]>([
  [
    'gone',
    { droplet: { ...FITS.droplet, state: 'EXPIRED' } },
    /^The droplet d is EXPIRED: only one that is STAGED/,
  ],
  [
    'an image',
    { droplet: { ...FITS.droplet, lifecycle: 'docker' } },
    /docker image: name that with docker-image/,
  ],
  [
    'cnb',
    { droplet: { ...FITS.droplet, lifecycle: 'cnb' } },
    /lifecycle cnb, of which the platform copies none/,
  ],
  ['for an image', { app: { name: 'shop', docker: { image: 'i' } } }, /the manifest names docker for shop/],
  ['for cnb', { app: { name: 'shop', lifecycle: 'cnb' } }, /the manifest names cnb for shop/],
  [
    'another stack',
    { app: { name: 'shop', stack: 'fs3' } },
    /staged for the stack fs4, and the manifest names fs3/,
  ],
  ['another stack of live', rolled('fs3'), /staged for the stack fs4, and live of shop has fs3.*blue-green/],
  ['a sidecar', { brought: ['proxy'] }, /the sidecar proxy of a buildpack.*deploy its bits/],
])('does not fit: %s', (_name, over, why) => {
  const problems = whyNotGiven({ ...FITS, ...over });
  expect(problems.join('\n')).toMatch(why);
  expect(problems).toHaveLength(1);
});
