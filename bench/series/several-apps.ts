import type { ManifestOptions } from '../../demo/app.js';
import { push } from '../baselines.js';
import type { Lab } from '../lab.js';
import { SEVERAL } from '../settings.js';
import { inLab, inTurns, type Series, UNMEASURED } from './series.js';

/** New versions of all apps of one manifest, in a space with many routes. */
export const severalApps: Series = (context) =>
  inLab(context, async (lab) => {
    const [ours, instead] = [appsOf(lab, 'ours'), appsOf(lab, 'instead')];
    const others = SEVERAL.routes - ours.length - instead.length;
    await lab.foundry.control('POST', 'seed', { apps: 1, routes: others, prefix: 'other' });
    const inputs = { drain: `${context.settings.drainMs / 1_000}s` };
    const ownDeploys = async (): Promise<void> => {
      for (let made = 0; made < UNMEASURED; made += 1)
        await lab.deploy(await lab.workspace(ours), 'deployed', inputs);
    };
    await Promise.all([push(await lab.shell(await lab.workspace(instead)), lab.foundry), ownDeploys()]);
    return inTurns(
      context,
      async () => {
        const workspace = await lab.workspace(ours);
        return lab.sample(
          routesOf(ours),
          async () => (await lab.deploy(workspace, 'deployed', inputs)).peakMb,
        );
      },
      async () => {
        const shell = await lab.shell(await lab.workspace(instead));
        return lab.sample(routesOf(instead), async () => {
          await push(shell, lab.foundry);
          return undefined;
        });
      },
    );
  });

function appsOf(lab: Lab, prefix: string): ManifestOptions[] {
  return Array.from({ length: SEVERAL.apps }, (_, at) => {
    const name = `${prefix}-${at + 1}`;
    return { name, routes: [lab.url(name)] };
  });
}

function routesOf(apps: readonly ManifestOptions[]): string[] {
  return apps.flatMap(({ routes = [] }) => routes);
}
