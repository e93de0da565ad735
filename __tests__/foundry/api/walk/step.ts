/** One request of the walk. `{name}` in paths and bodies is a GUID that the walk knows. */
export interface Step {
  /** Method and pattern of the route table. */
  row: string;
  /** The section of the reference that says so. */
  cites: string;
  note?: string;
  /** With parameters filled in. */
  path?: string;
  body?: unknown;
  headers?: Record<string, string>;
  status: number;
  /** Code, title, detail of the only error. */
  error?: readonly [number, string, string];
  /** Values at places of the body. */
  has?: Readonly<Record<string, unknown>>;
  /** All keys of the body. */
  exact?: readonly string[];
  /** A page, and the keys of its first resource. */
  list?: { of?: readonly string[]; total?: number };
}

export const BASE = ['guid', 'created_at', 'updated_at', 'metadata', 'links'];
export const APP = [...BASE, 'name', 'state', 'lifecycle', 'relationships'];
export const PROCESS = [
  ...BASE,
  'version',
  'type',
  'command',
  'user',
  'instances',
  'memory_in_mb',
  'disk_in_mb',
  'log_rate_limit_in_bytes_per_second',
  'health_check',
  'readiness_health_check',
  'relationships',
];
export const PACKAGE = [...BASE, 'type', 'data', 'state', 'relationships'];
export const BUILD = [
  ...BASE,
  'state',
  'staging_memory_in_mb',
  'staging_disk_in_mb',
  'staging_log_rate_limit_bytes_per_second',
  'error',
  'lifecycle',
  'package',
  'droplet',
  'created_by',
  'relationships',
];
export const DROPLET = [
  ...BASE,
  'state',
  'error',
  'lifecycle',
  'checksum',
  'buildpacks',
  'stack',
  'image',
  'execution_metadata',
  'process_types',
  'relationships',
];
export const ROUTE = [
  ...BASE,
  'protocol',
  'host',
  'path',
  'port',
  'url',
  'destinations',
  'options',
  'relationships',
];
export const DOMAIN = [...BASE, 'name', 'internal', 'router_group', 'supported_protocols', 'relationships'];
export const ORG = [...BASE, 'name', 'suspended', 'relationships'];
export const SPACE = [...BASE, 'name', 'suspended', 'relationships'];
export const QUOTA = [
  'guid',
  'created_at',
  'updated_at',
  'name',
  'apps',
  'services',
  'routes',
  'relationships',
  'links',
];
export const EVENT = [
  'guid',
  'created_at',
  'updated_at',
  'type',
  'actor',
  'target',
  'data',
  'space',
  'organization',
  'links',
];
export const YAML = { 'content-type': 'application/x-yaml' };
export const unprocessable = (detail: string) => [10008, 'CF-UnprocessableEntity', detail] as const;
export const to = (guid: string) => ({ data: { guid } });
export const empty = { list: { total: 0 }, has: { resources: [] } };
