/**
 * Every code that the output `error` can have. Workflows branch on them: a code keeps its meaning, and none is taken away.
 * docs/troubleshooting.md says of each what it means and what to do.
 */
export const CODES = [
  // Refused before any change: inputs, sign-in, the tools.
  'input',
  'target',
  'credentials',
  'id-token',
  'address',
  'api',
  'tls',
  'cf-cli',
  'cf-version',
  'cf-checksum',
  'cf-download',
  'runner-files',
  // Refused by what is there.
  'refused',
  'locked',
  'held',
  'nothing-held',
  'give-again',
  'older-commit',
  'withdrawn',
  'in-the-way',
  'leftover',
  'live-changed',
  'journal',
  'no-target',
  'target-gone',
  'droplet-gone',
  'trial-domain',
  'trial-route',
  'rate-limit',
  'in-flight',
  'not-a-preview',
  'preview-services',
  'fork',
  'carry',
  'quota',
  // The platform itself has no room; says nothing of the version.
  'no-room',
  // Signs against the version.
  'staging',
  'task',
  'start',
  'smoke',
  'canary',
  'production-proof',
  'watch',
  'script',
  // How a run ended otherwise.
  'platform',
  'deadline',
  'program',
  'cancelled',
  'stuck',
  'internal',
] as const;

/** `platform-N`: the platform's clear no, with its own number of the error, or the HTTP status where it gave none. */
export type ErrorCode = (typeof CODES)[number] | `platform-${number}`;
