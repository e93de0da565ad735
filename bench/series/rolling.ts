import { push, rollingPush } from '../baselines.js';
import type { Lab } from '../lab.js';
import { inLab, inTurns, type Series } from './series.js';

/** A new version in place. */
export const rolling =
  (instances: number, maxInFlight: number): Series =>
  (context) =>
    inLab(context, async (lab) => {
      // The other way has no wait either.
      const inputs = { strategy: 'rolling', 'max-in-flight': String(maxInFlight), drain: '0s' };
      const [ours, instead] = [appOf(lab, 'ours', instances), appOf(lab, 'instead', instances)];
      await Promise.all([
        push(await lab.shell(await lab.workspace([instead])), lab.foundry),
        lab.deploy(await lab.workspace([ours]), 'deployed', inputs),
      ]);
      return inTurns(
        context,
        async () => {
          const workspace = await lab.workspace([ours]);
          return lab.sample(
            ours.routes,
            async () => (await lab.deploy(workspace, 'deployed', inputs)).peakMb,
          );
        },
        async () => {
          const shell = await lab.shell(await lab.workspace([instead]));
          return lab.sample(instead.routes, async () => {
            await rollingPush(shell, lab.foundry, maxInFlight);
            return undefined;
          });
        },
      );
    });

function appOf(lab: Lab, name: string, instances: number) {
  return { name, instances, routes: [lab.url(name)] };
}
