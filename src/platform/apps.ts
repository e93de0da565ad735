/** Apps: look-up, the lock, changes, state, variables. */
import type { App } from '../model/cloud.js';
import { PlatformRefusal } from '../model/errors.js';
import type { Platform } from './calls.js';
import { Fields, metadataOf, present } from './json.js';
import type { Requests } from './request.js';

type AppCalls = Pick<
  Platform,
  | 'appsByName'
  | 'appsByLabel'
  | 'appsByGuid'
  | 'apps'
  | 'createApp'
  | 'updateApp'
  | 'deleteApp'
  | 'startApp'
  | 'stopApp'
  | 'environment'
  | 'setEnvironment'
>;

export function appCalls(requests: Requests): AppCalls {
  return {
    async appsByName(spaceGuid, names) {
      const found = await requests.listFor('/v3/apps', 'names', names, { space_guids: spaceGuid }, parseApp);
      // Some databases compare without regard to case.
      return found.filter((app) => names.includes(app.name));
    },
    appsByLabel(spaceGuid, selector) {
      return requests.list('/v3/apps', { space_guids: spaceGuid, label_selector: selector }, parseApp);
    },
    appsByGuid(guids) {
      return requests.listFor('/v3/apps', 'guids', guids, {}, parseApp);
    },
    apps(spaceGuid) {
      return requests.list('/v3/apps', { space_guids: spaceGuid }, parseApp);
    },
    async createApp(spaceGuid, app) {
      try {
        const body = {
          name: app.name,
          ...(app.lifecycle ? { lifecycle: lifecycleBody(app.lifecycle) } : {}),
          relationships: { space: { data: { guid: spaceGuid } } },
          metadata: { labels: app.labels ?? {}, annotations: app.annotations ?? {} },
        };
        return await requests.writeFor('POST', '/v3/apps', body, 'app', parseApp);
      } catch (error) {
        if (isNameTaken(error)) return undefined;
        throw error;
      }
    },
    updateApp(guid, { name, lifecycle, labels, annotations }) {
      const body = {
        ...present({ name }),
        ...(lifecycle ? { lifecycle: lifecycleBody(lifecycle, []) } : {}),
        ...(labels || annotations ? { metadata: present({ labels, annotations }) } : {}),
      };
      return requests.writeFor('PATCH', `/v3/apps/${guid}`, body, 'app', parseApp);
    },
    async deleteApp(guid) {
      await goneIsDone(async () => requests.finish(await requests.write('DELETE', `/v3/apps/${guid}`)));
    },
    async startApp(guid) {
      await requests.write('POST', `/v3/apps/${guid}/actions/start`);
    },
    async stopApp(guid) {
      await requests.write('POST', `/v3/apps/${guid}/actions/stop`);
    },
    async environment(appGuid) {
      const json = await requests.read(`/v3/apps/${appGuid}/environment_variables`);
      return Fields.of(json, 'environment variables').variables('var');
    },
    async setEnvironment(appGuid, change) {
      await requests.write('PATCH', `/v3/apps/${appGuid}/environment_variables`, { var: change });
    },
  };
}

/** Does `remove`; that the thing is not there any more is what was asked for. */
export async function goneIsDone(remove: () => Promise<void>): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (!(error instanceof PlatformRefusal && error.status === 404)) throw error;
  }
}

/** 422 with 10016 `CF-UniquenessError` (cloud_controller_ng app/actions/app_create.rb); the number alone also means something else. */
function isNameTaken(error: unknown): boolean {
  return error instanceof PlatformRefusal && error.status === 422 && error.title === 'CF-UniquenessError';
}

/** @param none what stands for no buildpack: a change has to say it, a new app has none by itself */
function lifecycleBody({ type, buildpacks, stack }: App['lifecycle'], none?: readonly string[]) {
  if (type === 'docker') return { type, data: {} };
  return { type, data: present({ buildpacks: buildpacks.length > 0 ? buildpacks : none, stack }) };
}

function parseApp(fields: Fields): App {
  const lifecycle = fields.object('lifecycle');
  const data = lifecycle.maybeObject('data');
  const droplet = fields.maybeObject('relationships')?.maybeObject('current_droplet');
  return {
    guid: fields.text('guid'),
    name: fields.text('name'),
    state: fields.oneOf('state', ['STARTED', 'STOPPED']),
    createdAtMs: fields.time('created_at'),
    ...(fields.has('updated_at') ? { updatedAtMs: fields.time('updated_at') } : {}),
    lifecycle: {
      type: lifecycle.text('type'),
      buildpacks: data?.has('buildpacks') ? data.texts('buildpacks') : [],
      ...present({ stack: data?.maybeText('stack') }),
    },
    ...(droplet?.has('data') ? { holdsDroplet: droplet.maybeObject('data')?.maybeText('guid') ?? null } : {}),
    ...metadataOf(fields),
  };
}
