import { push } from '../baselines.js';
import { inLab, inTurns, type Series } from './series.js';

/** The same bits and the same manifest once more. */
export const unchanged: Series = (context) =>
  inLab(context, async (lab) => {
    const [ours, instead] = await Promise.all(
      ['ours', 'instead'].map((name) => lab.workspace([{ name, routes: [lab.url(name)] }])),
    );
    if (ours === undefined || instead === undefined) throw new Error('no workspace');
    await Promise.all([
      push(await lab.shell(instead), lab.foundry),
      lab.deploy(ours, 'deployed', { drain: '0s' }),
    ]);
    return inTurns(
      context,
      () => lab.sample([], async () => (await lab.deploy(ours, 'unchanged')).peakMb),
      async () => {
        const shell = await lab.shell(instead);
        return lab.sample([], async () => {
          await push(shell, lab.foundry);
          return undefined;
        });
      },
    );
  });
