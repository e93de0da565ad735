import type { Platform } from './platform.js';

/** Signs in as the user of the space. @returns what its requests have as `authorization` */
export async function bearer({ foundry, call }: Pick<Platform, 'call' | 'foundry'>): Promise<string> {
  const { username, password } = foundry;
  const { body } = await call({
    method: 'POST',
    path: '/oauth/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: 'Basic Y2Y6' },
    body: new URLSearchParams({ grant_type: 'password', username, password }).toString(),
  });
  return `bearer ${JSON.parse(body).access_token}`;
}
