import { expect, test } from '@jest/globals';
import { searchPlaces } from './secrets.js';

const SECRET = 'p"ss w/rd+1';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

test.each([
  [`password: ${SECRET}`, ['plain']],
  [`Basic ${base64(SECRET)}`, ['base64']],
  [`Basic ${base64(`u:${SECRET}`)}`, ['base64']],
  [`Basic ${base64(`me:${SECRET}, and more`)}`, ['base64']],
  [`Basic ${base64(`you:${SECRET}!`)}`, ['base64']],
  [`?password=${encodeURIComponent(SECRET)}&x`, ['url']],
  [JSON.stringify({ password: SECRET }), ['json']],
  ['***', []],
  [base64('something else'), []],
])('%j holds the secret as %j', (text, ways) => {
  const leaks = searchPlaces(new Map([['log', Buffer.from(text)]]), [SECRET]);
  expect(leaks).toEqual(ways.map((as) => ({ where: 'log', as })));
});
