import { describe, expect, test } from '@jest/globals';
import { pushFailure, showable, signInFailure } from '../../src/cli/output.js';
import type { Credentials } from '../../src/model/asked.js';

describe('showable', () => {
  const shown = (text: string) => {
    const read = showable();
    return text
      .split('\n')
      .map(read)
      .filter((line) => line !== undefined)
      .join('\n');
  };

  test('leaves out the difference of the manifest, and nothing after it', () => {
    const output = `Applying manifest file m.yml...

Updating with these attributes...
  ---
  applications:
+ - name: shop
-   env:
-     PASSWORD: hunter1
+     PASSWORD: |
+       hunter2
+       hunter3

    path: hunter4
Manifest applied
Packaging files to upload...
  100.00% hunted`;
    expect(shown(output)).toBe(`Applying manifest file m.yml...

Updating with these attributes...
Manifest applied
Packaging files to upload...
  100.00% hunted`);
  });

  test.each(['Creating app with these attributes...', 'Updating app with these attributes...'])(
    'the oldest releases too: %s',
    (heading) => {
      expect(shown(`${heading}\n+ name: shop\n+ env:\n+   A\nFAILED`)).toBe(`${heading}\nFAILED`);
    },
  );

  test('of a progress bar shows where it ended', () => {
    expect(shown('Uploading...\n 0 B / 9 B\r 4 B / 9 B\r 9 B / 9 B')).toBe('Uploading...\n 9 B / 9 B');
  });

  test('leaves out the help', () => {
    expect(shown('Incorrect Usage: x\nNAME:\n   push - Push\n\nUSAGE:\n   cf push')).toBe(
      'Incorrect Usage: x',
    );
  });
});

const credentials: Credentials = { kind: 'user', username: 'u', password: 'p' };
const inputs = { org: 'shop', space: 'prod', credentials };
const said = (stderr: string) => ({ stderr, both: `Some words\n${stderr}\nFAILED` });

describe('signInFailure', () => {
  test.each<['api' | 'auth' | 'target', string, string]>([
    ['auth', 'Credentials were rejected, please try again.', 'credentials'],
    ['auth', 'Your account has been locked because of too many failed attempts to login.', 'credentials'],
    ['target', "Organization 'shop' not found.", 'target'],
    ['target', "Space 'prod' not found.", 'target'],
    ['api', "Invalid SSL Cert for https://api\nTIP: Use 'cf api --skip-ssl-validation'", 'tls'],
    ['auth', 'x509: certificate signed by unknown authority', 'tls'],
  ])('cf %s: %s', (step, text, code) => {
    const error = signInFailure(step, said(text), inputs);
    expect(error).toMatchObject({ name: 'Refused', code });
    expect((error as { next?: string }).next).toMatch(/\w/);
  });

  test.each<['api' | 'auth' | 'target', string]>([
    [
      'target',
      'Request error: Get "https://api": dial tcp: i/o timeout\nTIP: check your network connection.',
    ],
    ['auth', 'Unexpected Response\nResponse Code: 503'],
    ['target', 'Credentials were rejected, please try again.'],
    ['api', "Organization 'shop' not found."],
    ['auth', ''],
  ])('cf %s: %s: to be tried again', (step, text) => {
    expect(signInFailure(step, said(text), inputs)).toMatchObject({ name: 'PlatformFault' });
  });

  test('names the reason and neither FAILED nor a tip', () => {
    const text = 'Request error: dial tcp: refused\nTIP: check your network';
    expect(signInFailure('api', said(text), inputs).message).toBe(
      'cf api failed: Request error: dial tcp: refused',
    );
  });
});

describe('pushFailure', () => {
  test.each([
    'Request error: Post "https://api/v3/packages": dial tcp 10.0.0.1:443: connect: connection refused',
    'Post "https://api/v3/packages": EOF',
    'Unexpected Response\nResponse Code: 502',
    'Error unmarshalling the following into a cloud controller error: 503 : Registered endpoint failed',
    'Credentials were rejected, please try again.',
    'read tcp 10.0.0.1: read: connection reset by peer',
    'Service broker error: The service broker could not perform this operation in parallel with other running operations',
    'An operation for service instance shop-db is in progress.',
  ])('%s: it may have been done', (text) => {
    expect(pushFailure('cf push of shop', 1, said(text))).toMatchObject({
      name: 'PlatformFault',
      ambiguous: true,
    });
  });

  test.each([
    'For application \'shop\': Process "web": Memory must be greater than 0MB',
    "The specified path '/bits' does not exist.",
    'memory quota_exceeded',
    'Route port 5020 is not available', // no status code
  ])('%s: about the version', (text) => {
    const error = pushFailure('cf push of shop', 1, said(text));
    expect(error).toMatchObject({ name: 'ProgramFailed', code: 1, output: said(text).both });
    expect(error.message).toBe(`cf push of shop failed: ${text}`);
  });
});
