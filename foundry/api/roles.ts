import { notAuthorized } from './errors.js';
import type { Caller, Row } from './table.js';

/** Environment of an app and all that quotes it: only who may change the app reads it (can_read_secrets_in_space?). */
const SECRET = [
  '/v3/apps/:guid/env',
  '/v3/apps/:guid/environment_variables',
  '/v3/apps/:guid/manifest',
  '/v3/revisions/:guid/environment_variables',
  '/v3/droplets/:guid/download',
  '/v3/packages/:guid/download',
  '/v3/service_instances/:guid/credentials',
  '/v3/service_credential_bindings/:guid/details',
];

/** Throws what the platform answers to a space auditor who writes, or reads what is secret. */
export function assertMay({ method, pattern, open }: Row, { role }: Caller): void {
  if (role !== 'auditor' || open) return;
  if (method !== 'GET' || SECRET.includes(pattern)) throw notAuthorized();
}
