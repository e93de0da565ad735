import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { tellAuthorities } from '../../src/cli/authorities.js';
import { files } from '../../src/system/files.js';
import { folder } from './helpers.js';

const PRIVATE = '-----BEGIN CERTIFICATE-----\nprivate\n-----END CERTIFICATE-----';

let home: Awaited<ReturnType<typeof folder>>;
beforeEach(async () => {
  home = await folder();
});
afterEach(() => home.remove());

const tell = (caCertificate: string | undefined, env = {}, os: NodeJS.Platform = 'linux') =>
  tellAuthorities(home.path, { caCertificate, env, files, os });

test('the private one is added to those of the machine', async () => {
  const { SSL_CERT_FILE = '' } = await tell(PRIVATE);
  const merged = await readFile(SSL_CERT_FILE, 'utf8');
  for (const certificate of [PRIVATE, String(rootCertificates[0])])
    expect(merged).toContain(certificate.trim());
});

test('or to those that the runner names', async () => {
  const named = join(home.path, 'of-the-runner.pem');
  await writeFile(named, 'of the runner');
  const { SSL_CERT_FILE = '' } = await tell(PRIVATE, { SSL_CERT_FILE: named });
  expect(await readFile(SSL_CERT_FILE, 'utf8')).toBe(`of the runner\n${PRIVATE}\n`);
});

test('without one nothing is told', async () => {
  expect(await tell(undefined, {}, 'darwin')).toEqual({});
});

test.each<[NodeJS.Platform, string]>([
  ['darwin', 'keychain'],
  ['win32', 'certutil'],
])('on %s the way of the system is told', async (os, way) => {
  await expect(tell(PRIVATE, {}, os)).rejects.toMatchObject({
    name: 'Refused',
    code: 'tls',
    next: expect.stringContaining(way),
  });
});
