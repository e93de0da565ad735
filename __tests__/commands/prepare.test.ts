import { describe, expect, test } from '@jest/globals';
import { assertRoomToDeploy, lookUp, type Preparation, prepare } from '../../src/commands/prepare.js';
import { readInputs } from '../../src/inputs.js';
import type { ManifestApp } from '../../src/model/asked.js';
import { InputError, Refused } from '../../src/model/errors.js';
import type { Platform } from '../../src/platform/calls.js';
import { LABEL } from '../../src/platform/names.js';
import { NO_NEED } from '../../src/strategies/capacity.js';
import { DOMAIN } from './space.js';
import { OLD, standing } from './standing.js';

const SHOP: ManifestApp = {
  name: 'shop',
  routes: [{ route: 'shop.example.com' }],
  noRoute: false,
  randomRoute: false,
  defaultRoute: false,
  path: '/bits',
  processes: {},
  envNames: [],
  services: [],
  sidecars: [],
  features: [],
  labels: [],
  annotations: [],
};

function asked(inputs: Readonly<Record<string, string>> = {}, app: Partial<ManifestApp> = {}): Preparation {
  const given = {
    api: 'https://api.example.com',
    org: 'shop',
    space: 'production',
    username: 'a',
    password: 'b',
    ...inputs,
  };
  const env = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
  );
  return {
    inputs: readInputs(env),
    context: { runId: '7', attempt: '1', workspace: '/', temp: '/tmp', commit: 'c'.repeat(40) },
    apps: [{ ...SHOP, ...app }],
    owner: 'run-1-ours',
    token: () => 'rrrrrr',
    word: 'wwwwww',
  };
}

const POLICY = { source: 'guid-1', destination: 'guid-9', protocol: 'tcp', start: 8_080, end: 8_080 };
/** Live has a binding, a policy, a feature and a sidecar that no manifest names. */
const EXTRAS: Partial<Platform> = {
  serviceBindings: async () => [{ guid: 'b', instance: 'db', instanceGuid: 'i' }],
  offerings: async () => new Map([['i', 'database']]),
  policies: async () => [POLICY],
  features: async () => ({ ssh: false, revisions: true }),
  userSidecars: async () => [
    { guid: 's', name: 'agent', command: './agent', processTypes: ['web'], memoryMb: null },
  ],
};
const WHAT = [
  'binding to service instance db',
  'sidecar agent',
  'app feature ssh off',
  'network policy shop -> guid-9:8080/tcp',
];

async function prepared(preparation: Preparation, at = standing(), more: Partial<Platform> = {}) {
  const { platform } = at.world;
  const world = {
    ...at.world,
    platform: new Proxy(platform, { get: (_, name: keyof Platform) => more[name] ?? platform[name] }),
  };
  const found = await lookUp(preparation, world);
  const apps = await prepare(preparation, found, world);
  await assertRoomToDeploy(apps, found, world);
  return { apps, at };
}

async function refusalOf(...args: Parameters<typeof prepared>): Promise<Refused> {
  const error = await prepared(...args).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Refused);
  return error as Refused;
}

test('an intent for each app, with its version, its routes and what there was before', async () => {
  const { apps, at } = await prepared(asked());
  expect(apps).toMatchObject([
    {
      intent: {
        app: 'shop',
        version: '20261121-081500-ccccccc',
        owner: 'run-1-ours',
        production: [{ url: 'shop.example.com' }],
        trials: [{ route: { url: 'shop-candidate-rrrrrr.example.com' } }],
        before: { guid: 'guid-1', version: OLD, ran: true },
      },
      found: { locked: false },
    },
  ]);
  expect(at.space.writes).toEqual([]);
});

test('quotas that may not be read are told, and nothing else', async () => {
  const { apps, at } = await prepared(asked(), standing(), {
    quotas: async () => ({ quotas: [], unknown: true }),
  });
  expect(apps).toHaveLength(1);
  expect(at.events).toContainEqual({ type: 'note', text: expect.stringMatching(/^Quotas: not all of them/) });
});

