import { firstServices } from './first-services.js';
import type { Limits } from './records.js';
import type { Store } from './store.js';

/** The one router group. */
export const ROUTER_GROUP = { guid: '0f6ff5a4-6f31-4f0c-9a44-3e4a1f1c7d10', name: 'default-tcp' };

const APPS_DOMAIN = 'apps.localhost';

/**
 * The organization, space, quota and domains that are there from the start: one domain for apps, one nested in it, one of the
 * organization's own, the internal one, and one for TCP routes.
 */
export function firstRecords(
  store: Store,
  limits: Limits,
): { appsDomain: string; org: string; space: string } {
  const quota = store.quotas.add({ ...store.base(), name: 'default', kind: 'organization', limits });
  const organization = store.organizations.add({ ...store.base(), name: 'shop', quotaGuid: quota.guid });
  const space = store.spaces.add({
    ...store.base(),
    name: 'production',
    organizationGuid: organization.guid,
  });
  store.domains.add({ ...store.base(), name: APPS_DOMAIN, internal: false });
  store.domains.add({ ...store.base(), name: `eu.${APPS_DOMAIN}`, internal: false });
  store.domains.add({ ...store.base(), name: 'apps.internal', internal: true });
  store.domains.add({
    ...store.base(),
    name: 'shop.localhost',
    internal: false,
    organizationGuid: organization.guid,
  });
  store.domains.add({
    ...store.base(),
    name: 'tcp.localhost',
    internal: false,
    routerGroupGuid: ROUTER_GROUP.guid,
  });
  firstServices(store);
  return { appsDomain: APPS_DOMAIN, org: organization.name, space: space.name };
}
