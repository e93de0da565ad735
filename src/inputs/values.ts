/** How one input's text becomes a value. Every parser throws `Wrong` with what is allowed. */
import { X509Certificate } from 'node:crypto';
import { closest, distance } from 'fastest-levenshtein';
import type { RouterOverride } from '../model/asked.js';
import { PREVIEW_ID, SECOND_MS } from '../model/words.js';

/** What is wrong, each as the rest of a sentence that begins with the input's name. */
export class Wrong extends Error {
  override readonly name = 'Wrong';
  readonly texts: readonly string[];
  constructor(...texts: readonly string[]) {
    super(texts.join('; '));
    this.texts = texts;
  }
}

export type Parse<T> = (text: string) => T;

export const text: Parse<string> = (given) => given;

/** Its JSON stands beside it. */
export const reportFile: Parse<string> = (given) => {
  if (!/[^/\\.]\.html?$/i.test(given)) throw new Wrong('is the path of an HTML file, such as "report.html"');
  return given;
};

/** The platform takes no longer one (docs of the v3 API). */
const LONGEST_COMMAND = 4_096;

export const taskCommand: Parse<string> = (given) => {
  const command = given.trim();
  if (command === '') throw new Wrong('has no command in it: name one, or leave it out');
  if (command.length > LONGEST_COMMAND)
    throw new Wrong(
      `has ${command.length} characters, and the platform takes ${LONGEST_COMMAND}: put the command into a file of the app`,
    );
  return command;
};

/** As the runner's own toolkit reads booleans. */
export const boolean: Parse<boolean> = (given) => {
  if (/^(true|True|TRUE)$/.test(given)) return true;
  if (/^(false|False|FALSE)$/.test(given)) return false;
  throw new Wrong(`is "${given}"; allowed are true and false`);
};

/** @param later values that the action will know one day: refused as not available yet */
export function oneOf<const T extends string>(
  allowed: readonly T[],
  later: readonly string[] = [],
): Parse<T> {
  return (given) => {
    const found = allowed.find((value) => value === given);
    if (found !== undefined) return found;
    const among = `allowed ${allowed.length === 1 ? 'is' : 'are'} ${allowed.join(', ')}`;
    if (later.includes(given)) throw new Wrong(`is "${given}", which is not available yet; ${among}`);
    throw new Wrong(`is "${given}"; ${among}${didYouMean(given, allowed)}`);
  };
}

export function integer(least: number, most: number): Parse<number> {
  return (given) => {
    const value = Number(given);
    if (/^\d+$/.test(given) && value >= least && value <= most) return value;
    throw new Wrong(`is "${given}"; allowed are whole numbers from ${least} to ${most}`);
  };
}

/** `10 50`: percent of something, ascending. */
export const percents: Parse<readonly number[]> = (given) => {
  const parts = given.split(/[\s,]+/).filter((part) => part !== '');
  const values = parts.map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
  const isLegal = values.every((value, at) => value >= 1 && value <= 100 && value > (values[at - 1] ?? 0));
  if (values.length > 0 && isLegal) return values;
  throw new Wrong(
    `is "${given}"; allowed are whole numbers from 1 to 100, each above the one before, such as 10 50`,
  );
};

const UNITS = { d: 86_400, h: 3_600, m: 60, s: 1 };
/** Beyond it a timer of Node's wraps around. */
const LONGEST_DAYS = 20;

/** `90s`, `5m`, `1h30m`, `14d`, or whole seconds; in milliseconds. */
export const duration: Parse<number> = (given) => {
  const compact = given.replace(/\s+/g, '');
  const parts = /^\d+$/.test(compact)
    ? [undefined, undefined, undefined, undefined, compact]
    : /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(compact);
  if (!parts || compact === '') {
    throw new Wrong(`is "${given}"; a duration is written 90s, 5m, 1h30m, 14d or as whole seconds`);
  }
  const seconds = Object.values(UNITS).reduce((sum, unit, i) => sum + unit * Number(parts[i + 1] ?? 0), 0);
  if (seconds > LONGEST_DAYS * UNITS.d) {
    throw new Wrong(`is "${given}"; no duration here is longer than ${LONGEST_DAYS}d`);
  }
  return seconds * SECOND_MS;
};

export const aboveZero =
  (parse: Parse<number>): Parse<number> =>
  (given) => {
    const value = parse(given);
    if (value === 0) throw new Wrong(`is "${given}"; it has to be more than nothing`);
    return value;
  };

/** One per line or separated by commas. */
export const list: Parse<readonly string[]> = (given) =>
  given
    .split(/[\n,]/)
    .map((item) => item.trim())
    .filter((item) => item !== '');

export const targetPatterns: Parse<readonly string[]> = (given) => {
  const patterns = list(given);
  for (const pattern of patterns) {
    if (!/^[^/]+\/[^/]+$/.test(pattern)) {
      throw new Wrong(`has "${pattern}"; a pattern is written org/space, with * for any text`);
    }
  }
  if (patterns.length === 0) throw new Wrong('names no target; a pattern is written org/space');
  return patterns;
};

