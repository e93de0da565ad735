/** Platform facts A7: limits, jobs, versions, switches, tokens and events. */
import { off, type Place, type Reply, row, to, within } from './place.js';
import { deploy, fresh, running } from './rollout.js';

const limit = (p: Place, rule: object) => p.ok('POST /__foundry/rate-limit', { window_ms: 60_000, ...rule });
const told = ({ status, headers }: Reply) => [
  status,
  headers['x-ratelimit-limit'],
  headers['x-ratelimit-remaining'],
  headers['retry-after'] !== undefined,
];

/** A switch is set, and something is asked for. */
const switched = (flag: string, see: (p: Place, app: { app: string; pack: string }) => Promise<unknown>) =>
  row(
    'A7 line 6',
    `${flag} off`,
    async (p) => {
      const made = await p.staged('a');
      await p.ok(`PATCH /v3/feature_flags/${flag}`, { enabled: false });
      return see(p, made);
    },
    off(flag),
  );

const body = (app: string) => ({ type: 'bits', relationships: { app: to(app) } });

export const hygieneRows = [
  row(
    'A7 line 1',
    'off by itself: nothing tells of a limit',
    async (p) => told(await p.ask('GET /v3/apps')),
    [200, undefined, undefined, false],
  ),
  row(
    'A7 line 1',
    'what is left is an estimate in tenths of the limit, rounded down; the reset is in epoch seconds',
    async (p) => {
      await limit(p, { limit: 20 });
      const one = await p.ask('GET /v3/apps');
      const resetMs = Number(one.headers['x-ratelimit-reset']) * 1000;
      return [told(one), resetMs > p.clock.now() && resetMs <= p.clock.now() + 61_000];
    },
    [[200, '20', '18', false], true],
  ),
  row(
    'A7 line 1',
    'one too many: 429 in plain text that is JSON, with the time to wait',
    async (p) => {
      await limit(p, { limit: 10, used: 10 });
      const one = await p.ask('GET /v3/apps');
      const wait = Number(one.headers['retry-after']);
      return [told(one), one.headers['content-type'], JSON.parse(one.text).errors[0], wait > 0 && wait <= 61];
    },
    [
      [429, '10', '0', true],
      'text/plain; charset=utf-8',
      { code: 10013, title: 'CF-RateLimitExceeded', detail: 'Rate Limit Exceeded' },
      true,
    ],
  ),
  row(
    'A7 line 1',
    'it is not done, and the next window has all again',
    async (p) => {
      await limit(p, { limit: 10, used: 10 });
      const said = await p.ask('POST /v3/apps', { name: 'a', relationships: { space: to(p.space) } });
      await p.pass(61_000);
      return [said.status, (await p.all('/v3/apps')).length];
    },
    [429, 0],
  ),
  row(
    'A7 line 1',
    'the root, /v3, /healthz and signing in are not counted; each caller has a limit of their own',
    async (p) => {
      await limit(p, { limit: 1, used: 1 });
      const seen = [];
      for (const path of ['/', '/v3', '/healthz']) seen.push((await p.ask(`GET ${path}`)).status);
      return [seen, (await p.ask('GET /v3/apps')).status, (await p.auditor('GET /v3/apps')).status];
    },
    [[200, 200, 200], 429, 429],
  ),
  ...[502, 503].map((status) =>
    row(
      'A7 line 2',
      `the API is behind a router too: a ${status} is plain text with X-Cf-RouterError`,
      async (p) => {
        await p.ok('POST /__foundry/faults', { path: '/v3/apps', status, times: 1 });
        const { headers, body: said } = await p.ask('GET /v3/apps');
        return [headers['content-type'], headers['x-cf-routererror'], said];
      },
      ['text/plain; charset=utf-8', 'endpoint_failure', undefined],
    ),
  ),
  row(
    'A7 line 3',
    'by a job, with its address, and PROCESSING at the first look: app, route, droplet, package, manifest',
    async (p) => {
      const { app, pack } = await p.staged('a');
      const route = await p.route('r');
      const other = await p.stage(pack);
      const seen = [];
      const asked = ['routes', route, 'droplets', other, 'packages', pack, 'apps', app];
      const manifest = { 'content-type': 'application/x-yaml' };
      const replies = [
        await p.ask(
          `POST /v3/spaces/${p.space}/actions/apply_manifest`,
          'applications: [{name: a}]',
          manifest,
        ),
      ];
      for (let at = 0; at < asked.length; at += 2)
        replies.push(await p.ask(`DELETE /v3/${asked[at]}/${asked[at + 1]}`));
      for (const reply of replies) {
        const first = await p.ok(`GET ${new URL(reply.headers.location ?? '').pathname}`);
        seen.push([reply.status, first.operation, first.state, (await p.job(reply)).state]);
      }
      return seen;
    },
    ['space.apply_manifest', 'route.delete', 'droplet.delete', 'package.delete', 'app.delete'].map(
      (operation) => [202, operation, 'PROCESSING', 'COMPLETE'],
    ),
  ),
  row(
    'A7 line 3',
    'at once: deployments, start and stop, destinations; a scaling is 202 and has no job',
    async (p) => {
      const { app } = await running(p);
      const scaled = await p.ask(`POST /v3/processes/${app}/actions/scale`, { instances: 2 });
      const made = await p.ask('POST /v3/deployments', { relationships: { app: to(app) } });
      const stopped = await p.ask(`POST /v3/apps/${app}/actions/stop`);
      return [scaled, made, stopped].map(({ status, headers }) => [status, headers.location]);
    },
    [
      [202, undefined],
      [201, undefined],
      [200, undefined],
    ],
  ),
  row(
    'A7 line 3',
    'bits are taken, and worked on afterwards: PROCESSING_UPLOAD at the first look; a build is STAGING',
    async (p) => {
      const { app, pack } = await p.staged('a');
      const { guid } = await p.ok('POST /v3/packages', body(app));
      const waiting = (await p.ok(`GET /v3/packages/${guid}`)).state;
      const build = await p.ok('POST /v3/builds', { package: { guid: pack } });
      return [waiting, build.state, build.droplet, (await p.ok(`GET /v3/builds/${build.guid}`)).state];
    },
    ['AWAITING_UPLOAD', 'STAGING', null, 'STAGING'],
  ),
  row(
    'A7 line 3',
    'what a job failed of is in the job',
    async (p) => {
      await p.app('a');
      const { state, errors } = await p.apply(
        'applications: [{name: a, routes: [{route: no.where.example}]}]',
      );
      return [state, errors[0].code, errors[0].title];
    },
    ['FAILED', 10008, 'CF-UnprocessableEntity'],
  ),
  ...[true, false].map((v2) =>
    row(
      'A7 line 5',
      `the version of the API is at the root; version 2 is linked when it is ${v2 ? 'on' : 'off'}`,
      () =>
        within({ v2, apiVersion: '3.180.0' }, async (p) => {
          const { links } = await p.ok('GET /');
          return [links.cloud_controller_v3.meta.version, links.cloud_controller_v2 !== null];
        }),
      ['3.180.0', v2],
    ),
  ),
  row(
    'A7 line 6',
    'the switches and their defaults',
    async (p) => {
      const flags = await p.all('/v3/feature_flags');
      const by = (enabled: boolean) => flags.filter((one) => one.enabled === enabled).map((one) => one.name);
      const off = [
        'diego_cnb',
        'diego_docker',
        'hash_based_routing',
        'route_sharing',
        'service_instance_sharing',
      ];
      const on = ['app_bits_upload', 'app_scaling', 'env_var_visibility', 'route_creation', 'task_creation'];
      return [off.filter((name) => by(false).includes(name)), on.filter((name) => by(true).includes(name))];
    },
    [
      ['diego_cnb', 'diego_docker', 'hash_based_routing', 'route_sharing', 'service_instance_sharing'],
      ['app_bits_upload', 'app_scaling', 'env_var_visibility', 'route_creation', 'task_creation'],
    ],
  ),
  switched('app_scaling', (p, { app }) =>
    p.refusal(`POST /v3/processes/${app}/actions/scale`, { instances: 2 }),
  ),
  switched('app_bits_upload', async (p, { app }) => {
    const { guid } = await p.ok('POST /v3/packages', body(app));
    return p.refusal(`POST /v3/packages/${guid}/upload`, '');
  }),
  switched('task_creation', (p, { app }) => p.refusal(`POST /v3/apps/${app}/tasks`, { command: 'x' })),
  switched('env_var_visibility', (p, { app }) => p.refusal(`GET /v3/apps/${app}/env`)),
  switched('space_developer_env_var_visibility', (p, { app }) =>
    p.refusal(`GET /v3/apps/${app}/environment_variables`),
  ),
  switched('service_instance_creation', (p) =>
    p.refusal('POST /v3/service_instances', {
      type: 'user-provided',
      name: 's',
      relationships: { space: to(p.space) },
    }),
  ),
  ...['docker', 'cnb'].map((type) =>
    row(
      'A7 line 6',
      `no app of the lifecycle ${type} while it is off`,
      (p) =>
        p.refusal('POST /v3/apps', {
          name: 'a',
          lifecycle: { type, data: {} },
          relationships: { space: to(p.space) },
        }),
      off(`diego_${type}`),
    ),
  ),
  row(
    'A7 line 7',
    'one build of an app at a time, another app may stage meanwhile',
    async (p) => {
      const [one, two] = [await p.staged('a'), await p.staged('b')];
      const build = (pack: string) => p.refusal('POST /v3/builds', { package: { guid: pack } });
      return [await build(one.pack), await build(one.pack), await build(two.pack)];
    },
    [201, [422, 170017, 'Only one build can be STAGING at a time per application.'], 201],
  ),
  row(
    'A7 line 8',
    'a token of twenty minutes: it is told, and refused when it is over; the refresh token gives a new one',
    () =>
      within({ tokenTtlMs: 20 * 60_000 }, async (p) => {
        const { app } = await p.staged('a');
        const before = (await p.ask(`GET /v3/apps/${app}`)).status;
        await p.pass(20 * 60_000);
        const late = await p.refusal(`GET /v3/apps/${app}`);
        const form = `grant_type=refresh_token&refresh_token=${p.grant.refresh_token}`;
        const authorization = `Basic ${Buffer.from('cf:').toString('base64')}`;
        const fresh = (await p.ask('POST /oauth/token', form, { authorization })).body;
        const again = await p.ask(`GET /v3/apps/${app}`, undefined, {
          authorization: `bearer ${fresh.access_token}`,
        });
        return [p.grant.expires_in, before, late, again.status];
      }),
    [1200, 200, [401, 1000, 'Invalid Auth Token'], 200],
  ),
  row(
    'A7 line 8',
    'a client gets no refresh token, and signs in anew',
    async (p) => {
      const { id, secret } = await p.ok('GET /__foundry/client');
      const form = `grant_type=client_credentials&client_id=${id}&client_secret=${secret}`;
      const granted = (await p.ask('POST /oauth/token', form)).body;
      const again = await p.ask('POST /oauth/token', form);
      return [granted.refresh_token, again.status, (await p.ask('POST /oauth/token', `${form}x`)).status];
    },
    [undefined, 200, 401],
  ),
  row(
    'A7 line 9',
    'events of a deployment, its cancelling, a crash and a revision, with what they are about',
    async (p) => {
      const { app } = await running(p);
      const made = await deploy(p, app, { strategy: 'canary' });
      const [key] = [...p.cells.desired.keys()].filter((one) => one.startsWith(fresh(made)));
      p.cells.events.crashed({
        processGuid: key ?? '',
        appGuid: app,
        index: 0,
        instanceGuid: 'i',
        reason: 'CRASHED',
        exitStatus: 3,
        exitDescription: 'Exited with status 3',
        crashCount: 1,
      });
      await p.ok(`POST /v3/deployments/${made.guid}/actions/cancel`);
      const types = ['deployment.create', 'deployment.cancel', 'process.crash', 'revision.create'];
      const seen = [];
      for (const type of types) {
        const [event] = await p.all(`/v3/audit_events?types=audit.app.${type}&target_guids=${app}`);
        seen.push([event?.target.guid === app, event?.data.exit_description ?? typeof event?.data]);
      }
      return seen;
    },
    [
      [true, 'object'],
      [true, 'object'],
      [true, 'Exited with status 3'],
      [true, 'object'],
    ],
  ),
  row(
    'A7 line 3',
    'an app is still there until the job of its deletion is done, and its name taken',
    async (p) => {
      const app = await p.app('a');
      const reply = await p.ask(`DELETE /v3/apps/${app}`);
      const again = () => p.refusal('POST /v3/apps', { name: 'a', relationships: { space: to(p.space) } });
      const during = await again();
      await p.job(reply);
      return [during, await again()];
    },
    [[422, 10016, "App with the name 'a' already exists."], 201],
  ),
];
