import { describe, expect, test } from '@jest/globals';
import { markdown } from '../../src/report/markdown.js';
import { redactor } from '../../src/report/redact.js';
import { timelinePart, wayBackPart } from '../../src/report/steps.js';
import { asIs, MARKDOWN_ATTACKS, storyOf } from './support.js';

const md = markdown(asIs);
const step = (title: string, startMs: number, durationMs: number, more = {}) => ({
  ...{ title, startMs, durationMs, ok: true },
  ...more,
});
const BEGIN = Date.parse('2026-11-21T08:15:00Z');

function bars(steps: Parameters<typeof storyOf>[0], shown = md): string[] {
  const [, picture = ''] = /```mermaid\n([\s\S]*?)\n```/.exec(timelinePart(storyOf(steps), shown)) ?? [];
  return picture.split('\n');
}

describe('the timeline', () => {
  test('the way forward, what failed, and the way back', () => {
    const steps = [
      step('shop: stage the droplet', 0, 61_300),
      step('shop: prove candidate, mark as serving', 61_300, 500, { ok: false }),
      step('shop: map it to live', 61_900, 4, { way: 'back' }),
    ];
    expect(bars(steps)).toEqual([
      'gantt',
      '  dateFormat x',
      '  axisFormat %H:%M:%S',
      '  tickInterval 15second',
      `  1. stage the droplet (1 min 1 s) :${BEGIN}, ${BEGIN + 61_300}`,
      `  2. prove candidate (500 ms) :crit, ${BEGIN + 61_300}, ${BEGIN + 61_800}`,
      '  section back',
      `  3. map it to live (4 ms) :active, ${BEGIN + 61_900}, ${BEGIN + 61_950}`,
    ]);
    expect(wayBackPart(storyOf(steps), md)).toBe('### What was put back\n\n- shop: map it to live (4 ms)');
  });

  test('of several apps each is named', () => {
    expect(bars([step('shop: stage', 0, 1_000), step('api: stage', 0, 1_000)])[4]).toContain(
      '1. shop stage (',
    );
  });

  test.each([...MARKDOWN_ATTACKS, 'section x', '%%{init: {}}%%', 'a; b :done, #35;', 'click 1 call x()'])(
    'no title becomes a word of mermaid: %j',
    (text) => {
      const lines = bars([step(text, 0, 1_000), step('api: stage', 0, 1_000)]);
      expect(lines).toHaveLength(6);
      expect(lines[4]).toMatch(/^ {2}1\. [\p{L}\p{N} ()._/–-]* \(1\.0 s\) :\d+, \d+$/u);
    },
  );

  test('a secret is in no bar', () => {
    const hidden = markdown(redactor(['hunter2']));
    expect(bars([step('shop: hunter2', 0, 1)], hidden).join()).not.toContain('hunter2');
  });

  test('of many steps there is the table alone', () => {
    const many = Array.from({ length: 41 }, (_, at) => step(`shop: step ${at}`, at, 1));
    expect(timelinePart(storyOf(many), md)).not.toContain('mermaid');
    expect(timelinePart(storyOf(many), md)).toContain('step 40');
    expect([timelinePart(storyOf([]), md), wayBackPart(storyOf(many), md)]).toEqual(['', '']);
  });

  test.each([
    [800, '1second'],
    [9_000, '1second'],
    [9_001, '5second'],
    [3_600_000, '15minute'],
    [86_400_000, '6hour'],
  ])('over %i ms the labels of the axis are %s apart', (durationMs, tick) => {
    expect(bars([step('shop: wait', 0, durationMs)])[3]).toBe(`  tickInterval ${tick}`);
  });
});
