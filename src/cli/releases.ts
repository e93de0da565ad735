/** The releases of the cf CLI: their names, addresses and known checksums. Pure. */
import { Refused } from '../model/errors.js';

export interface CliPlatform {
  os: NodeJS.Platform;
  arch: NodeJS.Architecture;
}

export interface Release {
  version: string;
  url: string;
  /** Of the archive: `.tgz`, and for Windows `.zip`. */
  type: 'tgz' | 'zip';
  /** SHA-256 of the archive, hex in lower case. */
  sha256: string;
}

/** Suffix of the archive's name by platform (`.github/workflows/release-build-sign-upload.yml` of the CLI). */
const SUFFIXES: Readonly<Record<string, string>> = {
  'linux-x64': 'linux_x86-64',
  'linux-ia32': 'linux_i686',
  'linux-arm64': 'linux_arm64',
  'darwin-x64': 'osx',
  'darwin-arm64': 'macosarm',
  'win32-x64': 'winx64',
};

/** The project publishes no checksum files; these are the ones of its Homebrew formulae (`cloudfoundry/homebrew-tap`). */
const SHA256: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '6.53.0': {
    'linux-x64': '09664d1469fb8a0ddba804343121aba7d8f64ba6bfde75a53f6e29d6600b2342',
    'darwin-x64': '3d5f94759dd4aa135fb10e04c6525f2b747727cbb5789ff1a0aacce365fa9515',
  },
  '7.8.0': {
    'linux-x64': 'a663907f7a7ad193b6e3d3e7af7f916925f9e6e21a6a500e4711a46413aa1e74',
    'darwin-arm64': '0439951b4591397b1ea33879b382c9581bd4981dd66c6498db4fd3ba231e88e7',
  },
  '8.12.0': {
    'linux-x64': 'a58be3311268744abfe2b343b0480a0b6e551d8f52d917428798e6df65c1d118',
    'darwin-arm64': '673059c0b90b07489ef1f74f536b975306e970a8649586ba9850be5095427639',
  },
  '8.14.1': {
    'linux-x64': 'c605b0737690efe2d33d642939589737955251c85f0633b59b67a8742b08fceb',
    'darwin-arm64': '8897eae82bd7ab593b9c3a212b0f7b425ddd41c169375d4c7cea4eca7b740cb5',
  },
  '8.16.0': {
    'linux-x64': '9577fb1c0c6a40056f97c9df241352ae0d096d498d3f1215f2702b3745e6bf06',
    'darwin-arm64': '2341dc356bad37fd575360ee3c0ebd87381315c8101215dfa2bef6d8343431c0',
  },
  '8.18.3': {
    'linux-x64': '8942e2c3c98e83c7e14edbce939876bba7ff12a26f0f722c5aa5b079d357d50b',
    'darwin-arm64': 'f4bd3664ac2f4884ef294d14f8ead9d002c012b580bf694c343f71156f1ee4c7',
  },
  '8.18.4': {
    'linux-x64': '562ce8b06fd76f7b2d7a46af9750ba8729ac8f43838f7f86e7b39cecebea59ba',
    'darwin-x64': '44ad89814570f34136d0e0cb51af777c64b80ee40749d983d40528f059c0811f',
    'darwin-arm64': '70a0bb559483bafe78a7578bfece7a0c2e5eed6aa44838e38976aa6dfca5d9cc',
  },
};

const RELEASES = 'https://github.com/cloudfoundry/cli/releases/download';
/** Where people look at a release. */
const PAGES = 'https://github.com/cloudfoundry/cli/releases/tag';

/**
 * What to download for `cf-version`: an exact version, or for a major the newest one that is known here. `url` is the address
 * of an archive, or of a mirror that is laid out as the releases are (`v8.18.4/ARCHIVE`). Throws `Refused` when there is
 * nothing to compare the archive with.
 */
export function releaseOf(
  asked: { version: string; checksum?: string; url?: string },
  platform: CliPlatform,
): Release {
  const key = `${platform.os}-${platform.arch}`;
  const suffix = SUFFIXES[key];
  if (suffix === undefined)
    throw new Refused(
      `There is no release of the cf CLI for ${key} that this action can unpack.`,
      'Run the job on Linux, macOS or Windows (x64), or name a cf binary in CF_CLI.',
      'cf-cli',
    );
  const version = isMajor(asked.version) ? newestOf(asked.version) : asked.version;
  const type = platform.os === 'win32' ? 'zip' : 'tgz';
  const archive = archiveOf(version, suffix, type);
  const sha256 = (asked.checksum ?? SHA256[version]?.[key])?.toLowerCase();
  if (sha256 === undefined)
    throw new Refused(
      `The checksum of cf ${version} for ${key} is not known here, so its download could not be verified.`,
      `Give the SHA-256 of its archive as cf-checksum: GitHub shows it beside ${archive} on ${PAGES}/v${version}.${others(key)}`,
      'cf-checksum',
    );
  return { version, sha256, type, url: addressOf(version, archive, asked.url) };
}

/** Whether a binary that says `version` is what `cf-version` asks for. */
export function isWanted(version: string, asked: string): boolean {
  return isMajor(asked) ? version.split('.')[0] === asked : version === asked;
}

/** Negative when `a` is the older one. Both are `1.2.3`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at === -1 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}

function isMajor(asked: string): boolean {
  return /^\d+$/.test(asked);
}

function newestOf(major: string): string {
  const newest = Object.keys(SHA256)
    .filter((version) => isWanted(version, major))
    .sort(compareVersions)
    .at(-1);
  if (newest === undefined)
    throw new Refused(
      `No release of cf ${major} is known here.`,
      'Give cf-version in full, such as 8.18.4, with its cf-checksum.',
      'cf-version',
    );
  return newest;
}

function others(key: string): string {
  const known = Object.keys(SHA256).filter((version) => SHA256[version]?.[key] !== undefined);
  return known.length === 0 ? '' : ` Or ask for one of ${known.join(', ')}.`;
}

function archiveOf(version: string, suffix: string, type: Release['type']): string {
  const major = version.split('.')[0] ?? '';
  return `cf${major === '6' ? '' : major}-cli_${version}_${suffix}.${type}`;
}

function addressOf(version: string, archive: string, url: string | undefined): string {
  if (url !== undefined && /\.(tgz|tar\.gz|zip)([?#]|$)/.test(url)) return url;
  return `${(url ?? RELEASES).replace(/\/+$/, '')}/v${version}/${archive}`;
}
