import { createHash, timingSafeEqual } from 'node:crypto';
import { type Answer, type Call, openRow, type Row } from '../api/table.js';
import type { Tokens } from './tokens.js';

/** Who may sign in. */
export interface Accounts {
  user: { guid: string; name: string; password: string };
  client: { id: string; secret: string };
  /** A client with the role SpaceAuditor. */
  auditor: { id: string; secret: string };
}

const CLI = 'cf';

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
export function uaaRows(accounts: Accounts, tokens: Tokens, issuer: () => string): readonly Row[] {
  const token = async (call: Call): Promise<Answer> => {
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
        if (!known || !same(secret, known.secret)) return refused(401, 'unauthorized', 'Bad credentials');
        const role = known === accounts.auditor ? ({ role: 'auditor' } as const) : {};
        const caller = { guid: id, name: id, type: 'uaa-client', ...role } as const;
        return { status: 200, body: tokens.issue({ caller, clientId: id }) };
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
  return [
    openRow('POST', '/oauth/token', token),
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