/** Becomes a part of a host's name. */
export const previewId: Parse<string> = (given) => {
  if (PREVIEW_ID.test(given)) return given;
  throw new Wrong(
    `is "${given}"; it becomes a part of a host's name: at most 32 of a-z, 0-9 and -, which is neither first nor last`,
  );
};

/** https, or http to this machine. Comes back without a slash at its end. */
export const platformUrl: Parse<string> = (given) => {
  const url = webUrl(/^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `https://${given}`, given);
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new Wrong(`is "${given}"; credentials go there, so it has to be https (http only to this machine)`);
  }
  if (url.pathname !== '/' || url.search || url.hash) {
    throw new Wrong(`is "${given}"; it has to be an address without a path, such as https://api.example.com`);
  }
  return url.origin;
};

export const downloadUrl: Parse<string> = (given) => {
  const url = webUrl(given, given);
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new Wrong(`is "${given}"; a program is downloaded from there, so it has to be https`);
  }
  return url.href;
};

export const router: Parse<RouterOverride> = (given) => {
  const url = webUrl(given, given);
  if (url.pathname !== '/' || url.search || url.hash) {
    throw new Wrong(`is "${given}"; it is a scheme, an address and a port, such as http://127.0.0.1:8081`);
  }
  const protocol = url.protocol === 'http:' ? 'http:' : 'https:';
  return {
    protocol,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (protocol === 'http:' ? 80 : 443) : Number(url.port),
  };
};

export const webPath: Parse<string> = (given) => {
  if (/^\/[^\s#]*$/.test(given) && !given.startsWith('//')) return given;
  throw new Wrong(`is "${given}"; a path begins with one / and has no spaces`);
};

export const domainName: Parse<string> = (given) => {
  const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
  if (new RegExp(`^${label}(\\.${label})+$`, 'i').test(given)) return given.toLowerCase();
  throw new Wrong(`is "${given}", which is no domain; one looks like apps.example.com`);
};

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** One certificate or several; text around them, as tools write it, is left out. */
export const pem: Parse<string> = (given) => {
  if (given.includes('PRIVATE KEY-----')) throw new Wrong('holds a private key; give certificates only');
  const certificates = given.match(CERTIFICATES) ?? [];
  if (certificates.length === 0)
    throw new Wrong('is no certificate; give the PEM text itself, from BEGIN CERTIFICATE to END CERTIFICATE');
  for (const [index, certificate] of certificates.entries()) {
    try {
      new X509Certificate(certificate);
    } catch {
      throw new Wrong(
        `cannot be read (certificate ${index + 1} of ${certificates.length}); give the PEM text as it is, with its line breaks`,
      );
    }
  }
  return `${certificates.join('\n')}\n`;
};

/** As `docker pull` takes it: registry, name, and a tag or a digest. */
export const imageName: Parse<string> = (given) => {
  if (/^[a-z0-9][\w.-]*(:\d+)?(\/[\w.-]+)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/i.test(given))
    return given;
  throw new Wrong(`is "${given}"; an image is written registry.example.com/team/shop:1.2, without https://`);
};

/** A release such as `8.18.4`, or a major. */
export const cliVersion: Parse<string> = (given) => {
  const version = given.replace(/^v/, '');
  if (!/^\d+(\.\d+\.\d+)?$/.test(version)) {
    throw new Wrong(`is "${given}"; it is a release such as 8.18.4, or a major such as 8`);
  }
  if (Number.parseInt(version, 10) < 6) {
    throw new Wrong(`is "${given}"; releases before 6 know nothing of version 3 of the platform's API`);
  }
  return version;
};

/** Goes into a header as it is. The value is quoted nowhere. */
export const githubToken: Parse<string> = (given) => {
  if (/^[\x21-\x7e]+$/.test(given)) return given;
  throw new Wrong('is no token; one has letters, digits and signs, without spaces or line breaks');
};

/** As the platform writes them. */
export const guid: Parse<string> = (given) => {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(given)) return given.toLowerCase();
  throw new Wrong(`is "${given}", which is no GUID; it looks like 8a1f7f0c-52b7-4d8a-9c55-0a7d7f0b6c11`);
};

export const sha256: Parse<string> = (given) => {
  if (/^[0-9a-f]{64}$/i.test(given)) return given.toLowerCase();
  throw new Wrong('is no SHA-256; it has 64 hexadecimal digits');
};

/** @throws Wrong unless it is an http(s) URL without credentials */
export function webUrl(candidate: string, given: string): URL {
  const url = URL.canParse(candidate) ? new URL(candidate) : undefined;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new Wrong(`is "${given}", which is no http or https address`);
  }
  if (url.username || url.password)
    throw new Wrong('carries credentials in its address; they do not belong there');
  return url;
}

export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}

/** @returns ` (did you mean "x"?)` when one of the names is close, else nothing. */
export function didYouMean(given: string, names: readonly string[]): string {
  const near = nearest(given, names);
  return near === undefined ? '' : ` (did you mean "${near}"?)`;
}

/** @returns the name that a slip of the keyboard could have turned into what was given. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const lower = given.toLowerCase();
  const near = closest(lower, [...names]);
  // Two letters that changed places are two slips.
  const bound = near.length < 5 ? 1 : near.length < 9 ? 2 : 3;
  return distance(lower, near.toLowerCase()) <= bound ? near : undefined;
}
