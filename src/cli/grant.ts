/** The token request of each way to sign in, and what its refusal means. Pure. */
import type { Credentials } from '../model/asked.js';
import { Refused } from '../model/errors.js';

/** One `POST /oauth/token`. */
export interface Grant {
  /** With its `?`, or ''. */
  query: string;
  headers: Readonly<Record<string, string>>;
  body: URLSearchParams;
}

/** How a workflow's own identity signs in. */
export type Oidc = Extract<Credentials, { kind: 'oidc-user' | 'oidc-client' }>;

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const CLIENT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** A user signs in through the public client `cf`, which has no secret. */
const THROUGH_CF = { authorization: `Basic ${Buffer.from('cf:').toString('base64')}` };

/** Whether the workflow's own identity signs in. */
export function isOidc(credentials: Credentials): credentials is Oidc {
  return credentials.kind === 'oidc-user' || credentials.kind === 'oidc-client';
}

/** As `cf auth` asks (its `api/uaa/auth.go`). `idToken` is the identity of an `Oidc`, no other way looks at it. */
export function grantOf(credentials: Credentials, idToken: string): Grant {
  switch (credentials.kind) {
    case 'client':
      return plain({
        grant_type: 'client_credentials',
        client_id: credentials.clientId,
        client_secret: credentials.clientSecret,
      });
    case 'oidc-client':
      return plain({
        grant_type: 'client_credentials',
        client_id: credentials.clientId,
        client_assertion_type: CLIENT_ASSERTION,
        client_assertion: idToken,
      });
    case 'oidc-user':
      return { ...plain({ grant_type: JWT_BEARER, assertion: idToken }), headers: THROUGH_CF };
    case 'user': {
      const { origin, username, password } = credentials;
      const hint =
        origin === undefined ? '' : `?${new URLSearchParams({ login_hint: JSON.stringify({ origin }) })}`;
      return { ...plain({ grant_type: 'password', username, password }), query: hint, headers: THROUGH_CF };
    }
  }
}

function plain(fields: Record<string, string>): Grant {
  return { query: '', headers: {}, body: new URLSearchParams(fields) };
}

/** What to say when UAA, asked by the CLI or by us, does not take user and password, or client and secret. */
export function credentialsRefused(credentials: Exclude<Credentials, Oidc>): Refused {
  return credentials.kind === 'user'
    ? new Refused(
        'The platform did not accept username and password.',
        'Check both secrets, and origin if the user comes from another identity provider; a user with single sign-on or a second factor cannot sign in this way.',
        'credentials',
      )
    : new Refused(
        'The platform did not accept client-id and client-secret.',
        'Check both secrets, and that the client has the grant type client_credentials.',
        'credentials',
      );
}

/**
 * What to say when UAA does not take the workflow's identity: what of the token is compared with its trust, never the token.
 * @param answer the body of UAA's refusal
 */
export function identityRefused(credentials: Oidc, idToken: string, answer: string): Refused {
  const { iss, sub, aud } = claimsOf(idToken) ?? {};
  const said = parse(answer)?.error_description;
  const why = typeof said === 'string' ? ` It says: ${said.slice(0, 300)}` : '';
  const shown = Object.entries({ iss, sub, aud }).map(([name, value]) => `${name}: ${textOf(value)}`);
  return new Refused(
    `The platform did not accept the identity of this workflow.${why}\n${shown.join('\n')}`,
    credentials.kind === 'oidc-client'
      ? `Have an administrator of the platform's UAA trust it: the client ${credentials.clientId} needs these iss, sub and aud, to the letter, among its jwt_creds. docs/oidc.md has the steps.`
      : "Have an administrator of the platform's UAA trust it: an identity provider with this iss as issuer and this aud as relyingPartyId, and the grant type jwt-bearer for the client cf. docs/oidc.md has the steps.",
    'credentials',
  );
}

function textOf(claim: unknown): string {
  return claim === undefined ? 'none' : Array.isArray(claim) ? claim.map(String).join(', ') : String(claim);
}

/** The claims of a JWT, unverified; undefined: it is none. */
export function claimsOf(token: string): Record<string, unknown> | undefined {
  return parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
}

/** A JSON object, or undefined. */
export function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
