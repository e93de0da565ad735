import { describe, expect, test } from '@jest/globals';
import { VersionFault } from '../../src/model/errors.js';
import { fitted, LIMIT_BYTES, summaryOf } from '../../src/report/summary.js';
import { nothingFound } from '../../src/steps/world.js';
import { appOutcome, asIs, deployed, oldLive, storyOf } from './support.js';

const TIMELINE = [{ title: 'shop: stage the droplet', startMs: 900, durationMs: 61_300, ok: true }];

describe('a page that would be too long', () => {
  const long = 'x'.repeat(5_000);
  const error = new VersionFault(
    'The app does not start.',
    'start',
    Array.from({ length: 50_000 }, (_, at) => `${at} ${long}`),
  );

  test('keeps what matters of 10,000 steps, 500 routes, 1,000 notes and endless evidence', () => {
    const routes = Array.from({ length: 500 }, (_, at) => ({
      url: `r${at}.example.com`,
      by: at === 437 ? ['shop', 'shop-candidate'] : ['shop'],
    }));
    const found = { ...nothingFound(), notes: Array.from({ length: 1_000 }, () => long) };
    const timeline = Array.from({ length: 10_000 }, (_, at) => ({
      title: `step ${at}`,
      startMs: at,
      durationMs: 1,
      ok: at !== 9_999,
    }));
    const app = appOutcome({ live: { ...oldLive(), routes }, found });
    const shown = summaryOf({ result: 'failed', error, apps: [app] }, storyOf(timeline), 1, asIs);
    expect(Buffer.byteLength(shown)).toBeLessThan(LIMIT_BYTES / 2);
    expect(shown).toContain('### Why (`start`)');
    expect(shown).toContain('49999 xxx');
    expect(shown).toContain('### What to do next');
    expect(shown).toContain(
      '| `r437.example.com` | `shop and shop-candidate, together` |\n| `r0.example.com`',
    );
    expect(shown).toContain('| and 470 more, each served by shop |  |');
    expect(shown).toContain('- and 950 more: see the log');
    expect(shown).toContain('| … | 9800 more steps are in the log |  |');
    expect(shown).toContain('| `step 9999` | 1 ms ✗ |');
    expect(shown).not.toContain('Not everything fitted');
  });

  test('leaves out whole parts, the last ones first', () => {
    const many = Array.from({ length: 900 }, (_, at) => appOutcome({ app: `${at}-${'€'.repeat(300)}` }));
    const shown = summaryOf({ result: 'failed', error, apps: many }, storyOf(TIMELINE), 1, asIs);
    expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(LIMIT_BYTES);
    expect(shown).toContain('### What to do next');
    expect(shown).toContain('### `0-€');
    expect(shown).not.toContain('### `899-€');
    expect(shown).not.toContain('\ufffd');
  });

  test('is measured in bytes, to the last one', () => {
    const parts = ['one €', 'two €€', 'three'];
    const whole = `${parts.join('\n\n')}\n`;
    const note = '(Not everything fitted into this summary: see the log.)\n';
    const bytes = Buffer.byteLength(whole);
    expect(fitted(parts, bytes)).toBe(whole);
    for (let limit = Buffer.byteLength(note); limit < bytes; limit++) {
      const shown = fitted(parts, limit);
      expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(limit);
      expect(shown.endsWith(note)).toBe(true);
    }
    const long = ['€'.repeat(100), '€'.repeat(20), 'x'];
    const room = (kept: string) => Buffer.byteLength(`${kept}${note}`);
    const short = `${'€'.repeat(20)}\n\nx\n\n`;
    expect(fitted(long, room(short))).toBe(`${short}${note}`);
    expect(fitted(long, room(short) - 1)).toBe(`${'€'.repeat(20)}\n\n${note}`);
  });

  test('a part that does not fit does not keep out what is smaller', () => {
    const huge = appOutcome({
      previous: Array.from({ length: 5_000 }, () => 'y'.repeat(300)),
    });
    const shown = summaryOf(
      deployed({ apps: [huge, appOutcome({ app: 'small' })] }),
      storyOf(TIMELINE),
      1,
      asIs,
    );
    expect(Buffer.byteLength(shown)).toBeLessThan(LIMIT_BYTES);
    expect(shown).toContain('### `small`');
    expect(shown).toContain('### Timeline');
    expect(shown.endsWith('(Not everything fitted into this summary: see the log.)\n')).toBe(true);
  });
});
