/** For code that is not trusted yet: what a preview takes from the machine lies in the workspace, wherever links lead. */
import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { InputError } from '../model/errors.js';

/**
 * @param workspace absolute
 * @param paths as somebody named them, each with the input or the key that did; relative ones are the workspace's
 * @throws InputError with each that leads out of it
 */
export async function assertInside(
  workspace: string,
  paths: readonly { what: string; path: string }[],
): Promise<void> {
  const root = await realpath(workspace);
  const outside = await Promise.all(
    paths.map(async ({ what, path }) => {
      const from = relative(root, await realpath(resolve(workspace, path)));
      // On Windows another drive has no relative path.
      return from.split(sep)[0] === '..' || isAbsolute(from)
        ? [`${what} "${path}" leads out of the workspace: a preview takes nothing else of the machine.`]
        : [];
    }),
  );
  const problems = outside.flat();
  if (problems.length > 0) throw new InputError(problems.map((text) => ({ text })));
}
