/** Names of a preview: its app, its host, its labels. Pure; the same pull request always gets the same ones. */
import { createHash } from 'node:crypto';
import { ANNOTATION, appKey, LABEL } from './names.js';

/** Whose preview it is. */
export interface PreviewOf {
  /** `owner/name`; undefined outside GitHub. */
  repository?: string;
  /** The number of the pull request, or the input `preview-id`. */
  id: string;
  /** Set for a pull request's: sweep asks GitHub for its state. */
  pull?: number;
}

const HOST_LIMIT = 63;

/**
 * `APP-pr-ID`.
 * @param apart the repository that it is told apart by, where another one's preview has the name already
 */
export function previewAppName(app: string, id: string, apart?: string): string {
  return `${app}-pr-${id}${apart === undefined ? '' : `-x${hash(apart.toLowerCase()).slice(0, 6)}`}`;
}

/**
 * The preview's app name as a legal DNS label. What has to be changed or cut for that is told apart by a hash of the whole name:
 * no two apps get one host.
 */
export function previewHost(name: string): string {
  const legal = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  if (legal === name.toLowerCase() && legal.length <= HOST_LIMIT) return legal;
  const suffix = `-x${hash(name).slice(0, 8)}`;
  const base = legal.slice(0, HOST_LIMIT - suffix.length).replace(/-+$/, '');
  return `${base || 'app'}${suffix}`;
}

/** On everything that a preview has: apps, routes, service instances. */
export function previewLabels(of: PreviewOf, expiresAtMs: number): Record<string, string> {
  return {
    ...identityLabels(of),
    [LABEL.expires]: String(Math.floor(expiresAtMs / 1000)),
  };
}

/** The labels that tell whose it is, and never change. */
export function identityLabels({ repository, id }: PreviewOf): Record<string, string> {
  return {
    [LABEL.number]: appKey(id),
    ...(repository === undefined ? {} : { [LABEL.repository]: repositoryKey(repository) }),
  };
}

/** Whether something with the first labels is of the preview with the second ones. */
export function isOfPreview(
  labels: Readonly<Record<string, string>>,
  of: Readonly<Record<string, string>>,
): boolean {
  return [LABEL.number, LABEL.repository].every((key) => labels[key] === of[key]);
}

/** The same in whole, for people and for sweep. */
export function previewFacts({ repository, id, pull }: PreviewOf): Record<string, string> {
  return {
    [ANNOTATION.previewId]: id,
    ...(repository === undefined ? {} : { [ANNOTATION.repository]: repository }),
    ...(pull === undefined ? {} : { [ANNOTATION.pull]: String(pull) }),
  };
}

/** A legal label value that stands for a repository, whichever way its letters are written. */
export function repositoryKey(repository: string): string {
  return hash(repository.toLowerCase()).slice(0, 20);
}

/** Label selector for all previews of a space that are this repository's. */
export function previewSelector(repository: string): string {
  return `${LABEL.number},${LABEL.repository}=${repositoryKey(repository)}`;
}

/** Label selector for what one pull request has. */
export function selectorOfPreview({ repository, id }: PreviewOf): string {
  return selectorOfIdentity(appKey(id), repository);
}

/** @param number as the label says it */
export function selectorOfIdentity(number: string, repository: string | undefined): string {
  return [
    `${LABEL.number}=${number}`,
    repository === undefined ? `!${LABEL.repository}` : `${LABEL.repository}=${repositoryKey(repository)}`,
  ].join(',');
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
