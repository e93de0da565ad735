import { rows as logs } from '../logs/rows.js';
import { rows as features } from './app-features.js';
import { rows as apps } from './apps.js';
import { rows as builds } from './builds.js';
import { rows as deployments } from './deployments.js';
import { rows as destinations } from './destinations.js';
import { rows as domains } from './domains.js';
import { rows as droplets } from './droplets.js';
import { rows as empty } from './empty.js';
import { rows as events } from './events.js';
import { rows as flags } from './feature-flags.js';
import { rows as isolation } from './isolation-segments.js';
import { rows as jobs } from './jobs.js';
import { rows as manifests } from './manifests.js';
import { rows as networkPolicies } from './network-policies.js';
import { rows as organizations } from './organizations.js';
import { rows as packages } from './packages.js';
import { rows as processes } from './processes.js';
import { rows as quotas } from './quotas.js';
import { rows as revisions } from './revisions.js';
import { rows as root } from './root.js';
import { rows as routeServices } from './route-services.js';
import { rows as routeSharing } from './route-sharing.js';
import { rows as routerGroups } from './router-groups.js';
import { rows as routes } from './routes.js';
import { rows as serviceBindings } from './service-bindings.js';
import { rows as serviceCatalog } from './service-catalog.js';
import { rows as serviceInstances } from './service-instances.js';
import { rows as sidecars } from './sidecars.js';
import { rows as spaces } from './spaces.js';
import { rows as stacks } from './stacks.js';
import type { Row } from './table.js';
import { rows as tasks } from './tasks.js';
import { rows as v2 } from './v2.js';
import { rows as v2Routes } from './v2-routes.js';

/** Every route of the API and of the log cache; what is not here is an unknown request. */
export const apiRows: readonly Row[] = [
  root,
  organizations,
  spaces,
  domains,
  quotas,
  flags,
  stacks,
  apps,
  features,
  processes,
  packages,
  builds,
  droplets,
  revisions,
  deployments,
  sidecars,
  tasks,
  routes,
  destinations,
  routeSharing,
  routerGroups,
  serviceCatalog,
  serviceInstances,
  serviceBindings,
  routeServices,
  networkPolicies,
  manifests,
  jobs,
  events,
  isolation,
  empty,
  v2,
  v2Routes,
  logs,
].flat();
