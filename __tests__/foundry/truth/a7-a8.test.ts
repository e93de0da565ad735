import { afterAll, beforeAll, describe } from '@jest/globals';
import { type Issuer, startIssuer } from '../../../hub/issuer.js';
import { hygieneRows } from './a7.js';
import { trusting, trustRows } from './a8.js';
import { place } from './place.js';
import { tell } from './table.js';

let issuer: Issuer;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer.close());

describe('A7: limits, jobs, versions, switches, tokens and events', () => tell(hygieneRows, place));
describe('A8: the identity of a job', () => tell(trustRows, () => trusting(issuer)));
