/** The platform over one keep-alive HTTP port. */
import { appCalls } from './apps.js';
import { belongingCalls } from './belongings.js';
import { bitsCalls } from './bits.js';
import type { Platform } from './calls.js';
import { deploymentCalls } from './deployments.js';
import { manifestCalls } from './manifests.js';
import { placeCalls } from './places.js';
import { processCalls } from './processes.js';
import { quotaCalls } from './quotas.js';
import { Requests } from './request.js';
import { revisionCalls } from './revisions.js';
import { routeCalls } from './routes.js';
import type { Connection } from './sender.js';
import { serviceCalls } from './services.js';
import { taskCalls } from './tasks.js';
import { watchingCalls } from './watching.js';

export interface PlatformOptions extends Connection {
  /** As the platform's root names them (cli/root.ts). */
  logCacheUrl?: string;
  networkPolicyUrl?: string;
}

export function createPlatform(options: PlatformOptions): Platform {
  const requests = new Requests(options);
  return {
    platformNowMs: () => requests.nowMs(),
    hasWritten: () => requests.hasWritten(),
    allowance: () => requests.allowance(),
    ...placeCalls(requests),
    ...quotaCalls(requests),
    ...appCalls(requests),
    ...processCalls(requests),
    ...belongingCalls(requests, options.networkPolicyUrl),
    ...bitsCalls(requests),
    ...manifestCalls(requests),
    ...revisionCalls(requests),
    ...deploymentCalls(requests),
    ...routeCalls(requests),
    ...serviceCalls(requests),
    ...taskCalls(requests),
    ...watchingCalls(requests, options.logCacheUrl),
  };
}
