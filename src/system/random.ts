import { randomInt } from 'node:crypto';
import type { Random } from '../model/ports.js';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Not to be guessed: route hosts and lock owners are made of it. */
export const realRandom: Random = {
  token: (length) => Array.from({ length }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join(''),
};
