import { CROWD } from '../settings.js';
import { ownDeploys } from './blue-green.js';
import { inLab, inTurns, type Series } from './series.js';

/** A new version of an app with one route, in a space with thousands of others. */
export const crowded: Series = (context) =>
  inLab(
    context,
    async (lab) => {
      context.say(`making ${CROWD.apps} apps and ${CROWD.routes} routes`);
      await lab.foundry.control('POST', 'seed', { ...CROWD, prefix: 'other' });
      return inTurns(context, await ownDeploys(context, lab, ['ours']));
    },
    ['--quota', `routes=${CROWD.routes * 2}`],
  );
