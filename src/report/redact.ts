/** The one place through which everything goes that is shown or written: no secret leaves, in none of its usual spellings. */

const SHORTEST = 3;
const SHOWN = '***';

/** @returns a function that hides each secret, also as base64, in a URL, in JSON, and each line of a secret of several lines. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const spellings = secrets.flatMap((secret) => [secret, ...secret.split(/\r?\n/)].flatMap(spellingsOf));
  // The longest first: a secret that contains another one must not leave its rest.
  const hidden = [...new Set(spellings)]
    .filter((text) => text.length >= SHORTEST)
    .sort((one, other) => other.length - one.length);
  return (text) => hidden.reduce((rest, secret) => rest.replaceAll(secret, SHOWN), text);
}

function spellingsOf(secret: string): string[] {
  const base64 = Buffer.from(secret).toString('base64');
  return [
    secret,
    base64,
    base64.replace(/=+$/, ''),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ];
}
