/** What the platform recorded at each start of an app that had changed. */
import type { Revision } from '../model/cloud.js';
import type { Platform } from './calls.js';
import { Fields } from './json.js';
import type { Requests } from './request.js';

type RevisionCalls = Pick<Platform, 'revisions' | 'revisionEnvironment'>;

export function revisionCalls(requests: Requests): RevisionCalls {
  return {
    revisions(appGuid) {
      return requests.list(`/v3/apps/${appGuid}/revisions`, { order_by: '-created_at' }, parseRevision);
    },
    async revisionEnvironment(guid) {
      const json = await requests.read(`/v3/revisions/${guid}/environment_variables`);
      return Fields.of(json, 'environment variables of the revision').variables('var');
    },
  };
}

function parseRevision(fields: Fields): Revision {
  return {
    guid: fields.text('guid'),
    version: fields.number('version'),
    dropletGuid: fields.object('droplet').text('guid'),
    deployable: fields.flag('deployable'),
    description: fields.maybeText('description') ?? '',
    createdAtMs: fields.time('created_at'),
    commands: commandsOf(fields),
  };
}

/** By process type; one that has no command of its own is started as its droplet says. */
function commandsOf(fields: Fields): Record<string, string | null> {
  const processes = fields.maybeObject('processes');
  if (!processes) return {};
  return Object.fromEntries(
    processes.keys().map((type) => [type, processes.object(type).maybeText('command') ?? null]),
  );
}