describe('refused', () => {
  const ROLLING = { strategy: 'rolling' };
  const TWO_AT_A_TIME = { ...ROLLING, 'max-in-flight': '2' };
  const NO_ROUTE = { routes: [], noRoute: true };
  const broughtAlong: Partial<Platform> = {
    sidecars: async (_, origin) => (origin === 'buildpack' ? ['agent'] : []),
  };

  test.each<[string, Readonly<Record<string, string>>, Partial<ManifestApp>, Partial<Platform>, RegExp]>([
    ['no-route: true, blue-green', {}, NO_ROUTE, {}, /no-route: true .* live serves shop.example.com/],
    ['no-route: true, rolling', ROLLING, NO_ROUTE, {}, /no-route: true .* live serves shop.example.com/],
    ['a sidecar of a buildpack', ROLLING, {}, broughtAlong, /sidecar agent from a buildpack.*blue-green/],
    ['cloud native buildpacks', ROLLING, { lifecycle: 'cnb' }, {}, /lifecycle cnb.*blue-green/],
    [
      'a platform that is too old',
      ROLLING,
      {},
      { apiVersion: async () => '3.73.0' },
      /needs version 3\.74\.0/,
    ],
    ['one too old for several', TWO_AT_A_TIME, {}, { apiVersion: async () => '3.172.0' }, /3\.173\.0/],
  ])('by name, with nothing written: %s', async (_, inputs, app, more, expected) => {
    const at = standing();
    const error = await refusalOf(asked(inputs, app), at, more);
    expect(error.message).toMatch(expected);
    expect(error.message.split('\n')).toHaveLength(1);
    expect(at.space.writes).toEqual([]);
  });

  test('several apps of which one cannot be rolled: none is', async () => {
    const at = standing();
    const other = at.space.addApp('billing', { state: 'STARTED' });
    at.space.addRoute('billing', [other]);
    const both = asked(ROLLING);
    const billing = {
      name: 'billing',
      routes: [{ route: 'billing.example.com' }],
      lifecycle: 'cnb' as const,
    };
    const error = await refusalOf({ ...both, apps: [...both.apps, { ...SHOP, ...billing }] }, at);
    expect(error.message).toMatch(/^billing has the lifecycle cnb.*blue-green\.$/);
    expect(at.space.writes).toEqual([]);
  });

  test('max-in-flight with another strategy, before anything is called', () => {
    expect(() => asked({ 'max-in-flight': '2' })).toThrow(InputError);
  });

  test('with all that is wrong at once, and nothing was written', async () => {
    const at = standing();
    const other = at.space.addApp('billing', { state: 'STARTED' });
    at.space.addRoute('taken', [other]);
    const error = await refusalOf(
      asked(
        { 'smoke-test': 'https://shop.example.com/health' },
        { routes: [{ route: 'shop.example.com' }, { route: 'taken.example.com' }], docker: { image: 'a/b' } },
      ),
      at,
    );
    const lines = error.message.split('\n');
    for (const part of [
      'taken.example.com is served by billing',
      'docker image',
      'before the switch it would test live',
    ])
      expect(lines.filter((line) => line.includes(part))).toHaveLength(1);
    expect(lines).toHaveLength(3);
    expect(error.code).toBe('refused');
    expect(at.space.writes).toEqual([]);
  });

  test('also what is in the way, or is not there at all', async () => {
    const at = standing();
    at.space.addApp('shop-candidate');
    const error = await refusalOf(
      asked({ 'trial-domain': 'nowhere.test' }, { docker: { image: 'a/b' } }),
      at,
    );
    expect(error.message.split('\n')).toEqual([
      expect.stringContaining('shop-candidate'),
      expect.stringContaining('no HTTP domain nowhere.test'),
      expect.stringContaining('docker image'),
    ]);
    for (const next of ['cf rename shop-candidate', 'example.com', 'Change what is named above'])
      expect(error.next).toContain(next);
    expect(error.code).toBe('refused');
  });

  test('for want of room, with every figure that is short', async () => {
    const at = standing();
    const limits = { instances: 1, memoryMb: 512 };
    const used = { ...NO_NEED, instances: 1, memoryMb: 256, routes: 1 };
    const quotas = [{ of: 'space' as const, name: 'production', limits, used }];
    const sizes = { processes: { web: { named: ['instances', 'memory'], instances: 2, memoryMb: 256 } } };
    const error = await refusalOf(asked({}, sizes), at, {
      quotas: async () => ({ quotas, unknown: false }),
    });
    expect(error.message.split('\n')).toEqual([
      expect.stringContaining('512 MiB of memory, 256 are in use, and this needs 512 more'),
      expect.stringContaining('1 instances, 1 are in use, and this needs 2 more'),
    ]);
    expect(error).toMatchObject({ code: 'quota', next: expect.stringContaining('rolling') });
    expect(at.space.writes).toEqual([]);
  });

  describe('an app on the name under which an adopted live would be kept', () => {
    const taken = 'shop-previous-20261005-060708-0000000';
    const droplet = { guid: 'd', state: 'STAGED', createdAtMs: Date.parse('2026-10-05T06:07:08Z') };
    const currentDroplet = async () => droplet;
    function adopted() {
      const at = standing();
      at.live.labels = {};
      at.space.addApp(taken);
      return at;
    }

    test('before anything is made', async () => {
      const at = adopted();
      const error = await refusalOf(asked(), at, { currentDroplet });
      expect([error.code, error.message]).toEqual(['in-the-way', expect.stringContaining(taken)]);
      expect(at.space.writes).toEqual([]);
    });

    test('not when live is not kept', async () => {
      const { apps } = await prepared(asked({ 'keep-previous': '0' }), adopted(), { currentDroplet });
      expect(apps).toHaveLength(1);
    });
  });

  test('a route that no domain fits is an error of the inputs', async () => {
    const preparation = asked(
      {},
      { routes: [{ route: 'shop.nowhere.test' }, { route: 'api.nowhere.test' }] },
    );
    const error = await prepared(preparation).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).problems).toHaveLength(2);
  });

  test('a route that two apps have is an error of the inputs', async () => {
    const at = standing();
    const one = asked({}, { routes: [{ route: 'shop.example.com' }] });
    const [app] = one.apps;
    const both = { ...one, apps: [...one.apps, { ...(app as ManifestApp), name: 'web' }] };
    const error = await prepared(both, at).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(/"shop.example.com" of the app "web" is one of the app "shop"/);
    expect(at.space.writes).toEqual([]);
  });

  test('an app that stands on the name of the lock', async () => {
    const at = standing();
    at.space.addApp('shop-candidate');
    const error = await refusalOf(asked(), at);
    expect([error.code, error.message]).toEqual(['in-the-way', expect.stringContaining('shop-candidate')]);
    expect(error.next).toContain('cf rename shop-candidate');
  });

  test('a look-alike is nobody in the way', async () => {
    const at = standing();
    for (const name of ['shop-admin', 'shopXcandidate', 'shop-candidates']) at.space.addApp(name);
    expect((await prepared(asked(), at)).apps).toHaveLength(1);
  });

  test('a production route that a space has which is not seen', async () => {
    const at = standing();
    at.space.reserved.add('hidden');
    const error = await refusalOf(asked({}, { routes: [{ route: 'hidden.example.com' }] }), at);
    expect(error.message).toContain('Route hidden.example.com is taken');
    expect(at.space.writes).toEqual([]);
  });

  test.each([
    [{ internal: true }, 'it is internal'],
    [{ protocols: ['tcp'] }, 'it is for TCP'],
  ])('a trial-domain that is none for HTTP: %j', async (kind, why) => {
    const domains: Platform['domains'] = async () => [DOMAIN, { ...DOMAIN, name: 'other.test', ...kind }];
    const error = await refusalOf(asked({ 'trial-domain': 'Other.test' }), standing(), { domains });
    expect(error.message).toBe(`There is no HTTP domain other.test for trial routes: ${why}.`);
    expect(error.next).toContain('trial-domain to one of: example.com');
  });

  test('a trial-domain that is not there: those that are there are named', async () => {
    const error = await refusalOf(asked({ 'trial-domain': 'nowhere.test' }));
    expect(error.code).toBe('trial-domain');
    expect(error.next).toContain('example.com');
  });
});

