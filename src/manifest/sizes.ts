/** Sizes as manifests write them: a number with B, K, M, G or T, in either case, with or without a B behind it. */
const EXPONENT: Readonly<Record<string, number>> = { B: 0, K: 1, M: 2, G: 3, T: 4 };
const MIB = 1024 ** 2;

/** @returns MiB, rounded down; undefined when it is no size. */
export function megabytes(text: string): number | undefined {
  const size = bytes(text);
  return size === undefined ? undefined : Math.floor(size / MIB);
}

/** @returns bytes a second, -1 for no limit; undefined when it is no size. */
export function logRateBps(text: string): number | undefined {
  return text === '-1' || text === '0' ? Number(text) : bytes(text);
}

function bytes(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([BKMGT])B?$/i.exec(text.trim()) ?? [];
  const exponent = EXPONENT[unit?.toUpperCase() ?? ''];
  return number === undefined || exponent === undefined
    ? undefined
    : Math.floor(Number(number) * 1024 ** exponent);
}
