import { apps } from './apps.js';
import { bits } from './bits.js';
import { control } from './control.js';
import { deployments } from './deployments.js';
import { isolation } from './isolation.js';
import { kinds } from './kinds-of-routes.js';
import { look } from './look.js';
import { manifests } from './manifests.js';
import { remove } from './remove.js';
import { revisions } from './revisions.js';
import { routes } from './routes.js';
import { services } from './services.js';
import type { Step } from './step.js';
import { tasks } from './tasks.js';
import { v2 } from './v2.js';

/** In this order: what removes comes last. */
export const steps: readonly Step[] = [
  ...look,
  ...apps,
  ...bits,
  ...revisions,
  ...deployments,
  ...kinds,
  ...routes,
  ...v2,
  ...services,
  ...tasks,
  ...isolation,
  ...manifests,
  ...control,
  ...remove,
];
