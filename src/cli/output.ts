/** What the CLI says: what of it may be shown, and what its failures mean. Pure, but for the state of one reader. */
import type { Inputs } from '../model/asked.js';
import { PlatformFault, ProgramFailed, Refused } from '../model/errors.js';
import { credentialsRefused, isOidc } from './grant.js';
import { isNoiseOfV6 } from './v6.js';

/** First release with `push --redact-env`. */
export const REDACTS_SINCE = '8.7.9';

/**
 * Reads one stream line by line and leaves out what is not for showing. That is the manifest's difference, from its heading to
 * the first line that is not part of it (every part has a sign and a blank, or two blanks, before it; `util/ui/ui.go` of the
 * CLI): `--redact-env` hides the environment in it, but a variable of the manifest can stand anywhere. It is the pages of help
 * that follow a wrong use, what libraries of v6 warn of, and all but the last state of a progress bar.
 */
export function showable(): (line: string) => string | undefined {
  let inside: 'difference' | 'help' | undefined;
  return (line) => {
    if (isNoiseOfV6(line)) return undefined;
    if (inside === 'help' || /^NAME:\s*$/.test(line)) inside = 'help';
    else if (/with these attributes\.\.\.\s*$/.test(line)) {
      inside = 'difference';
      return line;
    } else if (inside === 'difference' && line.trim() !== '' && !/^[-+ ] /.test(line)) inside = undefined;
    return inside === undefined ? line.slice(line.lastIndexOf('\r') + 1) : undefined;
  };
}

/** What a command said, as far as it may be shown. */
export interface CfOutput {
  stderr: string;
  /** Both streams, as they came. */
  both: string;
}

/** Why `cf api`, `cf auth` or `cf target` failed. What cannot be told apart is a fault of the platform, to be tried again. */
export function signInFailure(
  step: 'api' | 'auth' | 'target',
  output: CfOutput,
  inputs: Pick<Inputs, 'org' | 'space' | 'credentials'>,
): Error {
  if (/x509|SSL Cert/i.test(output.both))
    return new Refused(
      'The cf CLI does not trust the certificate of the platform.',
      'Give the certificate of its authority as ca-certificate; on macOS it must be in the keychain instead.',
      'tls',
    );
  if (
    step === 'auth' &&
    !isOidc(inputs.credentials) &&
    /credentials were rejected|account has been locked|bad credentials/i.test(output.both)
  )
    return credentialsRefused(inputs.credentials);
  if (step === 'target' && /Organization .* not found/i.test(output.both))
    return new Refused(
      `Organization ${inputs.org} was not found.`,
      'Check the input org; who signs in needs a role in it to see it.',
      'target',
    );
  if (step === 'target' && /Space .* not found/i.test(output.both))
    return new Refused(
      `Space ${inputs.space} was not found in organization ${inputs.org}.`,
      'Check the input space; who signs in needs the role space developer in it.',
      'target',
    );
  return new PlatformFault(`cf ${step} failed: ${reasonIn(output)}`, false);
}

/**
 * Signs of the network, of a platform that does not answer, of a token that ran out, or of a service broker that is at work for another
 * app: nothing about the manifest or the bits.
 */
const PLATFORM_SIGNS =
  /Request error|dial tcp|connection (refused|reset)|broken pipe|i\/o timeout|unexpected EOF|: EOF$|TLS handshake|no such host|(Response|status) code: (429|5\d\d)|Error unmarshalling|Service Unavailable|Bad Gateway|Gateway Timeout|CF-(ServiceUnavailable|UnknownError|RateLimitExceeded)|Credentials were rejected|Invalid Auth Token|Not logged in|operation\b.* in (progress|parallel)/im;

/**
 * Why `cf push --no-start`, or another command that brings bits, failed. A CLI that was ended from outside (no exit code) says nothing about the
 * version, and what it had asked for last may be done by the platform later: only a second one that comes to its end knows.
 */
export function pushFailure(what: string, code: number | null, output: CfOutput): Error {
  if (code === null || PLATFORM_SIGNS.test(output.both))
    return new PlatformFault(`${what} did not come through: ${reasonIn(output)}`, true);
  return new ProgramFailed(`${what} failed: ${reasonIn(output)}`, code, output.both);
}

/** The last line that says something. Since v7 errors are on the standard error stream; before, at the end of the output. */
function reasonIn({ stderr, both }: CfOutput): string {
  const lines = [both, stderr]
    .flatMap((text) => text.split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && line !== 'FAILED' && !line.startsWith('TIP:'));
  return lines.at(-1) ?? 'it said nothing';
}
