/** Who signs in to a registry, and which images are the same thing for ever. */
import { describe, expect, test } from '@jest/globals';
import { assertRegistrySignIn, hashOfImage } from '../../src/manifest/docker.js';
import type { Inputs, ManifestApp } from '../../src/model/asked.js';
import { InputError } from '../../src/model/errors.js';

const bits = { name: 'bits' } as ManifestApp;
const open = { name: 'open', docker: { image: 'a/b' } } as ManifestApp;
const locked = { name: 'locked', docker: { image: 'a/b', username: 'ci' } } as ManifestApp;

function problems(apps: readonly ManifestApp[], docker: Inputs['docker']): readonly string[] {
  try {
    assertRegistrySignIn(apps, docker);
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ text }) => text);
    throw error;
  }
  return [];
}

describe('a registry is signed in to', () => {
  test.each<[string, ManifestApp[], Inputs['docker']]>([
    ['no image', [bits], {}],
    ['one that anybody may have', [bits, open], {}],
    ['one that wants a sign-in', [bits, locked, open], { username: 'ci', password: 'p' }],
  ])('or not: %s', (_, apps, docker) => {
    expect(problems(apps, docker)).toEqual([]);
  });

  test.each<[string, ManifestApp[], Inputs['docker'], RegExp]>([
    [
      'by a name alone',
      [open, locked],
      { username: 'ci' },
      /^locked signs in .* as ci, .*"docker-password" is missing/,
    ],
    ['by a password alone', [open], { password: 'hunter2' }, /give "docker-username" too/],
    [
      'where no app is an image',
      [bits],
      { password: 'hunter2' },
      /"docker-password" is given, and no app here is/,
    ],
    [
      'for one image of several apps',
      [open, locked],
      { image: 'a/b', password: 'p' },
      /one app only, and there are 2/,
    ],
  ])('and refused %s', (_, apps, docker, problem) => {
    expect(problems(apps, docker)).toEqual([expect.stringMatching(problem)]);
    expect(problems(apps, docker).join()).not.toContain('hunter2');
  });
});

test('a digest is the same image for ever, a tag is not', () => {
  const digest = (letter: string) => `registry.example.com:5000/a/b:1@sha256:${letter.repeat(64)}`;
  const hash = hashOfImage({ image: digest('a') });
  expect(hash).toMatch(/^image-1:[0-9a-f]{64}$/);
  expect(hashOfImage({ image: digest('a'), username: 'ci' })).toBe(hash);
  expect(hashOfImage({ image: digest('b') })).not.toBe(hash);
  for (const image of ['a/b', 'a/b:1', `a/b:${'a'.repeat(64)}`])
    expect(hashOfImage({ image })).toBeUndefined();
});
