/** Platform facts A8: GitHub's identity at the UAA, with tokens of a real issuer. */
import type { Issuer } from '../../../hub/issuer.js';
import { API } from '../../matrix/platform.js';
import { type Json, type Place, place } from './place.js';
import { row as rowOf } from './table.js';

/** A place that trusts an issuer. */
export interface Trusting extends Place {
  issuer: Issuer;
  /** A token of the job, for this audience. */
  identity(audience?: string): Promise<string>;
  trust(body: object): Promise<Json>;
}

const ENDPOINT = `${API}/oauth/token`;
/** The audience that an administrator has registered for users. */
const PARTY = 'cf-users';

/** The issuer tells the truth again; it outlives the place, as its keys take long to make. */
export async function trusting(issuer: Issuer): Promise<Trusting> {
  issuer.forge({});
  const p = await place();
  const trust: Trusting['trust'] = (body) => p.ok('POST /__foundry/trust', body);
  await trust({
    providers: [{ issuer: issuer.url, relyingPartyId: PARTY }],
    clients: { pipeline: [{ iss: issuer.url, sub: issuer.sub }] },
  });
  return {
    ...p,
    issuer,
    trust,
    async identity(audience = ENDPOINT) {
      const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = issuer.env;
      const answer = await fetch(`${url}&audience=${encodeURIComponent(audience)}`, {
        headers: { authorization: `Bearer ${bearer}` },
      });
      return ((await answer.json()) as { value: string }).value;
    },
  };
}

const row = rowOf<Trusting>;

/** Status and error; of a success what kind of token it is. Sent past the virtual clock: the keys are fetched over real sockets. */
async function grant(t: Trusting, form: Record<string, string>, basic?: string): Promise<unknown> {
  const headers =
    basic === undefined ? {} : { authorization: `Basic ${Buffer.from(basic).toString('base64')}` };
  const { status, body } = await t.send('POST /oauth/token', new URLSearchParams(form).toString(), headers);
  return status === 200 ? [status, typeof body.refresh_token] : [status, body.error, body.error_description];
}

const asUser = (t: Trusting, assertion: string) =>
  grant(t, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }, 'cf:');
const asClient = (t: Trusting, client_assertion: string, client_id = 'pipeline') =>
  grant(t, {
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_id,
    client_assertion,
  });

const no = (error: string, description: string) => [401, error, description];
const WRONG = no('unauthorized', 'Wrong client_assertion');
const BAD = no('unauthorized', 'Unauthorized client_assertion');

/** A client whose one credential is as said presents the job's token. */
const credential = (fact: string, of: (t: Trusting) => object, is: unknown, audience?: string) =>
  row(
    'A8 line 2',
    fact,
    async (t) => {
      await t.trust({ clients: { pipeline: [of(t)] } });
      return asClient(t, await t.identity(audience));
    },
    is,
  );

export const trustRows = [
  row('A8 line 1', 'a user: with a refresh token', async (t) => asUser(t, await t.identity(PARTY)), [
    200,
    'string',
  ]),
  row(
    'A8 line 1',
    'the token is for the registered party alone',
    async (t) => asUser(t, await t.identity('other')),
    no('invalid_token', `Some parties were not in the token audience: ${PARTY}`),
  ),
  row(
    'A8 line 1',
    'an issuer that nobody has registered',
    async (t) => {
      t.issuer.forge({ claims: { iss: 'https://other' } });
      return asUser(t, await t.identity(PARTY));
    },
    no('unauthorized', 'Unable to map issuer, https://other , to a single registered provider'),
  ),
  row(
    'A8 line 1',
    'a signature of another key',
    async (t) => {
      t.issuer.forge({ strangeKey: true });
      return asUser(t, await t.identity(PARTY));
    },
    no('invalid_token', 'Could not verify token signature.'),
  ),
  row(
    'A8 line 1',
    'a token that is over',
    async (t) => {
      t.issuer.forge({ claims: { exp: 1 } });
      return asUser(t, await t.identity(PARTY));
    },
    no('invalid_token', 'Token expired at 1'),
  ),
  row('A8 line 2', 'a client: without a refresh token', async (t) => asClient(t, await t.identity()), [
    200,
    'undefined',
  ]),
  row(
    'A8 line 2',
    'another client has no such credential',
    async (t) => asClient(t, await t.identity(), 'auditor'),
    WRONG,
  ),
  credential(
    'no wildcards in the subject',
    ({ issuer }) => ({ iss: issuer.url, sub: 'repo:octo/shop:*' }),
    WRONG,
  ),
  credential('another issuer', ({ issuer }) => ({ iss: 'https://other', sub: issuer.sub }), WRONG),
  credential(
    'without aud the token must be for the token endpoint',
    ({ issuer }) => ({ iss: issuer.url, sub: issuer.sub }),
    BAD,
    'other',
  ),
  credential(
    'an aud of its own',
    ({ issuer }) => ({ iss: issuer.url, sub: issuer.sub, aud: 'mine' }),
    [200, 'undefined'],
    'mine',
  ),
  ...['exp', 'jti', 'aud'].map((claim) =>
    row(
      'A8 line 2',
      `the claim ${claim} is required`,
      async (t) => {
        t.issuer.forge({ claims: { [claim]: undefined } });
        return asClient(t, await t.identity());
      },
      BAD,
    ),
  ),
  row(
    'A8 line 2',
    'no algorithm but the signed one',
    async (t) => {
      const [, claims = '', signature = ''] = (await t.identity()).split('.');
      const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT' })).toString('base64url');
      return asClient(t, `${header}.${claims}.${signature}`);
    },
    no('unauthorized', 'Bad client_assertion algorithm'),
  ),
];
