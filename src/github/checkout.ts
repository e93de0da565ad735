/** Which commit stands in the workspace, as git has written it down there; no program of git is needed. */
import { dirname, join, resolve, sep } from 'node:path';
import type { Files } from '../model/ports.js';
import { commitOf } from './answers.js';

type Reads = Pick<Files, 'read'>;

/** @returns undefined where there is no git, or it does not say */
export async function checkedOut(workspace: string, files: Reads): Promise<string | undefined> {
  const head = await textOf(join(workspace, '.git', 'HEAD'), files);
  const [, ref] = /^ref: (refs\/\S+)$/.exec(head ?? '') ?? [];
  return commitOf(ref === undefined ? head : await refOf(workspace, ref, files));
}

/** The checkout that a path is in: another one than the workspace's own may stand in a folder of it. @returns absolute */
export async function checkoutOf(workspace: string, path: string, files: Reads): Promise<string> {
  const top = resolve(workspace);
  for (let folder = resolve(top, path); folder.startsWith(top + sep); folder = dirname(folder))
    if ((await textOf(join(folder, '.git', 'HEAD'), files)) !== undefined) return folder;
  return top;
}

/** Whether the commit was fetched as that pull request, or as its merge: actions/checkout names what it fetches like that. */
export async function isOfPull(
  workspace: string,
  commit: string,
  pull: number,
  files: Reads,
): Promise<boolean> {
  const refs = ['merge', 'head'].map((end) => `refs/remotes/pull/${pull}/${end}`);
  const found = await Promise.all(refs.map((ref) => refOf(workspace, ref, files)));
  return found.some((one) => commitOf(one) === commit);
}

async function refOf(workspace: string, ref: string, files: Reads): Promise<string | undefined> {
  const loose = await textOf(join(workspace, '.git', ...ref.split('/')), files);
  if (loose !== undefined) return loose;
  const packed = (await textOf(join(workspace, '.git', 'packed-refs'), files)) ?? '';
  const line = packed.split('\n').find((one) => one.endsWith(` ${ref}`));
  return line?.split(' ')[0];
}

async function textOf(path: string, files: Reads): Promise<string | undefined> {
  return files.read(path).then(
    (content) => content?.toString('utf8').trim(),
    () => undefined,
  );
}
