/** Versions that are bad only where users are. */
import { expect } from '@jest/globals';
import { shoot } from '../../../traffic/request.js';
import type { Seen, World } from './world.js';

/**
 * Tells a candidate with `turnsBad` to turn bad once live has lost its routes, on the trial route, which leads to it alone.
 * `told`: the version that heard it.
 */
export function turnBadLater({ foundry }: World): {
  onLine: (line: string) => void;
  told: () => Promise<string | undefined>;
} {
  let trial = '';
  let told: Promise<string | undefined> = Promise.resolve(undefined);
  const onLine = (line: string) => {
    trial ||= /make the trial route (\S+)/.exec(line)?.[1] ?? '';
    if (!/^##\[group\].*drain live/.test(line)) return;
    const route = { host: trial, path: '/turn-bad' };
    told = shoot({ router: foundry.router, route, timeoutMs: 5_000 }).then(({ version }) => version);
  };
  return { onLine, told: () => told };
}

/** Whatever a user missed, the bad version itself answered it: no request was lost on the way. */
export function expectOnlyItsOwnFaults({ figures, problems }: Seen, version = 'v2'): void {
  expect(problems).toEqual([]);
  expect(figures.failed).toBeGreaterThan(0);
  expect(figures.byKind).toEqual({ status: figures.failed });
  expect(figures.byStatus[500]).toBe(figures.failed);
  expect(new Set(figures.firstFailures.map((failure) => failure.version))).toEqual(new Set([version]));
}
