/** From bits to what runs: packages, builds, droplets. */
import type { Build, Droplet, Package } from '../model/cloud.js';
import { PlatformRefusal } from '../model/errors.js';
import { goneIsDone } from './apps.js';
import type { Platform } from './calls.js';
import { Fields, present } from './json.js';
import type { Requests } from './request.js';

type BitsCalls = Pick<
  Platform,
  | 'packages'
  | 'copyPackage'
  | 'deletePackage'
  | 'builds'
  | 'build'
  | 'createBuild'
  | 'currentDroplet'
  | 'setCurrentDroplet'
  | 'droplet'
  | 'droplets'
  | 'copyDroplet'
>;

export function bitsCalls(requests: Requests): BitsCalls {
  return {
    packages(appGuid) {
      return requests.list('/v3/packages', { app_guids: appGuid, order_by: '-created_at' }, parsePackage);
    },
    copyPackage(packageGuid, appGuid) {
      const body = { relationships: { app: { data: { guid: appGuid } } } };
      const path = `/v3/packages?source_guid=${packageGuid}`;
      return requests.writeFor('POST', path, body, 'package', parsePackage);
    },
    async deletePackage(guid) {
      await goneIsDone(async () => requests.finish(await requests.write('DELETE', `/v3/packages/${guid}`)));
    },
    builds(appGuid) {
      return requests.list('/v3/builds', { app_guids: appGuid, order_by: '-created_at' }, parseBuild);
    },
    async build(guid) {
      return parseBuild(Fields.of(await requests.read(`/v3/builds/${guid}`), 'build'));
    },
    createBuild(packageGuid) {
      const body = { package: { guid: packageGuid } };
      return requests.writeFor('POST', '/v3/builds', body, 'build', parseBuild);
    },
    async currentDroplet(appGuid) {
      try {
        return parseDroplet(
          Fields.of(await requests.read(`/v3/apps/${appGuid}/droplets/current`), 'droplet'),
        );
      } catch (error) {
        // A 404 that speaks of the app is not an answer to this question.
        if (
          error instanceof PlatformRefusal &&
          error.status === 404 &&
          error.message.includes('Droplet not found')
        )
          return undefined;
        throw error;
      }
    },
    async setCurrentDroplet(appGuid, dropletGuid) {
      await requests.write('PATCH', `/v3/apps/${appGuid}/relationships/current_droplet`, {
        data: { guid: dropletGuid },
      });
    },
    async droplet(guid) {
      return parseDroplet(Fields.of(await requests.read(`/v3/droplets/${guid}`), 'droplet'));
    },
    droplets(appGuid) {
      return requests.list('/v3/droplets', { app_guids: appGuid, order_by: '-created_at' }, parseDroplet);
    },
    copyDroplet(dropletGuid, appGuid) {
      const body = { relationships: { app: { data: { guid: appGuid } } } };
      const path = `/v3/droplets?source_guid=${dropletGuid}`;
      return requests.writeFor('POST', path, body, 'droplet', parseDroplet);
    },
  };
}

function parsePackage(fields: Fields): Package {
  return {
    guid: fields.text('guid'),
    type: fields.text('type'),
    state: fields.oneOf('state', [
      'AWAITING_UPLOAD',
      'PROCESSING_UPLOAD',
      'READY',
      'FAILED',
      'COPYING',
      'EXPIRED',
    ]),
    createdAtMs: fields.time('created_at'),
  };
}

function parseBuild(fields: Fields): Build {
  return {
    guid: fields.text('guid'),
    state: fields.oneOf('state', ['STAGING', 'STAGED', 'FAILED']),
    packageGuid: fields.object('package').text('guid'),
    ...present({
      dropletGuid: fields.maybeObject('droplet')?.maybeText('guid'),
      error: fields.maybeText('error'),
    }),
  };
}

/** To whom the platform does not tell them, it gives something else. */
function commandsOf(fields: Fields): Record<string, string> | undefined {
  if (!fields.has('process_types') || fields.object('process_types').has('redacted_message'))
    return undefined;
  return fields.textMap('process_types');
}

/** An image says which ports its processes listen on, and the first one is theirs (cloud_controller_ng droplet_model.rb). */
function exposedPort(fields: Fields): number | undefined {
  try {
    const { ports } = JSON.parse(fields.maybeText('execution_metadata') ?? '');
    const first = ports.find((one: { Protocol?: string }) => one.Protocol === 'tcp')?.Port;
    return typeof first === 'number' ? first : undefined;
  } catch {
    // Of buildpacks it is another text, or none.
    return undefined;
  }
}

/** The package is named only by a link; a droplet that was uploaded or copied has none. */
function parseDroplet(fields: Fields): Droplet {
  const link = fields.maybeObject('links')?.maybeObject('package')?.maybeText('href');
  return {
    guid: fields.text('guid'),
    state: fields.text('state'),
    createdAtMs: fields.time('created_at'),
    ...present({
      packageGuid: link?.split('/').at(-1),
      appGuid: fields
        .maybeObject('relationships')
        ?.maybeObject('app')
        ?.maybeObject('data')
        ?.maybeText('guid'),
      lifecycle: fields.maybeObject('lifecycle')?.maybeText('type'),
      stack: fields.maybeText('stack'),
      commands: commandsOf(fields),
      checksum: fields.maybeObject('checksum')?.maybeText('value'),
      image: fields.maybeText('image'),
      port: exposedPort(fields),
    }),
  };
}
