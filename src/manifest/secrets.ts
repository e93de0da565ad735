/** Which of the values that a user hands over must not be shown. */

const SECRET_NAME =
  /pass(w|phrase|code)|pwd|secret|token|credential|private|api[-_]?key|access[-_]?key|auth|dsn|signature|salt/i;
const CREDENTIALS_IN_URL = /^[a-z][a-z0-9+.-]*:\/\/[^\s/@]*:([^\s/@]+)@/i;
/** Too short to be a secret worth the harm: masking `1` or `true` makes every log unreadable. */
const SHORTEST = 4;
/** The platform gives every value back as text. */
const NO_SECRET = /^(true|false|null|none)$/i;

/**
 * Values of variables whose name speaks of a secret, that carry credentials in an address, or that look drawn at random. The
 * others are ordinary words (`production`, `3`) that the log needs.
 */
export function likelySecrets(values: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (value !== null && typeof value === 'object') {
      // Everything below a name that speaks of a secret is one.
      const below = Object.entries(value).map(([key, inner]) => [`${name}.${key}`, inner]);
      return likelySecrets(Object.fromEntries(below));
    }
    const shown = String(value ?? '');
    if (shown.length < SHORTEST || NO_SECRET.test(shown)) return [];
    const password = CREDENTIALS_IN_URL.exec(shown)?.[1];
    if (password !== undefined) return [shown, password];
    return SECRET_NAME.test(name) || looksRandom(shown) ? [shown] : [];
  });
}

function looksRandom(text: string): boolean {
  return (
    text.length >= 20 &&
    /^[A-Za-z0-9+/=_~.-]+$/.test(text) &&
    /\d/.test(text) &&
    /[A-Za-z]{2}/.test(text) &&
    !/[./-].*[./-]/.test(text)
  );
}
