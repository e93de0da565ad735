import { describe, expect, test } from '@jest/globals';
import { type CliPlatform, compareVersions, isWanted, releaseOf } from '../../src/cli/releases.js';
import { Refused } from '../../src/model/errors.js';

const linux: CliPlatform = { os: 'linux', arch: 'x64' };
const SUM = 'ab'.repeat(32);

describe('releaseOf', () => {
  test.each<[string, CliPlatform, string]>([
    ['8.18.4', linux, 'v8.18.4/cf8-cli_8.18.4_linux_x86-64.tgz'],
    ['8.18.4', { os: 'linux', arch: 'arm64' }, 'v8.18.4/cf8-cli_8.18.4_linux_arm64.tgz'],
    ['8.18.4', { os: 'darwin', arch: 'arm64' }, 'v8.18.4/cf8-cli_8.18.4_macosarm.tgz'],
    ['8.18.4', { os: 'darwin', arch: 'x64' }, 'v8.18.4/cf8-cli_8.18.4_osx.tgz'],
    ['8.18.4', { os: 'win32', arch: 'x64' }, 'v8.18.4/cf8-cli_8.18.4_winx64.zip'],
    ['7.8.0', linux, 'v7.8.0/cf7-cli_7.8.0_linux_x86-64.tgz'],
    ['6.53.0', linux, 'v6.53.0/cf-cli_6.53.0_linux_x86-64.tgz'],
    ['8', linux, 'v8.18.4/cf8-cli_8.18.4_linux_x86-64.tgz'],
    ['6', linux, 'v6.53.0/cf-cli_6.53.0_linux_x86-64.tgz'],
  ])('%s on %j', (version, platform, path) => {
    expect(releaseOf({ version, checksum: SUM }, platform).url).toBe(
      `https://github.com/cloudfoundry/cli/releases/download/${path}`,
    );
  });

  test.each([
    ['http://mirror.example/cf', 'http://mirror.example/cf/v8.18.4/cf8-cli_8.18.4_linux_x86-64.tgz'],
    ['http://mirror.example/cf/', 'http://mirror.example/cf/v8.18.4/cf8-cli_8.18.4_linux_x86-64.tgz'],
    ['http://mirror.example/my-cf.tgz?token=1', 'http://mirror.example/my-cf.tgz?token=1'],
    ['http://mirror.example/my-cf.tar.gz', 'http://mirror.example/my-cf.tar.gz'],
  ])('cf-url %s', (url, expected) => {
    expect(releaseOf({ version: '8.18.4', url }, linux).url).toBe(expected);
  });

  test('has the known checksum of a pinned version; a given one wins', () => {
    const known = '562ce8b06fd76f7b2d7a46af9750ba8729ac8f43838f7f86e7b39cecebea59ba';
    expect(releaseOf({ version: '8.18.4' }, linux).sha256).toBe(known);
    expect(releaseOf({ version: '8.18.4', checksum: SUM.toUpperCase() }, linux).sha256).toBe(SUM);
  });

  test.each<[string, CliPlatform, RegExp, string]>([
    ['8.17.0', linux, /not known.*could not be verified/, 'cf-checksum'],
    ['8.18.4', { os: 'linux', arch: 'arm64' }, /not known/, 'cf-checksum'],
    ['9', linux, /No release of cf 9/, 'cf-version'],
    ['8.18.4', { os: 'win32', arch: 'x64' }, /not known/, 'cf-checksum'],
    ['8.18.4', { os: 'win32', arch: 'arm64' }, /no release.*win32-arm64/, 'cf-cli'],
  ])('%s on %j is refused', (version, platform, message, code) => {
    const act = () => releaseOf({ version }, platform);
    expect(act).toThrow(Refused);
    expect(act).toThrow(message);
    expect(act).toThrow(expect.objectContaining({ code }));
  });
});

test('where nobody publishes a checksum, the way to it is told', () => {
  const next = (version: string, platform: CliPlatform) => {
    try {
      return releaseOf({ version }, platform).url;
    } catch (error) {
      return (error as Refused).next;
    }
  };
  expect(next('8.18.4', { os: 'linux', arch: 'arm64' })).toBe(
    'Give the SHA-256 of its archive as cf-checksum: GitHub shows it beside cf8-cli_8.18.4_linux_arm64.tgz on https://github.com/cloudfoundry/cli/releases/tag/v8.18.4.',
  );
  expect(next('8.17.0', linux)).toMatch(
    /cf8-cli_8\.17\.0_linux_x86-64\.tgz on .*v8\.17\.0\. Or ask for one of 6\./,
  );
});

test.each([
  ['8.18.4', '8.18.4', true],
  ['8.18.3', '8.18.4', false],
  ['8.18.3', '8', true],
  ['7.8.0', '8', false],
  ['18.0.0', '8', false],
])('a binary of %s is wanted for %s: %s', (version, asked, wanted) => {
  expect(isWanted(version, asked)).toBe(wanted);
});

test.each([
  ['8.7.9', '8.7.9', 0],
  ['8.7.10', '8.7.9', 1],
  ['8.10.0', '8.9.9', 1],
  ['7.8.0', '8.0.0', -1],
])('%s against %s', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign);
});
