import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { type Answer, type Call, type Caller, openRow, type Row } from '../api/table.js';
import type { Tokens } from './tokens.js';
import { Distrusted, type Trust } from './trust.js';

/** Who may sign in. */
export interface Accounts {
  user: { guid: string; name: string; password: string };
  client: { id: string; secret: string };
  /** A client with the role SpaceAuditor. */
  auditor: { id: string; secret: string };
}

const CLI = 'cf';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const CLIENT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

function refused(status: number, error: string, description: string): Answer {
  return { status, body: { error, error_description: description } };
}

function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** `Authorization: Basic`, whose parts may be URL-encoded; else the form's own fields. */
function client(call: Call, form: URLSearchParams): { id: string; secret: string } {
  const basic = /^basic (.+)$/i.exec(call.raw.headers.authorization ?? '')?.[1];
  if (basic === undefined)
    return { id: form.get('client_id') ?? '', secret: form.get('client_secret') ?? '' };
  const [id = '', ...rest] = Buffer.from(basic, 'base64').toString('utf8').split(':');
  return { id, secret: rest.join(':') };
}

/** Routes of the UAA; tokens are bound to what signs in here. */
export function uaaRows(
  accounts: Accounts,
  tokens: Tokens,
  trust: Trust,
  issuer: () => string,
): readonly Row[] {
  /** Users of other providers have their shadow here from their first visit. */
  const shadows = new Map<string, Caller>();
  const grant = async (call: Call): Promise<Answer> => {
    const form = new URLSearchParams(await call.text());
    for (const [name, value] of call.query) if (!form.has(name)) form.set(name, value);
    const { id, secret } = client(call, form);
    switch (form.get('grant_type')) {
      case 'password': {
        if (id !== CLI || secret !== '') return refused(401, 'unauthorized', 'Bad credentials');
        const { guid, name, password } = accounts.user;
        const right = form.get('username') === name && same(form.get('password') ?? '', password);
        if (!right) return refused(401, 'unauthorized', 'Bad credentials');
        const caller = { guid, name, type: 'user' } as const;
        return { status: 200, body: tokens.issue({ caller, clientId: CLI }) };
      }
      case 'client_credentials': {
        const known = [accounts.client, accounts.auditor].find((account) => account.id === id);
        if (known && form.get('client_assertion_type') === CLIENT_ASSERTION)
          await trust.client(id, form.get('client_assertion') ?? '', `${issuer()}/oauth/token`);
        else if (!known || !same(secret, known.secret))
          return refused(401, 'unauthorized', 'Bad credentials');
        const role = known === accounts.auditor ? ({ role: 'auditor' } as const) : {};
        const caller = { guid: id, name: id, type: 'uaa-client', ...role } as const;
        return { status: 200, body: tokens.issue({ caller, clientId: id }) };
      }
      case JWT_BEARER: {
        if (id !== CLI || secret !== '') return refused(401, 'unauthorized', 'Bad credentials');
        const name = String((await trust.user(form.get('assertion') ?? '')).sub);
        const caller = shadows.get(name) ?? ({ guid: randomUUID(), name, type: 'user' } as const);
        shadows.set(name, caller);
        return { status: 200, body: tokens.issue({ caller, clientId: CLI }) };
      }
      case 'refresh_token': {
        const session = tokens.refresh(form.get('refresh_token') ?? '');
        if (!session || id !== session.clientId || secret !== '') {
          return refused(
            401,
            'invalid_token',
            'The token expired, was revoked, or the token ID is incorrect',
          );
        }
        return { status: 200, body: tokens.issue(session) };
      }
      default:
        return refused(400, 'unsupported_grant_type', 'Unsupported grant type');
    }
  };
  const token = async (call: Call): Promise<Answer> => {
    try {
      return await grant(call);
    } catch (error) {
      if (!(error instanceof Distrusted)) throw error;
      return refused(401, error.error, error.message);
    }
  };
  return [
    openRow('POST', '/oauth/token', token),
    openRow('DELETE', '/oauth/token/revoke/:id', (call) => {
      const caller = tokens.caller(call.raw.headers.authorization);
      if (!caller) return refused(401, 'unauthorized', 'Full authentication is required');
      const { id = '' } = call.params;
      // Everybody may revoke what is their own.
      if (tokens.refresh(id)?.caller.guid !== caller.guid || !tokens.revoke(id))
        return refused(404, 'not_found', `Revocable token with ID ${id} not found.`);
      return { status: 200, body: {} };
    }),
    openRow('GET', '/login', () => ({
      status: 200,
      body: {
        app: { version: '77.20.0' },
        links: { uaa: issuer(), login: issuer(), passwd: '/forgot_password', register: '/create_account' },
        zone_name: 'uaa',
        prompts: { username: ['text', 'Email'], password: ['password', 'Password'] },
        timestamp: '2024-10-24T00:00:00+0000',
      },
    })),
  ];
}
