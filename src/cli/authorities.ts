/** How the CLI is told of a private authority. */
import { join } from 'node:path';
import { Refused } from '../model/errors.js';
import type { Files } from '../model/ports.js';
import { usualAuthorities } from '../system/authorities.js';

/**
 * Go reads one file of authorities: ours has those of the machine, or of the file that the runner names, and the private one.
 * @returns what the CLI's environment needs
 * @throws Refused on systems where Go looks into the system's store only
 */
export async function tellAuthorities(
  folder: string,
  {
    caCertificate,
    env,
    files,
    os,
  }: {
    caCertificate: string | undefined;
    env: Readonly<Record<string, string | undefined>>;
    files: Files;
    os: NodeJS.Platform;
  },
): Promise<Record<string, string>> {
  if (caCertificate === undefined) return {};
  if (os === 'darwin' || os === 'win32')
    throw new Refused(
      'The cf CLI cannot be told of ca-certificate on macOS and Windows.',
      os === 'darwin'
        ? "Add the certificate to the system's keychain in a step before (security add-trusted-cert), and leave ca-certificate out; or run the job on Linux."
        : "Add the certificate to the system's store in a step before (certutil -addstore Root), and leave ca-certificate out; or run the job on Linux.",
      'tls',
    );
  const own = env.SSL_CERT_FILE === undefined ? undefined : await files.read(env.SSL_CERT_FILE);
  const usual = own?.toString('utf8') ?? usualAuthorities().join('\n');
  const path = join(folder, 'authorities.pem');
  await files.writePrivate(path, `${usual}\n${caCertificate}\n`);
  return { SSL_CERT_FILE: path };
}
