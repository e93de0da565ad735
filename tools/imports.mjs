/** Imports in `src/` go down this list only; one line is one level. */
const LEVELS = [
  ['index'],
  ['main', 'post'],
  ['report'],
  ['commands'],
  ['strategies'],
  ['steps'],
  ['engine'],
  ['inputs'],
  ['manifest'],
  ['probe'],
  ['platform'],
  ['cli'],
  ['github'],
  ['system'],
  ['model'],
];

const IMPORT = /\b(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g;

/** @returns what a TypeScript source imports, types too */
export function importsOf(source) {
  const code = source.replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, '');
  return [...code.matchAll(IMPORT)].map((match) => match[1] ?? match[2]);
}

/**
 * @param files source files: `path` in the project with `/`, and `imports` as written
 * @param dependencies names of the packages that the action is shipped with
 * @returns one line for each import that goes up, or between `src/` and a room beside it
 */
export function importFaults(files, dependencies) {
  return files.flatMap(({ path, imports }) =>
    imports.flatMap((target) => {
      const fault = target.startsWith('.')
        ? ownFault(path, resolved(path, target))
        : packageFault(path, target, dependencies);
      return fault ? [`${path}: ${fault} (${target})`] : [];
    }),
  );
}

function ownFault(from, to) {
  const [fromRoom, toRoom] = [from, to].map((path) => path.split('/')[0]);
  if (fromRoom === 'src' && toRoom !== 'src') return 'src/ imports from src/ alone';
  if (fromRoom === 'foundry' && toRoom !== 'foundry') return 'foundry/ imports from foundry/ alone';
  if (fromRoom !== 'src') return undefined;
  const [fromLevel, toLevel] = [from, to].map(levelOf);
  if (fromLevel < 0 || toLevel < 0) return 'a room that is not in the list of tools/imports.mjs';
  const sameRoom = roomOf(from) === roomOf(to);
  return fromLevel < toLevel || sameRoom ? undefined : 'an import goes down the list only';
}

function packageFault(from, target, dependencies) {
  if (!from.startsWith('src/') || target.startsWith('node:')) return undefined;
  const name = target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
  return dependencies.includes(name) ? undefined : 'src/ imports shipped packages only';
}

function roomOf(path) {
  return path.split('/')[1]?.replace(/\.[jt]s$/, '');
}

function levelOf(path) {
  return LEVELS.findIndex((rooms) => rooms.includes(roomOf(path)));
}

function resolved(from, target) {
  const parts = from.split('/').slice(0, -1);
  for (const part of target.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}
