import { describe, expect, test } from '@jest/globals';
import type { Event } from '../../src/model/ports.js';
import { duration, Log } from '../../src/report/log.js';
import { redactor } from '../../src/report/redact.js';

function logged(events: readonly (Event | number)[], secrets: readonly string[] = []) {
  const lines: string[] = [];
  let nowMs = 0;
  const clock = { now: () => nowMs, sleep: async () => undefined };
  const log = new Log({ clock, write: (line) => lines.push(line), redact: redactor(secrets) });
  for (const event of events) {
    if (typeof event === 'number') nowMs += event;
    else log.tell(event);
  }
  return { lines, log };
}

describe('a step', () => {
  test('is a group with its duration, and an entry of the timeline', () => {
    const { lines, log } = logged([
      250,
      { type: 'group-start', title: 'shop: stage the droplet' },
      61_000,
      { type: 'note', text: 'instances ready 2/3' },
      { type: 'group-end', ok: true, durationMs: 61_007 },
      { type: 'group-start', title: 'shop: mark as proven' },
      { type: 'group-end', ok: false, durationMs: 7 },
    ]);
    expect(lines).toEqual([
      '::group::shop: stage the droplet',
      '01:01.2  instances ready 2/3',
      '01:01.2  done after 1 min 1 s',
      '::endgroup::',
      '::group::shop: mark as proven',
      '01:01.2  failed after 7 ms',
      '::endgroup::',
    ]);
    expect(log.recorder.story().steps).toEqual([
      { title: 'shop: stage the droplet', startMs: 250, durationMs: 61_007, ok: true },
      { title: 'shop: mark as proven', startMs: 61_250, durationMs: 7, ok: false },
    ]);
  });

  test.each([
    [0, '0 ms'],
    [7.4, '7 ms'],
    [-3, '0 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [59_949, '59.9 s'],
    [59_999, '1 min 0 s'],
    [119_600, '2 min 0 s'],
    [245_000, '4 min 5 s'],
    [3_599_900, '1 h 0 min'],
    [3_720_000, '1 h 2 min'],
  ])('%d ms lasted %s', (ms, text) => expect(duration(ms)).toBe(text));
});

/** What a line of an app, of the CLI or of an answer may hold. */
const ATTACKS = [
  '::set-output name=result::deployed',
  '::stop-commands::token',
  '  ::add-mask::e',
  '\t::error file=x::boo',
  '##[error]boo',
  '##[group]boo',
  'fine\n::warning::boo',
  'fine\r::warning::boo',
  'fine\r\n::warning::boo',
  'fine\u2028::warning::boo',
  'fine\u2029::warning::boo',
  'fine\u0085::warning::boo',
  'fine\u000b::warning::boo',
  'fine\u000c::warning::boo',
  '\u001b[2K\u001b[1G::warning::boo',
  '\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007',
  '\u009b31mred',
  '#\u001b[0m#[error]boo',
  '\u202e::gninraw::',
  '\u2066##[error]\u2069',
  'a\bb\u0000c\u007f',
];

/** As the runner reads a line: a command at its beginning after blanks, or the old form anywhere. */
function isCommand(line: string): boolean {
  return /^\s*::[a-z]/i.test(line) || line.includes('##[');
}

function unseen(text: string): string[] {
  return text.match(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu) ?? [];
}

describe('what others say issues no command and moves no cursor', () => {
  test.each(ATTACKS)('%j', (text) => {
    const { lines } = logged([
      { type: 'foreign', source: 'app', text },
      { type: 'note', text },
      { type: 'foreign', source: text, text: 'x' },
      { type: 'foreign', source: '##', text: '[error]x' },
    ]);
    expect(lines.length).toBeGreaterThanOrEqual(4);
    expect(lines.filter(isCommand)).toEqual([]);
    expect(lines.flatMap(unseen)).toEqual([]);
  });

  test.each(ATTACKS)('%j in the title of a step and in a warning', (text) => {
    const { lines } = logged([
      { type: 'group-start', title: text },
      { type: 'warning', text, at: { file: 'a,b:c%\n::x::', line: 3, column: 4 } },
    ]);
    expect(lines).toHaveLength(2);
    const [group = '', warning = ''] = lines;
    // The runner prints what follows the command, and what was escaped becomes lines of the log.
    const asShown = (line: string) =>
      line.replaceAll('%0A', '\n').replaceAll('%0D', '\r').replaceAll('%25', '%');
    expect(group).toMatch(/^::group::/);
    const title = asShown(group.slice('::group::'.length));
    expect(title).not.toMatch(/[\r\n]|##\[/);
    expect(unseen(title)).toEqual([]);
    expect(warning).toMatch(/^::warning file=a%2Cb%3Ac%25%0A%3A%3Ax%3A%3A,line=3,col=4::/);
    const shown = asShown(warning.slice(warning.indexOf('col=4::') + 7));
    expect(shown).not.toContain('##[');
    expect(unseen(shown).filter((sign) => sign !== '\n')).toEqual([]);
  });

  test('lines of others stay lines, and say whose they are', () => {
    const { lines } = logged([{ type: 'foreign', source: 'cf', text: 'one\r\ntwo' }]);
    expect(lines).toEqual(['00:00.0  cf | one', '00:00.0  cf | two']);
  });
});

describe('secrets', () => {
  const secret = 'S3cr3t-100%\u202e';

  test('are hidden in every kind of event', () => {
    const { lines } = logged(
      [
        { type: 'group-start', title: `title ${secret}` },
        { type: 'note', text: `note ${secret}` },
        { type: 'warning', text: `warning ${secret}` },
        { type: 'foreign', source: `source ${secret}`, text: `foreign ${secret}` },
      ],
      [secret],
    );
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(line).toContain('***');
    expect(lines.join('\n')).not.toContain('S3cr3t');
  });

  test('are hidden though they are coloured', () => {
    const { lines } = logged(
      [{ type: 'foreign', source: 'app', text: 'password=\u001b[31mhun\u001b[1mter2\u001b[0m!' }],
      ['hunter2'],
    );
    expect(lines).toEqual(['00:00.0  app | password=***!']);
  });
});
