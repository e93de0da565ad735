/** GitHub's own record of what is deployed where: one transient environment for each preview. */

import { fieldsOf } from './answers.js';
import { jsonOf } from './call.js';
import { type Exchange, type ExchangeOptions, exchange, type Fields } from './exchange.js';

export interface Deployed {
  /** Such as `preview/shop-pr-12`. */
  environment: string;
  /** The commit, in full. */
  ref: string;
  state: 'in_progress' | 'success' | 'failure';
  /** Where it can be seen. */
  url?: string;
  /** Of the run. */
  logUrl?: string;
}

const NEED = {
  what: 'write deployments',
  permissions: ['permissions:', '  contents: read', '  deployments: write'],
};

/**
 * Tells how the deployment of that commit stands, making it where there is none; one that was successful takes the place of those
 * before it.
 * @returns undefined when it is told, else why not, for people. Rejects with the signal's reason only.
 */
export async function keepDeployment(
  options: ExchangeOptions,
  deployed: Deployed,
): Promise<string | undefined> {
  const { environment, ref, state, url, logUrl } = deployed;
  const kept = await exchange(options, NEED, async (gitHub) => {
    const all = await deploymentsOf(gitHub, environment);
    const ours = all.find(({ sha }) => String(sha).toLowerCase() === ref.toLowerCase());
    const id = ours?.id ?? (await make(gitHub, environment, ref));
    await tell(gitHub, id, {
      state,
      ...(url ? { environment_url: url } : {}),
      ...(logUrl ? { log_url: logUrl } : {}),
    });
    // GitHub does so by itself only where an environment stays.
    if (state === 'success')
      await endAll(
        gitHub,
        all.filter((one) => one !== ours),
      );
  });
  return 'why' in kept ? kept.why : undefined;
}

/** Nothing is deployed there any more. @returns as above */
export async function endDeployments(
  options: ExchangeOptions,
  environment: string,
): Promise<string | undefined> {
  const ended = await exchange(options, NEED, async (gitHub) =>
    endAll(gitHub, await deploymentsOf(gitHub, environment)),
  );
  return 'why' in ended ? ended.why : undefined;
}

/** The newest first. */
function deploymentsOf({ address, pages }: Exchange, environment: string): Promise<readonly Fields[]> {
  return pages(`${address}/deployments?environment=${encodeURIComponent(environment)}`);
}

async function make({ address, send }: Exchange, environment: string, ref: string): Promise<unknown> {
  const response = await send({
    method: 'POST',
    url: `${address}/deployments`,
    json: {
      ...{ ref, environment, description: 'cf-zero-downtime' },
      ...{ transient_environment: true, production_environment: false },
      // Else GitHub merges the default branch into the ref, or waits for its checks.
      ...{ auto_merge: false, required_contexts: [] },
    },
  });
  return fieldsOf(jsonOf(response)).id;
}

async function endAll(gitHub: Exchange, deployments: readonly Fields[]): Promise<void> {
  for (const { id } of deployments) {
    const url = `${gitHub.address}/deployments/${id}/statuses?per_page=1`;
    const [newest] = [jsonOf(await gitHub.send({ method: 'GET', url }))].flat();
    if (fieldsOf(newest).state !== 'inactive') await tell(gitHub, id, { state: 'inactive' });
  }
}

async function tell({ address, send }: Exchange, id: unknown, status: object): Promise<void> {
  await send({ method: 'POST', url: `${address}/deployments/${id}/statuses`, json: status });
}
