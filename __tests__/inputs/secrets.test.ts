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

test('an ordinary word is no secret, whatever its variable is called: it stands in every log, and in JSON', () => {
  const env = 'AUTH_ENABLED: "true"\nTOKEN_CACHE: "False"\nAUTH_MODE: none\nSECRET: "null"';
  expect(read({ INPUT_ENV: env }).secrets).toEqual(['pw']);
});

test.each(['*hunter22', '|hunter22', '>hunter22', '!a!hunter22', '!<hunter22', '%hunter22', '@hunter22'])(
  'a value that YAML cannot read is not quoted, as nobody knows yet that it is secret: %s',
  (value) => {
    for (const name of ['INPUT_ENV', 'INPUT_VARS'])
      expect(refusal({ [name]: `DB_PASSWORD: ${value}` })).toMatch(
        /^The input "(env|vars)" is no usable YAML, line 1/,
      );
    for (const name of ['INPUT_ENV', 'INPUT_VARS'])
      expect(refusal({ [name]: `DB_PASSWORD: ${value}` })).not.toContain('hunter22');
  },
);

test.each(['!hunter22', '!!hunter22', '&hunter22'])('%s is refused: YAML reads nothing there', (value) => {
  for (const name of ['INPUT_ENV', 'INPUT_VARS']) {
    const text = refusal({ [name]: `DB_PASSWORD: ${value}` });
    expect(text).toContain('nothing for "DB_PASSWORD": quote a value that begins with ! or &');
    expect(text).not.toContain('hunter22');
  }
  const header = `- path: /\n  headers: {X-Key: ${value}}`;
  expect(refusal({ 'INPUT_SMOKE-TEST': header })).toContain('nothing for "X-Key"');
  expect(read({ INPUT_ENV: 'A: &a x\nB: *a\nC: !!str ""\nD:' }).env).toEqual({
    A: 'x',
    B: 'x',
    C: '',
    D: '',
  });
});

function refusal(extra: Record<string, string>): string {
  try {
    read(extra);
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was refused';
}
