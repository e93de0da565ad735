import { run } from './child.mjs';

/** Another installation on the machine may be under way. */
const WAITS = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'];

/**
 * Installs packages of Debian, by sudo where that is needed and asks for no password.
 * @throws Error with the output when one cannot be installed
 */
export async function aptInstall(...packages) {
  const rights = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const apt = (...args) => {
    const [file, ...rest] = [
      ...rights,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      ...WAITS,
      ...args,
    ];
    return run(file, rest);
  };
  await apt('update', '-q');
  await apt('install', '-y', '-q', '--no-install-recommends', ...packages);
}
