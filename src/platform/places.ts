/** Where we act: organization, space, domains, and the version of the API. */
import type { Domain } from '../model/cloud.js';
import { PlatformRefusal, Refused } from '../model/errors.js';
import { begun } from '../system/begun.js';
import type { Platform } from './calls.js';
import { Fields, related } from './json.js';
import type { Requests } from './request.js';

export function placeCalls(
  requests: Requests,
): Pick<Platform, 'apiVersion' | 'answers' | 'target' | 'domains' | 'isOn'> {
  let version: Promise<string> | undefined;
  const domains = new Map<string, Promise<readonly Domain[]>>();
  const domainsOf = (orgGuid: string) => {
    const known =
      domains.get(orgGuid) ??
      requests.list(`/v3/organizations/${orgGuid}/domains`, {}, parseDomain).catch((error) => {
        domains.delete(orgGuid);
        throw error;
      });
    domains.set(orgGuid, known);
    return known;
  };
  return {
    apiVersion() {
      version ??= requests
        .read('/')
        .then(versionOfRoot)
        .catch((error) => {
          version = undefined;
          throw error;
        });
      return version;
    },
    answers: () => requests.answers(),
    async target(org, space) {
      const orgs = await requests.list('/v3/organizations', { names: [org] }, parseNamed);
      const orgGuid = orgs.find(({ name }) => name === org)?.guid;
      if (orgGuid === undefined) throw unseen(`The organization "${org}"`, 'org');
      // Nearly every command needs them next.
      void begun(domainsOf(orgGuid));
      const spaces = await requests.list(
        '/v3/spaces',
        { names: [space], organization_guids: orgGuid },
        parseNamed,
      );
      const spaceGuid = spaces.find(({ name }) => name === space)?.guid;
      if (spaceGuid === undefined) throw unseen(`The space "${space}" of the organization "${org}"`, 'space');
      return { orgGuid, org, spaceGuid, space };
    },
    async isOn(flag) {
      try {
        return Fields.of(await requests.read(`/v3/feature_flags/${flag}`), 'feature flag').flag('enabled');
      } catch (error) {
        // It only informs: the platform has the last word.
        if (error instanceof PlatformRefusal) return undefined;
        throw error;
      }
    },
    domains: domainsOf,
  };
}

/** The platform shows what may not be seen as what is not there. */
function unseen(what: string, input: string): Refused {
  return new Refused(
    `${what} does not exist, or the account has no role in it.`,
    `Check the input \`${input}\`, or give the account the role SpaceDeveloper there.`,
    'target',
  );
}

function versionOfRoot(json: unknown): string {
  return Fields.of(json, 'root').object('links').object('cloud_controller_v3').object('meta').text('version');
}

function parseNamed(fields: Fields) {
  return { guid: fields.text('guid'), name: fields.text('name') };
}

/** Platforms before TCP domains in v3 name no protocols: http. */
function parseDomain(fields: Fields): Domain {
  return {
    guid: fields.text('guid'),
    name: fields.text('name'),
    internal: fields.flag('internal'),
    protocols: fields.has('supported_protocols') ? fields.texts('supported_protocols') : ['http'],
    shared: related(fields, 'organization') === undefined,
  };
}
