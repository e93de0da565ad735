/** What a user would do instead of the action, step by step and with the same cf CLI. Each begins with the sign-in of a job. */
import type { FoundryAccess } from '../demo/foundry.js';
import { cfCli } from '../runner/tools.js';
import type { Shell } from './shell.js';

export type Platform = FoundryAccess;

type Cf = (...args: string[]) => Promise<string>;

async function signedIn(shell: Shell, platform: Platform): Promise<Cf> {
  const { api, username, password, org, space } = platform;
  const program = cfCli();
  const cf: Cf = (...args) => shell.run(program, args);
  await cf('api', api);
  await shell.run(program, ['auth'], { CF_USERNAME: username, CF_PASSWORD: password });
  await cf('target', '-o', org, '-s', space);
  return cf;
}

export interface BlueGreen {
  app: string;
  /** Manifest of the app `APP-green` on the trial route alone. */
  greenManifest: string;
  trialHost: string;
  /** Hosts of the production routes. */
  hosts: readonly string[];
  drainMs: number;
}

/**
 * Blue and green as the platform's documentation tells it: https://docs.cloudfoundry.org/devguide/deploy-apps/blue-green.html,
 * with the wait before the stop that it takes to cut no request. The version from before stays, stopped, as `APP-old`: no app of
 * that name may be there yet, see `deleteOld`. @throws Error when a step fails
 */
export async function scriptedBlueGreen(shell: Shell, platform: Platform, asked: BlueGreen): Promise<void> {
  const { app, trialHost, hosts } = asked;
  const domain = platform.apps_domain;
  const green = `${app}-green`;
  const cf = await signedIn(shell, platform);
  await cf('push', green, '-f', asked.greenManifest);
  await curl(shell, platform, `${trialHost}.${domain}`, '/health');
  for (const host of hosts) await cf('map-route', green, domain, '--hostname', host);
  for (const host of hosts) await cf('unmap-route', app, domain, '--hostname', host);
  await shell.wait(asked.drainMs);
  await cf('stop', app);
  await cf('rename', app, `${app}-old`);
  await cf('rename', green, app);
  await cf('delete-route', '-f', domain, '--hostname', trialHost);
}

/**
 * Makes room for the next `scriptedBlueGreen`, which is not to be timed with what the one before left.
 * @param shell of the one before: it is signed in. @throws Error when the app cannot be deleted
 */
export async function deleteOld(shell: Shell, app: string): Promise<void> {
  await shell.run(cfCli(), ['delete', '-f', `${app}-old`]);
}

/** A router may learn of the trial route a little after cf says that it is there. */
async function curl(shell: Shell, platform: Platform, host: string, path: string): Promise<void> {
  const patience = ['--retry', '20', '--retry-all-errors', '--retry-delay', '1', '--max-time', '10'];
  const quiet = ['--silent', '--show-error', '--fail', '--output', '/dev/null'];
  await shell.run('curl', [...quiet, ...patience, '--header', `Host: ${host}`, `${platform.router}${path}`]);
}

/** With what stands in `manifest.yml` of the folder. */
export async function push(shell: Shell, platform: Platform, ...options: string[]): Promise<void> {
  const cf = await signedIn(shell, platform);
  await cf('push', ...options);
}

export function rollingPush(shell: Shell, platform: Platform, maxInFlight: number): Promise<void> {
  return push(shell, platform, '--strategy', 'rolling', '--max-in-flight', String(maxInFlight));
}
