/** Which apps of a space this action has deployed, by its labels alone. Pure. */
import type { App } from '../model/cloud.js';
import { ANNOTATION, appKey, LABEL } from './names.js';

/** Label selector for all that is ours in a space. */
export const OURS = LABEL.role;

/** @param apps those that carry our role @returns the users' names of them, in the order of the alphabet; previews are not among them */
export function ownedNames(apps: readonly App[]): readonly string[] {
  const names = apps
    .filter(({ labels }) => labels[LABEL.role] !== 'preview')
    .flatMap(({ name, labels, annotations }) => {
      const key = labels[LABEL.app];
      // The key of a long or unusual name is a hash: another app of the same key may know the name.
      const known = [annotations[ANNOTATION.app], key, name];
      return known.find((one) => one !== undefined && appKey(one) === key) ?? [];
    });
  return [...new Set(names)].sort();
}