describe('what live has outside the manifest', () => {
  test('what may not be read is told as unknown, in the log and on the page, and stops nothing', async () => {
    const { apps, at } = await prepared(asked(), standing(), { policies: async () => undefined });
    const text = expect.stringContaining('Network policies: unknown');
    expect(at.events).toEqual([{ type: 'note', text }]);
    expect(apps[0]?.found.notes).toEqual([text]);
  });

  test('of an app that is not there nothing can be lost', async () => {
    const at = standing();
    at.space.apps.length = 0;
    at.space.routes.length = 0;
    const { apps } = await prepared(asked(), at, EXTRAS);
    expect(apps[0]?.intent.before).toBeUndefined();
  });
});

test("an adopted app is kept under its droplet's time", async () => {
  const at = standing();
  at.live.labels = {};
  const { apps } = await prepared(asked(), at, {
    currentDroplet: async () => ({
      guid: 'd',
      state: 'STAGED',
      createdAtMs: Date.parse('2026-10-05T06:07:08Z'),
    }),
  });
  expect(apps[0]?.intent.before?.version).toBe('20261005-060708-0000000');
  expect(apps[0]?.snapshot.live?.labels[LABEL.role]).toBeUndefined();
});

test('a random route is drawn once: every look names the same', async () => {
  const at = standing();
  at.space.apps.length = 0;
  at.space.routes.length = 0;
  let drawn = 0;
  const { routes: _, ...shop } = { ...SHOP, randomRoute: true };
  const preparation = { ...asked(), apps: [shop], token: () => `drawn${++drawn}` };
  const looks = [await lookUp(preparation, at.world), await lookUp(preparation, at.world)];
  expect(looks.flat().flatMap(({ named }) => named.map(({ url }) => url))).toEqual([
    'shop-wwwwww.example.com',
    'shop-wwwwww.example.com',
  ]);
});

