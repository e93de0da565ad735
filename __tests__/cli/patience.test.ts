import { expect, test } from '@jest/globals';
import { ask } from '../../src/cli/patience.js';
import { HttpFailure } from '../../src/model/errors.js';

const asked = (kind: HttpFailure['kind'], message = 'said so') =>
  ask(
    { request: () => Promise.reject(new HttpFailure(message, kind, false)) },
    { method: 'GET', url: 'https://api.example.com/', timeoutMs: 1 },
  ).catch((error: unknown) => error);

test('a certificate that is not trusted is refused, without the advice that Node gives its own users', async () => {
  const error = await asked(
    'tls',
    'unable to verify; if the root CA is installed locally, try --use-system-ca',
  );
  expect(error).toMatchObject({
    name: 'Refused',
    code: 'tls',
    message: 'The certificate of https://api.example.com is not trusted: unable to verify',
    next: expect.stringContaining('ca-certificate'),
  });
});

test('a proxy that does not let us through is refused, with the variables to look at', async () => {
  expect(await asked('proxy', 'the proxy answered 407')).toMatchObject({
    name: 'Refused',
    code: 'address',
    message: expect.stringContaining('the proxy answered 407'),
    next: expect.stringContaining('https_proxy'),
  });
});

test.each(['refused', 'reset', 'timeout', 'dns', 'other'] as const)('%s may be asked again', async (kind) => {
  expect(await asked(kind)).toMatchObject({ name: 'PlatformFault', ambiguous: false });
});
