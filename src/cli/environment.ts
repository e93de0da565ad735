/** What our children may see of the environment (design rule 8). Pure. */

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What a program needs to find others, and to reach the network as this machine does; the last line is what Windows' own libraries
 * cannot do without. Windows does not heed the case of these names, and has its `Path`.
 */
const PLAIN = [
  ...['PATH', 'TMPDIR', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  ...['SYSTEMROOT', 'WINDIR', 'PATHEXT', 'TEMP', 'TMP'],
];

/** English, so that what a program says can be told apart. */
const ENGLISH = { LANG: 'en_US.UTF-8', LC_ALL: 'en_US.UTF-8' };

/** For cf and tar: of the runner's environment only what is on the list, and what we set. */
export function toolEnvironment(env: Environment, own: Readonly<Record<string, string>> = {}) {
  return { ...pick(env, (name) => PLAIN.includes(name.toUpperCase())), ...ENGLISH, ...own };
}

/** The inputs with their secrets, the runner's own state and tokens, and the files by which a step commands the runner. */
const KEPT_BACK = /^(INPUT_|STATE_|ACTIONS_)|^GITHUB_(ENV|PATH|OUTPUT|STATE|STEP_SUMMARY)$|^CF_HOME$/i;

/** For the user's own script: the runner's environment without what is ours or the runner's. */
export function scriptEnvironment(env: Environment, own: Readonly<Record<string, string>>) {
  return { ...pick(env, (name) => !KEPT_BACK.test(name)), ...own };
}

function pick(env: Environment, wanted: (name: string) => boolean): Record<string, string> {
  const entries = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && wanted(entry[0]),
  );
  const picked = Object.fromEntries(entries);
  // A copy heeds the case of a name on Windows, too.
  return env.PATH === undefined || !wanted('PATH') ? picked : { ...picked, PATH: env.PATH };
}
