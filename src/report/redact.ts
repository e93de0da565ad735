/** The one place through which everything goes that is shown or written: no secret leaves, in none of its usual spellings. */

/** Shorter ones are everywhere: hiding them would leave nothing to read, and guard nothing. */
const SHORTEST = 3;
/** What is left of a secret in the middle of a longer base64 text has to be this long to be told from chance. */
const SHORTEST_PART = 8;
const SHOWN = '***';

export type Redact = (text: string) => string;

/**
 * @returns a function that hides each secret, also as base64 (alone or inside a longer text, such as Basic credentials), in a
 * URL, a form or JSON, and each line of a secret of several lines. Secrets that overlap leave nothing of each other.
 */
export function redactor(secrets: readonly string[]): Redact {
  const spellings = secrets.flatMap((secret) => [
    ...spellingsOf(secret),
    ...secret.split(/[\r\n]+/).flatMap((line) => spellingsOf(line.trim())),
  ]);
  const hidden = [...new Set(spellings)].filter((text) => text.trim().length >= SHORTEST);
  const byHead = new Map<string, string[]>();
  for (const secret of hidden) {
    const head = secret.slice(0, SHORTEST);
    byHead.set(head, [...(byHead.get(head) ?? []), secret]);
  }
  return (text) => hide(text, byHead);
}

function hide(text: string, byHead: ReadonlyMap<string, readonly string[]>): string {
  let shown = '';
  let end = 0;
  for (const place of placesIn(text, byHead)) {
    // What overlaps the last hidden place only makes it longer; what touches it is a secret of its own.
    if (place.from >= end) shown += text.slice(end, place.from) + SHOWN;
    end = Math.max(end, place.to);
  }
  return shown + text.slice(end);
}

/** In order. One walk for all of them: a run may know hundreds of secrets, and tell tens of thousands of lines. */
function* placesIn(
  text: string,
  byHead: ReadonlyMap<string, readonly string[]>,
): Generator<{ from: number; to: number }> {
  for (let from = 0; from <= text.length - SHORTEST; from += 1)
    for (const secret of byHead.get(text.slice(from, from + SHORTEST)) ?? [])
      if (text.startsWith(secret, from)) yield { from, to: from + secret.length };
}

function spellingsOf(secret: string): string[] {
  // A secret that is not whole Unicode has no spelling in a URL; it is written with the sign for what cannot be written.
  const whole = Buffer.from(secret).toString();
  const url = encodeURIComponent(whole);
  const form = new URLSearchParams({ s: whole }).toString().slice(2);
  const json = JSON.stringify(secret).slice(1, -1);
  return [
    secret,
    whole,
    ...[url, form].flatMap((text) => [text, text.replace(/%../g, (byte) => byte.toLowerCase())]),
    json,
    JSON.stringify(json).slice(1, -1),
    // As Go writes JSON, which the CLI and the platform do.
    json.replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
    ...base64Of(secret),
  ];
}

/** Alone, and as it stands inside a longer base64 text: there the bytes before it may shift it by one or two. */
function base64Of(secret: string): string[] {
  const alone = Buffer.from(secret).toString('base64');
  const inside = [0, 1, 2].map((shift) => {
    const bits = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]);
    // Only characters that are made of the secret's own bits.
    const [from, to] = [Math.ceil((shift * 8) / 6), Math.floor((bits.length * 8) / 6)];
    return bits.toString('base64').slice(from, to);
  });
  return [alone, alone.replace(/=+$/, ''), ...inside.filter((part) => part.length >= SHORTEST_PART)].flatMap(
    (text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')],
  );
}
