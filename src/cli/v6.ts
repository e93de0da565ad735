/** What is different with cf v6, the only one that has `v3-zdt-push`. Pure. */
import type { ManifestApp } from '../model/asked.js';
import { Refused } from '../model/errors.js';
import { compareVersions } from './releases.js';
import type { Root } from './root.js';

/** First release with `v3-zdt-push`, and what it asks of version 3 of the API (`ccversion` of 6.53.0). */
const FIRST = '6.40.0';
const NEEDED_API = '3.63.0';

/** A binary that was built without a version says `0.0.0`: nothing tells that it is an old one. */
export function isV6(version: string): boolean {
  return version.startsWith('6.');
}

export function hasZdtPush(version: string): boolean {
  return isV6(version) && compareVersions(version, FIRST) >= 0;
}

/** Throws `Refused` where cf v6 could not work. */
export function assertServesV6(version: string, { apiVersion, hasV2 }: Root): void {
  if (!isV6(version)) return;
  const why = !hasV2
    ? "needs version 2 of the platform's API, which is switched off there"
    : compareVersions(apiVersion, NEEDED_API) < 0
      ? `needs version ${NEEDED_API} of the platform's API, and this one has ${apiVersion}`
      : undefined;
  if (why)
    throw new Refused(
      `cf ${version} ${why}.`,
      'Leave cf-version out, or set it to 8; with a cf of your own, let CF_CLI name a newer one. strategy: zdt-push means rolling there.',
      'cf-cli',
    );
}

/** Throws `Refused` for apps that its commands cannot push: they know no user of a registry, and no image beside its tag. */
export function assertPushesBits(version: string, apps: readonly Pick<ManifestApp, 'name' | 'docker'>[]) {
  const images = apps.filter(({ docker }) => isV6(version) && docker !== undefined).map(({ name }) => name);
  if (images.length > 0)
    throw new Refused(
      `${images.join(', ')}: docker images are not pushed with cf ${version}.`,
      'Leave cf-version out, or set it to 8; with a cf of your own, let CF_CLI name a newer one.',
      'cf-cli',
    );
}

/** Two libraries of v6 say so at each start. */
export function isNoiseOfV6(line: string): boolean {
  return /WARNING: proto:\s+file .* is already registered|^A future release will panic on registration conflicts|reference\/go\/faq#namespace-conflict/.test(
    line,
  );
}
