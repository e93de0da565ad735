/** Which values of the inputs are shown nowhere. */
import { expect, test } from '@jest/globals';
import { readInputs } from '../../src/inputs.js';

const BASE = {
  INPUT_API: 'https://api.example.com',
  INPUT_ORG: 'shop',
  INPUT_SPACE: 'production',
  INPUT_USERNAME: 'ann',
  INPUT_PASSWORD: 'pw',
};
const read = (extra: Record<string, string>) => readInputs({ ...BASE, ...extra });

test('secrets: what the query of an address carries under such a name', () => {
  const asked = {
    'INPUT_SMOKE-TEST': '/health?deep=full&token=tok%2B1234',
    'INPUT_WATCH-PATH': '/?key=1&api_key=abcd',
  };
  expect(read(asked).secrets).toEqual(['pw', 'tok+1234', 'abcd']);
});

test('secrets: credentials, headers of checks, and values that look like secrets', () => {
  const inputs = read({
    INPUT_ENV:
      'NODE_ENV: production\nDB_PASSWORD: hunter22\nDEBUG: "1"\nDATABASE: postgres://u:pa55word@db/x',
    INPUT_VARS: 'instances: 3\ntoken: tok-1234\nspace: production\nsession_secret: production',
    'INPUT_SMOKE-TEST':
      '- path: /\n  headers: {Authorization: Bearer abcdef, X-Key: k-e-y, Accept: text/html}',
  });
  expect([...inputs.secrets].sort()).toEqual(
    [
      'pw',
      'hunter22',
      'pa55word',
      'postgres://u:pa55word@db/x',
      'tok-1234',
      'Bearer abcdef',
      'abcdef',
      'k-e-y',
    ].sort(),
  );
});
