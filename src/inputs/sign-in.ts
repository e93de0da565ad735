/** Which of the ways to sign in the inputs ask for. Pure. */
import type { Credentials } from '../model/asked.js';
import type { Problem } from '../model/errors.js';

export interface SignInValues {
  username: string | undefined;
  password: string | undefined;
  origin: string | undefined;
  'client-id': string | undefined;
  'client-secret': string | undefined;
  oidc: boolean;
  'oidc-audience': string | undefined;
}

/** Of each way to sign in, the inputs that it needs; `origin` and `oidc-audience` may come with theirs. */
const WAYS = {
  user: ['username', 'password'],
  client: ['client-id', 'client-secret'],
} as const;

/** @returns as whom to sign in, or what is wrong with what was given */
export function signIn(values: SignInValues): { credentials?: Credentials; problems: readonly Problem[] } {
  if (values.oidc) return signInByIdentity(values);
  const { username, password, origin } = values;
  const { 'client-id': clientId, 'client-secret': clientSecret } = values;
  const asUser = [username, password, origin].some((value) => value !== undefined);
  const asClient = [clientId, clientSecret].some((value) => value !== undefined);
  const problem = (text: string) => ({ problems: [{ text }] });
  if (values['oidc-audience'] !== undefined)
    return problem('"oidc-audience" is of no use without "oidc": give "oidc: true" too, or leave it out.');
  if (asUser && asClient)
    return problem(
      'There are two ways to sign in: give either "username" and "password" (with or without "origin"), or "client-id" and "client-secret".',
    );
  if (!asUser && !asClient)
    return problem(
      'Nobody to sign in as: give "username" and "password", or "client-id" and "client-secret", or "oidc: true".',
    );
  const way = asUser ? 'user' : 'client';
  const needed = WAYS[way].map((name) => `"${name}"`).join(' and ');
  const problems = WAYS[way]
    .filter((name) => values[name] === undefined)
    .map((name) => ({ text: `The input "${name}" is missing; a ${way} signs in with ${needed}.` }));
  if (username !== undefined && password !== undefined)
    return {
      credentials: { kind: 'user', username, password, ...(origin === undefined ? {} : { origin }) },
      problems,
    };
  if (clientId !== undefined && clientSecret !== undefined)
    return { credentials: { kind: 'client', clientId, clientSecret }, problems };
  return { problems };
}

function signInByIdentity(values: SignInValues): { credentials?: Credentials; problems: readonly Problem[] } {
  const other = (['username', 'password', 'origin', 'client-secret'] as const).filter(
    (name) => values[name] !== undefined,
  );
  const problems = other.map((name) => ({
    text: `"${name}" is of no use while "oidc" is true: leave it out, or "oidc".`,
  }));
  const audience = values['oidc-audience'] === undefined ? {} : { audience: values['oidc-audience'] };
  const clientId = values['client-id'];
  const credentials: Credentials =
    clientId === undefined
      ? { kind: 'oidc-user', ...audience }
      : { kind: 'oidc-client', clientId, ...audience };
  return { credentials, problems };
}
