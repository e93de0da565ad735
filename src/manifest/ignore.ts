/** Which files of an app's folder the cf CLI leaves out. Pure. */

/** The CLI's own patterns (cli actor/sharedaction/resource.go, DefaultIgnoreLines). They come last, so nothing brings these back. */
export const ALWAYS = [
  '.cfignore',
  '.DS_Store',
  '.git',
  '.gitignore',
  '.hg',
  '.svn',
  '_darcs',
  'manifest.yaml',
  'manifest.yml',
];
/** What is written with these characters alone means the same everywhere; all else is a doubt. */
const PLAIN = /^[\w @~./*-]+$/;

interface Rule {
  brings: boolean;
  matches(path: string): boolean;
}

/**
 * @param cfignore text of the folder's `.cfignore`
 * @returns whether the CLI surely leaves the file out, by its path in the folder; in doubt it does not
 */
export function ignoredBy(cfignore = ''): (path: string) => boolean {
  const rules = [...cfignore.split('\n'), ...ALWAYS].flatMap((line) => ruleOf(line) ?? []);
  return (path) => rules.reduce((ignored, rule) => (rule.matches(path) ? !rule.brings : ignored), false);
}

function ruleOf(line: string): Rule | undefined {
  const text = line.replace(/\r+$/, '');
  const pattern = text.replace(/^ +| +$/g, '');
  if (text.startsWith('#') || pattern === '') return undefined;
  const brings = pattern.startsWith('!');
  const named = brings ? pattern.slice(1) : pattern;
  // Not understood: it leaves nothing out, and may bring anything back.
  if (!PLAIN.test(named) || named.includes('**')) return { brings, matches: () => brings };
  const expression = expressionOf(named);
  return { brings, matches: (path) => expression.test(path) };
}

/** The CLI matches against the whole path: a name at any depth, with all that is below it (github.com/sabhiram/go-gitignore). */
function expressionOf(pattern: string): RegExp {
  const isAtTop = pattern.startsWith('/') || /[^/+]\/.*\*\./.test(pattern);
  const body = pattern.replace(/^\//, '').replaceAll('.', '\\.').replaceAll('*', '[^/]*');
  const below = body.endsWith('/') ? '.*' : '(?:/.*)?';
  return new RegExp(`^${isAtTop ? '/?' : '(?:.*/)?'}${body}${below}$`, 's');
}
