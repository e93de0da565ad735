/** What a manifest changes of an app: the platform's own job does it. */
import { PlatformFault } from '../model/errors.js';
import type { Platform } from './calls.js';
import type { Requests } from './request.js';

export function manifestCalls(requests: Requests): Pick<Platform, 'applyManifest' | 'finishJob'> {
  return {
    async applyManifest(spaceGuid, manifest) {
      const path = `/v3/spaces/${spaceGuid}/actions/apply_manifest`;
      const job = requests
        .jobOf(await requests.writeYaml(path, manifest))
        ?.split('/')
        .at(-1);
      if (!job) throw new PlatformFault(`The platform took POST ${path}, and named no job.`, true);
      return job;
    },
    finishJob(guid) {
      return requests.follow(`/v3/jobs/${guid}`);
    },
  };
}
