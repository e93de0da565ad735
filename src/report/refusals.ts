/**
 * What a person does about the platform's own no. It is told by the number of the error or by a part of its words (cloud_controller_ng
 * errors/v2.yml and the texts of its models): most of them share one number. Pure.
 */
import type { PlatformRefusal } from '../model/errors.js';

interface Meaning {
  /** Numbers of the platform's errors. */
  codes?: readonly number[];
  status?: number;
  words?: RegExp;
  next: string;
}

/** The first one that fits; words come before numbers that say less. */
const MEANINGS: readonly Meaning[] = [
  {
    codes: [10013, 10014, 20008],
    status: 429,
    next: 'Too many calls were made with this account in a while: run again later, or ask the operator of the platform for a higher rate limit.',
  },
  {
    words: /health.?check/i,
    next: 'Set in the manifest a health-check-type that the platform knows, and a timeout that it allows (180 s at most, unless its operator says otherwise). Then run again.',
  },
  {
    words: /quota|_exceeded|limit exceeded|exceeds .*limit/i,
    next: 'Ask for a larger quota, or stop and delete what is not needed; strategy: rolling and a smaller max-in-flight need less beside live. Then run again.',
  },
  {
    words: /route already exists|route conflicts|port .* is not available|domain .* is not available/i,
    next: 'That address belongs to somebody else: another app or space has the route (cf routes shows those of this space), or the domain is not shared with it. Take another one, or have it given up, and run again.',
  },
  {
    codes: [170015],
    words: /insufficient resources|no compatible cell|found no compatible/i,
    next: 'The cells of the platform are full, whatever the quotas allow: run again later, or ask its operator for more.',
  },
  {
    codes: [170001, 170003, 170004, 170017],
    words: /can be staging at a time|staging/i,
    next: 'Another build of the app is under way, or the platform cannot build these bits: see what its words name, check the buildpack, and run again.',
  },
  {
    codes: [330002],
    next: 'The operator of the platform has switched this feature off: ask for it, or do without it, and run again.',
  },
  {
    codes: [1000, 10002],
    status: 401,
    next: 'The sign-in does not hold any more: the password or the secret was changed, or the account was locked. See that it can sign in, and run again.',
  },
  {
    codes: [10003],
    status: 403,
    next: 'The account that signs in needs the role SpaceDeveloper in this space. Give it the role, and run again.',
  },
  {
    codes: [10016],
    next: 'Another hand has just made something of that name. Run again: it looks at what is there and goes on from it.',
  },
  {
    codes: [10010],
    status: 404,
    next: 'What was there a moment ago is gone, or this account may not see it. Run again; when it says the same, see who else changes this space.',
  },
  {
    codes: [60016, 10001],
    words: /service broker|operation .* in progress/i,
    next: 'The service broker refused, or is at work on it still: cf service NAME shows what it does. Run again when it is done.',
  },
];

const ANY = 'The platform said no, and says why. Change that, and run again.';

/** @returns what to do now */
export function nextOfRefusal({ message, code, status }: PlatformRefusal): string {
  // Its own words, not the path of the call.
  const said = message.slice(message.indexOf(': ') + 1);
  const fits = ({ codes, status: wanted, words }: Meaning) =>
    words?.test(said) || (code !== undefined && codes?.includes(code)) || wanted === status;
  return (MEANINGS.find(fits) ?? { next: ANY }).next;
}
