/** Docker images: who signs in to their registries, and which of them are the same thing for ever. Pure. */
import { createHash } from 'node:crypto';
import type { Inputs, ManifestApp } from '../model/asked.js';
import { InputError } from '../model/errors.js';
import { isMap } from './said.js';

/** What makes a droplet of bits. */
const NOT_OF_IMAGES = ['path', 'buildpack', 'buildpacks', 'stack'];

interface Reading {
  docker?: ManifestApp['docker'] & object;
  /** Each at a place in the app. */
  problems: readonly { path: readonly string[]; what: string }[];
}

/**
 * @param app what the manifest says of it
 * @param asked wins over the manifest
 */
export function readImage(app: Readonly<Record<string, unknown>>, asked: Inputs['docker']): Reading {
  const isGiven = (value: unknown) => value !== undefined && value !== null;
  const named = isMap(app.docker) ? app.docker : {};
  const text = (key: string) =>
    isGiven(named[key]) && typeof named[key] !== 'object' ? String(named[key]) : undefined;
  const image = asked.image ?? text('image');
  if (image === undefined) {
    const what = 'has "docker" without the name of an image: write "docker: {image: ...}"';
    return { problems: isGiven(app.docker) ? [{ path: ['docker'], what }] : [] };
  }
  const username = asked.username ?? text('username');
  return {
    docker: { image, ...(username === undefined ? {} : { username }) },
    problems: [
      ...(isGiven(named.password) ? [{ path: ['docker', 'password'], what: PASSWORD_THERE }] : []),
      ...NOT_OF_IMAGES.filter((key) => isGiven(app[key])).map((key) => ({
        path: [key],
        what: `is a docker image, for which "${key}" is of no use`,
      })),
    ],
  };
}

const PASSWORD_THERE = 'has a password of a registry in the manifest: give it as the input "docker-password"';

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
