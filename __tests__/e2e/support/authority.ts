/** A private authority, as companies have for their platforms. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Authority {
  /** PEM of its certificate. */
  certificate: string;
  /** A certificate of it for the names, with its key, in one file. @returns path */
  sign(...names: string[]): Promise<string>;
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];

/** @param dir is made; keys stay in it */
export async function authority(dir: string): Promise<Authority> {
  await mkdir(dir, { recursive: true });
  const openssl = (...args: string[]) => promisify(execFile)('openssl', args, { cwd: dir });
  const [key, certificate] = ['authority-key.pem', 'authority.pem'];
  await openssl(
    'req',
    '-x509',
    ...CURVE,
    '-keyout',
    key,
    '-out',
    certificate,
    '-subj',
    '/CN=Private authority',
  );
  return {
    certificate: await readFile(join(dir, certificate), 'utf8'),
    async sign(...names) {
      await openssl('req', ...CURVE, '-keyout', 'key.pem', '-out', 'request.pem', '-subj', '/CN=platform');
      await writeFile(
        join(dir, 'names'),
        `subjectAltName=${names.map((name) => `${isIP(name) ? 'IP' : 'DNS'}:${name}`).join(',')}`,
      );
      const asked = ['-in', 'request.pem', '-days', '2', '-extfile', 'names', '-out', 'platform.pem'];
      await openssl('x509', '-req', ...asked, '-CA', certificate, '-CAkey', key, '-CAcreateserial');
      const parts = await Promise.all(
        ['key.pem', 'platform.pem'].map((name) => readFile(join(dir, name), 'utf8')),
      );
      const path = join(dir, 'edge.pem');
      await writeFile(path, parts.join('\n'));
      return path;
    },
  };
}
