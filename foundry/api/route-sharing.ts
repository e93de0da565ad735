import type * as r from '../state/records.js';
import { dig, text } from './body.js';
import { auditOf, type Core } from './core.js';
import { unprocessable } from './errors.js';
import { assertOn } from './feature-flags.js';
import { links, to } from './present.js';
import { findRoute } from './routes.js';
import { type Answer, type Call, type Row, row } from './table.js';

/** Spaces whose apps a route may have. */
export const spacesOfRoute = (route: r.Route) => [route.spaceGuid, ...(route.sharedSpaceGuids ?? [])];

function shared(core: Core, route: r.Route): Answer {
  const self = `/v3/routes/${route.guid}/relationships/shared_spaces`;
  return {
    status: 200,
    body: {
      data: (route.sharedSpaceGuids ?? []).map((guid) => ({ guid })),
      links: links(core, { self }),
    },
  };
}

function tell(call: Call, core: Core, what: string, route: r.Route, space: string): void {
  const target = { guid: route.guid, type: 'route', name: route.host };
  auditOf(core, `audit.route.${what}`, call.caller, target, route.spaceGuid, { target_space_guid: space });
}

async function share(call: Call, core: Core): Promise<Answer> {
  const route = findRoute(call, core);
  assertOn(core, 'route_sharing');
  const data = dig(await call.json(), 'data');
  const guids = Array.isArray(data) ? data.map((d) => text(dig(d, 'guid')) ?? '') : [];
  const url = core.store.url(route);
  const missing = guids.filter((guid) => !core.store.spaces.get(guid));
  if (missing.length > 0) {
    throw unprocessable(
      `Unable to share route ${url} with spaces ['${missing.join("', '")}']. Ensure the spaces exist and that you have access to them.`,
    );
  }
  if (guids.includes(route.spaceGuid)) {
    throw unprocessable(
      `Unable to share route '${url}' with space '${route.spaceGuid}'. Routes cannot be shared into the space where they were created.`,
    );
  }
  route.sharedSpaceGuids = [...new Set([...(route.sharedSpaceGuids ?? []), ...guids])];
  for (const guid of guids) tell(call, core, 'share', route, guid);
  return shared(core, route);
}

function unshare(call: Call, core: Core): Answer {
  const route = findRoute(call, core);
  assertOn(core, 'route_sharing');
  const { space = '' } = call.params;
  if (!core.store.spaces.get(space)) {
    throw unprocessable(
      `Unable to unshare route '${core.store.url(route)}' from space '${space}'. Ensure the space exists and that you have access to it.`,
    );
  }
  if (space === route.spaceGuid) {
    throw unprocessable(
      `Unable to unshare route '${core.store.url(route)}' from space '${space}'. Routes cannot be removed from the space that owns them.`,
    );
  }
  // Destinations of that space stay.
  route.sharedSpaceGuids = (route.sharedSpaceGuids ?? []).filter((guid) => guid !== space);
  tell(call, core, 'unshare', route, space);
  return { status: 204 };
}

async function transfer(call: Call, core: Core): Promise<Answer> {
  const route = findRoute(call, core);
  assertOn(core, 'route_sharing');
  const guid = text(dig(await call.json(), 'data', 'guid')) ?? '';
  if (!core.store.spaces.get(guid)) {
    throw unprocessable(
      `Unable to transfer owner of route '${core.store.url(route)}' to space '${guid}'. Ensure the space exists and that you have access to it.`,
    );
  }
  if (guid !== route.spaceGuid) {
    const others = (route.sharedSpaceGuids ?? []).filter((one) => one !== guid);
    route.sharedSpaceGuids = [...others, route.spaceGuid];
    route.spaceGuid = guid;
    tell(call, core, 'transfer-owner', route, guid);
  }
  const self = `/v3/routes/${route.guid}/relationships/space`;
  return { status: 200, body: { ...to(guid), links: links(core, { self, related: `/v3/spaces/${guid}` }) } };
}

export const rows: readonly Row[] = [
  row('GET', '/v3/routes/:guid/relationships/shared_spaces', (call, core) =>
    shared(core, findRoute(call, core)),
  ),
  row('POST', '/v3/routes/:guid/relationships/shared_spaces', share),
  row('DELETE', '/v3/routes/:guid/relationships/shared_spaces/:space', unshare),
  row('PATCH', '/v3/routes/:guid/relationships/space', transfer),
];
