/** What one deploy wants for one app: inputs, manifest and the first snapshot, brought together once. */
import type { SmokeCheck } from './asked.js';

/** A route by what names it on the platform; `url` is `host.domain/path` (or `domain:port`). */
export interface WantedRoute {
  url: string;
  host: string;
  domainGuid: string;
  path: string;
  port: number | null;
  /** For destinations, when the manifest names one; else as live's destination has it. */
  protocol?: string;
  /** No router reaches it from outside (an internal domain): it is mapped, but cannot be probed. */
  internal: boolean;
}

export interface WantedScale {
  instances?: number;
  memoryMb?: number;
  diskMb?: number;
  logRateBps?: number;
}

export interface Intent {
  app: string;
  /** Of the new version. */
  version: string;
  /** Version under which live is kept: its own label, or its droplet's time when it is adopted. */
  liveVersion?: string;
  /** Whose lock it is: run id, attempt and a nonce. */
  owner: string;
  production: readonly WantedRoute[];
  /** Urls of live's routes that the new version shall not have. */
  dropped: readonly string[];
  trial: WantedRoute;
  /** By process type. */
  scale: Readonly<Record<string, WantedScale>>;
  /** Set on the candidate beside the manifest: the input `env` and what is carried. Values stay in memory. */
  env: Readonly<Record<string, string>>;
  carriedEnv: readonly string[];
  checks: readonly SmokeCheck[];
  smokeScript?: string;
  probePath: string;
  drainMs: number;
  bakeMs: number;
  keepPrevious: number;
  keepFailed: boolean;
  /** Written to the candidate with the lock; already prefixed. */
  annotations: Readonly<Record<string, string>>;
}