describe('what live has outside the manifest', () => {
  test('is carried, with a note that names all of it', async () => {
    const { apps } = await prepared(asked(), standing(), EXTRAS);
    expect(apps[0]?.intent.carry?.what).toEqual(WHAT);
    expect(apps[0]?.found.notes).toContain(`Carried from live, not in the manifest: ${WHAT.join('; ')}.`);
  });

  test('is lost with carry: manifest, and each loss is told', async () => {
    const { apps } = await prepared(asked({ carry: 'manifest' }), standing(), EXTRAS);
    expect(apps[0]?.intent.carry).toBeUndefined();
    expect(apps[0]?.found.notes).toEqual(expect.arrayContaining(WHAT.map((one) => `shop loses its ${one}.`)));
  });

  test('a broker that tells no parameters: one warning, with the lines for the manifest', async () => {
    const at = standing();
    await prepared(asked(), at, EXTRAS);
    const warnings = at.events.filter(({ type }) => type === 'warning');
    expect(warnings).toEqual([
      {
        type: 'warning',
        text: expect.stringMatching(/binding to db of shop.*\nservices:\n {2}- name: db\n/),
      },
    ]);
  });

  test('a label of another deployer forbids a second app, and a deploy in place keeps it', async () => {
    const at = standing();
    at.live.labels.mta_id = 'shop';
    const error = await refusalOf(asked(), at);
    expect(error.message).toMatch(/shop carries mta_id.*strategy: rolling/);
    expect(at.space.writes).toEqual([]);
  });

  test('is there for the proof of a deploy in place, but for labels by which others find an app', async () => {
    const at = standing();
    at.live.labels.mta_id = 'shop';
    const { apps } = await prepared(asked({ strategy: 'rolling' }), at, EXTRAS);
    expect(apps[0]?.intent.inPlace).toBeDefined();
    expect(apps[0]?.intent.carry?.what).toEqual(WHAT);
  });

  test('an app that is bound to an autoscaler is one that scales', async () => {
    const bound = { ...EXTRAS, offerings: async () => new Map([['i', 'app-autoscaler']]) };
    const { apps } = await prepared(asked(), standing(), bound);
    expect(apps[0]?.intent.autoscaled).toBe(true);
  });
});
