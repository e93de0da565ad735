/** Docker images: who signs in to their registries, and which of them are the same thing for ever. Pure. */
import { createHash } from 'node:crypto';
import type { Inputs, ManifestApp } from '../model/asked.js';
import { InputError } from '../model/errors.js';

/**
 * The password of a registry stands in its input alone, and the cf CLI would ask a person for one that is missing.
 * @param apps those that are deployed
 * @throws InputError where image, user and password do not go together
 */
export function assertRegistrySignIn(
  apps: readonly ManifestApp[],
  { image, ...signIn }: Inputs['docker'],
): void {
  const problems = [
    ...(image !== undefined && apps.length > 1
      ? [`The input "docker-image" fits one app only, and there are ${apps.length}: name one with "app".`]
      : []),
    ...signInProblems(apps, signIn),
  ];
  if (problems.length > 0) throw new InputError(problems.map((text) => ({ text })));
}

function signInProblems(apps: readonly ManifestApp[], { username, password }: Inputs['docker']): string[] {
  const images = apps.filter((app) => app.docker);
  if (images.length === 0) {
    const given = Object.entries({ 'docker-username': username, 'docker-password': password });
    return given.flatMap(([name, value]) =>
      value === undefined ? [] : `The input "${name}" is given, and no app here is a docker image.`,
    );
  }
  const locked = images.flatMap(({ name, docker }) =>
    docker?.username ? [{ name, as: docker.username }] : [],
  );
  if (password !== undefined && locked.length === 0)
    return [
      'The input "docker-password" is given, and nobody who signs in with it: give "docker-username" too.',
    ];
  if (password !== undefined) return [];
  return locked.map(
    ({ name, as }) =>
      `${name} signs in to its registry as ${as}, and the input "docker-password" is missing.`,
  );
}

/** A digest names one image for ever; a tag can be moved at any time, and what it named once cannot be told later. */
export function isPinned({ image }: NonNullable<ManifestApp['docker']>): boolean {
  return /@sha256:[0-9a-f]{64}$/i.test(image);
}

/** @returns undefined where it cannot be told whether it is the same image: unlike any other bits */
export function hashOfImage(docker: NonNullable<ManifestApp['docker']>): string | undefined {
  if (!isPinned(docker)) return undefined;
  return `image-1:${createHash('sha256').update(docker.image).digest('hex')}`;
}
