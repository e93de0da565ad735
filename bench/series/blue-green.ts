import { deleteOld, push, scriptedBlueGreen } from '../baselines.js';
import type { Sample } from '../figure.js';
import type { Lab } from '../lab.js';
import { type Context, inLab, inTurns, type Series, UNMEASURED } from './series.js';

/** A new version of an app with so many routes, by the action and by the documented steps. */
export const blueGreen =
  (routes: number): Series =>
  (context) =>
    inLab(context, async (lab) => {
      const instead = { app: 'instead', hosts: hostsOf('instead', routes) };
      const shell = await lab.shell(await lab.workspace([manifestOf(lab, instead)]));
      const [deploy] = await Promise.all([
        ownDeploys(context, lab, hostsOf('ours', routes)),
        push(shell, lab.foundry),
      ]);
      return inTurns(context, deploy, () => scripted(context, lab, instead.app, instead.hosts));
    });

/** @returns deploys one new version more, after those that are not measured */
export async function ownDeploys(
  { settings }: Context,
  lab: Lab,
  hosts: readonly string[],
): Promise<() => Promise<Sample>> {
  const app = { app: 'ours', hosts };
  const deploy = async (workspace: string): Promise<number | undefined> => {
    const { peakMb } = await lab.deploy(workspace, 'deployed', { drain: `${settings.drainMs / 1_000}s` });
    return peakMb;
  };
  for (let made = 0; made < UNMEASURED; made += 1) await deploy(await lab.workspace([manifestOf(lab, app)]));
  return async () => {
    const workspace = await lab.workspace([manifestOf(lab, app)]);
    return lab.sample(
      hosts.map((host) => lab.url(host)),
      () => deploy(workspace),
    );
  };
}

async function scripted(
  { settings }: Context,
  lab: Lab,
  app: string,
  hosts: readonly string[],
): Promise<Sample> {
  const trialHost = `${app}-trial`;
  const workspace = await lab.workspace([manifestOf(lab, { app, hosts })]);
  const onTrial = { name: `${app}-green`, routes: [lab.url(trialHost)] };
  const greenManifest = await lab.manifest(workspace, 'green.yml', onTrial);
  const shell = await lab.shell(workspace);
  const sample = await lab.sample(
    hosts.map((host) => lab.url(host)),
    async () => {
      const { drainMs } = settings;
      await scriptedBlueGreen(shell, lab.foundry, { app, greenManifest, trialHost, hosts, drainMs });
      return undefined;
    },
  );
  await deleteOld(shell, app);
  return sample;
}

export function hostsOf(app: string, routes: number): string[] {
  return Array.from({ length: routes }, (_, at) => `${app}-${at + 1}`);
}

function manifestOf(lab: Lab, { app, hosts }: { app: string; hosts: readonly string[] }) {
  return { name: app, routes: hosts.map((host) => lab.url(host)) };
}
