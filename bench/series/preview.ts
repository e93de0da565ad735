import { type Hub, startHub } from '../../hub/index.js';
import type { RunOptions } from '../../runner/index.js';
import { push } from '../baselines.js';
import { inLab, inTurns, type Series } from './series.js';

/** The first preview of a pull request, each time another one, beside an app that is pushed for the first time. */
export const preview: Series = (context) =>
  inLab(context, async (lab) => {
    const hub = await startHub();
    try {
      let number = 0;
      return await inTurns(
        context,
        async () => {
          number += 1;
          const workspace = await lab.workspace([{ name: 'ours', routes: [lab.url('ours')] }]);
          const inputs = { command: 'preview', 'github-token': hub.token };
          const run = opened(hub, number);
          return lab.sample([], async () => (await lab.deploy(workspace, 'previewed', inputs, run)).peakMb);
        },
        async () => {
          const name = `instead-${number}`;
          const shell = await lab.shell(await lab.workspace([{ name, routes: [lab.url(name)] }]));
          return lab.sample([], async () => {
            await push(shell, lab.foundry);
            return undefined;
          });
        },
      );
    } finally {
      await hub.close();
    }
  });

/** A pull request of the repository itself, and the run that its opening starts. */
function opened(hub: Hub, number: number): Partial<RunOptions> {
  const [base, sha] = ['0'.repeat(40), number.toString(16).padStart(40, 'a')];
  const branch = `change-${number}`;
  hub.setCommits([base, sha].map((commit) => ({ sha: commit, parents: [] })));
  hub.setPullRequest({ number, state: 'open', merged: false, title: branch, branch, commits: [sha], base });
  const head = { sha, ref: branch, repo: { full_name: hub.repository } };
  return {
    event: { name: 'pull_request', payload: { pull_request: { number, title: branch, head } } },
    env: { GITHUB_API_URL: hub.apiUrl, GITHUB_SHA: 'f'.repeat(40) },
  };
}
